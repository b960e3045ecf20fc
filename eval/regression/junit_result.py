"""What a regression found, as JUnit XML: a case for each test that was played, and one for lost coverage."""

from __future__ import annotations

from typing import Any

from dv_agent.designs.text.visible import visible
from dv_agent.eval.exchange.optional_packages import package
from dv_agent.eval.regression.regress import Regressed


def junit_result(found: Regressed, design: str) -> str:
    """Return the file; a test fails that fails a check, or that differs from the base.

    Raises:
        PrerequisiteError: junitparser is missing.
    """
    junit = package("junitparser")
    suite = junit.TestSuite(f"{design} against {found.base.commit[:12]}")
    different = {*found.different}
    for test in found.tests:
        failures = found.failed.get(test.index, ())
        told = [(one.check, str(one)) for one in failures[:1]]
        told = told or ([("difference", "it differs from the base")] if test.index in different else [])
        suite.add_testcase(_case(junit, f"test {test.index} {test.test.name}".strip(), design, told))
    for number, why in found.refused.items():
        told = [("refused", f"it cannot be played any more: {why}")]
        suite.add_testcase(_case(junit, f"test {number}", design, told))
    lost = [("coverage", f"lost: {', '.join(found.lost)}")] if found.lost else []
    suite.add_testcase(_case(junit, "coverage of these tests", design, lost))
    suite.update_statistics()
    file = junit.JUnitXml("dv-agent regress")
    file.add_testsuite(suite)
    file.update_statistics()
    text: bytes = file.tostring()
    return text.decode("utf-8")


def _case(junit: Any, name: str, design: str, told: list[tuple[str, str]]) -> Any:
    case = junit.TestCase(visible(name), classname=design)
    case.result = [junit.Failure(visible(words)[:2000], kind) for kind, words in told]
    return case
