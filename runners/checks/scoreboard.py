"""The scoreboard: accepted outputs against what the reference model expects, per port and reset epoch, in order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.trace import BoolColumn, End, IntColumn, Trace, Transfers
from dv_agent.runners.checks.failure import CheckFailure


def scoreboard_failures(trace: Trace, observation: Observation) -> Iterator[CheckFailure]:
    """Compare all ports that the model expects something of; failures come port by port, in order.

    Payloads with X or Z compare equal to anything: the protocol checks have a name for those.

    Raises:
        ValueError: the model expects a port or a field that the trace does not have.
    """
    for port, expected in observation.expected.items():
        if port not in trace.accepted:
            raise ValueError(f"the reference model expects transfers on {port!r}, which is no output of the design")
        yield from _port(port, trace, trace.accepted[port], expected)


def _port(port: str, trace: Trace, seen: Transfers, expected: Expected) -> Iterator[CheckFailure]:
    labels, wanted = _matrix(port, expected.columns, expected.columns, len(expected))
    _, found = _matrix(port, expected.columns, seen.columns, len(seen))
    last_epoch = int(trace.epoch[-1]) if trace.cycles else 0
    for epoch in sorted({*seen.epoch.tolist(), *expected.epoch.tolist()}):
        mine, owed = np.flatnonzero(seen.epoch == epoch), np.flatnonzero(expected.epoch == epoch)
        # Only a test that drained says that nothing more would have come.
        complete = epoch == last_epoch and trace.end == End.DRAINED
        match = _Match(
            port, labels, found[mine], wanted[owed], seen.cycle[mine], expected.cause_cycle[owed],
            seen.unknown[mine], int(mine[0]) if len(mine) else 0, complete, trace.cycles,
        )  # fmt: skip
        if not match.is_clean():
            yield from match.explain()


def _matrix(
    port: str, model: dict[str, IntColumn], columns: dict[str, IntColumn], count: int
) -> tuple[list[str], IntColumn]:
    """Columns of `count` rows side by side as int64[count, k], lanes apart, with a label each; k may be 0."""
    labels: list[str] = []
    parts: list[IntColumn] = []
    for name, like in model.items():
        if name not in columns:
            raise ValueError(f"the reference model expects field {name!r} on {port!r}, which the port does not have")
        column = columns[name]
        labels += [name] if like.ndim == 1 else [f"{name}[{lane}]" for lane in range(like.shape[1])]
        parts.append(column.reshape(len(column), math.prod(column.shape[1:])))
    return labels, np.concatenate(parts, axis=1) if parts else np.zeros((count, 0), np.int64)


@dataclass(frozen=True, slots=True)
class _Match:
    """One port in one epoch: `found` of the design beside `wanted` by the model."""

    port: str
    labels: list[str]
    found: IntColumn
    wanted: IntColumn
    cycles: IntColumn
    causes: IntColumn
    unknown: BoolColumn
    first: int
    complete: bool
    end: int

    def is_clean(self) -> bool:
        """Whether all is well; the fast path, vectorised."""
        count = len(self.found)
        if count > len(self.wanted) or (self.complete and count < len(self.wanted)):
            return False
        same = (self.found == self.wanted[:count]).all(axis=1) | self.unknown
        return bool(same.all() and (self.cycles >= self.causes[:count]).all())

    def explain(self) -> Iterator[CheckFailure]:
        """Walk through both and name each difference after what it looks like; terminates in O(n)."""
        i = j = 0
        while i < len(self.found):
            if not self._caused(i, j):
                yield self._surplus(i, j)
                i += 1
            elif self._same(i, j):
                i, j = i + 1, j + 1
            elif self._same(i, j + 1) and self._same(i + 1, j):
                yield self._about("order", i, f"{self._row(i)} came before {self._row(i + 1)}, which was due first")
                i, j = i + 2, j + 2
            elif self._repeated(i, j) and (self._same(i + 1, j) or i + 1 == len(self.found)):
                yield self._surplus(i, j)
                i += 1
            elif self._same(i, j + 1) and (i + 1 == len(self.found) or self._same(i + 1, j + 2)):
                yield self._about("lost", i, f"{self._due(j)} never came; {self._row(i)}, the next one due, did")
                j += 1
            else:
                yield self._wrong(i, j)
                i, j = i + 1, j + 1
        if self.complete and j < len(self.wanted):
            missing = len(self.wanted) - j
            more = f" (and {missing - 1} more)" if missing > 1 else ""
            message = f"{self._due(j)} never came{more}, although the test drained"
            yield CheckFailure(check="lost", port=self.port, cycle=self.end, index=self.first + j, message=message)

    def _caused(self, i: int, j: int) -> bool:
        return j < len(self.wanted) and bool(self.cycles[i] >= self.causes[j])

    def _same(self, i: int, j: int) -> bool:
        if i >= len(self.found) or j >= len(self.wanted):
            return False
        return bool(self.unknown[i] or (self.found[i] == self.wanted[j]).all())

    def _repeated(self, i: int, j: int) -> bool:
        return j > 0 and self._same(i, j - 1)

    def _surplus(self, i: int, j: int) -> CheckFailure:
        if self._repeated(i, j):
            return self._about("duplicate", i, f"{self._row(i)} came once more")
        why = "before its cause" if j < len(self.wanted) else "and nothing more was due"
        return self._about("extra", i, f"{self._row(i)} came {why}")

    def _wrong(self, i: int, j: int) -> CheckFailure:
        place = int(np.flatnonzero(self.found[i] != self.wanted[j])[0])
        field, expected, seen = self.labels[place], int(self.wanted[j, place]), int(self.found[i, place])
        return CheckFailure(
            check="value", port=self.port, cycle=int(self.cycles[i]), index=self.first + i, field=field,
            expected=expected, seen=seen,
            message=f"{field} is {seen}, expected {expected}; the whole transfer: {self._row(i)}, {self._due(j)}",
        )  # fmt: skip

    def _about(self, check: str, i: int, message: str) -> CheckFailure:
        return CheckFailure(
            check=check, port=self.port, cycle=int(self.cycles[i]), index=self.first + i, message=message
        )

    def _row(self, i: int) -> str:
        return self._text(self.found[i])

    def _due(self, j: int) -> str:
        return f"expected {self._text(self.wanted[j])}"

    def _text(self, values: IntColumn) -> str:
        words = " ".join(f"{label}={value}" for label, value in zip(self.labels, values.tolist(), strict=True))
        return words or "a transfer"
