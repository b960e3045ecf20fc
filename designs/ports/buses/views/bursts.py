"""Reads and writes of a bus with bursts and ids, made from the transfers of its channels; see `accesses`."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dv_agent.designs.ports.buses.views.accesses import OPEN, READS, WRITES, answered
from dv_agent.designs.trace import IntColumn, Transfers


@dataclass(slots=True)
class _Rows:
    """Beats by the rows of the channels that they come from."""

    request: list[int] = field(default_factory=list)
    data: list[int] = field(default_factory=list)
    answer: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)


def answered_by_burst(
    name: str, accepted: Mapping[str, Transfers], step: int, may_write: bool, may_read: bool
) -> dict[str, Transfers]:
    """Return reads and writes by beats. Args: step: bytes of a beat."""
    found = {}
    if may_write:
        aw, w, b = (accepted[f"{name}.{part}"] for part in ("aw", "w", "b"))
        rows, still_open = _written(aw, w, b)
        asked = np.maximum(aw.cycle[rows.request], w.cycle[rows.data])
        columns = {key: column[rows.data] for key, column in w.columns.items() if key != "last"}
        found[f"{name}.{WRITES}"] = _transfers(b, aw, rows, columns, asked, step)
        kept = np.array(still_open, np.int64)
        found[f"{name}.{OPEN}"] = Transfers(aw.cycle[kept], aw.epoch[kept], {}, aw.unknown[kept])
    if may_read:
        ar, r = accepted[f"{name}.ar"], accepted[f"{name}.r"]
        rows = _read(ar, r)
        columns = {"data": r.columns["data"][rows.answer]}
        found[f"{name}.{READS}"] = _transfers(r, ar, rows, columns, ar.cycle[rows.request], step)
    return found


def _transfers(
    answer: Transfers, request: Transfers, rows: _Rows, columns: dict[str, IntColumn], asked: IntColumn, step: int
) -> Transfers:
    first = request.columns["addr"][rows.request]
    place = np.array(rows.place, np.int64)
    # The first beat may begin within a word; all others begin with one.
    addr = np.where(place == 0, first, first // step * step + place * step)
    picked = {"addr": addr, **columns, "asked": asked.astype(np.int64)}
    picked |= {key: column[rows.answer] for key, column in answered(answer).items()}
    if "id" in request.columns:
        picked["id"] = request.columns["id"][rows.request]
    return Transfers(answer.cycle[rows.answer], answer.epoch[rows.answer], picked, answer.unknown[rows.answer])


def _ids(seen: Transfers) -> list[int]:
    return seen.columns["id"].tolist() if "id" in seen.columns else [0] * len(seen)


def _bursts(w: Transfers) -> dict[int, deque[list[int]]]:
    """Return the rows of each complete burst of data, by reset epoch."""
    found: dict[int, deque[list[int]]] = defaultdict(deque)
    begun: list[int] = []
    for row, (epoch, last) in enumerate(zip(w.epoch.tolist(), w.columns["last"].tolist(), strict=True)):
        if begun and w.epoch[begun[0]] != epoch:
            begun = []
        begun.append(row)
        if last:
            found[epoch].append(begun)
            begun = []
    return found


def _written(aw: Transfers, w: Transfers, b: Transfers) -> tuple[_Rows, list[int]]:
    """Return the beats of all answered writes in the order of their answers, and the requests without an answer."""
    bursts, owed = _bursts(w), defaultdict[tuple[int, int], deque[tuple[int, list[int]]]](deque)
    waiting = dict.fromkeys(range(len(aw)))
    for row, (epoch, name) in enumerate(zip(aw.epoch.tolist(), _ids(aw), strict=True)):
        if bursts[epoch]:
            owed[epoch, name].append((row, bursts[epoch].popleft()))
    rows = _Rows()
    for answer, key in enumerate(zip(b.epoch.tolist(), _ids(b), strict=True)):
        if not owed[key]:
            continue
        request, beats = owed[key].popleft()
        waiting.pop(request)
        for place, beat in enumerate(beats):
            rows.request.append(request)
            rows.data.append(beat)
            rows.answer.append(answer)
            rows.place.append(place)
    return rows, list(waiting)


def _read(ar: Transfers, r: Transfers) -> _Rows:
    """Return the beats of all reads, in order."""
    owed: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    beat: dict[tuple[int, int], int] = defaultdict(int)
    for row, key in enumerate(zip(ar.epoch.tolist(), _ids(ar), strict=True)):
        owed[key].append(row)
    rows = _Rows()
    for answer, key in enumerate(zip(r.epoch.tolist(), _ids(r), strict=True)):
        if not owed[key]:
            continue
        rows.request.append(owed[key][0])
        rows.answer.append(answer)
        rows.place.append(beat[key])
        beat[key] += 1
        if r.columns["last"][answer]:
            owed[key].popleft()
            beat[key] = 0
    return rows
