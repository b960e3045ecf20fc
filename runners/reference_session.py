"""The shipped fake: a session that plays the reference model, transactions only, without any simulator.

For fast tests of everything above this package. Every input is accepted as
soon as it is offered, every output follows its cause at once, and no cycle
signals are recorded.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from dv_agent.designs.design import Design, ResponderPort
from dv_agent.designs.observation import Expected, ReferenceModel
from dv_agent.designs.program import Program
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers
from dv_agent.runners.decode import decode
from dv_agent.runners.icarus import plain_program
from dv_agent.runners.layout import child_layout, layout_of
from dv_agent.runners.play import Outcome, Pins, play
from dv_agent.runners.simulator import Run


class ReferenceSimulator:
    """Opens sessions that play `model`."""

    def __init__(self, model: ReferenceModel) -> None:
        self._model = model

    @property
    def name(self) -> str:
        """``reference``"""
        return "reference"

    def version(self) -> str:
        """A fixed line."""
        return "reference model"

    def open(self, design: Design, *, waves: Path | None = None) -> ReferenceSession:
        """A session; `waves` is ignored."""
        del waves
        return ReferenceSession(design, self._model)


class ReferenceSession:
    """Plays programs on a design that accepts everything and always obeys its reference model."""

    def __init__(self, design: Design, model: ReferenceModel) -> None:
        self._design = design
        self._model = model
        self._layout = layout_of(design)
        self._plain = child_layout(design, self._layout)

    def run(self, program: Program) -> Run:
        """See `Session.run`; `seconds` is 0."""
        rows: list[str] = []
        eager = _EagerDesign(self._design, self._layout.drive, self._layout.sample)
        pins = Pins(eager.read, eager.write, rows.append)
        outcome = _finish(play(self._plain, plain_program(self._design, program), pins))
        trace = decode(self._design, self._layout, "".join(rows).encode(), End(outcome.end))
        trace = replace(trace, signals={}, unknown={})
        trace = self._answer_requests(trace, program)
        trace = self._deliver(trace)
        starts = {track: tuple(pairs) for track, pairs in outcome.starts.items()}
        return Run(trace, starts, outcome.released)

    def close(self) -> None:
        """Nothing to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _deliver(self, trace: Trace) -> Trace:
        expected = self._model.observe(trace).expected
        for name in self._design.sink_names:
            if name in expected:
                trace = _append(trace, name, expected[name])
        return trace

    def _answer_requests(self, trace: Trace, program: Program) -> Trace:
        """Let the model ask and the memory answer, until it asks no more."""
        responders = {name: port for name, port in self._design.ports.items() if isinstance(port, ResponderPort)}
        growing = bool(responders)
        while growing:
            growing = False
            expected = self._model.observe(trace).expected
            for name, port in responders.items():
                key = f"{name}.request"
                if key not in expected:
                    continue
                before = len(trace.accepted[key])
                trace = _append(trace, key, expected[key])
                requests = trace.accepted[key]
                if len(requests) > before:
                    growing = True
                    words = _words(requests, port, program.memories.get(name, ()))
                    answers = {field: words for field in port.response.fields}
                    if port.response.last is not None:
                        answers["last"] = np.ones(len(words), np.int64)
                    trace.accepted[f"{name}.response"] = replace(requests, columns=answers)
        return trace


class _EagerDesign:
    """Pins of a design whose ready is always high and whose outputs never are."""

    def __init__(self, design: Design, drive: Any, sample: Any) -> None:
        self._places: list[tuple[int, int, int, int]] = []
        self._sample = ["0"] * sum(width for _, width in sample.values())
        self._invert = design.reset.active == "low"
        self._reset = sample[design.reset.signal][0]
        keys: dict[tuple[str, ...], tuple[int, int]] = {}
        place = 0
        for piece in drive:
            keys[piece.key] = (place, piece.width)
            place += piece.width
        self._keys = keys
        self._ports = design.ports
        self._places_of = sample
        self._drive = "1" + "0" * (place - 1)
        self._next = self._drive

    def write(self, drive: str) -> None:
        """The drive vector of the next cycle."""
        self._next = drive

    def read(self) -> str:
        """The sample vector that follows from it."""
        sample, drive = self._sample, self._next
        return "".join(sample) + drive[:0]


def _finish(game: Any) -> Outcome:
    while True:
        try:
            next(game)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome
