"""Saving of a strategy or of one template as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dv_agent.agents.session.drafts.own_changes import described, origin_of
from dv_agent.agents.session.tree import Tree, Which
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.errors import UsageError
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.template_set import template_text

NAME_RULE = "a letter or digit, then letters, digits, `_`, `.` and `-`, at most 64 in all"


class StrategySaver:
    """Writes the strategy of a node, or one template of it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def origin_strategy(self, which: Which = None) -> Strategy | None:
        """The strategy that the node's was made from by changes; None if that is not known."""
        return origin_of(self._tree, which)

    def description(self, which: Which = None) -> str:
        """One line about the node's strategy, as it is saved: ``default with holes.detailed=12``."""
        return described(self._tree.draft(which).strategy, self.origin_strategy(which))

    def save_strategy(
        self, name: str, folder: Path, which: Which = None, replace: bool = False, description: str = ""
    ) -> Path:
        """Write the node's strategy as ``folder/<name>.yaml``, see `save_strategy`; it describes itself if need be."""
        words = description.strip() or self.description(which)
        return save_strategy(self._tree.draft(which).strategy, name, folder, replace, words)

    def save_template(self, template: str, folder: Path, which: Which = None, replace: bool = False) -> Path:
        """Write a template of the node as ``folder/<template>.jinja``, see `save_template`."""
        return save_template(self._tree.draft(which).strategy, template, folder, replace)


class FileThere(UsageError):
    """A file of that name is there, and was not to be replaced; a face adds how to ask for that."""


def save_strategy(strategy: Strategy, name: str, folder: Path, replace: bool = False, description: str = "") -> Path:
    """Write `strategy` as ``folder/<name>.yaml``: what differs from the defaults, with its templates inside.

    Args:
        name: a word; it becomes the name of the strategy.
        replace: whether a file that is there may be replaced.
        description: one line that takes the place of the strategy's own.

    Raises:
        FileThere: the file is there.
        UsageError: not a word.
        OutputError: it cannot be written.
    """
    words = {"description": " ".join(description.split())} if description.strip() else {}
    try:
        named = Strategy.model_validate(strategy.model_dump() | {"name": name} | words)
    except ValidationError:
        raise UsageError(f"{name!r} is no name of a strategy: {NAME_RULE}") from None
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
        FileThere: the file is there.
        UsageError: there is no such template.
        OutputError: it cannot be written.
    """
    return _write(folder / f"{template}.jinja", template_text(template, strategy), folder, replace)


def _write(path: Path, text: str, folder: Path, replace: bool) -> Path:
    if path.exists() and not replace:
        raise FileThere(f"{path} is there already")
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path.parent} leads out of {folder}")
    replace_text(path, text, make_folder=True)
    return path
