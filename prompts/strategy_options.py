"""The options of a prompt strategy, group by group; each has a default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dv_agent.coverage.structure import Tier
from dv_agent.designs.frozen import Frozen

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10_000)]
HolesKind = Literal["grouped", "near", "stuck", "random", "by_type", "adaptive"]
SAMPLERS = ("random", "by_type", "adaptive")


class Holes(Frozen):
    """Which holes the prompt shows.

    Attributes:
        show: which holes: ``grouped`` all by family, ``near`` the nearest, ``stuck`` those open longest; or a sampler.
        detailed: how many holes ``near`` and ``stuck`` tell in detail.
        most: how many holes a sampler shows while `plenty` or more are open.
        few: how many random holes a sampler shows while fewer than `plenty` but at least `few` are open.
        plenty: from how many open holes on a sampler shows `most` of them.
        first: how many holes a sampler takes from the front of the plan.
        early: share of coverage below which ``by_type`` and ``adaptive`` prefer easy holes.
        easy: how many random holes ``by_type`` takes from the first `easy_bins` while coverage is below `early`.
        easy_bins: how many holes at the front of the plan count as easy.
        easy_by_size: pairs of bins of a plan and `easy_bins` of it; the first whose plan is so large counts.
        mild: share of coverage above which ``adaptive`` may change its sampler.
        stale_bins: ``adaptive`` changes its sampler after fewer new bins than this in `stale_messages` messages.
        stale_messages: over how many messages ``adaptive`` counts new bins.

    The samplers ``random``, ``by_type`` and ``adaptive`` are those of LLM4DV (arXiv 2310.04535); at most one is shown.
    """

    show: tuple[HolesKind, ...] = ("grouped", "near")
    detailed: Count = 24
    most: Count = 7
    few: Count = 5
    plenty: Count = 40
    first: Count = 2
    early: Share = 0.05
    easy: Count = 3
    easy_bins: Count = 100
    easy_by_size: tuple[tuple[Count, Count], ...] = ()
    mild: Share = 0.2
    stale_bins: Count = 3
    stale_messages: Annotated[int, Field(ge=1, le=1000)] = 4

    def of_plan(self, bins: int) -> Holes:
        """Return the options with the `easy_bins` of a plan with so many bins."""
        easy = next((easy for least, easy in self.easy_by_size if bins >= least), self.easy_bins)
        return self.model_copy(update={"easy_bins": easy, "easy_by_size": ()})

    @property
    def sampler(self) -> str:
        """Return the sampler, or an empty string."""
        return next((kind for kind in self.show if kind in SAMPLERS), "")

    @model_validator(mode="after")
    def _one_sampler(self) -> Holes:
        if sum(kind in SAMPLERS for kind in self.show) > 1:
            raise ValueError(f"at most one of {', '.join(SAMPLERS)}")
        return self


class History(Frozen):
    """Which part of the past dialogue the model is sent again.

    Attributes:
        keep: which earlier exchanges are sent again; ``none`` and ``summary`` (a list of what was tried): no exchange.
        messages: how many earlier exchanges are kept once the dialogue would hold more.
        best_of: out of how many best exchanges ``successful`` draws.
        hard_weight: how many times a harder bin counts with ``successful_hard``.
        hard_tiers: tiers of the bins that count as harder.
        hard_crosses: whether the bins of crosses count as harder, whatever their tier.

    ``recent`` keeps the last exchanges, ``successful`` random ones of the best, ``mixed`` the same with one recent,
    ``successful_hard`` those of the best where harder bins count more.
    """

    keep: Literal["none", "summary", "recent", "successful", "mixed", "successful_hard"] = "none"
    messages: Annotated[int, Field(ge=1, le=50)] = 3
    best_of: Annotated[int, Field(ge=1, le=200)] = 9
    hard_weight: Annotated[float, Field(ge=1, le=100)] = 2.5
    hard_tiers: tuple[Tier, ...] = ("medium", "hard")
    hard_crosses: bool = False

    @property
    def is_dialogue(self) -> bool:
        """Return whether earlier messages are sent again."""
        return self.keep not in ("none", "summary")


class Restart(Frozen):
    """When a new dialogue starts: fewer than `bins` bins were new behind the first of its last `messages` messages.

    Attributes:
        when: whether a new dialogue begins once too few new bins come (``stale``) or never.
        bins: a new dialogue begins after fewer new bins than this in its last `messages` messages.
        messages: over how many messages new bins are counted.
        below: share of coverage below which `messages_below` counts instead of `messages`; 0 turns that off.
        messages_below: over how many messages new bins are counted while coverage is below `below`.
        buffer: the best exchanges after a restart: forgotten (``clear``), shown at once (``keep``), later (``stable``).

    ``stable`` shows them again once the new dialogue is as long as one that is cut.
    """

    when: Literal["never", "stale"] = "never"
    bins: Count = 3
    messages: Annotated[int, Field(ge=1, le=1000)] = 7
    below: Share = 0.0
    messages_below: Annotated[int, Field(ge=1, le=1000)] = 4
    buffer: Literal["clear", "keep", "stable"] = "clear"


class Converged(Frozen):
    """When the agent gives up: coverage is equal in `unchanged` messages, or grew by at most `few` bins in `over`.

    Attributes:
        unchanged: the agent gives up when coverage is equal after so many messages.
        few: the agent gives up when at most so many bins are new behind the first of the last `over` messages.
        over: over how many messages `few` counts new bins.
    """

    unchanged: Annotated[int, Field(ge=1, le=10_000)] = 25
    few: Count = 2
    over: Annotated[int, Field(ge=1, le=10_000)] = 40


class Shot(Frozen):
    """A worked example in a strategy: a reply, or a part of one, and its result; `numbers` is the reply in numbers."""

    reply: str = Field(max_length=10_000)
    numbers: str = Field(default="", max_length=10_000)
    result: str = Field(max_length=2_000)


class Rtl(Frozen):
    """Which form of the RTL the prompt shows.

    Attributes:
        show: what of the RTL: none, the ``source``, a ``digest`` of it, or the ``cone`` that drives the holes' signals.
        depth: how many assignments back from the holes' signals the ``cone`` reaches.

    A ``digest`` lists ports, registers, state machines and comparisons.
    """

    show: Literal["none", "source", "digest", "cone"] = "none"
    depth: Annotated[int, Field(ge=1, le=100)] = 4


class Examples(Frozen):
    """Which worked examples the prompt shows.

    Attributes:
        show: which worked examples: none, those of the file (``fixed``), or the best tests of this run (``harvest``).
        most: how many tests of this run ``harvest`` shows at most.
        fixed: the examples for ``fixed``: a list of `reply` and `result`; they hold no witness of a design.
        language: whether examples of the test language, made from the design's schema, are shown.
    """

    show: Literal["none", "fixed", "harvest"] = "none"
    most: Annotated[int, Field(ge=1, le=50)] = 5
    fixed: tuple[Shot, ...] = ()
    language: bool = True

    @model_validator(mode="after")
    def _fixed_ones_exist(self) -> Examples:
        if (self.show == "fixed") != bool(self.fixed):
            raise ValueError("`fixed` examples and `show: fixed` belong together")
        return self
