"""Settings of all tests."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from in_process import CommandLine
from prerequisites import chromium, pytest_make_collect_report, pytest_runtest_makereport

from dv_agent.designs.files.garbage import collect_seldom

__all__ = ["chromium", "pytest_make_collect_report", "pytest_runtest_makereport"]

# Two cores are shared with a simulator, so a slow example says nothing.
settings.register_profile("dv-agent", deadline=None)
settings.load_profile("dv-agent")
collect_seldom()


def pytest_collection_finish() -> None:
    """Tests and what they import stay to the end: looking for cycles among them again and again takes a tenth."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def signals_are_heard() -> Iterator[None]:
    """SIGHUP and SIGINT mean what they mean at a terminal, even where the tests were started under nohup or in the
    background of a script, which ignores them, for the processes that tests start too.
    """
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def dv_agent_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in this process, in a folder of its own."""
    return CommandLine(tmp_path, monkeypatch, capsys)
