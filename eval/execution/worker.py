"""A worker process: reads tasks as lines of JSON and writes events as lines of JSON.

It ends when its parent ends. SIGTERM asks it to stop after the current turn.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self, TextIO

from dv_agent.agents.records.crash_file import write_crash
from dv_agent.agents.records.lock import Taken
from dv_agent.designs.files.garbage import collect_seldom
from dv_agent.designs.files.scratch import remove_own, sweep
from dv_agent.errors import DvAgentError
from dv_agent.eval.evaluation.data_model import TrialRecord
from dv_agent.eval.execution.events import Event
from dv_agent.eval.execution.progress import EventWatcher
from dv_agent.eval.execution.trial_run import Hunters, TrialInterrupted, TrialTask, execute_trial, failed

_PR_SET_PDEATHSIG = 1


class AskedToStop:
    """A stopper whose flag is set from outside; once set it stays set."""

    def __init__(self) -> None:
        self._asked = False

    def ask(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Set the flag; has the signature of a signal handler."""
        self._asked = True

    def asked(self) -> bool:
        """Return whether the flag is set."""
        return self._asked

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


def perform(task: TrialTask, send: Callable[[Event], None], stopper: AskedToStop, hunters: Hunters) -> Event:
    """Execute `task`; return its last event."""
    name = task.trial.id
    try:
        record = execute_trial(task, EventWatcher(name, send), stopper, hunters)
    except Taken as owner:
        return Event(trial=name, kind="busy", words=str(owner))
    except (TrialInterrupted, KeyboardInterrupt):
        return Event(trial=name, kind="stopped")
    except DvAgentError as error:  # the record itself cannot be written
        return Event(trial=name, kind="done", record=failed(TrialRecord(trial=task.trial, status="failed"), error))
    except Exception as error:  # a defect of this program ends one trial, but not the worker
        path = write_crash(error, task.folder)
        record = failed(TrialRecord(trial=task.trial, status="failed"), error, f"; its traceback is in {path}")
        return Event(trial=name, kind="done", record=record)
    return Event(trial=name, kind="done", record=record)


def serve(tasks: TextIO, out: TextIO, stopper: AskedToStop) -> None:
    """Execute tasks until the input ends."""

    def send(event: Event) -> None:
        out.write(event.model_dump_json(exclude_defaults=True) + "\n")
        out.flush()

    with Hunters() as hunters:
        for line in tasks:
            send(perform(TrialTask.model_validate_json(line), send, stopper, hunters))


def main() -> None:
    """Serve the parent process that started this one."""
    collect_seldom()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        return  # the parent died before this process could link its end to the parent's
    sweep()
    stopper = AskedToStop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stopper.ask)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Other output of this process must not get between the events.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        serve(sys.stdin, out, stopper)
    finally:
        remove_own()


if __name__ == "__main__":
    main()
