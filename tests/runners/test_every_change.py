"""Without what cocotb does not document, a task is woken at every change: the same steps are made."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

import pytest

from dv_agent.runners.cocotb import every_change


class Changes:
    """A signal whose changes a test gives."""

    def __init__(self) -> None:
        self.waits = 0
        self.value_change = self

    def __await__(self) -> Generator[None, None, None]:
        self.waits += 1
        yield


def played(steps: Coroutine[Any, Any, None]) -> int:
    """How often it waited."""
    try:
        for waits in range(100):
            steps.send(None)
    except StopIteration:
        return waits
    raise AssertionError("it never ends")


def test_a_step_is_made_at_each_change_until_it_wants_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every_change, "_USED", ((every_change, "not there"),))
    signal, left = Changes(), [True, True, False]
    assert played(every_change.at_every_change(signal, lambda: left.pop(0))) == 3
    assert (left, signal.waits) == ([], 3)


def test_the_installed_cocotb_has_what_is_used() -> None:
    assert [name for owner, name in every_change._USED if not hasattr(owner, name)] == []
