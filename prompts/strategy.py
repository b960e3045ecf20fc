"""Prompting strategies, defined as YAML files of options.

Shipped strategies are in ``prompts/strategies/*.yaml``; a path names a user's file. Every option has a default, so a
file contains only what differs. docs/strategies.md explains the options and the sources of their default values.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_serializer, field_validator, model_validator

from dv_agent.designs.files.documents import read_document, require_inside
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.llm4dv_configurations import PREFIX, options_of
from dv_agent.prompts.strategy_options import Converged, Examples, History, Holes, Restart, Rtl
from dv_agent.prompts.unnoticed import Changes

SHIPPED = Path(__file__).parent / "strategies"
TEMPLATES = Path(__file__).parent / "templates"
Template = Annotated[str, Field(max_length=100_000)]
Modality = Literal["all", "literal", "numbers"]
MODALITIES: tuple[Modality, ...] = ("all", "literal", "numbers")


class Strategy(Frozen):
    """One way to prompt a model.

    Attributes:
        description: one line about the strategy, for lists of strategies.
        tests: how many tests a reply is asked for.
        converged: when the agent gives up for want of new bins; none: never.
        specification: ``full``, or ``short`` for designs that have it in few words as well (``spec_short.md``).
        reasoning: whether a plan in words comes before the tests.
        feedback: what is told of the last tests: which step won what (``steps``), ``counts``, or nothing.
        values: what a reply may hold: random blocks and loops too (``all``), ``literal`` values, or plain ``numbers``.
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
    values: Modality = "all"
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
        if self.values == "numbers" and self.structured:
            raise ValueError("structured: a list of numbers is no JSON object; set values to all or literal")
        if self.values == "numbers" and self.examples.show == "harvest":
            raise ValueError("examples: harvest shows tests as JSON, which is no list of numbers")
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

    ``NAME.numbers``, ``NAME.literal`` and ``NAME.all`` are the shipped strategy NAME with other `values`; and
    ``llm4dv-2_II_a_iii`` is a configuration of LLM4DV, see `dv_agent.prompts.llm4dv_configurations`.

    Raises:
        UnknownNameError: no such strategy; the message lists similar names.
        InputFileError: the file is invalid; the message gives the line.
        UsageError: the strategy does not go with these values.
    """
    if os.sep in name or name.endswith((".yaml", ".yml")):
        return load_strategy(Path(name))
    base, values = _without_modality(name)
    found = _by_code(base)
    if found is None:
        if base not in strategy_names():
            raise UnknownNameError("prompt strategy", name, strategy_names())
        found = load_strategy(SHIPPED / f"{base}.yaml")
    return with_values(found, values) if values else found


def _by_code(name: str) -> Strategy | None:
    """Return the strategy of a configuration of LLM4DV, named by its code; None if the name is none."""
    if (options := options_of(name)) is None:
        return None
    data = load_strategy(SHIPPED / "llm4dv-base.yaml").model_dump(exclude_unset=True)
    data |= {"name": name, "description": f"LLM4DV's configuration {name.removeprefix(PREFIX)}"}
    if options.pop("examples", False):
        data["examples"] = load_strategy(SHIPPED / "llm4dv-few-shot.yaml").examples.model_dump()
    for key, changed in options.items():
        data[key] = {**data.get(key, {}), **changed}
    return Strategy.model_validate(data)


def with_values(strategy: Strategy, values: Modality) -> Strategy:
    """Return the strategy with other `values`, under the name ``NAME.VALUES``.

    Raises:
        UsageError: it does not go with them.
    """
    name = f"{_without_modality(strategy.name)[0]}.{values}"
    try:
        changed = Strategy.model_validate({**strategy.model_dump(), "name": name, "values": values})
    except ValidationError as error:
        raise UsageError(f"{name}: {plain_words(error.errors()[0])}") from None
    return changed.model_copy(update={"folder": strategy.folder})


def _without_modality(name: str) -> tuple[str, Modality | None]:
    base, _, ending = name.rpartition(".")
    found = next((one for one in MODALITIES if base and one == ending), None)
    return (base, found) if found else (name, None)


def find_recorded_strategy(name: str) -> Strategy:
    """Return the shipped strategy that a record names; a name in a record is never used as a path.

    Raises:
        UnknownNameError: no such strategy; the message lists similar names.
    """
    base = _without_modality(name)[0]
    if base not in strategy_names() and options_of(base) is None:
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
