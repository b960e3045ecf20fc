"""Settings of all tests."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from prerequisites import chromium, pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["chromium", "pytest_make_collect_report", "pytest_runtest_makereport"]

# Two cores are shared with a simulator, so a slow example says nothing.
settings.register_profile("dv-agent", deadline=None)
settings.load_profile("dv-agent")


@pytest.fixture(scope="session", autouse=True)
def hangups_are_heard() -> Iterator[None]:
    """SIGHUP means what it means at a terminal, even where the tests were started under nohup, which ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
