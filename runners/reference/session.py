"""A fake session that plays the reference model at transaction level, without any simulator.

For fast tests of all code that uses sessions. Every input is accepted as
soon as it is offered, every output follows its cause at once, and no cycle
signals are recorded.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Expected, ReferenceModel
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.program import Program
from dv_agent.designs.trace import End, Trace, Transfers
from dv_agent.runners.build.wrappers.layout import child_layout, layout_of
from dv_agent.runners.cocotb.play import Outcome, Pins, play
from dv_agent.runners.plain_program import plain_program
from dv_agent.runners.recording.sampled_bits import from_text
from dv_agent.runners.reference.eager import EagerDesign
from dv_agent.runners.simulator import Run
from dv_agent.runners.trace_decoder import decode


class ReferenceSimulator:
    """Opens sessions that play `model`."""

    def __init__(self, model: ReferenceModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """``reference``"""
        return "reference"

    @property
    def repeated(self) -> int:
        """Always 0."""
        return 0

    def version(self) -> str:
        """Return a fixed line."""
        return "reference model"

    def open(self, design: Design, *, waves: Path | None = None) -> ReferenceSession:
        """Open a session; `waves` is ignored."""
        del waves
        return ReferenceSession(design, self._model)


class ReferenceSession:
    """A session on a design that accepts every input and always agrees with its reference model."""

    def __init__(self, design: Design, model: ReferenceModel) -> None:
        self._design = design
        self._model = model
        self._layout = layout_of(design)
        self._plain = child_layout(design, self._layout)

    def run(self, program: Program) -> Run:
        """See `Session.run`; `seconds` is 0."""
        rows: list[str] = []
        eager = EagerDesign(self._design, self._layout)
        pins = Pins(eager.read, eager.write, rows.append)
        outcome = _finish(play(self._plain, plain_program(self._design, program), pins))
        samples = from_text("".join(rows).encode(), self._layout.sample_width)
        trace = decode(self._design, self._layout, samples, End(outcome.end))
        trace = replace(trace, signals={}, unknown={})
        trace = self._answer_requests(trace, program)
        trace = _within(self._deliver(trace), program.max_cycles)
        starts = {track: tuple(pairs) for track, pairs in outcome.starts.items()}
        return Run(trace, starts, outcome.released)

    def close(self) -> None:
        """Do nothing: there is no process to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _deliver(self, trace: Trace) -> Trace:
        expected = self._model.observe(trace).expected
        asked = {memory.ask.key for memory in self._design.memories.values()}
        for stream in self._design.streams:
            if not stream.driven and stream.key in expected and stream.key not in asked:
                trace = _with_transfers(trace, stream.key, expected[stream.key])
        return trace

    def _answer_requests(self, trace: Trace, program: Program) -> Trace:
        """Let the model send requests and answer them from test memory, until it sends no more."""
        memories = self._design.memories
        growing = bool(memories)
        while growing:
            growing = False
            expected = self._model.observe(trace).expected
            for name, memory in memories.items():
                key = memory.ask.key
                asked = len(trace.accepted[key])
                if key in expected:
                    trace = _with_transfers(trace, key, expected[key])
                if len(trace.accepted[key]) > asked and memory.answer:
                    growing = True
                    answers = _answers(trace.accepted[key], memory.ask, memory.answer, program.memories.get(name, ()))
                    trace = replace(trace, accepted={**trace.accepted, memory.answer.key: answers})
        return trace


def _finish(game: Generator[None, None, Outcome]) -> Outcome:
    while True:
        try:
            next(game)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def _with_transfers(trace: Trace, port: str, expected: Expected) -> Trace:
    """Return `trace` with the expected transfers accepted on `port`, one a cycle, until the end of their epoch."""
    ends = np.searchsorted(trace.epoch, expected.epoch, side="right")
    last_epoch = int(trace.epoch[-1]) if trace.cycles else 0
    cycles: list[int] = []
    kept: list[int] = []
    free = 0
    for row, cause in enumerate(expected.cause_cycle.tolist()):
        cycle = max(cause, free)
        if expected.epoch[row] == last_epoch or cycle < ends[row]:
            cycles.append(cycle)
            kept.append(row)
            free = cycle + 1
    rows = np.array(kept, np.int64)
    transfers = Transfers(
        np.array(cycles, np.int64),
        expected.epoch[rows],
        {name: column[rows] for name, column in expected.columns.items()},
        np.zeros(len(rows), np.bool_),
    )
    return _lengthened(replace(trace, accepted={**trace.accepted, port: transfers}), free)


def _lengthened(trace: Trace, cycles: int) -> Trace:
    more = cycles - trace.cycles
    if more <= 0:
        return trace
    last_epoch = trace.epoch[-1:] if trace.cycles else np.zeros(1, np.int64)
    return replace(
        trace,
        cycles=cycles,
        in_reset=np.concatenate([trace.in_reset, np.zeros(more, np.bool_)]),
        epoch=np.concatenate([trace.epoch, np.repeat(last_epoch, more)]),
        edges={name: np.concatenate([ticks, np.ones(more, np.bool_)]) for name, ticks in trace.edges.items()},
    )


def _within(trace: Trace, max_cycles: int) -> Trace:
    """Return `trace` cut after `max_cycles`."""
    if trace.cycles <= max_cycles:
        return trace
    accepted = {port: _before(max_cycles, seen) for port, seen in trace.accepted.items()}
    return replace(
        trace,
        cycles=max_cycles,
        end=End.LIMIT,
        in_reset=trace.in_reset[:max_cycles],
        epoch=trace.epoch[:max_cycles],
        edges={name: ticks[:max_cycles] for name, ticks in trace.edges.items()},
        accepted=accepted,
    )


def _before(cycle: int, seen: Transfers) -> Transfers:
    kept = seen.cycle < cycle
    columns = {name: column[kept] for name, column in seen.columns.items()}
    return Transfers(seen.cycle[kept], seen.epoch[kept], columns, seen.unknown[kept])


def _answers(requests: Transfers, ask: Stream, answer: Stream, given: tuple[int, ...]) -> Transfers:
    address = next(iter(ask.fields))
    data, spec = next(iter(answer.fields.items()))
    words = given or (0,)
    raw = [words[place % len(words)] & ((1 << spec.width) - 1) for place in requests.columns[address].tolist()]
    values = [word - (1 << spec.width) if word > spec.high else word for word in raw]
    columns = {data: np.array(values, np.int64)}
    if answer.last is not None:
        columns["last"] = np.ones(len(values), np.int64)
    return replace(requests, columns=columns)
