"""Reference model of ``hgsa_loop_hard``: that of ``hgsa_loop``, and tables of what lasted and what came of it.

Arithmetic and outputs are those of the part. The tables here hold facts that need many invocations, or several of the
four streams: which of them move in one cycle, what is open on each, how long a condition held, what a reset left.
"""

from __future__ import annotations

import numpy as np

from dv_agent.designs.composition.part_models import part_model
from dv_agent.designs.composition.port_history import (
    at,
    first_of,
    met,
    moved_before,
    ordinal,
    restart_rows,
    seen,
    streak,
    waits,
    window_columns,
)
from dv_agent.designs.observation import Observation, Table
from dv_agent.designs.packet_columns import NONE, previous
from dv_agent.designs.trace import IntColumn, Trace, Transfers

LOOP = part_model("hgsa_loop")
WINDOW = 256
PINS = (
    "in_valid",
    "in_ready",
    "ld_addr_valid",
    "ld_addr_ready",
    "ld_data_valid",
    "ld_data_ready",
    "out_valid",
    "out_ready",
)
Columns = dict[str, IntColumn]


def observe(trace: Trace) -> Observation:
    """Return what the part owes, and ``iteration``, ``invocation``, ``moment``, ``left``, ``window``, ``restart``.

    The first two are those of the part with more columns. ``moment``: a row a cycle in which a result is offered.
    ``left``: a row a result, in the cycle in which it is taken. ``window``: a row for 256 cycles. ``restart``: a row a
    reset after the initial one, in the cycle before it.
    """
    part = LOOP.observe(trace)
    outs = seen(trace, "out")
    iterations, calls = dict(part.tables["iteration"].columns), dict(part.tables["invocation"].columns)
    iterations |= iteration_columns(trace, outs, iterations)
    calls |= call_columns(calls)
    tables = {
        "iteration": Table(iterations),
        "invocation": Table(calls),
        "moment": Table(moments(trace)),
        "left": Table(left_columns(trace, outs, calls)),
        "window": Table(windows(trace)),
        "restart": Table(restarts(trace, outs, calls)),
    }
    return Observation(expected=part.expected, tables=tables, levels=part.levels)


def as_events(columns: Columns) -> Transfers:
    """Return rows of a table as transfers without payload."""
    return Transfers(columns["cycle"], columns["epoch"], {}, np.zeros(len(columns["cycle"]), np.bool_))


def iteration_columns(trace: Trace, outs: Transfers, rows: Columns) -> Columns:
    """Each answer: what leaves in its cycle, and for how many answers on end each condition has held."""
    cycle, epoch, above = rows["cycle"], rows["epoch"], rows["above"]
    waited, latency = waits(trace, "ld_data", cycle), rows["latency"]
    before, first = (
        previous(above, epoch),
        np.concatenate([np.ones(1, np.int64), np.diff(rows["invocation"])])[: len(cycle)],
    )
    falls = latency < previous(latency, epoch, 99)
    conditions = {
        "refused": waited >= 1,
        "slow": latency >= 20,
        "falling": falls & (latency > 0),
        "flips": (above != before) & (before != NONE),
        "equal": rows["x"] == rows["t"],
        "squares_on": above == 1,
        "three_open": rows["open"] >= 2,
        "lowest": (rows["x"] == -128) & (rows["t"] == -128),
        "crossing": (rows["above_before"] == 1 - above) | (first == 0),
    }
    columns = {name: streak(np.asarray(mask), epoch) for name, mask in conditions.items()}
    index = met(outs, cycle)
    columns |= {
        "result": index != NONE,
        "waited": waited,
        "begins": (first > 0) & (rows["i"] == 0),
        "ends": rows["i"] == rows["n"] - 1,
    }
    columns["next_differs"] = rows["above_next"] == 1 - above
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def call_columns(calls: Columns) -> Columns:
    """Each result owed: for how many invocations on end each condition has held."""
    n, s, epoch = calls["n"], calls["s"], calls["epoch"]
    before = calls["prev_n"]
    sums, two = previous(s, epoch), previous(previous(n, epoch), epoch)
    conditions = {
        "empty": n == 0,
        "fifteens": n == 15,
        "all_squares": (n >= 8) & (calls["squares"] == n),
        "none_square": (n >= 8) & (calls["squares"] == 0),
        "turns": ((n == 0) & (before == 15)) | ((n == 15) & (before == 0)),
        "singles": n == 1,
        "climbs": (n == before + 1) & (before >= 0),
        "greatest": s == 241935,
        "least": s == -1905,
        "below": s < 0,
        "cancels": (s == 0) & (n > 0) & (calls["squares"] > 0),
        "again": (s == sums) & (n != before) & (n > 0),
        "gaps": ((n == 0) & (before > 0)) | ((n > 0) & (before == 0) & (two != 0)),
        "late_ends": (calls["last_latency"] >= 12) & (calls["other_latency"] <= 0) & (n >= 2),
    }
    return {name: streak(np.asarray(mask), epoch) for name, mask in conditions.items()}


