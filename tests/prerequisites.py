"""What tests need besides Python packages. Where it is missing they are skipped on a user's machine, and fail in CI.

CI is where the environment variable ``CI`` is set. There a test may only be skipped because an environment variable
``DV_AGENT_TEST_...`` asks for it, and the reason names that variable; every other skip counts as a failure.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator
from typing import NoReturn, TypeVar

import pytest

from dv_agent.runners.build.verilator_tool import verilator_status

ASKED_FOR = re.compile(r"\bDV_AGENT_TEST_[A-Z]+\b")
PROGRAMS = ("iverilog", "vvp", "verilator", "chromium")
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def in_ci() -> bool:
    """Whether nothing may be missing."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def missing(name: str) -> str:
    """Why the program `name` cannot be used; empty if it can."""
    if name == "verilator":
        status = verilator_status()
        return "" if status.usable else status.reason
    return "" if shutil.which(name) else f"{name} is not on the PATH"


def need(name: str) -> None:
    """Go on only where the program `name` can be used: else the test is skipped, and in CI it fails."""
    if why := missing(name):
        absent(f"{why}: `make setup` brings it")


def absent(why: str) -> NoReturn:
    """End the test for something that this machine lacks."""
    if in_ci():
        pytest.fail(f"CI skips nothing, but {why}", pytrace=False)
    pytest.skip(f"{why} (a failure where the environment variable CI is set)")


def judged(report: Report) -> Report:
    """The report; in CI a skip that no variable ``DV_AGENT_TEST_...`` explains is a failure."""
    expected = hasattr(report, "wasxfail")
    if in_ci() and report.skipped and not expected and not ASKED_FOR.search(str(report.longrepr)):
        report.outcome = "failed"
        report.longrepr = f"CI skips nothing, but this was skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Every skip of a test."""
    return judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Every skip of a whole file."""
    return judged((yield))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    need("chromium")
    return str(shutil.which("chromium"))
