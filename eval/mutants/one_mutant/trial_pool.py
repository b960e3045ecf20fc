"""Worker processes that try mutants in parallel, each within a time limit; all of them end with the pool."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Self

from pydantic import ValidationError

from dv_agent.errors import SimulationError
from dv_agent.eval.execution.process_family import kill_family
from dv_agent.eval.mutants.data_model import Mutant, Outcome
from dv_agent.eval.mutants.one_mutant.trial_process import Setup

_LAST_WORDS = 1_000  # bytes
_TICK_SECONDS = 0.2
_TRIES = 2


class TrialPool:
    """At most `jobs` workers, each started when it is needed.

    Args:
        setup: what every worker is told; each gets a folder below `setup.room`.
        seconds: wall time that one mutant may take; its worker is killed then.
    """

    def __init__(self, setup: Setup, jobs: int, seconds: float) -> None:
        self._setup, self._jobs, self._seconds = setup, jobs, seconds
        self._workers: list[_Worker] = []
        self._news: queue.Queue[tuple[_Worker, bytes | None]] = queue.Queue()
        self._count = 0

    def outcomes(self, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
        """Yield the outcome of every mutant, in the order in which they are known.

        A mutant whose worker dies is tried once more.

        Raises:
            SimulationError: a worker does not even start.
        """
        todo = [(one, 1) for one in reversed(mutants)]
        while todo or any(worker.mutant for worker in self._workers):
            while todo and (worker := self._free()):
                worker.give(*todo.pop())
            for worker, line in self._heard():
                if worker not in self._workers:
                    continue  # it was killed, and its mutant has its outcome
                if line is not None and (outcome := _read(line)):
                    worker.answered()
                    yield outcome
                elif worker.mutant:
                    yield from self._lost(worker, todo)
            for worker in [one for one in self._workers if one.late(self._seconds)]:
                yield _unknown(worker.mutant, f"no result within {self._seconds:g} s, when it was killed")
                self._bury(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in list(self._workers):
            self._bury(worker)

    def _free(self) -> _Worker | None:
        idle = next((one for one in self._workers if one.mutant is None), None)
        if idle is None and len(self._workers) < self._jobs:
            self._count += 1
            room = self._setup.room / f"worker{self._count}"
            idle = _Worker(self._setup.model_copy(update={"room": room}), self._news)
            self._workers.append(idle)
        return idle

    def _heard(self) -> Iterator[tuple[_Worker, bytes | None]]:
        with contextlib.suppress(queue.Empty):
            yield self._news.get(timeout=_TICK_SECONDS)
            while True:
                yield self._news.get_nowait()

    def _lost(self, worker: _Worker, todo: list[tuple[Mutant, int]]) -> Iterator[Outcome]:
        mutant, tries, words = worker.mutant, worker.tries, worker.last_words()
        self._bury(worker)
        if worker.results == 0 and tries == _TRIES:
            raise SimulationError(f"a worker process ended before its first result\n{words}")
        if tries < _TRIES and mutant:
            todo.append((mutant, tries + 1))
        else:
            yield _unknown(mutant, f"its process ended twice: {words.splitlines()[-1] if words else 'without a word'}")

    def _bury(self, worker: _Worker) -> None:
        worker.kill()
        self._workers.remove(worker)


class _Worker:
    """One worker process; a thread reads its output, None in the queue marks its end."""

    def __init__(self, setup: Setup, news: queue.Queue[tuple[_Worker, bytes | None]]) -> None:
        self.mutant: Mutant | None = None
        self.tries = self.results = 0
        self._since = time.monotonic()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `kill`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dv_agent.eval.mutants.one_mutant.trial_process"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        threading.Thread(target=self._read, args=(self._process.stdout, news), daemon=True).start()
        self._send(setup.model_dump_json())

    def give(self, mutant: Mutant, tries: int) -> None:
        """Send a mutant; if the process has ended, the end of its output tells that."""
        self.mutant, self.tries, self._since = mutant, tries, time.monotonic()
        self._send(mutant.model_dump_json())

    def answered(self) -> None:
        """Note that the outcome came."""
        self.mutant = None
        self.results += 1

    def late(self, seconds: float) -> bool:
        """Return whether its mutant has taken longer than `seconds`."""
        return self.mutant is not None and time.monotonic() - self._since > seconds

    def last_words(self) -> str:
        """Return the end of its stderr."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), _LAST_WORDS, max(0, size - _LAST_WORDS)).decode(errors="replace").strip()

    def kill(self) -> None:
        """Kill the process and all that it started."""
        kill_family(self._process, self._log)

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _read(self, lines: IO[bytes], news: queue.Queue[tuple[_Worker, bytes | None]]) -> None:
        with lines:
            for line in lines:
                news.put((self, line))
        news.put((self, None))


def _read(line: bytes) -> Outcome | None:
    try:
        return Outcome.model_validate_json(line)
    except ValidationError:
        return None


def _unknown(mutant: Mutant | None, reason: str) -> Outcome:
    assert mutant is not None
    return Outcome(mutant=mutant.id, verdict="unknown", reason=reason[:4000])
