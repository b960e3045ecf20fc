"""The table of all commands of ``dv-agent iterate``: lookup, help and completion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.cli.iterating.command import Command
from dv_agent.cli.iterating.commands import draft as prompting
from dv_agent.cli.iterating.commands import tree as judging
from dv_agent.cli.iterating.commands import turn as playing
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.errors import UnknownNameError


def show_help(context: IterateContext, words: Sequence[str]) -> None:
    """All commands, or one."""
    for line in help_lines(words[0] if words else ""):
        context.say(line)


def names(context: IterateContext) -> Sequence[str]:
    """Return the names of all commands."""
    return tuple(TABLE)


def leave(context: IterateContext, words: Sequence[str]) -> None:
    """End; see `dv_agent.cli.iterating.shell`."""


HELP = Command("help", "[COMMAND]", "all commands, or one of them", show_help, most=1, known=names)
QUIT = Command("quit", "", "leave; the session stays in its folder, and goes on with --session", leave)
TABLE: dict[str, Command] = {
    one.name: one for one in (HELP, *prompting.COMMANDS, *playing.COMMANDS, *judging.COMMANDS, QUIT)
}


def find_command(name: str) -> Command:
    """Return the command called `name`.

    Raises:
        UnknownNameError: there is no such command; suggests the nearest names.
    """
    if name not in TABLE:
        raise UnknownNameError("command", name, TABLE)
    return TABLE[name]


def help_lines(name: str) -> Iterator[str]:
    """Return the help on all commands, or the full help on one.

    Raises:
        UnknownNameError: there is no such command.
    """
    if not name:
        width = max(len(one.line) for one in TABLE.values())
        yield from (f"  {one.line:{width}}  {one.help}" for one in TABLE.values())
        return
    command = find_command(name)
    yield command.line
    yield f"  {command.help}"
    yield from (f"  {line}" for line in command.more.splitlines())


def complete(context: IterateContext, line: str) -> list[str]:
    """Return the completions of the last word of `line`."""
    words = line.split(" ")
    begun = words[-1]
    if len(words) == 1:
        return [name for name in TABLE if name.startswith(begun)]
    command = TABLE.get(words[0])
    return [word for word in (command.known(context) if command else ()) if word.startswith(begun)]
