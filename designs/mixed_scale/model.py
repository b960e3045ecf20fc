"""Reference model of ``mixed_scale``: a bit-exact fold over the accepted blocks.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: n accepted blocks, 4 lanes. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, idle_before, places, previous, select
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

LANES = 4
BITS = ((8, 8), (4, 4), (2, 2), (8, 4))  # of x and w, by precision
SUM_BITS, KEPT_BITS = 18, 10
EXACT, DOWN, TIE_DOWN, TIE_UP, UP = range(5)  # what rounding to the nearest, ties to even, did
OBSERVED = ("dbg_held", "dbg_open", "dbg_rounded", "dbg_done", "dbg_prec", "dbg_exp")
STEPS = (
    "switch", "cut", "how", "carry", "rounded", "rounded_exp", "before", "before_exp", "gap", "lost", "total", "grew",
    "sum", "exp", "switches", "growths",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """The accepted blocks, and section 3 about them; arrays are (n,)."""

    beats: Transfers
    place: IntColumn
    last: IntColumn
    p: IntColumn
    step: dict[str, IntColumn]  # see `Accumulator.add`


@dataclass(slots=True)
class Accumulator:
    """The sum of a vector under way, as Python integers."""

    sum: int = 0
    exp: int = 0
    switches: int = 0
    growths: int = 0

    def add(self, p: int, e: int, switch: bool) -> tuple[int, ...]:
        """Take a block; return what happened, named by `STEPS`.

        ``before`` is the sum before the block, ``rounded`` the one behind the switch; ``gap`` is e less the exponent of
        the latter (0 if nothing is aligned), ``lost`` 1 if alignment cut something off, ``total`` the sum before it is
        halved.
        """
        before, before_exp = self.sum, self.exp
        cut = how = 0
        if switch:
            self.sum, cut, how = nearest_even(before)
            self.exp += cut
            self.switches += 1
        rounded, rounded_exp = self.sum, self.exp
        carry = int(cut > 0 and abs(rounded) == 1 << KEPT_BITS)
        gap, lost, total = self._align(p, e)
        grew = int(not -(1 << (SUM_BITS - 1)) <= total < 1 << (SUM_BITS - 1))
        self.sum, self.exp, self.growths = total >> grew, self.exp + grew, self.growths + grew
        return (
            int(switch), cut, how, carry, rounded, rounded_exp, before, before_exp, gap, lost, total, grew,
            self.sum, self.exp, self.switches, self.growths,
        )  # fmt: skip

    def _align(self, p: int, e: int) -> tuple[int, int, int]:
        """Steps 5 to 7: gap, lost and total; the exponent is that of the total."""
        if self.sum == 0:
            self.exp = e
            return 0, 0, p
        if p == 0:
            return 0, 0, self.sum
        gap = e - self.exp
        term, other, shift = (self.sum, p, gap) if gap > 0 else (p, self.sum, -gap)
        self.exp = max(self.exp, e)
        return gap, int(term & ((1 << shift) - 1) != 0), (term >> shift) + other


def nearest_even(value: int) -> tuple[int, int, int]:
    """Step 4: the value with at most ten bits, by how many places it was shifted, and EXACT to UP."""
    magnitude = abs(value)
    cut = max(0, magnitude.bit_length() - KEPT_BITS)
    floor, rest, half = magnitude >> cut, magnitude & ((1 << cut) - 1), (1 << cut) >> 1
    tie = TIE_UP if floor & 1 else TIE_DOWN
    how = EXACT if rest == 0 else DOWN if rest < half else UP if rest > half else tie
    kept = floor + (how >= TIE_UP)
    return (-kept if value < 0 else kept), cut, how


def observe(trace: Trace) -> Observation:
    """Fold one trace: the results that the design owes, and raw facts about blocks and vectors.

    Tables: ``block`` (one row an accepted block) and ``vector`` (one a complete vector).
    """
    facts = evaluate(trace.accepted["in"])
    ends = np.flatnonzero(facts.last)
    columns = {name: facts.step[name][ends] for name in ("sum", "exp", "switches", "growths")}
    expected = Expected(epoch=facts.beats.epoch[ends], columns=columns, cause_cycle=facts.beats.cycle[ends])
    tables = {"block": block_table(facts), "vector": vector_table(facts, ends)}
    return Observation(expected={"out": expected}, tables=tables, levels=levels(trace, facts))


# --- Arithmetic ------------------------------------------------------------------------------


def evaluate(accepted: Transfers) -> Facts:
    """Section 3 for all accepted blocks."""
    beats = select(accepted, np.ones(len(accepted), np.bool_))
    columns, last = beats.columns, beats.columns["last"]
    place = places(last, beats.epoch)
    x, w = (columns[name].reshape(-1, LANES) for name in ("x", "w"))
    p = dot(x, w, columns["prec"])
    switch = (place > 0) & (columns["prec"] != previous(columns["prec"], beats.epoch))
    rows, running = [], Accumulator()
    for value, e, at, turn in zip(p.tolist(), columns["e"].tolist(), place.tolist(), switch.tolist(), strict=True):
        if at == 0:
            running = Accumulator()
        rows.append(running.add(value, e, turn))
    table = np.array(rows, np.int64).reshape(-1, len(STEPS))
    return Facts(beats, place, last, p, {name: table[:, at] for at, name in enumerate(STEPS)})


def dot(x: IntColumn, w: IntColumn, prec: IntColumn) -> IntColumn:
    """Steps 1 and 2: p of each block. Args: x, w (n, 4), prec (n,)."""
    result = np.zeros(len(prec), np.int64)
    for number, (x_bits, w_bits) in enumerate(BITS):
        products = sum(
            signed(x >> (place * x_bits), x_bits) * signed(w >> (place * w_bits), w_bits)
            for place in range(8 // x_bits)
        )
        result = np.where(prec == number, np.sum(products, axis=1), result)
    return result


def signed(value: IntColumn, bits: int) -> IntColumn:
    """The low bits of a number, read as a signed one."""
    sign = 1 << (bits - 1)
    return ((value & (2 * sign - 1)) ^ sign) - sign


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, facts: Facts) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    step, epoch = facts.step, facts.beats.epoch
    held, is_rounded, done = (at.high(f"dbg_{name}") for name in ("held", "rounded", "done"))
    room, valid = at.skid(done, at.waiting("out"))
    # The block in the product register is the newest one that was accepted.
    newest = at.count(at.moved("in")) - 1
    waits = held & (at.nth(step["switch"], epoch, newest) == 1) & ~is_rounded
    last = at.nth(facts.last, epoch, newest) == 1
    result_room = ~done | room
    add = held & ~waits & (~last | result_room)
    ready = ~held | add
    added = at.count(add) - 1
    is_open = at.nth(1 - facts.last, epoch, added)
    exp = np.where(is_rounded, at.nth(step["rounded_exp"], epoch, newest), is_open * at.nth(step["exp"], epoch, added))
    return {
        "dbg_held": at.after(np.where(ready, at.moved("in"), held)),
        "dbg_rounded": at.after(waits | (is_rounded & ~add)),
        "dbg_done": at.after(np.where(result_room, add & last, done)),
        "dbg_open": is_open,
        "dbg_prec": is_open * at.nth(facts.beats.columns["prec"], epoch, added),
        "dbg_exp": exp & 63,
        "in_ready": ready.astype(np.int64),
        "out_valid": valid,
    }


# --- Tables ----------------------------------------------------------------------------------


def block_table(facts: Facts) -> Table:
    """One row a block. ``prev_prec`` is that of the block before in the same vector, -1 for the first one."""
    beats, step = facts.beats, facts.step
    columns = beats.columns
    prev_prec = np.where(facts.place > 0, previous(columns["prec"], beats.epoch), NONE)
    table = {
        "cycle": beats.cycle, "epoch": beats.epoch, "place": facts.place, "last": facts.last, "prec": columns["prec"],
        "prev_prec": prev_prec, "e": columns["e"], "p": facts.p,
    }  # fmt: skip
    return Table(table | step)


def vector_table(facts: Facts, ends: IntColumn) -> Table:
    """One row a complete vector. ``prev_*`` belong to the vector before in the same epoch, -1 without one.

    ``zeros`` is how many of its blocks have p = 0; ``precisions`` how many of the four precisions it uses.
    """
    beats, step = facts.beats, facts.step
    index = np.arange(len(facts.place), dtype=np.int64)
    start = (index - facts.place)[ends]
    columns = {name: step[name][ends] for name in ("sum", "exp", "switches", "growths", "switch", "grew")}
    columns |= {
        "cycle": beats.cycle[ends], "epoch": beats.epoch[ends], "length": facts.place[ends] + 1,
        "last_prec": beats.columns["prec"][ends], "first_prec": beats.columns["prec"][start],
        "zeros": between(facts.p == 0, start, ends), "gap_before": idle_before(beats.cycle, beats.epoch)[start],
    }  # fmt: skip
    used = [between(beats.columns["prec"] == one, start, ends) > 0 for one in range(len(BITS))]
    columns["precisions"] = np.sum(used, axis=0, dtype=np.int64)
    names = ("last_prec", "switches", "growths", "length", "exp")
    return Table(columns | {f"prev_{name}": previous(columns[name], columns["epoch"]) for name in names})


def between(mask: np.ndarray, start: IntColumn, ends: IntColumn) -> IntColumn:
    """How often a mask over the blocks is true in each vector."""
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask)])
    return np.asarray(total[ends + 1] - total[start])
