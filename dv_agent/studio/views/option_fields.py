"""Options as form fields; what they mean and may be comes from `option_help`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.session.drafts.option_help import Kind, OptionHelp, in_yaml, sampling_help, strategy_help


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
    known = strategy_help()
    groups: dict[str, list[OptionField]] = {}
    for name, value in options.items():
        option = known[name]
        found = OptionField(
            name, name.split(".")[-1], option.kind, in_yaml(value), option.choices, _title(option),
            value != base.get(name, value),
        )  # fmt: skip
        groups.setdefault(option.group, []).append(found)
    return tuple(FieldGroup(name, tuple(fields)) for name, fields in groups.items())


def sampling_fields(settings: ModelSettings, base: ModelSettings) -> tuple[OptionField, ...]:
    """How a model is reached and sampled."""
    return tuple(
        OptionField(
            name=name,
            label=name,
            kind=option.kind,
            value="" if getattr(settings, name) is None else f"{getattr(settings, name)}",
            choices=("", *option.choices) if option.choices else (),
            help=_title(option),
            changed=getattr(settings, name) != getattr(base, name),
        )
        for name, option in sampling_help().items()
    )


def _title(option: OptionHelp) -> str:
    """Meaning, default and allowed values, for a pointer that rests on the name."""
    default = f"; default {option.default}" if option.default else ""
    return f"{option.meaning} ({option.allowed}{default})"
