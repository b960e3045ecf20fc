"""Commands that keep something: a strategy or a template as a file, a path of the tree as a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.session.drafts.saving import FileThere
from dv_agent.agents.session.opening import export_run
from dv_agent.cli.iterating.command import Command
from dv_agent.cli.iterating.commands.formatting import called
from dv_agent.cli.iterating.commands.turn import nodes
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.eval.report.output import write_report
from dv_agent.prompts.strategy import template_names

RUNS, STRATEGIES, TEMPLATES = "runs", "strategies", "strategies/templates"
SAVE = "save NAME [FOLDER] [--replace] [--description TEXT]"
SAVE_TEMPLATE = "save template NAME [FOLDER] [--replace]"
EXPORT = "export [NODE [FOLDER]]"
MORE = f"""\
{SAVE}
{SAVE_TEMPLATE}
The folder is `strategies` if not given (templates: `strategies/templates`), where the studio looks too.
Write a new folder with a slash. --replace replaces a file that is there.
--description TEXT is for lists of strategies; without it: what was changed, such as `default with tests=4`."""


def save(context: IterateContext, words: Sequence[str]) -> None:
    """Keep the strategy of the current node, or one of its templates."""
    names, replace, description = _read_flags(words)
    try:
        if names[:1] == ["template"]:
            _save_template(context, names[1:], replace, description)
        else:
            _save_strategy(context, names, replace, description)
    except FileThere as error:
        raise UsageError(f"{error}; choose another name, or add --replace") from None


def export(context: IterateContext, words: Sequence[str]) -> None:
    """The path to a node as a run."""
    out, node = _folder(words[1:], RUNS, EXPORT), words[0] if words else None
    folder = export_run(context.session, out, write_report, node)
    if silence := read_run(folder).header.nothing_checked:
        context.unchecked = silence
        context.say(f"NOTHING WAS CHECKED in it: {silence}")
    context.say(f"record: {folder} (report.html shows it)")


def _save_strategy(context: IterateContext, names: Sequence[str], replace: bool, description: str | None) -> None:
    if not 1 <= len(names) <= 2:
        raise UsageError(f"usage: {SAVE}")
    session, folder = context.session, _folder(names[1:], STRATEGIES, SAVE)
    told = " ".join((description or session.description()).split())
    path = session.save_strategy(names[0], folder, replace=replace, description=told)
    context.say(f"written: {path}, the strategy of node {called(session.current)}: {visible(told)}")
    if edits := len(session.draft().edits):
        context.say(f"not in it: {counted(edits, 'edit')} by hand, for the next prompt of this node alone")
    context.say(f"use it with: dv-agent run --prompt-strategy {path}")


def _save_template(context: IterateContext, names: Sequence[str], replace: bool, description: str | None) -> None:
    if not 1 <= len(names) <= 2 or description is not None:
        raise UsageError(f"usage: {SAVE_TEMPLATE}")
    path = context.session.save_template(names[0], _folder(names[1:], TEMPLATES, SAVE_TEMPLATE), replace=replace)
    changed = "changed" if names[0] in context.session.draft().strategy.wording else "as shipped"
    context.say(f"written: {path}, the template of node {called(context.session.current)}, {changed}")


def _read_flags(words: Sequence[str]) -> tuple[list[str], bool, str | None]:
    """The names among `words`, whether a file may be replaced, and the description if one is given."""
    names, replace, description, rest = list[str](), False, None, list(words)
    while rest:
        word = rest.pop(0)
        if word == "--replace":
            replace = True
        elif word == "--description" and rest:
            description = rest.pop(0)
        elif word.startswith("--"):
            raise UsageError(f"usage: {SAVE}, or {SAVE_TEMPLATE}")
        else:
            names.append(word)
    return names, replace, description


def _folder(words: Sequence[str], usual: str, usage: str) -> Path:
    """The folder that a command was given; a word that is none yet may be a slip, so a new one is written with a slash.

    Raises:
        UsageError: there is no such folder, and no slash says that it is one.
    """
    word = words[0] if words else usual
    if os.sep not in word and word != usual and not Path(word).is_dir():
        raise UsageError(f"there is no folder {word!r}; for a new one write {word}/ (usage: {usage})")
    return Path(word)


COMMANDS = (
    Command("save", "NAME [FOLDER] | template NAME [FOLDER]", "write the strategy of this node, or one template", save,
            most=None, more=MORE, known=lambda context: ("template", *template_names())),
    Command("export", "[NODE [FOLDER]]", "the path to a node as a run, for report, replay and rescore", export, most=2,
            known=nodes),
)  # fmt: skip
