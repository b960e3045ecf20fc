"""Trials side by side: records in the order of the tasks, stops, and workers that are lost."""

import pytest

from dv_agent.errors import SimulationError, UsageError
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.progress import EventWatcher
from dv_agent.eval.execution.trial_run import TrialInterrupted, TrialTask
from dv_agent.eval.optimisation.trial_players import SideBySide


class Scripted:
    """An executor that takes two tasks at a time, and tells of them what a test lays down."""

    def __init__(self, *events: list[Event]) -> None:
        self.started: list[str] = []
        self.stopped = False
        self._events = list(events)
        self._ended = 0

    def free(self) -> int:
        return 2 - (len(self.started) - self._ended)

    def start(self, task: TrialTask) -> None:
        self.started.append(task.trial.id)

    def events(self, seconds: float) -> list[Event]:
        found = self._events.pop(0)
        self._ended += sum(one.last for one in found)
        return found

    def ask_to_stop(self) -> None:
        self.stopped = True

    def __enter__(self) -> "Scripted":
        return self

    def __exit__(self, *_: object) -> None:
        return None


def task(seed: int) -> TrialTask:
    return TrialTask.model_validate({
        "trial": {
            "design": "tally", "task_version": 1, "entry": {"agent": "random"}, "seed": seed, "budget": {},
            "simulator": "icarus",
        },
        "folder": f"/nowhere/{seed}", "checksum": "",
    })  # fmt: skip


TASKS = [task(seed) for seed in range(3)]
FIRST, SECOND, THIRD = (one.trial.id for one in TASKS)


def ended(place: int, kind: str = "done", words: str = "") -> Event:
    """The last event of a trial."""
    record = {"trial": TASKS[place].trial, "status": "finished", "attempts": place} if kind == "done" else None
    return Event.model_validate({"trial": TASKS[place].trial.id, "kind": kind, "words": words, "record": record})


class Asked:
    """Is asked to stop after so many questions."""

    def __init__(self, after: int) -> None:
        self._left = after

    def asked(self) -> bool:
        self._left -= 1
        return self._left < 0

    def __enter__(self) -> "Asked":
        return self

    def __exit__(self, *_: object) -> None:
        return None


def player(executor: Scripted, asked: int = 99) -> SideBySide:
    return SideBySide(executor, EventWatcher("", lambda _: None), Asked(asked))


def test_records_come_in_the_order_of_the_tasks_however_the_trials_end() -> None:
    executor = Scripted([Event(trial=FIRST, kind="say")], [ended(1)], [ended(2)], [ended(0)])
    records = list(player(executor).play(TASKS))
    assert [one.attempts for one in records] == [0, 1, 2]
    assert executor.started == [FIRST, SECOND, THIRD]


def test_a_stop_ends_all_trials_after_their_turn_and_begins_no_other() -> None:
    executor = Scripted([ended(1)], [], [ended(0, "stopped"), ended(2, "stopped")])
    with pytest.raises(TrialInterrupted):
        list(player(executor, asked=2).play([*TASKS, task(3)]))
    assert executor.stopped
    assert executor.started == [FIRST, SECOND, THIRD]
    assert executor.free() == 2


@pytest.mark.parametrize(
    ("event", "error", "told"),
    [
        (ended(1, "busy", "in use by process 7"), UsageError, "process 7"),
        (ended(1, "lost", "its process ended"), SimulationError, "its process ended\n  the same command goes on"),
    ],
)
def test_a_trial_that_cannot_be_played_ends_all(event: Event, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        list(player(Scripted([event])).play(TASKS))
