"""Reads and writes of a bus, made from the transfers of its channels: the same columns for every kind of bus.

``<port>.reads`` and ``<port>.writes`` in `Trace.accepted` hold one entry for each answered access (each beat of a
burst), in the cycle of its answer; ``<port>.open`` one for each write that had no answer (yet). Columns: ``addr``,
``data``, ``error`` (1 if the answer says so), ``asked`` (the cycle in which the request was complete), and ``strb``,
``resp``, ``id`` where the bus has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from dv_agent.designs.packet_columns import begins_epoch, count_up
from dv_agent.designs.trace import BoolColumn, IntColumn, Transfers

_ERROR = 2  # AXI: SLVERR; DECERR is 3
READS, WRITES, OPEN = "reads", "writes", "open"


def answered_at_once(name: str, seen: Transfers, selects: bool = False) -> dict[str, Transfers]:
    """Return reads and writes of a bus on which one transfer is the whole access.

    Args:
        seen: columns ``write``, ``addr``, ``data``, ``rdata``, ``strb``, and ``error`` and ``retry`` if there are any.
        selects: whether the strobes say which bytes are read, too.
    """
    zeros = np.zeros(len(seen), np.int64)
    write = seen.columns.get("write", zeros) == 1
    error = seen.columns.get("error", zeros) | seen.columns.get("retry", zeros)
    common = {"addr": seen.columns.get("addr", zeros), "error": error, "asked": seen.cycle}
    reads = {**common, "data": seen.columns.get("rdata", zeros)}
    writes = {**common, "data": seen.columns.get("data", zeros)}
    if "strb" in seen.columns:
        writes["strb"] = seen.columns["strb"]
        if selects:
            reads["strb"] = seen.columns["strb"]
    # What a write returns may be unknown, except for its error, which a rule of its own is about.
    known = replace(seen, unknown=np.zeros(len(seen), np.bool_))
    return {f"{name}.{READS}": _rows(seen, reads, ~write), f"{name}.{WRITES}": _rows(known, writes, write)}


def answered_by_channel(
    name: str, accepted: Mapping[str, Transfers], may_write: bool, may_read: bool
) -> dict[str, Transfers]:
    """Return reads and writes of a bus of five channels without ids and bursts."""
    found = {}
    if may_write:
        address, data, answer = _matched([accepted[f"{name}.{part}"] for part in ("aw", "w", "b")])
        asked = np.maximum(address.cycle, data.cycle)
        columns = {"addr": address.columns["addr"], **data.columns, **answered(answer), "asked": asked}
        found[f"{name}.{WRITES}"] = _rows(answer, columns, np.ones(len(answer), np.bool_))
        found[f"{name}.{OPEN}"] = unmatched(accepted[f"{name}.aw"], address)
    if may_read:
        address, answer = _matched([accepted[f"{name}.{part}"] for part in ("ar", "r")])
        columns = {"addr": address.columns["addr"], "data": answer.columns["data"], **answered(answer)}
        columns["asked"] = address.cycle
        found[f"{name}.{READS}"] = _rows(answer, columns, np.ones(len(answer), np.bool_))
    return found


def answered_in_order(name: str, requests: Transfers, answers: Transfers) -> dict[str, Transfers]:
    """Return reads and writes of a bus of requests and later answers; see `answered_at_once` for the columns."""
    request, answer = _matched([requests, answers])
    data = answer.columns.get("data", np.zeros(len(answer), np.int64))
    status: dict[str, IntColumn] = {key: answer.columns[key] for key in ("error", "retry") if key in answer.columns}
    whole = replace(answer, columns={**request.columns, "rdata": data, **status})
    found = answered_at_once(name, whole, selects=True)
    write = request.columns.get("write", np.zeros(len(request), np.int64)) == 1
    for part, keep in ((READS, ~write), (WRITES, write)):
        found[f"{name}.{part}"].columns["asked"] = request.cycle[keep]
    open_writes = unmatched(requests, request)
    return {**found, f"{name}.{OPEN}": open_writes}


def asked_of_memory(
    name: str, requests: Transfers, writes: str, late: IntColumn | None, answers: Transfers | None, reads: bool,
    answers_writes: bool,
) -> dict[str, Transfers]:  # fmt: skip
    """Return reads and writes of a memory that the testbench is.

    Args:
        writes: the column of `requests` that is not 0 if it writes; empty: all do, or none if `reads`.
        late: the data of reads as a column of the trace, valid in the cycle after the request.
        answers: the answers, in order; None if they are not transfers of their own.
        reads: whether the memory can be read.
        answers_writes: whether writes have answers, too.
    """
    write = requests.columns[writes] != 0 if writes else np.full(len(requests), not reads)
    read = _rows(requests, requests.columns, ~write)
    stored = {"addr": requests.columns["addr"], "data": requests.columns.get("data", requests.cycle * 0)}
    stored |= {"error": requests.cycle * 0, "asked": requests.cycle}
    if "strb" in requests.columns:
        stored["strb"] = requests.columns["strb"]
    if answers is not None:
        request, seen = _matched([requests if answers_writes else read, answers])
        among = np.isin(request.cycle, read.cycle)
        read, seen = _rows(request, request.columns, among), _rows(seen, seen.columns, among)
        data = seen.columns.get("data", read.cycle * 0)
    else:
        seen, data = read, read.columns.get("rdata", read.cycle * 0)
        if late is not None and len(late):
            data = late[np.minimum(read.cycle + 1, len(late) - 1)]
    loaded = {"addr": read.columns["addr"], "data": data, "error": read.cycle * 0, "asked": read.cycle}
    return {
        f"{name}.{READS}": _rows(seen, loaded, np.ones(len(seen), np.bool_)),
        f"{name}.{WRITES}": _rows(requests, stored, write),
    }


def answered(answer: Transfers) -> dict[str, IntColumn]:
    """Return ``error``, and ``resp`` if the answers of an AXI bus have one."""
    resp = answer.columns.get("resp")
    if resp is None:
        return {"error": np.zeros(len(answer), np.int64)}
    return {"error": (resp >= _ERROR).astype(np.int64), "resp": resp}


def ranks(epoch: IntColumn) -> IntColumn:
    """Return the number of each transfer within its reset epoch, from 0."""
    starts = np.flatnonzero(begins_epoch(epoch)).astype(np.int64)
    return count_up(np.diff(starts, append=len(epoch)))


def unmatched(requests: Transfers, matched: Transfers) -> Transfers:
    """Return the requests that are not in `matched`; there is at most one in a cycle."""
    return _rows(requests, {}, ~np.isin(requests.cycle, matched.cycle))


def _matched(channels: list[Transfers]) -> list[Transfers]:
    """Return the transfers of each channel that have a counterpart of the same number in all others."""
    names = [(one.epoch << 32) | ranks(one.epoch) for one in channels]
    common = names[0]
    for other in names[1:]:
        common = np.intersect1d(common, other)
    return [_rows(one, one.columns, np.isin(name, common)) for one, name in zip(channels, names, strict=True)]


def _rows(seen: Transfers, columns: Mapping[str, IntColumn], keep: BoolColumn) -> Transfers:
    picked = {name: column[keep] for name, column in columns.items()}
    return Transfers(seen.cycle[keep], seen.epoch[keep], picked, seen.unknown[keep])
