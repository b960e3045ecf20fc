"""Selection of the ranked rows and their designs, and the reason why a row is listed apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dv_agent.eval.board.trials.score_or_reason import ScoredTrial
from dv_agent.eval.report.wording import plural


def common_designs(rows: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Return the designs that rows are compared on: those on which at least half of the rows have a score.

    The limit is half so that one row with an extra design does not exclude all others, and one row that lacks a design
    does not shorten the comparison of all others.

    Args:
        rows: row -> design -> any value, for designs on which the row has a score.
    """
    having = [some for some in rows.values() if some]
    names = dict.fromkeys(name for some in having for name in some)
    return tuple(sorted(name for name in names if 2 * sum(name in some for some in having) >= len(having)))


def reasons_apart(
    rows: Mapping[str, Sequence[ScoredTrial]], doubts: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return row -> why it is not ranked (unranked rows only), and the designs on which the others are compared.

    Args:
        rows: row -> all its trials, without the ceiling.
        doubts: row -> the doubt that verification has about the row as a whole.
    """
    found = {row: words for row in rows if (words := doubts.get(row) or _doubted(rows[row]))}
    scored = {row: {one.trial.design: one for one in some if one.score} for row, some in rows.items()}
    common = common_designs({row: some for row, some in scored.items() if row not in found})
    for row, some in scored.items():
        missed = [name for name in common if name not in some]
        if row in found:
            continue
        if not some:
            found[row] = "it has no score"
        elif missed:
            names = ", ".join(missed[:3]) + (f" and {len(missed) - 3} more" if len(missed) > 3 else "")
            found[row] = f"it has no score on {names}"
    return found, common


def _doubted(trials: Sequence[ScoredTrial]) -> str:
    bad = [one for one in trials if one.doubt]
    if not bad:
        return ""
    return f"{len(bad)} of {plural(len(trials), 'trial')} not as recorded; {bad[0].trial.design}: {bad[0].doubt}"
