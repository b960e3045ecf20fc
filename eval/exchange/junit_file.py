"""JUnit XML: one test case for each test of a run, with its failed checks."""

from __future__ import annotations

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.turn import TestRecord
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted
from dv_agent.eval.exchange.optional_packages import package

MOST_FAILURES = 20


def junit_text(run: RecordedRun) -> str:
    """Return the file; a test that the design's language refused counts as an error, one with a failed check as failed.

    Raises:
        PrerequisiteError: junitparser is missing.
    """
    junit = package("junitparser")
    header = run.header
    suite = junit.TestSuite(header.design)
    suite.timestamp = header.started[:19]
    for name, value in {
        "run": header.id, "simulator": header.simulator, "agent": header.agent, "seed": header.seed,
        "bins": header.bins, "bins_hit": header.bins_hit, "stop_reason": header.stop_reason,
    }.items():  # fmt: skip
        suite.add_property(name, visible(str(value)))
    for turn in run.turns:
        for test in turn.tests:
            suite.add_testcase(_case(junit, header.design, test))
    suite.update_statistics()
    file = junit.JUnitXml("dv-agent")
    file.add_testsuite(suite)
    file.update_statistics()
    text: bytes = file.tostring()
    return text.decode("utf-8")


def _case(junit: object, design: str, test: TestRecord) -> object:
    make = junit.TestCase  # type: ignore[attr-defined]
    name = visible(f"test {test.index} {test.test.name}".strip())
    case = make(name, classname=design)
    if test.error:
        case.result = [junit.Error(visible(test.error)[:2000], "refused")]  # type: ignore[attr-defined]
    elif test.failures:
        failure = junit.Failure(visible(str(test.failures[0])), test.failures[0].check)  # type: ignore[attr-defined]
        failure.text = "\n".join(visible(str(one)) for one in test.failures[:MOST_FAILURES])
        case.result = [failure]
    case.system_out = f"{test.end} after {test.cycles} cycles, {counted(len(test.new_bins), 'new bin')}"
    return case
