"""All commands with their arguments and options as data, and as one text: ``dv-agent --help-all``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from typer.main import get_command

WIDTH = 100


@dataclass(frozen=True, slots=True)
class CommandPage:
    """One command.

    Attributes:
        name: all words of it, from ``dv-agent`` on.
        usage: what stands behind the name: ``[OPTIONS] FILE``.
        purpose: the first paragraph of its help.
        details: the other paragraphs, examples among them; indented lines are literal.
        commands: names of the commands below it.
        arguments: name -> what it is.
        options: group of options -> (spelling, what it does).
    """

    name: str
    usage: str
    purpose: str
    details: tuple[str, ...]
    commands: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    options: dict[str, tuple[tuple[str, str], ...]]


def command_pages(app: Any) -> Iterator[CommandPage]:
    """Yield the whole tree of commands of a typer application, each before those below it."""
    yield from _pages(get_command(app), None, "dv-agent")


def all_help(app: Any) -> str:
    """Return the whole tree as one text, in the form of a manual page."""
    return "\n".join(line for page in command_pages(app) for line in (*_page_lines(page), ""))


def _pages(command: Any, above: Any, name: str) -> Iterator[CommandPage]:
    context = command.context_class(command, info_name=name, parent=above)
    parts = [part for part in textwrap.dedent(command.help or "").strip().split("\n\n") if part.strip()]
    parameters = [one for one in command.get_params(context) if not getattr(one, "hidden", False)]
    options: dict[str, list[tuple[str, str]]] = {}
    arguments = []
    for one in parameters:
        record = one.get_help_record(context)
        if record is None:
            continue
        if one.param_type_name == "argument":
            arguments.append((str(record[0]), str(record[1])))
        else:
            options.setdefault(getattr(one, "rich_help_panel", None) or "Options", []).append(record)
    below = command.list_commands(context) if hasattr(command, "list_commands") else []
    yield CommandPage(
        context.command_path, " ".join(command.collect_usage_pieces(context)),
        " ".join(parts[0].split()) if parts else "", (*parts[1:], *([command.epilog] if command.epilog else [])),
        tuple(below), tuple(arguments), {panel: tuple(rows) for panel, rows in options.items()},
    )  # fmt: skip
    for each in below:
        yield from _pages(command.get_command(context, each), context, each)


def _page_lines(page: CommandPage) -> Iterator[str]:
    yield page.name.upper()
    yield from _wrapped(f"{page.name} {page.usage}", 4)
    yield ""
    yield from _wrapped(page.purpose, 4)
    for part in page.details:
        yield ""
        yield from (textwrap.indent(part, "    ").splitlines() if part.startswith(" ") else _wrapped(part, 4))
    for title, rows in (("Arguments", page.arguments), *page.options.items()):
        if rows:
            yield ""
            yield f"  {title}"
        for spelling, words in rows:
            yield f"    {spelling}"
            yield from _wrapped(words, 10)


def _wrapped(words: str, by: int) -> list[str]:
    return textwrap.wrap(
        words, WIDTH, initial_indent=" " * by, subsequent_indent=" " * by, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
