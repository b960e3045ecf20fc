"""Processes for trials beside a Dask worker: kept from one trial to the next, and ended when nobody needs them."""

import time
from typing import Any

import pytest

from dv_agent.eval.execution.beside_dask import TrialProcesses
from dv_agent.eval.execution.process_executor import LocalExecutor

WORKER: Any = None  # the plugin asks nothing of the worker


def made(idle: float = 60.0) -> TrialProcesses:
    processes = TrialProcesses(idle)
    processes.setup(WORKER)
    return processes


def ask(processes: TrialProcesses, design: str, fit: bool = True) -> LocalExecutor:
    with processes.one(design, lambda: fit) as executor:
        return executor


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[LocalExecutor]:
    """Return the executors that have ended, in order."""
    done: list[LocalExecutor] = []
    end = LocalExecutor.__exit__

    def noted(executor: LocalExecutor, *words: Any) -> None:
        end(executor, *words)
        done.append(executor)

    monkeypatch.setattr(LocalExecutor, "__exit__", noted)
    return done


def waited(ended: list[LocalExecutor], count: int) -> list[LocalExecutor]:
    until = time.monotonic() + 20
    while len(ended) < count and time.monotonic() < until:
        time.sleep(0.01)
    return ended


def test_the_next_trial_gets_the_process_of_the_last_one_and_trials_at_once_their_own(
    ended: list[LocalExecutor],
) -> None:
    processes = made()
    first = ask(processes, "counter")
    with processes.one("counter", lambda: True) as again, processes.one("counter", lambda: True) as other:
        assert again is first
        assert other is not first
    assert ended == []
    processes.teardown(WORKER)
    assert set(waited(ended, 2)) == {first, other}


def test_a_trial_gets_the_process_that_had_its_design_before(ended: list[LocalExecutor]) -> None:
    processes = made()
    with processes.one("alu", lambda: True) as alu, processes.one("counter", lambda: True) as counter:
        pass
    assert ask(processes, "alu") is alu
    assert ask(processes, "counter") is counter
    assert ask(processes, "fifo") in (alu, counter)
    processes.teardown(WORKER)
    waited(ended, 2)


def test_a_process_that_was_asked_to_stop_or_failed_takes_no_other_trial(ended: list[LocalExecutor]) -> None:
    processes = made()
    stopped = ask(processes, "counter", fit=False)
    assert ended == [stopped]
    with pytest.raises(KeyError), processes.one("counter", lambda: True) as broken:
        raise KeyError
    assert ended == [stopped, broken]
    assert ask(processes, "counter") not in (stopped, broken)
    processes.teardown(WORKER)
    waited(ended, 3)


def test_a_process_without_a_trial_ends_after_a_while_and_at_once_if_its_dask_worker_closes(
    ended: list[LocalExecutor],
) -> None:
    processes = made(idle=0.01)
    first = ask(processes, "counter")
    assert waited(ended, 1) == [first]
    second = ask(processes, "counter")
    assert second is not first
    waited(ended, 2)
    with processes.one("counter", lambda: True) as third:
        processes.teardown(WORKER)
    assert waited(ended, 3) == [first, second, third]
