"""What a client may be told of other RTL, if the user allows it: a golden design, and changes that nothing noticed."""

from __future__ import annotations

from pathlib import Path

from dv_agent.agents.comparison.compare_designs import Comparer
from dv_agent.agents.comparison.golden_tests import given_tests
from dv_agent.agents.failures.attempts import Limits
from dv_agent.agents.records.reader import read_header
from dv_agent.agents.runs.assembly import open_design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import find_design
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.feedback import unnoticed_of
from dv_agent.mcp.options import ServerOptions
from dv_agent.prompts.text.data_fence import fenced
from dv_agent.runners.registry import find_simulator


def compared_text(options: ServerOptions, record: Path, number: object) -> str:
    """Return where a test of the run in `record` differs between the golden design and that of the run.

    Raises:
        DvAgentError: no such test, or the designs cannot be compared.
    """
    golden = open_design(options.golden, None, record)
    tests = given_tests(golden, record)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(tests):
        have = f"this run has tests 0 to {len(tests) - 1}" if tests else "no test has run so far"
        raise UsageError(f"test: the number of a test is expected; {have}")
    header = read_header(record)
    with scratch_folder():
        changed = find_design(options.only_design or header.design)
        simulator = find_simulator(header.simulator_name)
        result = Comparer(golden, changed, simulator, pins=False).compare([tests[number]], limits=Limits(tests=0))
    lines = [*result.ports.notes, *result.refused]
    for one in result.tests:
        lines += [f"DIFFERENT {difference}" for difference in one.differences] or ["no difference, by transaction"]
        lines += [f"latency of {late}" for late in one.latencies]
    return fenced(f"test {number} on {golden.design.name} and on {changed.design.name}", "\n".join(lines))


def unnoticed_text(options: ServerOptions) -> str:
    """Return the changes of the RTL that nothing noticed.

    Raises:
        DvAgentError: the folder is of another design, or holds none.
    """
    if options.mutants is None or options.only_design is None:
        raise UsageError("no mutants were given to this server")
    told = unnoticed_of(options.mutants, find_design(options.only_design))
    lines = [f"{one.place}: {one.change}; missing: {one.missing}\n{one.diff}\n{one.shown}".rstrip() for one in told]
    return fenced("changes that nothing noticed", "\n\n".join(lines))
