"""Options as form fields: controls come from the types of the settings, help from their docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.prompts.strategy import Strategy

Kind = Literal["choice", "flag", "number", "text"]
NOTHING = "none"
_ENTRY = re.compile(r"^ {4,8}(\w+(?:, \w+)*): (.*)$")


@dataclass(frozen=True, slots=True)
class OptionField:
    """One option.

    Attributes:
        name: dotted, such as ``holes.detailed``; `label` is its last part.
        value: as it would stand in a YAML file.
        changed: it is not what the strategy's origin says.
    """

    name: str
    label: str
    kind: Kind
    value: str
    choices: tuple[str, ...] = ()
    help: str = ""
    changed: bool = False


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The options of one axis; those that stand alone are called ``general``."""

    name: str
    fields: tuple[OptionField, ...]

    @property
    def changed(self) -> int:
        """How many are not as they were."""
        return sum(one.changed for one in self.fields)


def strategy_groups(options: Mapping[str, Any], base: Mapping[str, Any]) -> tuple[FieldGroup, ...]:
    """Every option of a strategy.

    Args:
        options: dotted name -> value.
        base: the same of the strategy that it came from.
    """
    groups: dict[str, list[OptionField]] = {}
    for name, value in options.items():
        group = name.split(".")[0] if "." in name else "general"
        kind, choices = _control(name)
        found = OptionField(
            name, name.split(".")[-1], kind, in_yaml(value), choices, _help(name), value != base.get(name, value)
        )
        groups.setdefault(group, []).append(found)
    return tuple(FieldGroup(name, tuple(fields)) for name, fields in groups.items())


def sampling_fields(settings: ModelSettings, base: ModelSettings) -> tuple[OptionField, ...]:
    """How a model is reached and sampled."""
    words = _attributes(ModelSettings)
    return tuple(
        OptionField(
            name=name,
            label=name,
            kind=_kind(info.annotation)[0],
            value="" if getattr(settings, name) is None else f"{getattr(settings, name)}",
            choices=("", *_kind(info.annotation)[1]) if _kind(info.annotation)[1] else (),
            help=words.get(name, ""),
            changed=getattr(settings, name) != getattr(base, name),
        )
        for name, info in ModelSettings.model_fields.items()
    )


def in_yaml(value: Any) -> str:
    """`value` in one line of YAML."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    text = write_yaml(value, width=1_000_000, flow=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _control(name: str) -> tuple[Kind, tuple[str, ...]]:
    annotation: Any = Strategy
    for part in name.split("."):
        model = next((one for one in (annotation, *get_args(annotation)) if _is_model(one)), None)
        if model is None or part not in model.model_fields:
            return "text", ()
        annotation = model.model_fields[part].annotation
    return _kind(annotation)


def _kind(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    plain = annotation
    if get_origin(annotation) in (Union, UnionType):
        plain = next(one for one in get_args(annotation) if one is not NoneType)
    if get_origin(plain) is Literal:
        return "choice", tuple(str(one) for one in get_args(plain))
    if plain is bool:
        return "flag", ("true", "false")
    return ("number" if plain in (int, float) else "text"), ()


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _help(name: str) -> str:
    model: Any = Strategy
    words = ""
    for part in name.split("."):
        words = _attributes(model).get(part, "")
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        model = next((one for one in (annotation, *get_args(annotation)) if _is_model(one)), Strategy)
    return words


@lru_cache(maxsize=32)
def _attributes(model: type[BaseModel]) -> Mapping[str, str]:
    """What the docstring of `model` says of its attributes."""
    return dict(_entries(model.__doc__ or ""))


def _entries(text: str) -> Iterator[tuple[str, str]]:
    names: list[str] = []
    words = ""
    for line in text.partition("Attributes:")[2].splitlines():
        if found := _ENTRY.match(line):
            yield from ((name, words) for name in names)
            names, words = found[1].split(", "), found[2]
        elif line.strip():
            words += " " + line.strip()
    yield from ((name, words) for name in names)
