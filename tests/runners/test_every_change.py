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


def play(steps: Coroutine[Any, Any, None]) -> None:
    while True:
        try:
            steps.send(None)
        except StopIteration:
            return


def test_a_step_is_made_at_each_change_until_it_wants_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(every_change, "_USED", ((every_change, "not there"),))
    signal, left = Changes(), [True, True, False]
    play(every_change.at_every_change(signal, lambda: left.pop(0)))
    assert (left, signal.waits) == ([], 3)


def test_the_installed_cocotb_has_what_is_used() -> None:
    assert [name for owner, name in every_change._USED if not hasattr(owner, name)] == []
