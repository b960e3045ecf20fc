"""Prompting strategies, defined as YAML files of options.

Shipped strategies are in ``prompts/strategies/*.yaml``; a path names a user's file. Every option has a default, so a
file contains only what differs. docs/strategies.md explains the options and the sources of their default values.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_serializer, field_validator, model_validator

from dv_agent.coverage.structure import Tier
from dv_agent.designs.files.documents import read_document, require_inside
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.unnoticed import Changes

SHIPPED = Path(__file__).parent / "strategies"
TEMPLATES = Path(__file__).parent / "templates"
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10_000)]
Template = Annotated[str, Field(max_length=100_000)]
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
    mild: Share = 0.2
    stale_bins: Count = 3
    stale_messages: Annotated[int, Field(ge=1, le=1000)] = 4

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

    ``recent`` keeps the last exchanges, ``successful`` random ones of the best, ``mixed`` the same with one recent,
    ``successful_hard`` those of the best where harder bins count more.
    """

    keep: Literal["none", "summary", "recent", "successful", "mixed", "successful_hard"] = "none"
    messages: Annotated[int, Field(ge=1, le=50)] = 3
    best_of: Annotated[int, Field(ge=1, le=200)] = 9
    hard_weight: Annotated[float, Field(ge=1, le=100)] = 2.5
    hard_tiers: tuple[Tier, ...] = ("medium", "hard")

    @property
    def is_dialogue(self) -> bool:
        """Return whether earlier messages are sent again."""
        return self.keep not in ("none", "summary")


class Restart(Frozen):
    """When a new dialogue starts: after fewer than `bins` new bins in the last `messages` messages of the dialogue.

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
    """When the agent gives up: no new bin in `unchanged` messages, or at most `few` in `over` messages.

    Attributes:
        unchanged: the agent gives up after so many messages without a new bin.
        few: the agent gives up after at most so many new bins in `over` messages.
        over: over how many messages `few` counts new bins.
    """

    unchanged: Annotated[int, Field(ge=1, le=10_000)] = 25
    few: Count = 2
    over: Annotated[int, Field(ge=1, le=10_000)] = 40


class Shot(Frozen):
    """A worked example in a strategy: a reply, or a part of one, and its result."""

    reply: str = Field(max_length=10_000)
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


class Strategy(Frozen):
    """One way to prompt a model.

    Attributes:
        description: one line about the strategy, for lists of strategies.
        tests: how many tests a reply is asked for.
        converged: when the agent gives up for want of new bins; none: never.
        specification: ``full``, or ``short`` for designs that have it in few words as well (``spec_short.md``).
        reasoning: whether a plan in words comes before the tests.
        feedback: what is told of the last tests: which step won what (``steps``), ``counts``, or nothing.
        values: whether tests may use random blocks, loops and sweeps (``all``) or literal values only (``literal``).
        structured: whether the vendor's structured output is asked for, instead of JSON in plain text.
        rules: whether the prompt says which values, codes and timings design.yaml has checked.
        unnoticed: changes of the RTL that the tests so far would not notice; filled by ``run --mutants``.
        without: names of parts of the prompt that are left out.
        templates: a folder beside the file whose templates go before the shipped ones.
        wording: templates in the file itself, by name, such as ``parts/ask``; they go before those of `templates`.
        folder: where the file stands, for its templates.
    """

    schema_version: Literal[1] = 1
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)]
    description: str = ""
    tests: Annotated[int, Field(ge=1, le=64)] = 8
    holes: Holes = Holes()
    history: History = History()
    restart: Restart = Restart()
    converged: Converged | None = None
    rtl: Rtl = Rtl()
    examples: Examples = Examples()
    specification: Literal["full", "short"] = "full"
    reasoning: bool = True
    feedback: Literal["steps", "counts", "none"] = "steps"
    values: Literal["all", "literal"] = "all"
    structured: bool = False
    rules: bool = False
    unnoticed: Changes = ()
    without: frozenset[str] = frozenset()
    templates: str = ""
    wording: dict[str, Template] = Field(default_factory=dict)
    folder: Path | None = None

    @property
    def own_templates(self) -> Path | None:
        """Return the folder of its own templates, or None; also None if read from a record, which stores no path."""
        return self.folder / self.templates if self.templates and self.folder else None

    def require_templates(self) -> None:
        """Check that its templates are available.

        Raises:
            UsageError: the strategy was read from a record, and its templates were in a folder.
        """
        if self.templates and self.folder is None:
            raise UsageError(
                f"the templates of the strategy {self.name} stood in a folder, which a record does not hold; "
                "name its file with --prompt-strategy or --strategy"
            )

    @field_serializer("folder")
    def _folder_is_not_told(self, folder: Path | None) -> None:
        return None

    @field_validator("folder", mode="plain")
    @classmethod
    def _folder_is_never_data(cls, _said: Any) -> None:
        return None

    @model_validator(mode="after")
    def _fits_together(self) -> Strategy:
        if self.restart.when == "stale" and not self.history.is_dialogue:
            raise ValueError("restart: only a dialogue can begin anew; set history.keep to recent, successful, ...")
        if self.templates and (Path(self.templates).is_absolute() or ".." in Path(self.templates).parts):
            raise ValueError("templates: a folder beside the strategy's file is expected")
        for name in self.wording:
            if name not in template_names():
                raise ValueError(f"wording: {UnknownNameError('template', name, template_names())}")
        return self


@lru_cache(maxsize=1)
def template_names() -> tuple[str, ...]:
    """Return the sorted names of the templates from which prompts are made: ``system``, ``parts/ask``, ..."""
    names = (file.relative_to(TEMPLATES).with_suffix("").as_posix() for file in TEMPLATES.rglob("*.jinja"))
    return tuple(sorted(name for name in names if not name.startswith("tools_")))  # those belong to the agent `tools`


def strategy_names() -> tuple[str, ...]:
    """Return the sorted names of the shipped strategies."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.yaml")))


def find_strategy(name: str) -> Strategy:
    """Return the shipped strategy `name`, or that of a YAML file if `name` has a path separator or a YAML ending.

    Raises:
        UnknownNameError: no such strategy; the message lists similar names.
        InputFileError: the file is invalid; the message gives the line.
    """
    if os.sep in name or name.endswith((".yaml", ".yml")):
        return load_strategy(Path(name))
    if name not in strategy_names():
        raise UnknownNameError("prompt strategy", name, strategy_names())
    return load_strategy(SHIPPED / f"{name}.yaml")


def find_recorded_strategy(name: str) -> Strategy:
    """Return the shipped strategy that a record names; a name in a record is never used as a path.

    Raises:
        UnknownNameError: no such strategy; the message lists similar names.
    """
    if name not in strategy_names():
        raise UnknownNameError("prompt strategy", name, strategy_names())
    return find_strategy(name)


def load_strategy(path: Path) -> Strategy:
    """Read a strategy file.

    Raises:
        InputFileError: with file, line and what was expected.
    """
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise document.error((), "expected keys such as `name`, `holes`, `history`")
    data: dict[str, Any] = document.data
    data.setdefault("name", path.stem)
    if "folder" in data:
        raise document.error(("folder",), "folder: not a key of a strategy; templates stand beside the file")
    strategy = document.validate(Strategy)
    if strategy.templates:
        strategy = strategy.model_copy(update={"folder": path.resolve().parent})
    if strategy.own_templates:
        require_inside(strategy.own_templates, path.parent)
    if strategy.own_templates and not strategy.own_templates.is_dir():
        raise document.error(("templates",), f"no folder {strategy.templates!r} beside the file")
    return strategy
