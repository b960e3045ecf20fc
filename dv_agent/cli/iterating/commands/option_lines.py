"""Options and settings as lines: value, default and meaning, by group; or one of them with all that it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dv_agent.agents.session.drafts.option_help import GENERAL, OptionHelp, in_yaml, sampling_help, strategy_help
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.designs.text.visible import visible
from dv_agent.errors import UnknownNameError

_NAME, _VALUE, _LONGEST = 23, 26, 40


def option_lines(session: PromptSession, name: str) -> Iterator[str]:
    """Every option of the strategy; those of a group; or one.

    Raises:
        UnknownNameError: there is no such option and no such group.
    """
    known, values = strategy_help(), session.options()
    groups = dict.fromkeys(one.group for one in known.values())
    if name and name in known and name not in groups:
        yield from _one(known[name], values)
        return
    if name and name not in groups:
        raise UnknownNameError("option", name, dict.fromkeys((*known, *groups)))
    origin = session.origin_strategy()
    yield "  name, value (default where it differs), meaning"
    for group in (name,) if name else sorted(groups, key=lambda one: one != GENERAL):
        yield f"{group}:"
        yield from (_line(one, values) for one in known.values() if one.group == group and _is_shown(one, values))
    if not name:
        base = f", made from {visible(origin.name)}" if origin and origin.name != session.draft().strategy.name else ""
        yield f"strategy {visible(session.draft().strategy.name)}{base}; `option NAME` tells what an option may be"


def setting_lines(session: PromptSession) -> Iterator[str]:
    """Every setting of the model."""
    model = session.draft().model
    values = {name: getattr(model, name) for name in type(model).model_fields}
    yield "  name, value (default where it differs), meaning"
    yield from (_line(one, values) for one in sampling_help().values())


def _is_shown(option: OptionHelp, values: Mapping[str, Any]) -> bool:
    """What a strategy has no value for is left out: that of keys below an option that is not set."""
    return option.name in values or (option.name == "converged" and "converged.unchanged" not in values)


def _one(option: OptionHelp, values: Mapping[str, Any]) -> Iterator[str]:
    yield f"{option.name}: {option.meaning}"
    yield f"  now      {_shown(values[option.name]) if option.name in values else 'not set'}"
    yield f"  default  {option.default}"
    yield f"  allowed  {option.allowed}"
    yield f"  set it with: option {option.name} VALUE"


def _line(option: OptionHelp, values: Mapping[str, Any]) -> str:
    value, default = _shown(values.get(option.name)), option.default
    if default and in_yaml(values.get(option.name)) != default:
        value += f" (default {default})"
    return f"  {option.name:{_NAME}} {value:{_VALUE}} {option.meaning}"


def _shown(value: Any) -> str:
    text = visible(in_yaml(value))
    return f"{text[:_LONGEST]}..." if len(text) > _LONGEST else text
