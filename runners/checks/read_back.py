"""Reads give what was written: the optional rule of plain registers and memories behind a bus, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dv_agent.designs.ports.buses.rules import ReadsBack
from dv_agent.designs.trace import IntColumn, Trace, Transfers
from dv_agent.runners.checks.failure import CheckFailure

MAX_EACH = 3


@dataclass(frozen=True, slots=True)
class _Access:
    """One access to one word; `mask` has a bit for each byte that counts."""

    write: bool
    asked: int
    cycle: int
    address: int
    data: int
    mask: int
    error: int
    index: int
    id: int


def read_back_failures(rule: ReadsBack, trace: Trace) -> Iterator[CheckFailure]:
    """Return reads of a value other than the one written before, and refused accesses, where the rule holds.

    A byte that was never written since the last reset, or is written while it is read, may read as anything.
    """
    reads = _accesses(rule, trace.accepted[f"{rule.port}.reads"], write=False)
    writes = _accesses(rule, trace.accepted[f"{rule.port}.writes"], write=True)
    unanswered = trace.accepted.get(f"{rule.port}.open")
    found = 0
    for epoch in range(int(trace.epoch[-1]) + 1 if trace.cycles else 0):
        # A write without an answer may have happened or not, so nothing is certain from there on.
        waiting = unanswered.cycle[unanswered.epoch == epoch].tolist() if unanswered else []
        limit = min(waiting, default=trace.cycles)
        for failure in _epoch(rule, reads.get(epoch, []), writes.get(epoch, []), limit):
            if found < MAX_EACH:
                found += 1
                yield failure


def _accesses(rule: ReadsBack, seen: Transfers, *, write: bool) -> dict[int, list[_Access]]:
    """Return the accesses of each reset epoch whose address the rule holds for and whose data is known."""
    found: dict[int, list[_Access]] = {}
    every = (1 << rule.bytes) - 1
    columns = seen.columns
    for index in range(len(seen)):
        address = _number(columns["addr"], index)
        if seen.unknown[index] or not any(first <= address <= last for first, last in rule.ranges):
            continue
        mask = _number(columns["strb"], index) if "strb" in columns else every
        one = _Access(
            write, int(columns["asked"][index]), int(seen.cycle[index]), address,
            _number(columns["data"], index, rule.lane), mask, int(columns["error"][index]), index,
            int(columns["id"][index]) if "id" in columns else 0,
        )  # fmt: skip
        found.setdefault(int(seen.epoch[index]), []).append(one)
    return found


def _number(column: IntColumn, row: int, bits: int = 64) -> int:
    """Return a value as an unsigned number. Args: bits: of one lane; lane 0 is the lowest."""
    lanes = [int(column[row])] if column.ndim == 1 else column[row].tolist()
    return sum((lane & ((1 << bits) - 1)) << (bits * place) for place, lane in enumerate(lanes))


def _epoch(rule: ReadsBack, reads: list[_Access], writes: list[_Access], limit: int) -> Iterator[CheckFailure]:
    for one in (*reads, *writes):
        if one.error:
            what = "write" if one.write else "read"
            message = f"the {what} of address 0x{one.address:x} is answered with an error"
            key = f"{rule.port}.{what}s"
            yield CheckFailure(check="refused", port=key, cycle=one.cycle, index=one.index, message=message)
    by_word: dict[int, list[_Access]] = {}
    for one in writes:
        if not one.error:
            by_word.setdefault(one.address // rule.step, []).append(one)
    for read in reads:
        if read.error or read.cycle >= limit:
            continue
        failure = _compare(rule, read, by_word.get(read.address // rule.step, []))
        if failure:
            yield failure


def _compare(rule: ReadsBack, read: _Access, writes: list[_Access]) -> CheckFailure | None:
    """Compare the bytes of one read with the last write of each that was over before the read began."""
    for byte in range(rule.bytes):
        if not read.mask >> byte & 1:
            continue
        mine = [one for one in writes if one.mask >> byte & 1 and one.asked <= read.cycle]
        if not mine or any(one.cycle >= read.asked for one in mine):
            continue
        last = mine[-1]
        if any(one.id != last.id and one.cycle >= last.asked for one in mine[:-1]):
            continue  # writes of different ids may overtake each other
        wanted, seen = last.data >> 8 * byte & 0xFF, read.data >> 8 * byte & 0xFF
        if wanted != seen:
            message = (
                f"address 0x{read.address:x} reads 0x{read.data:x}; byte {byte} was written as 0x{wanted:02x} in cycle "
                f"{last.cycle} and reads as 0x{seen:02x}"
            )
            return CheckFailure(
                check="read_back", port=f"{rule.port}.reads", cycle=read.cycle, index=read.index, field="data",
                expected=wanted, seen=seen, message=message,
            )  # fmt: skip
    return None
