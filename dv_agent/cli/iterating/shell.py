"""Lines in, commands out. At a terminal an error is told and the session goes on; a script ends with the first one."""

from __future__ import annotations

import shlex
import sys

from dv_agent.cli.iterating.desk import Desk
from dv_agent.cli.iterating.lines import Lines
from dv_agent.cli.iterating.table import QUIT, find_command
from dv_agent.errors import DvAgentError, ExitCode, UsageError


def run_shell(desk: Desk, lines: Lines, keep_going: bool) -> int:
    """Read commands until `quit` or the end.

    Args:
        keep_going: whether an error is told and the next command read.

    Returns:
        The exit code of the first error of a script; else 1 if a test failed a check, 0 if not.
    """
    code = ExitCode.DONE
    while True:
        try:
            line = lines.read(_prompt(desk))
        except KeyboardInterrupt:
            continue
        if line is None:
            break
        try:
            words = _words(line)
            if words and words[0] in (QUIT.name, "exit"):
                break
            if words:
                find_command(words[0])(desk, words[1:])
        except DvAgentError as error:
            print(f"dv-agent: {error}", file=sys.stderr, flush=True)
            code = code or ExitCode(error.exit_code)
            if not keep_going:
                break
        except KeyboardInterrupt:
            print("dv-agent: interrupted; what was done stands in the session", file=sys.stderr, flush=True)
            code = code or ExitCode.INTERRUPTED
            if not keep_going:
                break
    if desk.live:
        code = ExitCode.DONE
    return code or (ExitCode.CHECK_FAILED if desk.failed else ExitCode.DONE)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"{error} in: {line}") from None


def _prompt(desk: Desk) -> str:
    branch = desk.session.branch_of()
    return f"{desk.session.header.design} {desk.session.current.id}{f' on {branch}' if branch else ''}> "
