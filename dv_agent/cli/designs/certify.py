"""The command ``dv-agent designs certify``: a witness, a proof or a reason for every bin and exclusion."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dv_agent.cli.shared_options import MOST_SEED
from dv_agent.cli.terminal import warn_of_foreign
from dv_agent.errors import ExitCode, UsageError


class CertifiedGoal(StrEnum):
    """What `certify` certifies."""

    functional = "functional"
    code = "code"


def certify(
    name: Annotated[str | None, typer.Argument(help="Name of a design, or path of its folder.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Certify every design.")] = False,
    goal: Annotated[
        CertifiedGoal, typer.Option(help="Bins of the plan, or points of code coverage (with Verilator).")
    ] = CertifiedGoal.functional,
    tests: Annotated[
        str | None, typer.Option(help="Tests whose hits are witnesses: `witnesses`, a run, a file, or a folder.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, max=1_000_000, help="Seconds for the proofs of a design.")] = 600.0,
    each: Annotated[float, typer.Option(min=1, max=1_000_000, help="Seconds for one bin that resists.")] = 60.0,
    search_cycles: Annotated[
        int, typer.Option(min=0, help="Cycles of tests to search for, if the design has no witnesses.")
    ] = 20_000,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of that search.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="File of the certificate, else certificate.json beside design.yaml.")
    ] = None,
    tests_out: Annotated[
        Path | None, typer.Option(help="File for the tests that are made of proofs, for `run --tests` and `simulate`.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Take no proof over from an earlier certificate.")] = False,
    simulator: Annotated[
        str | None, typer.Option(envvar="DV_AGENT_SIMULATOR", help="Which simulator runs the RTL.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Certify every bin and exclusion: a test that hits it, a proof that none can, or why neither is known.

    Examples:

      dv-agent designs certify block_quant

      dv-agent designs certify ./my_fifo --tests runs/20261120T120000Z_my_fifo --timeout 1200
    """
    from dv_agent.cli.designs.certificate_display import certify_and_show
    from dv_agent.designs.files.places import design_names
    from dv_agent.runners.formal.decision import Effort

    if (name is None) == (not every):
        raise UsageError("name one design, or say --all")
    if every and (tests or out or tests_out):
        raise UsageError(
            "--all takes the witnesses of each design and writes beside it: leave --tests, --out and --tests-out out"
        )
    warn_of_foreign(name)
    effort = Effort(seconds=timeout, each=each)
    sound = [
        certify_and_show(
            one, goal.value, simulator, tests, effort, seed, search_cycles, out, tests_out, fresh=fresh, as_json=as_json
        )
        for one in (design_names() if every else (name or "",))
    ]
    if not all(sound):
        raise typer.Exit(ExitCode.CHECK_FAILED)
