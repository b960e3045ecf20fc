"""A simulator that also keeps its recordings, so that a program need not be simulated again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Self

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.runners.cocotb.row_forms import PackedRows
from dv_agent.runners.recording.pin_replay import PinRecording, recording_of
from dv_agent.runners.simulator import Run, Session, Simulator

MOST_BYTES = 256 << 20


class RecordingStore:
    """Recordings in memory, looked up by the program that was played; at most `most` bytes.

    A recording for which there is no room is not kept; its program must be simulated again. Rows that a simulator
    recorded in words stay as they are until somebody asks for them, which nobody does where a screening answers.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._kept: dict[bytes, PinRecording | _Words] = {}
        self._left = most

    def put(self, design: Design, program: Program, run: Run) -> None:
        """Keep the recording of `run`, if there is room."""
        if self._left <= 0 or not run.recorded or not run.recorded.rows:
            return
        key = _key(program)
        if key in self._kept:
            return
        if isinstance(run.recorded.form, PackedRows):
            self._kept[key] = _Words(design, run)
            self._left -= len(run.recorded.rows)
        elif recording := recording_of(design, run.rows, run.trace.end):
            self._kept[key] = recording
            self._left -= len(recording.data)

    def get(self, program: Program) -> PinRecording | None:
        """Return the recording of `program`, if it was kept."""
        found = self._kept.get(_key(program)) if self._kept else None
        return found.recording() if isinstance(found, _Words) else found


class _Words:
    """A recording in words."""

    def __init__(self, design: Design, run: Run) -> None:
        self._design, self._recorded, self._end = design, run.recorded, run.trace.end

    def recording(self) -> PinRecording | None:
        """Return it as bits in order."""
        assert self._recorded is not None
        return recording_of(self._design, self._recorded.form.text(self._recorded.rows), self._end)


class RecordingSimulator:
    """A wrapper of `simulator` whose sessions put their recordings into `store`."""

    def __init__(self, simulator: Simulator, store: RecordingStore) -> None:
        self._simulator, self._store = simulator, store

    @property
    def name(self) -> str:
        """Name of the wrapped simulator."""
        return self._simulator.name

    @property
    def repeated(self) -> int:
        """See `Simulator.repeated`."""
        return self._simulator.repeated

    def version(self) -> str:
        """See `Simulator.version`."""
        return self._simulator.version()

    def with_code(self) -> RecordingSimulator:
        """See `Simulator.with_code`."""
        return RecordingSimulator(self._simulator.with_code(), self._store)

    def counters(self, design: Design) -> tuple[CodeCounter, ...]:
        """See `Simulator.counters`."""
        return self._simulator.counters(design)

    def open(self, design: Design, *, waves: Path | None = None) -> Session:
        """See `Simulator.open`."""
        session = self._simulator.open(design, waves=waves)
        return session if waves else _RecordingSession(session, design, self._store)


class _RecordingSession:
    def __init__(self, session: Session, design: Design, store: RecordingStore) -> None:
        self._session, self._design, self._store = session, design, store

    def run(self, program: Program) -> Run:
        done = self._session.run(program)
        self._store.put(self._design, program, done)
        return done

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _key(program: Program) -> bytes:
    text = repr((program.tracks, program.memories, program.max_cycles))
    return hashlib.sha256(text.encode()).digest()
