"""The commands ``dv-agent report``, ``rerun`` and ``rescore``: work on finished runs, without a model."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dv_agent.cli.terminal import complain, overwrite, say, say_json
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.records.resimulation import Resimulated
    from dv_agent.agents.testbench import Result
    from dv_agent.agents.turn import TestRecord
    from dv_agent.coverage.plan import Plan

Folder = Annotated[Path, typer.Argument(help="Folder of a run, such as runs/20261120T120000Z_...")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def rerun(
    folder: Folder,
    test: Annotated[int, typer.Option(min=0, help="Number of the test in the run.")],
    waves: Annotated[bool, typer.Option("--waves", help="Write the waveform (FST) beside the record.")] = False,
    design: Annotated[str | None, typer.Option(help="Where the design is, if not under its own name.")] = None,
    as_json: Json = False,
) -> None:
    """Simulate one test of a run again, in a fresh process, and say whether it does what is recorded.

    Examples:

      dv-agent rerun runs/20261120T120000Z_mxint_softmax_search_1a2b3c --test 17

      dv-agent rerun runs/20261120T120000Z_mxint_softmax_search_1a2b3c --test 17 --waves
    """
    from dv_agent.agents.records.reader import read_run
    from dv_agent.agents.records.recorded_names import recorded_simulator
    from dv_agent.agents.runs.assembly import open_recorded
    from dv_agent.agents.runs.goal import open_goal
    from dv_agent.agents.testbench import Testbench
    from dv_agent.designs.language.expansion import expand
    from dv_agent.runners.registry import find_simulator
    from dv_agent.runners.waves import dump_waves

    run = read_run(folder)
    wanted = run.test(test)
    with scratch_folder() as room:
        home = open_recorded(run.header, design, room)
        plan, simulator = open_goal(home, run.header.goal, find_simulator(recorded_simulator(run.header)))
        with simulator.open(home.design) as session:
            result = Testbench(home, plan, session).run(wanted.test, max_cycles=wanted.max_cycles)
        answer = _rerun(test, wanted, result, plan)
        if waves:
            program = expand(home.design, home.schema, wanted.test, wanted.max_cycles)
            answer["waveform"] = dump_waves(simulator, home.design, program, folder / f"test{test}.fst").command
    if as_json:
        say_json(answer)
    else:
        _print_rerun(test, answer)
    if answer["failures"]:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _rerun(test: int, wanted: TestRecord, result: Result, plan: Plan) -> dict[str, Any]:
    """Return what ``--json`` prints of a test that was simulated again."""
    from dv_agent.runners.checks.ending import ending_words

    hits = tuple(int(index) for index in result.sample.hits.nonzero()[0])
    return {
        "test": wanted.test.data(),
        "end": result.trace.end.value,
        "cycles": result.trace.cycles,
        "ending": ending_words(result.ended(test)),
        "bins_hit": [plan.bins[index].id for index in hits],
        "failures": [failure.model_dump(mode="json") for failure in result.failures],
        "as_recorded": (hits, result.trace.end.value) == (wanted.hits, wanted.end),
    }


def _print_rerun(test: int, answer: dict[str, Any]) -> None:
    say(f"test {test}: {answer['ending']}, {counted(len(answer['bins_hit']), 'bin')} hit")
    for failure in answer["failures"]:
        where = f" in cycle {failure['cycle']}" if failure["cycle"] is not None else ""
        say(f"FAILED {failure['check']} on {failure['port'] or 'the design'}{where}: {failure['message']}")
    say("as recorded" if answer["as_recorded"] else "NOT as recorded: the design or its plan has changed")
    if "waveform" in answer:
        say(f"waveform: {answer['waveform']}")


def report(
    folder: Folder,
    design: Annotated[str | None, typer.Option(help="Where the design is, if not under its own name.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the report in a browser.")] = False,
) -> None:
    """Write report.html of a run: one static file with coverage, holes, failures and transcript.

    Examples:

      dv-agent report runs/20261120T120000Z_mxint_softmax_search_1a2b3c --open
    """
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.report.output import write_report

    path = write_report(folder, find_design(design) if design else None)
    say(path)
    if show:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            complain("no browser found; open the file above")


def rescore(
    folder: Folder,
    design: Annotated[str | None, typer.Option(help="Where the design is, if not under its own name.")] = None,
    as_json: Json = False,
) -> None:
    """Simulate all tests of a run again with the design and plan of today, and write rescored.json. Needs no model.

    Of the folder of an evaluation all scores are computed anew from its records, and its board is written.

    Examples:

      dv-agent rescore runs/20261120T120000Z_mxint_softmax_search_1a2b3c

      dv-agent rescore runs/evals/accelerators
    """
    if (folder / "evaluation.json").is_file():
        if design:
            raise UsageError("--design is for a run; the trials of an evaluation have each their own")
        from dv_agent.cli.evaluating.board import board

        board([folder], None, cache=False, as_json=as_json)
        return
    from dv_agent.agents.records.reader import read_whole_run
    from dv_agent.agents.records.recorded_names import recorded_simulator
    from dv_agent.agents.records.resimulation import resimulate
    from dv_agent.agents.runs.assembly import open_recorded
    from dv_agent.agents.runs.goal import open_goal
    from dv_agent.agents.testbench import Testbench
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.runners.registry import find_simulator

    run = read_whole_run(folder)
    with scratch_folder() as room:
        home = open_recorded(run.header, design, room)
        plan, simulator = open_goal(home, run.header.goal, find_simulator(recorded_simulator(run.header)))
        with simulator.open(home.design) as session:
            bench = Testbench(home, plan, session)
            done = resimulate(run, bench, on_turn=_progress if sys.stderr.isatty() else None)
    answer = _score(done, run.header.bins_hit)
    replace_text(folder / "rescored.json", json.dumps(answer, indent=1) + "\n")
    if as_json:
        say_json(answer)
    else:
        _print_score(answer)
    if answer["nothing_checked"]:
        complain(f"dv-agent: nothing was checked: {answer['nothing_checked']}")
        raise typer.Exit(ExitCode.NOTHING_CHECKED)


def _print_score(answer: dict[str, Any]) -> None:
    say(f"{answer['bins_hit']}/{answer['bins']} bins, {answer['coverage_pct']:.2f} % (IEEE 1800), recorded were "
          f"{counted(answer['recorded_bins_hit'], 'bin')}")  # fmt: skip
    if answer["different_tests"]:
        say(f"{counted(len(answer['different_tests']), 'test')} not as recorded: {answer['different_tests'][:10]}")


def _score(done: Resimulated, recorded: int) -> dict[str, Any]:
    from dv_agent.coverage.totals import summarise

    summary = summarise(done.state.coverage)
    return {
        "schema_version": 1,
        "bins_hit": summary.overall.bins_hit,
        "bins": summary.overall.bins,
        "coverage_pct": summary.overall.coverage_pct,
        "tiers": {name: totals.model_dump() for name, totals in summary.tiers.items()},
        "failing_tests": len(done.state.failures),
        "cycles": done.state.spent.cycles,
        "nothing_checked": "" if done.state.spent.cycles else "the run holds no test that could be simulated",
        "recorded_bins_hit": recorded,
        "different_tests": list(done.different),
    }


def _progress(turn: int, turns: int) -> None:
    overwrite(f"turn {turn} of {turns}")
