"""A track in one sentence, and its figures as text."""

from __future__ import annotations

from typing import NamedTuple

from dv_agent.designs.text.wording import counted
from dv_agent.eval.board.leaderboard import Figure
from dv_agent.eval.tracks.board import BoardRow, BoardTrack, Lead
from dv_agent.eval.tracks.titles import WORDS, Column

SURE = 0.05


class Answer(NamedTuple):
    """Who is better on a track, in what, how sure that is, and at what cost.

    Attributes:
        column, figure: the figure that ranks, of the best row.
    """

    row: BoardRow
    column: Column
    figure: Figure
    who: str
    what: str
    sure: str
    cost: str


def answer(track: BoardTrack) -> Answer | None:
    """Return the answer that the rows of a track give; None without a score."""
    main = next(one for one in WORDS[track.track].columns if one.name == track.main)
    held = [row for row in track.rows if row.kind != "ceiling" and main.name in row.figures]
    if not held:
        return None
    best = max(held, key=lambda row: row.figures[main.name].mean)
    found = best.figures[main.name]
    what = f"{main.title} {figure_text(found, main)}"
    what += f" on {counted(found.designs, 'design')} ({counted(found.n, 'record')})"
    sure = lead_words(best.lead) if best.lead else ""
    return Answer(best, main, found, best.label, what, sure, cost_words(best))


def verdict(track: BoardTrack) -> str:
    """Return who is best, in what, how sure that is, and at what cost, in one sentence."""
    found = answer(track)
    if found is None:
        return "No record of this track has a score yet."
    who = "Best" if found.row.kind == "entry" else "Best of the floors"
    parts = [f"{who}: {found.who}, {found.what}", found.sure, f"a record costs {found.cost}" if found.cost else ""]
    return "; ".join(filter(None, parts)) + "."


def lead_words(lead: Lead) -> str:
    """Return how far a row is above the best floor, and how sure that is."""
    ends = f" ({lead.low:+.1f} to {lead.high:+.1f})" if lead.low is not None and lead.high is not None else ""
    sure = f"p {lead.p:.3f}" if lead.p <= SURE else f"not separated, p {lead.p:.2f}"
    least = f", at best {lead.smallest:.3f} with {counted(lead.designs, 'design')}" if lead.smallest > SURE else ""
    return f"{lead.mean:+.1f} points to {lead.floor}{ends}, {sure}{least}"


def cost_words(row: BoardRow) -> str:
    """Return what a record of a row costs on average."""
    parts = []
    for name in ("calls", "tokens", "cycles"):
        if name in row.figures and row.figures[name].mean:
            mean = row.figures[name].mean
            word = name.removesuffix("s") if mean == 1 else name
            parts.append(f"{mean:,.1f} {word}" if mean < 10 and mean % 1 else f"{mean:,.0f} {word}")
    return ", ".join(parts)


def amount(value: float, column: Column) -> str:
    """Return a value of a figure."""
    if column.unit == "%":
        return f"{value:.1f} %"
    return f"{value:,.0f}" if value >= 10 or value % 1 == 0 else f"{value:.3g}"


def figure_text(figure: Figure | None, column: Column) -> str:
    """Return the mean of a figure with its interval; a dash if there is none."""
    return "-" if figure is None else f"{amount(figure.mean, column)}{_ends(figure, column)}"


def _ends(figure: Figure, column: Column) -> str:
    if column.unit != "%" or figure.low is None or figure.high is None:
        return ""
    return f" ({figure.low:.0f} to {figure.high:.0f})"