def moments(trace: Trace) -> Columns:
    """Each cycle with a result at the output: what the four streams do in it (0 quiet, 1 waits, 2 moves)."""
    if any(name not in trace.signals for name in PINS):
        return dict.fromkeys(
            ("cycle", "epoch", "header", "request", "answer", "result", "open", "calls", "all_move", "held"),
            np.zeros(0, np.int64),
        )
    free = ~trace.in_reset
    pins = {name: (trace.signals[name] != 0) & free for name in PINS}
    cycle = np.flatnonzero(pins["out_valid"]).astype(np.int64)
    epoch = trace.epoch[cycle]
    doing = {
        name: pins[f"{port}_valid"].astype(np.int64) + (pins[f"{port}_valid"] & pins[f"{port}_ready"])
        for name, port in (("header", "in"), ("request", "ld_addr"), ("answer", "ld_data"), ("result", "out"))
    }
    columns = {"cycle": cycle, "epoch": epoch} | {name: values[cycle] for name, values in doing.items()}
    asked, answered = trace.accepted["ld.request"], trace.accepted["ld.response"]
    columns["open"] = moved_before(asked, cycle, epoch) - moved_before(answered, cycle, epoch)
    columns["calls"] = moved_before(trace.accepted["in"], cycle, epoch) - moved_before(
        trace.accepted["out"], cycle, epoch
    )
    columns["all_move"] = streak(np.logical_and.reduce([columns[name] == 2 for name in doing]), epoch)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def left_columns(trace: Trace, outs: Transfers, calls: Columns) -> Columns:
    """Each delivered result: its invocation, what stays inside, and for how many on end each condition has held."""
    index = np.searchsorted(calls["epoch"], outs.epoch) + ordinal(outs.epoch)
    known = index < np.searchsorted(calls["epoch"], outs.epoch, side="right")
    index, cycle, epoch = index[known], outs.cycle[known], outs.epoch[known]
    stall, spacing = waits(trace, "out", cycle), cycle - previous(cycle, epoch, 0)
    accepted, asked = trace.accepted["in"], seen(trace, "ld.request")
    answered = trace.accepted["ld.response"]
    n = np.asarray(calls["n"][index])
    columns = {
        "cycle": cycle,
        "epoch": epoch,
        "stall": stall,
        "spacing": spacing,
        "n": n,
        "s": calls["s"][index],
        "age": cycle - calls["cycle"][index],
        "in_waits": waits(trace, "in", cycle),
        "calls": moved_before(accepted, cycle, epoch) - moved_before(outs, cycle, epoch),
        "asked": moved_before(asked, cycle, epoch),
        "open": moved_before(asked, cycle, epoch) - moved_before(answered, cycle, epoch),
    }
    need = np.cumsum(n)
    base = need - n
    start = (
        base[np.flatnonzero(np.concatenate([np.ones(1, np.bool_), epoch[1:] != epoch[:-1]]))] if len(epoch) else base
    )
    owed = need - start[np.unique(epoch, return_inverse=True)[1]] if len(epoch) else need
    columns["ahead"] = moved_before(answered, cycle, epoch) - owed  # answers taken for invocations behind this one
    columns["ahead_sizes"] = distinct_squares(answered, accepted, cycle, epoch, columns["ahead"])
    columns["dragging"] = streak(stall >= 16, epoch)
    columns["in_step"] = streak(stall == 1, epoch)
    columns["old"] = streak(columns["age"] >= 100, epoch)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def distinct_squares(
    answered: Transfers, accepted: Transfers, cycle: IntColumn, epoch: IntColumn, ahead: IntColumn
) -> IntColumn:
    """(m,) distinct sizes of the squares of the next invocation among the elements taken ahead."""
    found, number = np.zeros(len(cycle), np.int64), ordinal(epoch)
    last = np.searchsorted(answered.cycle, cycle)
    for row in np.flatnonzero(ahead > 0).tolist():
        following = int(np.searchsorted(accepted.epoch, epoch[row])) + int(number[row]) + 1
        if following >= len(accepted) or accepted.epoch[following] != epoch[row]:
            continue
        size = min(int(ahead[row]), int(accepted.columns["n"][following]))
        values = answered.columns["data"][last[row] - ahead[row] : last[row] - ahead[row] + size]
        found[row] = len({abs(int(x)) for x in values.tolist() if x > accepted.columns["t"][following]})
    return found


