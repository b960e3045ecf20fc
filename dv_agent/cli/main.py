"""The command ``dv-agent``. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from dv_agent import __version__
from dv_agent.agents.models.dotenv.file import load_dotenv_upward
from dv_agent.cli.broken_design import with_faults_beside
from dv_agent.cli.command_table import command_line
from dv_agent.cli.interrupt import Ended, heed_signals, tell
from dv_agent.cli.limits import limit_words
from dv_agent.cli.terminal import complain, say, show_fault
from dv_agent.designs.files.garbage import collect_seldom
from dv_agent.designs.files.scratch import remove_own, sweep
from dv_agent.errors import DvAgentError, ExitCode, UsageError

TRACEBACK = "DV_AGENT_TRACEBACK"


def commands(words: Sequence[str] = ()) -> typer.Typer:
    """Return the command line; only with the command that `words` name, if they do."""
    return command_line(words, _version)


def __getattr__(name: str) -> typer.Typer:
    if name == "app":  # all commands, of which most are never needed
        return commands()
    raise AttributeError(name)


def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    help_all: bool = typer.Option(False, "--help-all", help="Print the help of all commands, as one text, and exit."),
    debug: bool = typer.Option(False, "--debug", envvar=TRACEBACK, help="Show the traceback of a fault of dv-agent."),
) -> None:
    if debug:
        os.environ[TRACEBACK] = "1"
    if version:
        say(f"dv-agent {__version__}")
        raise typer.Exit
    if help_all:
        from dv_agent.cli.command_reference import all_help

        say(all_help(commands()))
        raise typer.Exit


def _open_streams() -> None:
    """Lead standard streams that whoever started the program has closed to nowhere; no other file takes their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # in the order of their numbers
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def _here() -> Path:
    """Return the folder that the program was started in.

    Raises:
        UsageError: it was deleted meanwhile.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the folder that you are in has been deleted; change into another one") from None


def _escaped(error: Exception) -> int:
    """Report an error that no command caught; a traceback is shown only if it was requested."""
    if words := limit_words(error):
        complain(f"dv-agent: {words}")
        return ExitCode.USAGE
    from dv_agent.agents.records.crash_file import crash_words

    if os.environ.get(TRACEBACK, "") not in ("", "0"):
        show_fault(type(error), error, error.__traceback__)
    complain(crash_words(error))
    return ExitCode.INTERNAL


def main() -> None:
    """Run the command line; a `DvAgentError` becomes one message and its exit code, any other error a bug to report."""
    sys.excepthook = show_fault
    collect_seldom()
    # Looking for cycles among all objects once more, only to end, takes another tenth.
    atexit.register(gc.freeze)
    # Nothing here multiplies matrices; starting the threads for it takes longer than importing the rest of NumPy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    heed_signals()
    _open_streams()
    try:
        sweep()
        load_dotenv_upward(_here())
        commands(sys.argv[1:])(prog_name="dv-agent")
    except DvAgentError as error:
        complain(f"dv-agent: {with_faults_beside(error)}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        tell("dv-agent: interrupted")
        sys.exit(ExitCode.INTERRUPTED)
    except Ended as end:
        tell(f"dv-agent: ended by {end.signal}")
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader (a pager, `head`) closed the pipe, because it needs no more.
        sys.stderr.close()
        sys.exit(ExitCode.DONE)
    except Exception as error:
        sys.exit(_escaped(error))
    finally:
        remove_own()


if __name__ == "__main__":
    main()
