"""The command ``dv-agent``. Heavy imports happen inside the commands, so that ``--help`` is quick."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import typer

from dv_agent import __version__
from dv_agent.agents.models.dotenv.file import load_dotenv_upward
from dv_agent.cli.board import board
from dv_agent.cli.broken_design import with_faults_beside
from dv_agent.cli.compare import compare
from dv_agent.cli.designs import designs_app
from dv_agent.cli.doctor import doctor
from dv_agent.cli.evaluate import evaluate
from dv_agent.cli.export import export, from_testplan, from_ucis
from dv_agent.cli.hunt import hunt
from dv_agent.cli.init import init
from dv_agent.cli.interrupt import Ended, heed_signals, tell
from dv_agent.cli.iterate import iterate
from dv_agent.cli.limits import limit_words
from dv_agent.cli.mcp import mcp
from dv_agent.cli.mutate import mutate
from dv_agent.cli.plan import plan
from dv_agent.cli.prompts import prompts_app
from dv_agent.cli.records import report, rerun, rescore, verify
from dv_agent.cli.run import run
from dv_agent.cli.simulate import simulate
from dv_agent.cli.studio import studio
from dv_agent.cli.terminal import complain, say, show_fault
from dv_agent.designs.files.scratch import remove_own, sweep
from dv_agent.errors import DvAgentError, ExitCode

GC_OBJECTS = 200_000
TRACEBACK = "DV_AGENT_TRACEBACK"

app = typer.Typer(
    name="dv-agent",
    help="Close functional coverage and find bugs on real RTL: with a language model, or without.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 a check failed or the target was missed, 2 usage or bad input file, "
    "3 something must be installed, 4 build or simulator failure, 5 model failure, 6 nothing was checked, "
    "70 a fault of dv-agent itself, 130 interrupted (Ctrl-C, SIGTERM, SIGHUP).",
)
app.command()(init)
app.command()(run)
app.command()(iterate)
app.command()(simulate)
app.command()(compare)
app.command("eval")(evaluate)
app.command()(mutate)
app.command()(hunt)
app.command()(plan)
app.command()(report)
app.command()(rerun)
app.command()(rescore)
app.command()(export)
app.command()(verify)
app.command()(board)
app.command()(studio)
app.command()(mcp)
app.command()(doctor)
designs_app.command()(from_testplan)
designs_app.command()(from_ucis)
app.add_typer(designs_app, name="designs")
app.add_typer(prompts_app, name="prompts")


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    debug: bool = typer.Option(False, "--debug", envvar=TRACEBACK, help="Show the traceback of a fault of dv-agent."),
) -> None:
    if debug:
        os.environ[TRACEBACK] = "1"
    if version:
        say(f"dv-agent {__version__}")
        raise typer.Exit


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
    # Imports and runs make much data and few cycles; the default of 700 costs a tenth of both.
    gc.set_threshold(GC_OBJECTS)
    heed_signals()
    try:
        sweep()
        load_dotenv_upward(Path.cwd())
        app()
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