def windows(trace: Trace) -> Columns:
    """Each window: transfers of all streams, and cycles in which something was offered and not taken."""
    names = ("taken", "asked", "given", "in_waits", "asks_wait", "answers_wait", "out_waits")
    if any(name not in trace.signals for name in PINS):
        return dict.fromkeys(("cycle", "epoch", "number", *names, "even"), np.zeros(0, np.int64))
    pins = {name: trace.signals[name] != 0 for name in PINS}
    moves = {port: pins[f"{port}_valid"] & pins[f"{port}_ready"] for port in ("in", "ld_addr", "ld_data", "out")}
    stands = {port: pins[f"{port}_valid"] & ~pins[f"{port}_ready"] for port in moves}
    values = (
        moves["in"],
        moves["ld_addr"],
        moves["out"],
        stands["in"],
        stands["ld_addr"],
        stands["ld_data"],
        stands["out"],
    )
    columns = window_columns(trace, WINDOW, dict(zip(names, values, strict=True)))
    epoch, given = columns["epoch"], columns["given"]
    even = (given == previous(given, epoch)) & (columns["out_waits"] >= 26) & (columns["asks_wait"] >= 26)
    return columns | {"even": streak(even & (given > 0), epoch)}


def restarts(trace: Trace, outs: Transfers, calls: Columns) -> Columns:
    """Each reset: what stood on each stream, what was inside, and the first result behind it."""
    begin = restart_rows(trace)
    before = np.maximum(begin - 1, 0)
    old, new = trace.epoch[before], trace.epoch[begin]
    accepted, asked, answered = trace.accepted["in"], seen(trace, "ld.request"), trace.accepted["ld.response"]
    last = np.searchsorted(accepted.cycle, begin) - 1
    last_in = np.where(at(accepted.epoch, last) == old, at(accepted.cycle, last), NONE)
    newest = np.searchsorted(answered.cycle, begin) - 1
    last_answer = np.where(at(answered.epoch, newest) == old, at(answered.cycle, newest), NONE)
    first = first_of(calls["epoch"], new)
    after = outs.epoch.searchsorted(new, "right") - outs.epoch.searchsorted(new)
    inside = moved_before(accepted, begin, old) - moved_before(outs, begin, old)
    answers = moved_before(answered, begin, old)
    columns = {
        "cycle": before,
        "epoch": old,
        "calls": inside,
        "answers": answers,
        "open": moved_before(asked, begin, old) - answers,
        "since_in": np.where(last_in == NONE, NONE, begin - last_in),
        "since_answer": np.where(last_answer == NONE, NONE, begin - last_answer),
        "single": (moved_before(accepted, begin, old) == 1),
        "n": np.where(last_in == NONE, NONE, at(accepted.columns["n"], last)),
        "next_n": np.where(first == NONE, NONE, at(calls["n"], first)),
        "next_squares": at(calls["squares"], first),
        "after": after,
        "total": moved_before(outs, begin, old),
    }
    columns["frozen"] = frozen_ahead(trace, outs, before, answers)
    one = np.zeros(len(begin), np.int64)  # resets of a test follow on each other across epochs
    columns["busy_again"] = streak((inside >= 3) & (columns["open"] >= 1) & (after >= 3), one)
    columns["open_again"] = streak((columns["open"] >= 2) & (columns["next_n"] == 1) & (after >= 2), one)
    columns["full_again"] = streak((inside >= 4) & (after >= 6), one)
    return {name: np.asarray(values, np.int64) for name, values in columns.items()}


def frozen_ahead(trace: Trace, outs: Transfers, before: IntColumn, answers: IntColumn) -> IntColumn:
    """(k,) elements taken for later invocations while a result waits before each reset; 0 if none waits."""
    found = np.zeros(len(before), np.int64)
    if "out_valid" not in trace.signals:
        return found
    stands = (trace.signals["out_valid"][before] != 0) & (trace.signals["out_ready"][before] == 0)
    accepted, old = trace.accepted["in"], trace.epoch[before]
    gone = moved_before(outs, before + 1, old)
    for row in np.flatnonzero(stands).tolist():
        own = accepted.columns["n"][accepted.epoch == old[row]]
        found[row] = max(int(answers[row]) - int(own[: gone[row] + 1].sum()), 0)
    return found
