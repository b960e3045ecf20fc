"""Reference model of ``eqsat_pair``: a bit-exact fold over the accepted beats.

Written from ``spec.md``; rule numbers are those of its section 3.
Axis name used below: n accepted beats. All arrays are int64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import begins_packet, idle_before, places, previous, select
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

WIDTH = 16
NONE_YET = 16  # `first` of a job without a difference
OBSERVED = ("dbg_pipe", "dbg_open", "dbg_rule", "dbg_wide", "dbg_count", "dbg_first")


@dataclass(frozen=True, slots=True)
class Operands:
    """The operands of all beats, each (n,); `width` is that of a, b and c."""

    a: IntColumn
    b: IntColumn
    c: IntColumn
    k: IntColumn
    width: int = WIDTH

    @property
    def low(self) -> int:
        """The least number of `width` bits."""
        return -(1 << (self.width - 1))

    @property
    def high(self) -> int:
        """The greatest number of `width` bits."""
        return (1 << (self.width - 1)) - 1

    def cut(self, x: IntColumn, bits: int = 0) -> IntColumn:
        """N: the low bits of x, read as a signed number; of `width` bits unless given."""
        sign = 1 << ((bits or self.width) - 1)
        return ((x + sign) & (2 * sign - 1)) - sign

    def clip(self, x: IntColumn) -> IntColumn:
        """S: x, or the end of the range of `width` bits that is nearest to it."""
        return np.clip(x, self.low, self.high)

    def beyond(self, x: IntColumn) -> IntColumn:
        """1 where x is above the range of `width` bits, -1 below, 0 within."""
        return (x > self.high).astype(np.int64) - (x < self.low)


@dataclass(frozen=True, slots=True)
class Facts:
    """The accepted beats, and section 3 about them; every array is (n,)."""

    beats: Transfers
    x: Operands
    rule: IntColumn
    wide: IntColumn
    place: IntColumn
    last: IntColumn
    left: IntColumn
    right: IntColumn
    count: IntColumn
    first: IntColumn


def observe(trace: Trace) -> Observation:
    """Fold one trace: the output beats that the design owes, and raw facts about them.

    Tables: ``pair`` (one row an input beat) and ``job`` (one a complete job, in the cycle of its last beat).
    """
    facts = evaluate(trace.accepted["in"])
    columns = {
        "left": facts.left, "right": facts.right, "differ": (facts.left != facts.right).astype(np.int64),
        "count": facts.count, "first": facts.first, "last": facts.last,
    }  # fmt: skip
    expected = Expected(epoch=facts.beats.epoch, columns=columns, cause_cycle=facts.beats.cycle)
    tables = {"pair": pair_table(facts), "job": job_table(facts)}
    return Observation(expected={"out": expected}, tables=tables, levels=levels(trace, facts))


def evaluate(accepted: Transfers) -> Facts:
    """Section 3 for all accepted beats."""
    beats = select(accepted, np.ones(len(accepted), np.bool_))
    columns, epoch, last = beats.columns, beats.epoch, beats.columns["last"]
    place = places(last, epoch)
    start = np.arange(len(last), dtype=np.int64) - place
    rule, wide = columns["rule"][start], columns["wide"][start]
    x = Operands(columns["a"], columns["b"], columns["c"], columns["k"])
    left, right = original(x, rule), rewritten(x, rule, wide)
    count, first = tally(left != right, place, start)
    return Facts(beats, x, rule, wide, place, last, left, right, count, first)


def tally(differs: np.ndarray, place: IntColumn, start: IntColumn) -> tuple[IntColumn, IntColumn]:
    """Section 3.3: `count` and `first` up to each beat of its job, this one included."""
    if not len(place):
        return place, place
    total = np.cumsum(differs)
    count = total - total[start] + differs[start]
    index = np.arange(len(place), dtype=np.int64)
    # A job's first difference is the beat at which its count becomes 1.
    found = np.maximum.accumulate(np.where(differs & (count == 1), index, -1))
    return count, np.where(count > 0, place[found], NONE_YET)


# --- The two sides ---------------------------------------------------------------------------


def original(x: Operands, rule: IntColumn) -> IntColumn:
    """Section 3.1: L of each beat."""
    return chosen(rule, LEFT, x)


def rewritten(x: Operands, rule: IntColumn, wide: IntColumn) -> IntColumn:
    """Section 3.2: R of each beat."""
    return np.where(wide == 1, chosen(rule, WIDE, x), chosen(rule, NARROW, x))


Form = Callable[[Operands], IntColumn]


def chosen(rule: IntColumn, forms: tuple[Form, ...], x: Operands) -> IntColumn:
    """The form of each beat's rule; behind the last one a is left as it is."""
    result = x.a.copy()
    for number, form in enumerate(forms):
        result = np.where(rule == number, form(x), result)
    return result


