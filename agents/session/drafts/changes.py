"""Changes of a draft; every change is validated, and an invalid one raises one clear error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.session.drafts.option_help import NOTHING, sampling_help, strategy_help
from dv_agent.agents.session.nodes import Draft
from dv_agent.designs.files.documents import complaint
from dv_agent.designs.files.yaml_reader import YamlFault, parse_yaml
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.bounded_render import template_files
from dv_agent.prompts.parts import PARTS
from dv_agent.prompts.strategy import Strategy, find_strategy, strategy_names, template_names
from dv_agent.prompts.template_set import check_template, template_text

_NO_OPTIONS = {"schema_version", "name", "folder", "templates", "wording", "unnoticed"}
CONVERGED = ("converged.unchanged", "converged.few", "converged.over")
EDITED = "-edited"


def self_contained(strategy: Strategy) -> Strategy:
    """Return `strategy` with the templates of its folder included, so that it does not depend on the folder.

    Raises:
        UsageError: a template cannot be read or is invalid.
    """
    strategy.require_templates()
    own, words = strategy.own_templates, dict(strategy.wording)
    if own is not None:
        for name in template_names():
            if name not in words and (own / f"{name}.jinja").is_file():
                words[name] = template_text(name, strategy)
    if own is not None:
        known = {f"{name}.jinja" for name in template_names()}
        for file in template_files(own):
            if (extra := file.relative_to(own).as_posix()) not in known:
                raise UsageError(f"{file}: a strategy has no template {extra.removesuffix('.jinja')!r}")
    for name, text in words.items():
        check_template(name, text)
    return _checked(strategy.model_dump() | {"wording": words, "templates": "", "folder": None})


def options(strategy: Strategy) -> dict[str, Any]:
    """Return the dotted name of every option -> its value, such as ``holes.detailed`` -> 24."""
    data = strategy.model_dump(mode="json", exclude=_NO_OPTIONS)
    data["without"] = sorted(data["without"])
    found: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= {f"{name}.{key}": part for key, part in value.items()}
        else:
            found[name] = value
    return found


def with_option(draft: Draft, name: str, value: str) -> Draft:
    """Return the draft with an option of its strategy set to `value`, written as in a YAML file.

    Raises:
        UnknownNameError: there is no such option.
        UsageError: the value is not allowed.
    """
    known = tuple(dict.fromkeys((*options(draft.strategy), "converged", *CONVERGED)))
    if name not in known:
        raise UnknownNameError("option", name, known)
    parsed = _parsed(name, value)
    data, path = draft.strategy.model_dump(), name.split(".")
    place = data
    for key in path[:-1]:
        place[key] = dict(place[key] or {})
        place = place[key]
    place[path[-1]] = parsed
    if name == "without" and isinstance(parsed, list) and (odd := [one for one in parsed if one not in PARTS]):
        raise UsageError(f"without: {UnknownNameError('part', str(odd[0]), PARTS)}; expected {_allowed(name)}")
    try:
        strategy = Strategy.model_validate(data)
    except ValidationError as error:
        raise UsageError(_refused(name, value, error)) from None
    return _renamed(draft, strategy)


def _parsed(name: str, value: str) -> Any:
    if value.strip().lower() == NOTHING and _allowed(name).endswith(f", or {NOTHING}"):
        return None
    try:
        return parse_yaml(value).data if value.strip() else None
    except YamlFault:
        raise UsageError(f"{name}: {value!r} is not allowed; expected {_allowed(name)}") from None


def _refused(name: str, value: str, error: ValidationError) -> str:
    """Why an option may not have a value: what it may be; or why it does not go with the others."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "value_error" or not ".".join(map(str, first["loc"])).startswith(name):
        return complaint(error)
    return f"{name}: {value!r} is not allowed; expected {_allowed(name)}"


def _allowed(name: str) -> str:
    return strategy_help()[name].allowed


def with_template(draft: Draft, name: str, text: str) -> Draft:
    """Return the draft with a new text for a template.

    Raises:
        UnknownNameError: there is no such template.
        UsageError: the text is not a valid Jinja template; the message names the line.
    """
    check_template(name, text)
    shipped = draft.strategy.model_copy(update={"wording": {}, "templates": "", "folder": None})
    words = {key: old for key, old in draft.strategy.wording.items() if key != name}
    if text != template_text(name, shipped):
        words[name] = text
    return _with(draft, draft.strategy.model_dump() | {"wording": words})


def with_strategy(draft: Draft, name: str) -> Draft:
    """Return the draft with another strategy: a shipped one or a file.

    Raises:
        UsageError: no such strategy, or its file is invalid.
    """
    return draft.model_copy(update={"strategy": self_contained(find_strategy(name))})


def with_sampling(draft: Draft, settings: Mapping[str, str]) -> Draft:
    """Return the draft with changed settings of the model; the value ``none`` removes a setting.

    Raises:
        UnknownNameError: there is no such setting.
        UsageError: the value is not allowed.
    """
    known = tuple(ModelSettings.model_fields)
    for name in settings:
        if name not in known:
            raise UnknownNameError("setting", name, known)
    given = {name: None if value.lower() == "none" else value for name, value in settings.items()}
    try:
        model = ModelSettings.model_validate(draft.model.model_dump() | given)
    except ValidationError as error:
        raise UsageError(refused_setting(error)) from None
    return draft.model_copy(update={"model": model})


def refused_setting(error: ValidationError) -> str:
    """Which setting of a model is refused, and what it may be; the value itself may hold a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "value_error" or name not in sampling_help():
        return complaint(error)
    return f"{name}: this value is not allowed; expected {sampling_help()[name].allowed}"


def _with(draft: Draft, data: dict[str, Any]) -> Draft:
    return _renamed(draft, _checked(data))


def _renamed(draft: Draft, strategy: Strategy) -> Draft:
    return draft.model_copy(update={"strategy": strategy.model_copy(update={"name": _named(strategy)})})


def _named(strategy: Strategy) -> str:
    """Return the strategy's name, with a mark if its content differs from the shipped strategy of this name."""
    base = strategy.name.removesuffix(EDITED)
    if base in strategy_names() and same_settings(strategy, find_strategy(base)):
        return base
    return base[: 64 - len(EDITED)] + EDITED


def same_settings(one: BaseModel, other: BaseModel) -> bool:
    """Return whether two strategies are equal except for name and description."""
    without = {"name", "description"}
    return one.model_dump(exclude=without) == other.model_dump(exclude=without)


def _checked(data: dict[str, Any]) -> Strategy:
    try:
        return Strategy.model_validate(data)
    except ValidationError as error:
        raise UsageError(complaint(error)) from None
