"""The command ``dv-agent compare``: a changed design against the one before, by the same tests on both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import MOST_SEED
from dv_agent.cli.terminal import complain, complain_of_choice, overwrite, say, say_json, warn_of_foreign
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.comparison.compare_designs import Comparison


def compare(
    changed: Annotated[
        str | None,
        typer.Argument(
            help="Name of a design, or path of its folder, or of a folder with other versions of the golden "
            "design's sources. Default: the golden one, with --bug."
        ),
    ] = None,
    golden: Annotated[str, typer.Option(help="The design to compare with: its name, or the path of its folder.")] = "",
    bug: Annotated[str | None, typer.Option(help="Put this seeded bug into a copy of the other design.")] = None,
    tests: Annotated[
        Path | None, typer.Option(help="Tests of this run, or of this file. Default: random ones.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Number of random tests.")] = 32,
    seed: Annotated[
        int, typer.Option(envvar="DV_AGENT_SEED", min=0, max=MOST_SEED, help="Seed of the random tests.")
    ] = 0,
    pins: Annotated[bool, typer.Option("--pins", help="Compare pin by pin in each cycle; latency counts.")] = False,
    waves: Annotated[
        Path | None, typer.Option(help="Write waveforms of the smallest differing test on both into this folder.")
    ] = None,
    simulator: Annotated[str, typer.Option(envvar="DV_AGENT_SIMULATOR", help="icarus or verilator.")] = "icarus",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Play the same tests on two designs, and say where they differ. Exit code 1 if they do.

    No reference model is needed: what the golden design delivers is what is expected. Transfers are compared in order
    and payload on each port, and latency is told apart. docs/compare.md says more.

    Examples:

      dv-agent compare --golden before after

      dv-agent compare --golden before after --tests runs/20261120T120000Z_fifo_search_1a2b3c --waves waves

      dv-agent compare --golden mxint_softmax --bug S2 --json
    """
    from dv_agent.agents.comparison.compare_designs import Comparer, summary
    from dv_agent.agents.comparison.golden_tests import drawn_tests, given_tests
    from dv_agent.agents.comparison.other_design import open_other
    from dv_agent.agents.runs.assembly import open_design
    from dv_agent.designs.files.output_places import require_folder_place
    from dv_agent.runners.registry import usable_simulator

    if not golden:
        raise UsageError("say what to compare with: --golden NAME, or the path of its folder")
    if not changed and not bug:
        raise UsageError("say what to compare: the name or the path of a design, or --bug ID")
    require_folder_place(waves, "--waves")
    for name in dict.fromkeys((golden, changed)):
        warn_of_foreign(name)
    with scratch_folder() as room:
        before = open_design(golden, None, room / "golden")
        after = open_other(before, changed, bug, room / "changed")
        chosen = given_tests(before, tests) if tests else drawn_tests(before, seed, count)
        comparer = Comparer(before, after, usable_simulator(simulator, before.design, complain_of_choice), pins)
        progress = overwrite if sys.stderr.isatty() and not as_json else lambda words: None
        result = comparer.compare(chosen, waves=waves, say=progress)
        progress("")
    if as_json:
        say_json({"golden": golden, "changed": changed or golden, "bug": bug or "", "pins": pins, **summary(result)})
    else:
        say("\n".join(_words(result, pins)))
    if result.nothing_checked:
        complain(f"dv-agent: nothing was compared: {result.nothing_checked}")
        raise typer.Exit(ExitCode.NOTHING_CHECKED)
    if result.different:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _words(result: Comparison, pins: bool) -> Iterator[str]:
    yield from result.ports.notes
    yield from (f"not played: {one}" for one in result.refused)
    tests, cycles = counted(len(result.tests), "test"), counted(result.cycles, "cycle")
    way = "pin by pin" if pins else "by transaction"
    if not result.different:
        if result.tests:
            compared = [*result.ports.results, *(f"{name}.{field}" for name, field in result.ports.levels)]
            yield f"no difference {way} in {tests}, {cycles}: {', '.join(compared)}"
        yield from sorted({f"latency of {late}" for one in result.tests for late in one.latencies})
        return
    yield f"{counted(len(result.different), 'test')} of {tests} differ {way}"
    for one in result.shown:
        yield f"DIFFERENT {one}"
    if result.smallest:
        yield "the smallest test that shows it" + (f" ({result.smallest.stopped})" if result.smallest.stopped else "")
        yield f"  {json.dumps(result.smallest.test.data())}"
    yield from (f"waveform: {command}" for command in result.waves)
