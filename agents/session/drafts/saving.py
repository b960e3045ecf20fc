"""Saving of a strategy or of one template as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dv_agent.designs.files.documents import complaint, replace_text
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.errors import UsageError
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.template_set import template_text


def save_strategy(strategy: Strategy, name: str, folder: Path, replace: bool = False) -> Path:
    """Write `strategy` as ``folder/<name>.yaml``: values that differ from the defaults, with its templates included.

    Args:
        name: a word; it becomes the name of the strategy.
        replace: whether an existing file may be replaced.

    Raises:
        UsageError: `name` is not a word, or the file exists.
        OutputError: it cannot be written.
    """
    try:
        named = Strategy.model_validate(strategy.model_dump() | {"name": name})
    except ValidationError as error:
        raise UsageError(f"{name!r} is no name of a strategy: {complaint(error)}") from None
    path = folder / f"{name}.yaml"
    return _write(path, strategy_text(named), folder, replace)


def strategy_text(strategy: Strategy) -> str:
    """Return the YAML text of a self-contained strategy, without default values."""
    data: dict[str, Any] = strategy.model_dump(mode="json", exclude={"folder"}, exclude_defaults=True)
    if strategy.without:
        data["without"] = sorted(strategy.without)
    head = {"schema_version": 1, "name": strategy.name}
    return write_yaml(head | data)


def save_template(strategy: Strategy, template: str, folder: Path, replace: bool = False) -> Path:
    """Write a template as ``folder/<template>.jinja``, for the key ``templates`` of a strategy next to that folder.

    Raises:
        UsageError: there is no such template, or the file exists.
        OutputError: it cannot be written.
    """
    return _write(folder / f"{template}.jinja", template_text(template, strategy), folder, replace)


def _write(path: Path, text: str, folder: Path, replace: bool) -> Path:
    if path.exists() and not replace:
        raise UsageError(f"{path} is there already; choose another name, or replace it")
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path.parent} leads out of {folder}")
    replace_text(path, text, make_folder=True)
    return path
