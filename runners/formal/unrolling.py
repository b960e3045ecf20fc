"""A circuit over several cycles as clauses of a SAT solver (Glucose, through python-sat, which can be interrupted)."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.yosys import require_formal

_SOLVER = "glucose4"


class OutOfTimeError(Exception):
    """The error that a question was not answered in time; what was found before stays true."""


class Unrolling:
    """A circuit in the cycles 0, 1, ..., as many as were asked about.

    Args:
        from_power_up: whether cycle 0 is that of power-up; else its registers have any value.
        deadline: `time.monotonic` at which questions are given up.
        zero: numbers of inputs that are always 0.

    Raises:
        PrerequisiteError: python-sat is missing.
    """

    def __init__(self, circuit: Circuit, *, from_power_up: bool, deadline: float, zero: Collection[int] = ()) -> None:
        require_formal()
        from pysat.solvers import Solver  # noqa: PLC0415  # optional, and slow to import

        self._circuit, self._deadline = circuit, deadline
        self._solver: Any = Solver(name=_SOLVER)
        self._frames: list[list[int]] = []  # variable of the circuit -> signed literal of the solver
        self._last = 1
        self._solver.add_clause([1])  # the constant 1
        self._from_power_up = from_power_up
        self._zero = frozenset(zero)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._solver.delete()

    def literal(self, cycle: int, literal: int) -> int:
        """Return the solver's literal of a literal of the circuit in a cycle."""
        while len(self._frames) <= cycle:
            self._add_frame()
        found = self._frames[cycle][literal >> 1]
        return -found if literal & 1 else found

    def register(self, cycle: int, number: int) -> int:
        """Return the solver's literal of a register in a cycle."""
        return self.literal(cycle, 2 * (self._circuit.first_register + number))

    def inputs(self, cycle: int) -> list[int]:
        """Return the solver's literals of all inputs in a cycle."""
        return [self.literal(cycle, 2 * (1 + number)) for number in range(self._circuit.inputs)]

    def always(self, literals: Iterable[int]) -> None:
        """Demand that one of the solver's literals is true."""
        self._solver.add_clause(list(literals))

    def any_of(self, literals: Sequence[int]) -> int:
        """Return a new literal that, if true, makes one of `literals` true."""
        self._last += 1
        self._solver.add_clause([-self._last, *literals])
        return self._last

    def all_of(self, literals: Sequence[int]) -> int:
        """Return a new literal that, if true, makes all of `literals` true."""
        self._last += 1
        for one in literals:
            self._solver.add_clause([-self._last, one])
        return self._last

    def is_possible(self, assumed: Sequence[int]) -> bool:
        """Return whether all of `assumed` can be true at once.

        Raises:
            OutOfTimeError: no answer in time.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise OutOfTimeError
        alarm = threading.Timer(left, self._solver.interrupt)
        alarm.start()
        try:
            answer = self._solver.solve_limited(assumptions=list(assumed), expect_interrupt=True)
        finally:
            alarm.cancel()
            alarm.join()
            self._solver.clear_interrupt()
        if answer is None:
            raise OutOfTimeError
        return bool(answer)

    def is_soon_possible(self, assumed: Sequence[int], conflicts: int) -> bool | None:
        """Return whether all of `assumed` can be true at once; None if so many conflicts did not tell.

        Raises:
            OutOfTimeError: the time was up before.
        """
        if time.monotonic() >= self._deadline:
            raise OutOfTimeError
        self._solver.conf_budget(conflicts)
        try:
            answer = self._solver.solve_limited(assumptions=list(assumed))
        finally:
            self._solver.conf_budget(-1)
        return None if answer is None else bool(answer)

    def true_of(self, literals: Sequence[int]) -> list[bool]:
        """Return whether each literal is true in the last answer that was yes."""
        model = self._solver.get_model()
        size = len(model)
        return [((abs(one) <= size and model[abs(one) - 1] > 0) == (one > 0)) for one in literals]

    def _add_frame(self) -> None:
        circuit, solver = self._circuit, self._solver
        frame = [-1]  # the constant 0
        for number in range(circuit.inputs):
            self._last += number not in self._zero
            frame.append(-1 if number in self._zero else self._last)
        if self._frames:
            before = self._frames[-1]
            frame += [-before[one >> 1] if one & 1 else before[one >> 1] for one in circuit.next]
        elif self._from_power_up:
            frame += [-1] * len(circuit.next)
        else:
            frame += range(self._last + 1, self._last + 1 + len(circuit.next))
            self._last += len(circuit.next)
        last = self._last
        add = solver.add_clause
        for left, right in circuit.gates:
            a = -frame[left >> 1] if left & 1 else frame[left >> 1]
            b = -frame[right >> 1] if right & 1 else frame[right >> 1]
            if a == -1 or b == -1 or a == -b:
                frame.append(-1)
            elif a in (1, b):
                frame.append(b)
            elif b == 1:
                frame.append(a)
            else:
                last += 1
                add([-last, a])
                add([-last, b])
                add([last, -a, -b])
                frame.append(last)
        self._last = last
        self._frames.append(frame)
