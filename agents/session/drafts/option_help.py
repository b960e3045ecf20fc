"""Options of strategies and models: group, meaning, default and allowed values, read off the classes that hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.files.plain_words import plain_number
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.prompts.parts import PARTS
from dv_agent.prompts.strategy import Strategy

Kind = Literal["choice", "flag", "number", "text"]
NOTHING = "none"
GENERAL = "general"
_ENTRY = re.compile(r"^ {4,8}(\w+(?:, \w+)*): (.*)$")
_HIDDEN = {"schema_version", "name", "folder", "templates", "wording"}


@dataclass(frozen=True, slots=True)
class OptionHelp:
    """One option.

    Attributes:
        name: dotted, such as ``holes.detailed``.
        group: its first part, or ``general``.
        meaning: one line; names and values of options stand between backticks.
        default: as it would stand in a YAML file.
        allowed: the values that it may have, in words.
        choices: all of them, where they are few.
    """

    name: str
    group: str
    meaning: str
    default: str
    allowed: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def strategy_help() -> Mapping[str, OptionHelp]:
    """Every option of a strategy by its dotted name, those of ``converged`` too."""
    return {one.name: one for one in _options_of(Strategy, "")}


@lru_cache(maxsize=1)
def sampling_help() -> Mapping[str, OptionHelp]:
    """Every setting of a model by its name."""
    return {one.name: one for one in _options_of(ModelSettings, "")}


def in_yaml(value: Any) -> str:
    """`value` in one line of YAML."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    text = write_yaml(value, width=1_000_000, flow=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _options_of(model: type[BaseModel], prefix: str) -> Iterator[OptionHelp]:
    words = _attributes(model)
    for name, info in model.model_fields.items():
        if name in _HIDDEN:
            continue
        inner, dotted = _model_in(info.annotation), f"{prefix}{name}"
        if inner is None or NoneType in get_args(info.annotation):
            yield _option(dotted, info, words.get(name, ""))
        if inner is not None:
            yield from _options_of(inner, f"{dotted}.")


def _option(name: str, info: FieldInfo, meaning: str) -> OptionHelp:
    plain = _without_none(info.annotation)
    kind, choices = _control(plain)
    allowed = _allowed(name, plain, info)
    if plain is not info.annotation:
        allowed += f", or {NOTHING}"
    default = "" if info.is_required() else in_yaml(_plain_data(info.get_default(call_default_factory=True)))
    group = name.split(".", 1)[0] if "." in name or name == "converged" else GENERAL
    return OptionHelp(name, group, meaning.replace("``", "`").rstrip("."), default, allowed, kind, choices)


def _allowed(name: str, annotation: Any, info: FieldInfo) -> str:
    choices, inner = _choices(annotation), _model_in(annotation)
    if inner is not None:
        words = f"a mapping with {', '.join(inner.model_fields)}"
    elif _is_list(annotation):
        members = PARTS if name == "without" else _choices(get_args(annotation)[0])
        words = f"a list of {', '.join(members) or 'mappings'}"
    elif choices:
        words = f"one of {', '.join(choices)}"
    elif annotation is bool:
        words = "true or false"
    elif annotation in (int, float):
        words = f"{'a whole number' if annotation is int else 'a number'}{_range(info)}"
    else:
        words = "a text"
    return words


def _range(info: FieldInfo) -> str:
    low = high = ""
    for bound in info.metadata:
        if isinstance(bound, Ge):
            low = plain_number(bound.ge)
        elif isinstance(bound, Gt):
            low = f"more than {plain_number(bound.gt)}"
        elif isinstance(bound, Le):
            high = plain_number(bound.le)
        elif isinstance(bound, Lt):
            high = f"less than {plain_number(bound.lt)}"
    if low and high:
        return f" from {low} to {high}"
    if low:
        return f", {low}" if low.startswith("more") else f", at least {low}"
    return f", at most {high}" if high else ""


def _control(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    if choices := _choices(annotation):
        return "choice", choices
    if annotation is bool:
        return "flag", ("true", "false")
    return ("number" if annotation in (int, float) else "text"), ()


def _choices(annotation: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in get_args(annotation)) if get_origin(annotation) is Literal else ()


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        return next(one for one in get_args(annotation) if one is not NoneType)
    return annotation


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if _is_list(annotation):
        return None
    return next((one for one in (annotation, *get_args(annotation)) if _is_model(one)), None)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (tuple, list, frozenset)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _plain_data(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, frozenset)) else value


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
        elif not line.strip():
            if names:
                break
        else:
            words += " " + line.strip()
    yield from ((name, words) for name in names)