def byte(x: Operands, of: IntColumn) -> IntColumn:
    """B: the lower half of a word, signed."""
    return x.cut(of, x.width // 2)


def toward_zero(a: IntColumn, k: IntColumn) -> IntColumn:
    """a / 2^k without its fraction."""
    return np.asarray(np.sign(a) * (np.abs(a) >> k))


def moved_range(x: Operands) -> IntColumn:
    """Rule 1: a + b + c, clipped once."""
    least, greatest = np.maximum(x.low, x.low + x.c), np.minimum(x.high, x.high + x.c)
    return np.asarray(np.clip(x.a + x.b + x.c, least, greatest))


def unsigned(x: Operands) -> IntColumn:
    """a read as a number without sign."""
    return x.a & ((1 << x.width) - 1)


LEFT: tuple[Form, ...] = (
    lambda x: (x.a + x.b) + x.c,
    lambda x: x.clip(x.clip(x.a + x.b) + x.c),
    lambda x: (x.a + x.b) * x.c,
    lambda x: x.a * x.c + x.b * x.c,
    lambda x: x.a * (1 << x.k),
    lambda x: toward_zero(x.a, x.k),
    lambda x: (x.a + x.b) >> 1,
    lambda x: np.where(x.a < x.b, x.c, 0),
    lambda x: np.maximum(x.a, x.b) - np.minimum(x.a, x.b),
    lambda x: byte(x, x.a) + byte(x, x.c),
    lambda x: ((x.a + x.b) >> x.k) + x.cut(x.a + x.b),
    lambda x: np.abs(x.a) - np.abs(x.b),
    lambda x: 7 * x.a,
    lambda x: unsigned(x) // 3,
    lambda x: (x.a < x.b).astype(np.int64),
)
WIDE: tuple[Form, ...] = (
    lambda x: x.a + (x.b + x.c),
    moved_range,
    lambda x: x.a * x.c + x.b * x.c,
    lambda x: (x.a + x.b) * x.c,
    lambda x: x.a << x.k,
    lambda x: (x.a + np.where(x.a < 0, (1 << x.k) - 1, 0)) >> x.k,
    lambda x: (x.a & x.b) + ((x.a ^ x.b) >> 1),
    lambda x: np.where(x.a - x.b < 0, x.c, 0),
    lambda x: np.abs(x.a - x.b),
    lambda x: byte(x, x.a) + byte(x, x.c),
    lambda x: ((x.a + x.b) >> x.k) + (x.a + x.b) - (x.beyond(x.a + x.b) << x.width),
    lambda x: np.abs(x.a) - np.abs(x.b),
    lambda x: (x.a << 3) - x.a,
    lambda x: unsigned(x) * (((2 << x.width) + 1) // 3) >> (x.width + 1),
    lambda x: (x.a + x.c < x.b + x.c).astype(np.int64),
)
NARROW: tuple[Form, ...] = (
    lambda x: x.a + x.cut(x.b + x.c),
    lambda x: x.clip(x.a + x.clip(x.b + x.c)),
    lambda x: x.cut(x.a * x.c + x.b * x.c, 2 * x.width),
    lambda x: x.cut(x.a + x.b) * x.c,
    lambda x: x.cut(x.a << x.k, x.width + x.width // 2),
    lambda x: x.a >> x.k,
    lambda x: x.cut(x.a + x.b) >> 1,
    lambda x: np.where(x.cut(x.a - x.b) < 0, x.c, 0),
    lambda x: np.abs(x.cut(x.a - x.b)),
    lambda x: byte(x, x.a + x.c),
    lambda x: (x.cut(x.a + x.b) >> x.k) + x.cut(x.a + x.b),
    lambda x: x.cut(np.abs(x.a)) - x.cut(np.abs(x.b)),
    lambda x: x.cut((x.a << 3) - x.a, x.width + 2),
    lambda x: unsigned(x) * (((1 << x.width) + 2) // 3) >> x.width,
    lambda x: (x.cut(x.a + x.c) < x.cut(x.b + x.c)).astype(np.int64),
)


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, facts: Facts) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    taken, pipe, epoch = at.moved("in"), at.pin("dbg_pipe"), facts.beats.epoch
    operands, sides = (pipe & 1) == 1, (pipe & 2) == 2
    room, valid = at.skid(sides, at.waiting("out"))
    sides_ready = ~sides | room
    ready = ~operands | sides_ready
    entered, left = at.count(taken) - 1, at.count(sides & room) - 1
    going_on = 1 - facts.last
    is_open = at.nth(going_on, epoch, entered)
    return {
        "dbg_pipe": at.after(np.where(ready, taken, operands) + 2 * np.where(sides_ready, operands, sides)),
        "dbg_open": is_open,
        "dbg_rule": is_open * at.nth(facts.rule, epoch, entered),
        "dbg_wide": is_open * at.nth(facts.wide, epoch, entered),
        "dbg_count": at.nth(going_on * facts.count, epoch, left),
        "dbg_first": NONE_YET + at.nth(going_on * (facts.first - NONE_YET), epoch, left),
        "in_ready": ready.astype(np.int64),
        "out_valid": valid,
    }


# --- Tables ----------------------------------------------------------------------------------


def pair_table(facts: Facts) -> Table:
    """One row an input beat. ``over_xy`` is 1 if x + y (``under_ab``: a - b) is above 16 bits, -1 if below, else 0."""
    x, beats = facts.x, facts.beats
    differ = (facts.left != facts.right).astype(np.int64)
    columns = {
        "cycle": beats.cycle, "epoch": beats.epoch, "rule": facts.rule, "wide": facts.wide, "place": facts.place,
        "a": x.a, "b": x.b, "c": x.c, "k": x.k, "left": facts.left, "right": facts.right, "differ": differ,
        "over_ab": x.beyond(x.a + x.b), "over_bc": x.beyond(x.b + x.c), "over_ac": x.beyond(x.a + x.c),
        "under_ab": x.beyond(x.a - x.b), "count": facts.count, "first": facts.first,
        "low_a": byte(x, x.a), "low_c": byte(x, x.c), "named": beats.columns["rule"],
    }  # fmt: skip
    return Table(columns)


def job_table(facts: Facts) -> Table:
    """One row a complete job. ``prev_*`` belong to the job before in the same epoch; -1 without one.

    ``others`` is how many later beats carry another rule or width; ``gap_before`` the cycles without a beat before it.
    """
    columns, epoch = facts.beats.columns, facts.beats.epoch
    other = (columns["rule"] != facts.rule) | (columns["wide"] != facts.wide)
    total, start = np.cumsum(other), np.arange(len(epoch), dtype=np.int64) - facts.place
    assert bool(np.all(begins_packet(facts.last, epoch)[start]))
    ends = np.flatnonzero(facts.last)
    first = start[ends]
    table = {
        "cycle": facts.beats.cycle[ends], "epoch": epoch[ends], "rule": facts.rule[ends], "wide": facts.wide[ends],
        "length": facts.place[ends] + 1, "count": facts.count[ends], "first": facts.first[ends],
        "others": (total[ends] - total[first]).astype(np.int64),
        "gap_before": idle_before(facts.beats.cycle, epoch)[first],
    }  # fmt: skip
    before = {
        f"prev_{name}": previous(table[name], table["epoch"]) for name in ("rule", "wide", "length", "count", "first")
    }
    return Table(table | before)
