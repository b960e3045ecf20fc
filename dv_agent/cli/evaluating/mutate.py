"""The command ``dv-agent mutate``: would the tests and checks of a design notice a bug in its RTL?"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import MOST_SEED, given
from dv_agent.cli.terminal import complain_of_choice, say_json, warn_of_foreign
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.designs.loader import DesignFolder
    from dv_agent.eval.mutants.summary import MutationResult


KEPT = (
    "tests", "count", "seed", "kills", "further_cycles", "survivors_of", "mutants_of", "prove", "out", "simulator",
)  # fmt: skip
"""Options of a campaign that its folder keeps."""


class OracleOption(StrEnum):
    """What kills a mutant."""

    CHECKS = "checks"
    COMPARISON = "comparison"


def mutate(
    context: typer.Context,
    design: Annotated[str | None, typer.Option(help="Name of a design, or path of its folder.")] = None,
    tests: Annotated[
        list[str] | None,
        typer.Option(help="The tests to play: `witnesses` (the default), `random:BEATS`, a run, a file of tests, or a "
        "folder of such files. May be given several times: each has its own row."),
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="How many mutants to try.")] = 100,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Which mutants are taken; the further tests.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Mutants tried at the same time.")] = 2,
    kills: Annotated[
        OracleOption | None,
        typer.Option(
            help="What kills: a check that fails, or any difference from the clean RTL at the pins too. "
            "Default: checks if the design has a reference model, else comparison."
        ),
    ] = None,
    further_cycles: Annotated[
        int, typer.Option(min=0, max=100_000_000, help="Cycles of random and search tests that survivors play too.")
    ] = 40_000,
    survivors_of: Annotated[
        Path | None, typer.Option(help="Folder of an earlier campaign: try only its mutants that were not killed.")
    ] = None,
    mutants_of: Annotated[
        Path | None, typer.Option(help="Folder of an earlier campaign: try its mutants, but those proved equivalent.")
    ] = None,
    prove: Annotated[
        float, typer.Option(min=0, max=86_400, help="Seconds to prove that a survivor changes nothing at the pins, "
        "with the extra `formal`; 0: no proofs.")
    ] = 0.0,
    mutant_seconds: Annotated[
        float, typer.Option(min=1, help="Seconds that one mutant may take, its proof apart.")
    ] = 300.0,
    out: Annotated[Path | None, typer.Option(help="Folder of the results; default: a new one in runs/.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on in the folder of an earlier call that was ended.")] = None,
    simulator: Annotated[
        str, typer.Option(envvar="DV_AGENT_SIMULATOR", help="Which simulator runs the RTL.")
    ] = "icarus",
    fail_under: Annotated[
        float | None, typer.Option(min=0, max=100, help="Exit code 1 if less than this percentage is killed.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:  # fmt: skip
    """Change the RTL in small ways, one by one, play tests on each mutant, and show which changes nobody would notice.

    Examples:

      dv-agent mutate --design mxint_softmax

      dv-agent mutate --design mxint_softmax --tests runs/20261120T120000Z_... --count 200 --seed 1

      dv-agent mutate --design mxint_softmax --tests witnesses --tests runs/20261120T120000Z_...

      dv-agent mutate --design mxint_softmax --prove 60

      dv-agent mutate --design mxint_softmax --seed 731 --tests random:100000 --further-cycles 0 --out m/subtle

      dv-agent mutate --design mxint_softmax --tests runs/20261120T120000Z_... --survivors-of m/subtle

      dv-agent mutate --resume runs/20261129T120000Z_mxint_softmax_mutants_1a2b3c
    """
    from dv_agent.cli.evaluating.mutate_display import MutateDisplay, show_result
    from dv_agent.cli.interrupt import Ended, tell
    from dv_agent.eval.mutants.campaign import Wish, start
    from dv_agent.eval.mutants.campaign import resume as go_on
    from dv_agent.eval.mutants.page import write_page
    from dv_agent.eval.mutants.summary import as_json as plain

    _require_meaning(given(context))
    folder = _design(design)
    display = MutateDisplay(quiet or as_json)
    try:
        if resume is not None:
            from dv_agent.designs.loader import find_recorded_design

            result = go_on(folder, find_recorded_design, resume, jobs, display, mutant_seconds)
        elif folder is None:
            raise UsageError("say --design NAME, or --resume FOLDER")
        else:
            wish = Wish(
                _usable(simulator, folder), tuple(tests or ["witnesses"]), count, seed, kills.value if kills else None,
                further_cycles, survivors_of, mutants_of, prove,
            )  # fmt: skip
            result = start(folder, wish, Path("runs"), jobs, display, mutant_seconds, out)
    except (KeyboardInterrupt, Ended):
        display.close()
        goes_on = f"; dv-agent mutate --resume {display.folder} goes on" if display.folder else ""
        tell(f"dv-agent: interrupted{goes_on}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    finally:
        display.close()
    write_page(result)
    if as_json:
        say_json(plain(result))
    else:
        show_result(result)
    if fail_under is not None and (_score(result) or 0.0) < fail_under:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _require_meaning(said: frozenset[str]) -> None:
    """Refuse options that would be passed over."""
    if "resume" in said and (name := next((one for one in KEPT if one in said), None)):
        raise UsageError(f"--{name.replace('_', '-')}: the campaign that goes on keeps its own; leave the option out")
    if "count" in said and {"survivors_of", "mutants_of"} & said:
        raise UsageError("--count: the mutants are those of the earlier campaign; leave the option out")


def _design(name: str | None) -> DesignFolder | None:
    if name is None:
        return None
    from dv_agent.designs.loader import find_design

    warn_of_foreign(name)
    return find_design(name)


def _usable(simulator: str, folder: DesignFolder) -> str:
    from dv_agent.runners.registry import usable_name

    used, told = usable_name(simulator, folder.design)
    if told:
        complain_of_choice(told)
    return used


def _score(result: MutationResult) -> float | None:
    from dv_agent.eval.mutants.summary import counts

    return counts([outcome for _, outcome in result.pairs()]).score
