"""The table of all commands, of which only those that are needed are imported and built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import typer

_COMMANDS = {
    "init": "designs.init", "run": "running.run", "iterate": "prompting.iterate", "simulate": "running.simulate",
    "compare": "running.compare", "eval": "evaluating.evaluate:evaluate", "mutate": "evaluating.mutate",
    "hunt": "running.hunt", "plan": "running.plan", "report": "recorded.records:report",
    "rerun": "recorded.records:rerun", "rescore": "recorded.records:rescore", "export": "recorded.export",
    "regress": "recorded.regress", "optimise": "prompting.optimise", "verify": "recorded.records:verify",
    "board": "evaluating.board", "studio": "studio", "mcp": "mcp", "demo": "running.demo", "doctor": "doctor",
}  # fmt: skip
"""Name of a command -> ``module:function`` in this package; a function that is called like its module is left out."""
_GROUPS = {
    "designs": "designs.group:designs_app", "prompts": "prompting.prompts:prompts_app",
    "tracks": "evaluating.tracks:tracks_app",
}  # fmt: skip


def command_line(words: Sequence[str], callback: Callable[..., None]) -> typer.Typer:
    """Return the command line; if the first of `words` names a command, with that one alone.

    Args:
        words: the arguments of the program.
        callback: what comes before every command.
    """
    app = typer.Typer(
        name="dv-agent",
        help="Close functional coverage and find bugs on real RTL: with a language model, or without.",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit codes: 0 done, 1 a check failed or the target was missed, 2 usage or bad input file, "
        "3 something must be installed, 4 build or simulator failure, 5 model failure, 6 nothing was checked, "
        "70 a fault of dv-agent itself, 130 interrupted (Ctrl-C, SIGTERM, SIGHUP).",
    )
    app.callback(invoke_without_command=True)(callback)
    first = words[0] if words else ""
    known = first in _COMMANDS or first in _GROUPS
    for name, place in _COMMANDS.items():
        if name == first or not known:
            app.command(name)(_found(place))
    for name, place in _GROUPS.items():
        if name == first or not known:
            app.add_typer(_found(place), name=name)
    return app


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name or module.rpartition(".")[2])
