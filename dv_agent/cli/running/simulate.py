"""The command ``dv-agent simulate``: simulates handwritten tests on the RTL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from dv_agent.cli.terminal import complain, complain_of_choice, say, say_json
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode

if TYPE_CHECKING:
    from dv_agent.agents.testbench import Result
    from dv_agent.coverage.plan import Plan


def simulate(
    file: Annotated[Path, typer.Argument(help="JSON or YAML with one test, or with {tests: [...]}.")],
    design: Annotated[str, typer.Option(envvar="DV_AGENT_DESIGN", help="Name of a design, or path of its folder.")],
    bug: Annotated[str | None, typer.Option(help="On a copy of the RTL with this seeded bug in it.")] = None,
    waves: Annotated[Path | None, typer.Option(help="Write the waveform (FST) of the first test to this file.")] = None,
    simulator: Annotated[
        str, typer.Option(envvar="DV_AGENT_SIMULATOR", help="icarus, verilator or native.")
    ] = "icarus",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a test on stdout.")] = False,
) -> None:
    """Simulate the tests of a file, check them, and say which bins they hit. Exit code 1 if a check failed.

    docs/test-language.md says how tests are written.

    Examples:

      echo '[{"row": [{"m": [90, -3], "e": 2}]}]' > mine.json

      dv-agent simulate mine.json --design mxint_softmax

      dv-agent simulate mine.json --design mxint_softmax --waves mine.fst
    """
    from dv_agent.agents.runs.assembly import open_design
    from dv_agent.agents.testbench import Testbench
    from dv_agent.coverage.goal import plan_of
    from dv_agent.designs.benchmark.witnesses import load_tests
    from dv_agent.designs.files.output_places import require_file_place
    from dv_agent.designs.language.expansion import expand
    from dv_agent.runners.registry import usable_simulator
    from dv_agent.runners.waves import dump_waves

    require_file_place(waves, "--waves", makes_folders=True)
    with scratch_folder() as room:
        folder = open_design(design, bug, room)
        chosen = usable_simulator(simulator, folder.design, complain_of_choice)
        tests, plan = load_tests(file, folder), plan_of(folder)
        if not tests:
            _refuse(file, as_json)
        failed = False
        with chosen.open(folder.design) as session:
            bench = Testbench(folder, plan, session)
            for index, test in enumerate(tests):
                result = bench.run(test)
                failed |= bool(result.failures)
                answer = _answer(index, result, plan)
                if as_json:
                    say_json(answer, indent=None)
                else:
                    say(_words(answer))
        if waves:
            program = expand(folder.design, folder.schema, tests[0])
            command = dump_waves(chosen, folder.design, program, waves).command
            if not as_json:
                say(f"waveform: {command}")
    if failed:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _refuse(file: Path, as_json: bool) -> NoReturn:
    """Say that a file holds no test, and leave."""
    words = f"nothing was checked: {file} holds no test"
    if as_json:
        say_json({"nothing_checked": words}, indent=None)
    complain(f"dv-agent: {words}")
    raise typer.Exit(ExitCode.NOTHING_CHECKED)


def _answer(index: int, result: Result, plan: Plan) -> dict[str, Any]:
    from dv_agent.runners.checks.ending import ending_words

    return {
        "test": index,
        "name": result.test.name,
        "end": result.trace.end.value,
        "cycles": result.trace.cycles,
        "ending": ending_words(result.ended(index)),
        "bins_hit": [plan.bins[bin_].id for bin_ in result.sample.hits.nonzero()[0].tolist()],
        "failures": [failure.model_dump(mode="json") for failure in result.failures],
    }


def _words(answer: dict[str, Any]) -> str:
    head = f"test {answer['test']}{' ' + answer['name'] if answer['name'] else ''}: {answer['ending']}"
    lines = [f"{head}, {counted(len(answer['bins_hit']), 'bin')} hit"]
    lines += [f"  {name}" for name in answer["bins_hit"]]
    lines += [
        f"  FAILED {failure['check']} on {failure['port'] or 'the design'}: {failure['message']}"
        for failure in answer["failures"]
    ]
    return "\n".join(lines)
