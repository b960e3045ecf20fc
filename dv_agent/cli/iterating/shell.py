"""The command loop: at a terminal an error is shown and the session continues; a script ends at the first error."""

from __future__ import annotations

import shlex

from dv_agent.cli.iterating.command_table import QUIT, find_command
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.cli.iterating.line_source import LineSource
from dv_agent.cli.terminal import complain
from dv_agent.designs.text.visible import visible
from dv_agent.errors import DvAgentError, ExitCode, UsageError


def run_shell(context: IterateContext, lines: LineSource, keep_going: bool) -> int:
    """Read commands until `quit` or the end.

    Args:
        keep_going: whether an error is shown and the next command is read.

    Returns:
        The exit code of the first error of a script; else 6 if an exported run checked nothing, 1 if a
        test failed a check, 0 if not.
    """
    code = ExitCode.DONE
    while True:
        try:
            line = lines.read(_prompt(context))
        except KeyboardInterrupt:
            continue
        if line is None:
            break
        try:
            words = _words(line)
            if words and words[0] in (QUIT.name, "exit"):
                break
            if words:
                find_command(words[0])(context, words[1:])
        except DvAgentError as error:
            complain(f"dv-agent: {error}")
            code = code or ExitCode(error.exit_code)
            if not keep_going:
                break
        except KeyboardInterrupt:
            complain("dv-agent: interrupted; what was done stands in the session")
            code = code or ExitCode.INTERRUPTED
            if not keep_going:
                break
    if context.live:
        code = ExitCode.DONE
    if context.unchecked and not context.live:
        code = code or ExitCode.NOTHING_CHECKED
    return code or (ExitCode.CHECK_FAILED if context.failed else ExitCode.DONE)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"{error} in: {line}") from None


def _prompt(context: IterateContext) -> str:
    branch = context.session.branch_of()
    return visible(f"{context.session.header.design} {context.session.current.id}{f' on {branch}' if branch else ''}> ")
