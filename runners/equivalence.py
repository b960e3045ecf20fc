"""Comparison of two simulators: does the same program give the same trace?

Values that are X or Z in one of them are not compared: a two-state simulator shows some value there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.designs.trace import Trace, Transfers
from dv_agent.runners.simulator import Run, Simulator

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the results of two simulators.

    Attributes:
        program: index of the program.
        what: a signal, ``<port>.<column>`` of accepted transfers, ``end``, ``cycles`` and so on.
        cycle: the first cycle with a difference, for a signal; the number of the transfer, for a column.
    """

    program: int
    what: str
    one: str
    two: str
    cycle: int | None = None

    def __str__(self) -> str:
        where = "" if self.cycle is None else f" at {self.cycle}"
        return f"program {self.program}: {self.what}{where}: {self.one} and {self.two}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison.

    Attributes:
        programs: number of programs played.
        cycles: number of cycles of all programs, on the first simulator.
        values: number of signal values compared.
        unknown: number of values not compared, because they were X or Z in one simulator.
        unexplained: how many of `unknown` were not payload of a stream of the design whose valid was low.
    """

    programs: int
    cycles: int
    values: int
    unknown: int
    unexplained: int
    differences: tuple[Difference, ...]


def compare(design: Design, programs: Iterable[Program], one: Simulator, two: Simulator) -> Comparison:
    """Play every program on both simulators and compare the traces.

    Raises:
        PrerequisiteError, BuildError, SimulationError: see `Simulator.open`.
    """
    played = cycles = values = unknown = unexplained = 0
    payload = _payload(design)
    differences: list[Difference] = []
    with one.open(design) as first, two.open(design) as second:
        for program in programs:
            left, right = first.run(program), second.run(program)
            differences += run_differences(played, left, right)
            played += 1
            cycles += left.trace.cycles
            masked = sum(int(mask.sum()) for mask in left.trace.unknown.values())
            values += left.trace.cycles * len(left.trace.signals) - masked
            unknown += masked
            unexplained += _unexplained(left.trace, payload)
    return Comparison(played, cycles, values, unknown, unexplained, tuple(differences))


def _payload(design: Design) -> dict[str, str]:
    """Return signal -> valid, for the payload of every stream that the design drives."""
    offered = [stream for stream in design.streams if not stream.driven]
    found: dict[str, str] = {field.signal: stream.valid for stream in offered for field in stream.fields.values()}
    return found | {stream.last: stream.valid for stream in offered if stream.last}


def _unexplained(trace: Trace, payload: Mapping[str, str]) -> int:
    total = 0
    for signal, mask in trace.unknown.items():
        valid = trace.signals[payload[signal]] != 0 if signal in payload else np.ones(trace.cycles, np.bool_)
        total += int((mask & valid).sum())
    return total


def run_differences(program: int, one: Run, two: Run) -> Iterator[Difference]:
    """Return all differences of two runs of one program; no signals if the numbers of cycles differ."""
    facts = {
        "end": (one.trace.end.value, two.trace.end.value),
        "cycles": (one.trace.cycles, two.trace.cycles),
        "steps": (one.step_starts, two.step_starts),
        "released": (one.released, two.released),
    }
    for what, (left, right) in facts.items():
        if left != right:
            yield Difference(program, what, str(left), str(right))
    if one.trace.cycles == two.trace.cycles:
        yield from _signals(program, one.trace, two.trace)
    for port, transfers in one.trace.accepted.items():
        yield from _transfers(program, port, transfers, two.trace.accepted[port])


def _signals(program: int, one: Trace, two: Trace) -> Iterator[Difference]:
    nothing = np.zeros(one.cycles, np.bool_)
    for signal, left in one.signals.items():
        unknown = one.unknown.get(signal, nothing) | two.unknown.get(signal, nothing)
        yield from _column(program, signal, left, two.signals[signal], unknown)
    yield from _column(program, "in_reset", one.in_reset, two.in_reset, nothing)
    for clock, ticks in one.edges.items():
        yield from _column(program, f"edges of {clock}", ticks, two.edges[clock], nothing)


def _transfers(program: int, port: str, one: Transfers, two: Transfers) -> Iterator[Difference]:
    if len(one) != len(two):
        yield Difference(program, f"{port} transfers", str(len(one)), str(len(two)))
        return
    nothing = np.zeros(len(one), np.bool_)
    yield from _column(program, f"{port} cycle", one.cycle, two.cycle, nothing)
    yield from _column(program, f"{port} epoch", one.epoch, two.epoch, nothing)
    for name, left in one.columns.items():
        yield from _column(program, f"{port}.{name}", left, two.columns[name], one.unknown | two.unknown)


def _column(
    program: int, what: str, one: NDArray[np.generic], two: NDArray[np.generic], unknown: Mask
) -> Iterator[Difference]:
    differs = one != two
    differs = (differs.any(axis=1) if differs.ndim > 1 else differs) & ~unknown
    if differs.any():
        row = int(np.argmax(differs))
        yield Difference(program, what, str(one[row]), str(two[row]), row)
