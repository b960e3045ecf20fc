"""A/B: which variants are sent from a node, what that may cost, and the gains of those samples that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from dv_agent.agents.session.ab_test import AbResult, AbSide, collected_ab
from dv_agent.agents.session.drafts.changes import with_sampling, with_strategy
from dv_agent.agents.session.drafts.cost import CostBound
from dv_agent.agents.session.nodes import PERSON, Draft, Node
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.errors import UsageError
from dv_agent.eval.report.pictures.ticks import ticks
from dv_agent.prompts.strategy import strategy_names
from dv_agent.studio.strategy_store import saved_names, strategy_choice

NAMES = "ABCD"
HERE = "here"
MOST_BINS = 40
WIDTH, LEFT, RIGHT, ROW = 520, 30, 500, 46


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of the form.

    Attributes:
        source: ``here``: the prompt of the node; ``node:N``: that of another node; or a strategy's name.
        model: another model; empty means that of the source.
    """

    name: str
    source: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class SideRow:
    """One variant with its samples, and where they stand in the chart (pixels)."""

    side: AbSide
    y: int
    dots: tuple[int, ...]
    mean: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class OftenRow:
    """A bin, and in how many samples of each side it was covered."""

    bin: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AbPage:
    """The page of an A/B.

    Attributes:
        sources: what a variant may begin with: its value in the form, and what it is.
        bounds: what one sample of each variant may cost; None where it cannot be sent.
        ticks: pixel and label of the axis of gains.
        missing: samples that are not there yet.
    """

    name: str
    node: Node
    samples: int
    variants: tuple[Variant, ...]
    sources: tuple[tuple[str, str], ...]
    bounds: Mapping[str, CostBound | None]
    problem: str
    rows: tuple[SideRow, ...]
    ticks: tuple[tuple[int, int], ...]
    often: tuple[OftenRow, ...]
    missing: int

    @property
    def tokens(self) -> int:
        """The most that all missing samples together may use, about."""
        bounds = [one for one in self.bounds.values() if one]
        return sum(one.input_tokens + one.output_tokens for one in bounds) * self.missing // max(len(bounds), 1)

    @property
    def usd(self) -> float | None:
        """The same in US dollars; None where a price is not known."""
        prices = [one.usd for one in self.bounds.values() if one]
        if not prices or None in prices:
            return None
        return sum(one or 0.0 for one in prices) * self.missing / len(prices)


def drafts_of(session: PromptSession, node: int, variants: Sequence[Variant], strategies: Path) -> dict[str, Draft]:
    """What each variant sends.

    Raises:
        UsageError: an unknown source, or a model that is none.
    """
    found = {}
    for one in variants:
        if not one.source:
            continue
        draft = _source(session, node, one.source, strategies)
        if one.model:
            draft = with_sampling(draft, {"model": one.model})
        found[one.name] = draft
    return found


def ab_page(
    name: str, session: PromptSession, node: int, variants: tuple[Variant, ...], samples: int, strategies: Path
) -> AbPage:
    """The page for these variants, with the samples that are in the tree already."""
    start, problem = session.node(node), ""
    drafts: dict[str, Draft] = {}
    bounds: dict[str, CostBound | None] = {}
    try:
        drafts = drafts_of(session, node, variants, strategies)
        asked = {key: draft.model.model != PERSON for key, draft in drafts.items()}
        bounds = {key: session.cost_bound(node, draft) if asked[key] else None for key, draft in drafts.items()}
        if not all(asked.values()):
            problem = "No model is set: name one for each variant, or set it on the page of the session."
        if twins := [f"{a} and {b}" for a, b in combinations(drafts, 2) if drafts[a] == drafts[b]]:
            problem = f"{twins[0]} would send the very same. Choose another prompt or model for one of them."
    except UsageError as error:
        problem = str(error)
    result = collected_ab(start, session.children(node), drafts, samples)
    rows, ticks = _chart(result)
    return AbPage(
        name=name, node=start, samples=samples, variants=variants, sources=_sources(session, node, strategies),
        bounds=bounds, problem=problem, rows=rows, ticks=ticks, often=_often(session, result),
        missing=samples * len(drafts) - sum(len(one.side.gains) for one in rows),
    )  # fmt: skip


def _source(session: PromptSession, node: int, source: str, strategies: Path) -> Draft:
    if source == HERE:
        return session.draft(node)
    if source.startswith("node:"):
        return session.draft(source.removeprefix("node:")).onward
    choice = strategy_choice(source.removeprefix("strategy:"), strategies)
    return with_strategy(session.draft(node).onward, choice)


def _sources(session: PromptSession, node: int, strategies: Path) -> tuple[tuple[str, str], ...]:
    others = [
        (f"node:{one.id}", f"prompt of node {one.id}{f' ({one.label})' if one.label else ''}")
        for one in session.nodes.values()
        if one.id != node and (one.label or session.changes(one.id))
    ]
    names = (*strategy_names(), *(f"saved:{one}" for one in saved_names(strategies)))
    return ((HERE, "prompt of this node"), *others, *((f"strategy:{one}", f"strategy {one}") for one in names))


def _chart(result: AbResult) -> tuple[tuple[SideRow, ...], tuple[tuple[int, int], ...]]:
    end = max((gain for side in result.sides for gain in side.gains), default=0) or 1
    marks = ticks(end, 6)

    def place(gain: float) -> int:
        return LEFT + round((RIGHT - LEFT) * min(max(gain, 0), end) / end)

    rows = []
    for index, side in enumerate(result.sides):
        spread = side.spread or 0.0
        rows.append(
            SideRow(
                side,
                ROW * index + 26,
                tuple(place(gain) for gain in side.gains),
                place(side.mean),
                place(side.mean - spread),
                place(side.mean + spread),
            )
        )
    return tuple(rows), tuple((place(value), round(value)) for value in marks)


def _often(session: PromptSession, result: AbResult) -> tuple[OftenRow, ...]:
    """The bins in which the sides differ most, as shares of their samples."""
    plan = session.bench.plan
    names = sorted({name for side in result.sides for name in side.often}, key=plan.index)
    rows = [OftenRow(name, tuple(side.often.get(name, 0) for side in result.sides)) for name in names]

    def differ(row: OftenRow) -> float:
        shares = [count / max(len(side.gains), 1) for count, side in zip(row.counts, result.sides, strict=True)]
        return max(shares) - min(shares)

    return tuple(sorted((row for row in rows if differ(row)), key=differ, reverse=True)[:MOST_BINS])
