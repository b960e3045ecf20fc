"""``dv-agent run``: one agent on one design under one budget."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dv_agent.errors import ExitCode

NO_MODEL = (
    "No model is set: the built-in `search` agent proposed the tests. LLM agents are not part of this version; "
    "`--agent` chooses among null, random, search and oracle."
)


class AgentName(StrEnum):
    """The agents that need no model."""

    null = "null"
    random = "random"
    search = "search"
    oracle = "oracle"


def _env(name: str) -> str:
    return f"DV_AGENT_{name}"


def run(
    design: Annotated[str, typer.Option(envvar=_env("DESIGN"), help="Name of a design, or path of its folder.")],
    agent: Annotated[
        AgentName,
        typer.Option(
            envvar=_env("AGENT"), help="Who proposes tests: the floor, random, guided search, or the witnesses."
        ),
    ] = AgentName.search,
    seed: Annotated[int, typer.Option(envvar=_env("SEED"), min=0, help="Fixes every choice of the agent.")] = 0,
    max_cycles: Annotated[
        int, typer.Option(envvar=_env("MAX_CYCLES"), min=1, help="Budget of simulated clock cycles.")
    ] = 200_000,
    max_seconds: Annotated[
        float | None,
        typer.Option(envvar=_env("MAX_SECONDS"), min=0.1, help="Budget of wall time; makes a run irreproducible."),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(envvar=_env("TARGET"), min=0, max=100, help="Stop at this percentage of bins; exit 1 if missed."),
    ] = None,
    patience: Annotated[
        int | None, typer.Option(envvar=_env("PATIENCE"), min=1, help="Stop after so many turns without a new bin.")
    ] = None,
    stop_on_failure: Annotated[
        bool, typer.Option("--stop-on-failure", envvar=_env("STOP_ON_FAILURE"), help="End at the first failed check.")
    ] = False,
    unguided: Annotated[
        bool, typer.Option("--unguided", help="Ablation: let `search` work without hole guidance.")
    ] = False,
    bug: Annotated[
        str | None, typer.Option(envvar=_env("BUG"), help="Run on a copy of the RTL with this seeded bug in it.")
    ] = None,
    simulator: Annotated[str, typer.Option(envvar=_env("SIMULATOR"), help="Which simulator runs the RTL.")] = "icarus",
    out: Annotated[Path, typer.Option(envvar=_env("OUT"), help="Folder for run records.")] = Path("runs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Close the coverage of a design: propose tests, simulate, check, sample, repeat.

    Examples:

      dv-agent run --design mxint_softmax

      dv-agent run --design mxint_softmax --agent random --seed 3 --max-cycles 50000

      dv-agent run --design mxint_softmax --target 95 --json

      dv-agent run --design mxint_softmax --bug S2 --stop-on-failure
    """
    from dv_agent.cli.display import Display
    from dv_agent.cli.launch import Request, launch

    request = Request(
        design=design,
        agent=agent.value,
        seed=seed,
        max_cycles=max_cycles,
        max_seconds=max_seconds,
        target=target,
        patience=patience,
        stop_on_failure=stop_on_failure,
        guided=not unguided,
        bug=bug,
        simulator=simulator,
        out=out,
    )
    display = Display(quiet=quiet or as_json)
    finished = launch(request, display)
    if as_json:
        print(json.dumps(finished.summary(), indent=1))
    else:
        display.report(finished)
        if agent is AgentName.search:
            display.note(NO_MODEL)
    if finished.failures or (target is not None and not finished.target_met):
        raise typer.Exit(ExitCode.CHECK_FAILED)
