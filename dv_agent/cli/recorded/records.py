"""The commands ``dv-agent report``, ``rerun``, ``rescore`` and ``verify``: work on finished runs, without a model."""

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
    from dv_agent.eval.verification.verdict import Doubt

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
    from dv_agent.runners.checks.ending import ending_words
    from dv_agent.runners.registry import find_simulator
    from dv_agent.runners.waves import dump_waves

    run = read_run(folder)
    wanted = run.test(test)
    with scratch_folder() as room:
        home = open_recorded(run.header, design, room)
        plan, simulator = open_goal(home, run.header.goal, find_simulator(recorded_simulator(run.header)))
        with simulator.open(home.design) as session:
            result = Testbench(home, plan, session).run(wanted.test, max_cycles=wanted.max_cycles)
        hits = tuple(int(index) for index in result.sample.hits.nonzero()[0])
        answer: dict[str, Any] = {
            "test": wanted.test.data(),
            "end": result.trace.end.value,
            "cycles": result.trace.cycles,
            "ending": ending_words(result.ended(test)),
            "bins_hit": [plan.bins[index].id for index in hits],
            "failures": [failure.model_dump(mode="json") for failure in result.failures],
            "as_recorded": (hits, result.trace.end.value) == (wanted.hits, wanted.end),
        }
        if waves:
            program = expand(home.design, home.schema, wanted.test, wanted.max_cycles)
            answer["waveform"] = dump_waves(simulator, home.design, program, folder / f"test{test}.fst").command
    if as_json:
        say_json(answer)
    else:
        _print_rerun(test, answer)
    if answer["failures"]:
        raise typer.Exit(ExitCode.CHECK_FAILED)


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
        from dv_agent.cli.evaluating.board import board

        board([folder], None, cache=False, as_json=as_json)
        return
    from dv_agent.agents.records.reader import read_run
    from dv_agent.agents.records.recorded_names import recorded_simulator
    from dv_agent.agents.records.resimulation import resimulate
    from dv_agent.agents.runs.assembly import open_recorded
    from dv_agent.agents.runs.goal import open_goal
    from dv_agent.agents.testbench import Testbench
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.runners.registry import find_simulator

    run = read_run(folder)
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
    if not answer["cycles"]:
        complain("dv-agent: nothing was checked: the run holds no test that could be simulated")
        raise typer.Exit(ExitCode.NOTHING_CHECKED)


def _print_score(answer: dict[str, Any]) -> None:
    say(f"{answer['bins_hit']}/{answer['bins']} bins, {answer['coverage_pct']:.2f} % (IEEE 1800), recorded were "
          f"{counted(answer['recorded_bins_hit'], 'bin')}")  # fmt: skip
    if answer["different_tests"]:
        say(f"{counted(len(answer['different_tests']), 'test')} not as recorded: {answer['different_tests'][:10]}")


def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of an evaluation, a hunt, a written plan, or a run.")],
    trial: Annotated[
        list[str] | None, typer.Option(help="Only this trial, by its id; then no verdict is written. Repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a submitted evaluation, hunt, plan or run again, and say what is not as recorded (exit code 1).

    Tests are proposed again, by agents without a model or from the recorded replies of one, and simulated again;
    seeded bugs, claims, bug reports and plans are judged again; rows, seeds and budgets are compared with what an
    evaluation owes. No model is asked. What its replies cost and its id cannot be checked: they stay what the author
    says. The verdict on an evaluation goes to verification.json; nothing else in the folder is changed. `dv-agent board
    FOLDER --verify` does the same and ranks no row that does not hold.

    Examples:

      dv-agent verify runs/evals/accelerators

      dv-agent verify runs/hunt
    """
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.eval.verification.verify import VERIFICATION
    from dv_agent.eval.verification.verify import verify as verify_folder

    if (doubts := _single(folder, trial)) is not None:
        _tell_doubts(doubts, {"doubts": [one.model_dump() for one in doubts]}, "made again", as_json)
        return
    done = verify_folder(folder, complain, trial or ())
    if not trial:
        replace_text(folder / VERIFICATION, done.model_dump_json(indent=1) + "\n")
    words = f"{counted(done.trials, 'trial')} made again, {{}}; {done.open} without a result claim none"
    _tell_doubts(done.doubts, done.model_dump(mode="json"), words, as_json)


def _single(folder: Path, trial: list[str] | None) -> tuple[Doubt, ...] | None:
    """Return the doubts about a hunt, a written plan or a run; None if the folder is none of them."""
    from dv_agent.agents.records.reader import is_there
    from dv_agent.agents.records.schema import HEADER
    from dv_agent.eval.hunting.play_hunt import HUNT
    from dv_agent.eval.plan_writing.plan_record import REQUEST

    found = next((name for name in (HUNT, REQUEST, HEADER) if is_there(folder / name)), None)
    if found is None:
        return None
    if trial:
        raise UsageError("--trial is for evaluations; a hunt, a plan or a run is made again whole")
    if found == HUNT:
        from dv_agent.eval.verification.hunt_again import hunt_again

        return hunt_again(folder, complain)
    if found == REQUEST:
        from dv_agent.eval.verification.plan_again import plan_again

        return plan_again(folder)
    from dv_agent.eval.verification.run_again import run_again

    return run_again(folder)


def _tell_doubts(doubts: tuple[Doubt, ...], answer: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        say_json(answer)
    else:
        for doubt in doubts:
            say(doubt)
        count = counted(len(doubts), "doubt")
        say(words.format(count) if "{}" in words else f"{words}: {count}")
    if doubts:
        raise typer.Exit(ExitCode.CHECK_FAILED)


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
        "recorded_bins_hit": recorded,
        "different_tests": list(done.different),
    }


def _progress(turn: int, turns: int) -> None:
    overwrite(f"turn {turn} of {turns}")
