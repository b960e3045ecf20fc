"""Reference model of ``kv_pack``: a bit-exact fold over accepted tokens and flushes, in cycle order.

Written from ``spec.md``; section numbers in the comments are its own. Axis names used
below: t accepted tokens, f flushes, k closed groups, n lines of m elements. All arrays
are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, count_up, previous
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import IntColumn, Trace, Transfers

CHANNELS = 8
GROUP = 16
PARAM, CODE, RESID, END = range(4)
MOST_WORDS = 64  # more than any group has; orders words within a group
IDLE, AT_PARAM, LOAD, DIV, AT_CODE, AT_RESID, AT_END, DONE = range(8)  # dbg_state
OBSERVED = ("dbg_state", "dbg_channel", "dbg_fill", "dbg_full", "dbg_queue", "dbg_unflushed")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The accepted tokens, in order."""

    cycle: IntColumn  # (t,)
    epoch: IntColumn  # (t,)
    x: IntColumn  # (t, 8)
    bits: IntColumn  # (t,)
    gran: IntColumn  # (t,)
    flushed: IntColumn  # (t,) cycle of the flush that has an effect before the next token, or NONE


@dataclass(frozen=True, slots=True)
class Groups:
    """The closed groups, in order (section 3.1); every array has shape (k,)."""

    start: IntColumn  # index of the first token
    count: IntColumn  # tokens
    residual: IntColumn  # 1 if closed by a flush
    cycle: IntColumn  # cycle in which the group was closed
    end: IntColumn  # cycle of the flush that makes an END word behind the group, or NONE
    bits: IntColumn  # mode, from the first token
    gran: IntColumn
    epoch: IntColumn

    def complete(self, bits: int, gran: int) -> IntColumn:
        """Indices of the complete groups in one mode."""
        return np.flatnonzero((self.residual == 0) & (self.bits == bits) & (self.gran == gran))


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of all complete groups in one mode, in order (section 3.2)."""

    group: IntColumn  # (n,)
    channel: IntColumn  # (n,) 0 in token mode
    bits: int
    gran: int
    x: IntColumn  # (n, m)
    low: IntColumn  # (n,)
    range: IntColumn  # (n,)
    q: IntColumn  # (n, m)

    @property
    def maxq(self) -> int:
        """The greatest code."""
        return 3 if self.bits else 15

    def words(self) -> IntColumn:
        """(n, words of a line) PARAM, then CODE words."""
        width = 2 if self.bits else 4
        rows, elements = self.q.shape
        codes = self.q.reshape(rows, elements * width // 16, 16 // width)
        packed = (codes << (width * np.arange(16 // width))).sum(axis=2)
        param = ((self.low & 0xFF) << 8) | self.range
        return np.concatenate([param[:, None], packed], axis=1)


@dataclass(frozen=True, slots=True)
class Words:
    """Some of the owed words; every array has shape (words,)."""

    group: IntColumn
    place: IntColumn  # in the group
    kind: IntColumn
    data: IntColumn
    last: IntColumn


def observe(trace: Trace) -> Observation:
    """Fold one trace: the words that the design owes, and raw facts about them.

    Tables: ``group`` (one row a closed group), ``line`` (one a line of a complete group),
    ``element`` (one an element of a line), ``word`` (one an owed word), ``flush`` (one a flush).
    ``cycle`` is the cycle in which the group was closed, or of the flush.
    """
    flushes = trace.accepted["flush"]
    tokens = read_tokens(trace.accepted["tok"], flushes)
    groups = find_groups(tokens)
    lines = [find_lines(tokens, groups, bits, gran) for gran in (0, 1) for bits in (0, 1)]
    parts = [complete_words(some) for some in lines]
    words = join_words([*parts, residual_words(tokens, groups), end_words(groups)])
    tables = {
        "group": group_table(tokens, groups, lines),
        "line": in_order([line_columns(groups, some) for some in lines]),
        "element": in_order([element_columns(groups, some) for some in lines]),
        "word": word_table(groups, words),
        "flush": flush_table(flushes, tokens, groups),
    }
    return Observation(
        expected={"w": expected_words(groups, words)}, tables=tables, levels=levels(trace, tokens, groups)
    )


# --- Groups and flushes ----------------------------------------------------------------------


def read_tokens(accepted: Transfers, flushes: Transfers) -> Tokens:
    """The tokens, each with the first flush that comes in its cycle or later, and before the next token."""
    cycle, epoch = accepted.cycle, accepted.epoch
    # The token precedes a flush of the same cycle (section 3.4), hence `left`.
    index = np.searchsorted(flushes.cycle, cycle, side="left")
    found = index < len(flushes)
    at = np.full(len(cycle), NONE, np.int64)
    at[found] = flushes.cycle[index[found]]
    found[found] &= flushes.epoch[index[found]] == epoch[found]
    found[:-1] &= (at[:-1] < cycle[1:]) | (epoch[:-1] != epoch[1:])
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in accepted.columns.items()}
    return Tokens(
        cycle=cycle,
        epoch=epoch,
        x=columns["x"].reshape(-1, CHANNELS),
        bits=columns["bits"],
        gran=columns["gran"],
        flushed=np.where(found, at, NONE),
    )


def find_groups(tokens: Tokens) -> Groups:
    """Section 3.1 and 3.4, token by token: mode from a group's first token, closed when complete or flushed."""
    rows: list[tuple[int, int, int, int, int]] = []
    start, epoch_before = 0, NONE
    cycles, grans, flushed = tokens.cycle.tolist(), tokens.gran.tolist(), tokens.flushed.tolist()
    for index, epoch in enumerate(tokens.epoch.tolist()):
        if epoch != epoch_before:
            start, epoch_before = index, epoch  # a reset drops the open group
        count = index - start + 1
        if grans[start] or count == GROUP:
            rows.append((start, count, 0, cycles[index], flushed[index]))
        elif flushed[index] != NONE:
            rows.append((start, count, 1, flushed[index], NONE))
        else:
            continue
        start = index + 1
    table = np.array(rows, np.int64).reshape(len(rows), 5)
    first = table[:, 0]
    start_of, count_of, residual, cycle, end = table.T
    return Groups(start_of, count_of, residual, cycle, end, tokens.bits[first], tokens.gran[first], tokens.epoch[first])


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, tokens: Tokens, groups: Groups) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, OBSERVED):
        return {}
    at = Clocked(trace)
    jobs = commands(groups)
    state, queue, full = at.pin("dbg_state"), at.pin("dbg_queue"), at.pin("dbg_full")
    offers = np.isin(state, (AT_PARAM, AT_CODE, AT_RESID, AT_END))
    room, valid = at.skid(offers, at.waiting("w"))
    pops = (state == IDLE) & (queue > 0)
    following, present = jobs.at(at, at.count(pops)), jobs.at(at, at.count(pops) - 1)
    params = (state == AT_PARAM) & (at.since(state) == 0)
    line = at.count(params) + params - at.held(pops, at.count(params)) - 1
    halves = at.count(state == LOAD) - at.held(state == AT_PARAM, at.count(state == LOAD))
    narrow, by_token = present["bits"] == 1, present["gran"] == 1
    last_word = np.where(state == AT_RESID, 4 * present["count"], np.where(narrow, 1, 2)) - 1
    word_sent = room & (at.within(state, offers & room) == last_word)
    done = np.select(
        [state == IDLE, state == DIV, (state == AT_CODE) | (state == AT_RESID), offers],
        [pops, at.since(state) == np.where(narrow, 1, 3), word_sent, room], True,
    )  # fmt: skip
    line_done = np.where(by_token | (line == CHANNELS - 1), DONE, AT_PARAM)
    after_code = np.where(~by_token & (halves == 1), LOAD, line_done)
    follows = np.select(
        [state == IDLE, state == AT_CODE, state == AT_RESID, state == AT_END, state == DONE],
        [following["kind"], after_code, DONE, IDLE, np.where(present["ends"] == 1, AT_END, IDLE)], state + 1,
    )  # fmt: skip
    taken, flushed, closes = at.moved("tok"), at.moved("flush"), np.zeros(trace.cycles, np.bool_)
    closes[groups.cycle] = True
    closed_tokens, pushes = np.zeros(trace.cycles, np.int64), np.zeros(trace.cycles, np.bool_)
    closed_tokens[groups.cycle] = groups.count
    pushes[jobs.cycle] = True
    filled, freed = at.count(closes) & 1, at.count(state == DONE) & 1
    kept = (full | closes.astype(np.int64) << filled) & ~((state == DONE).astype(np.int64) << freed)
    of_channel = (state >= AT_PARAM) & (state <= AT_CODE) & ~by_token
    return {
        "dbg_state": at.after(np.where(done, follows, state)),
        "dbg_channel": np.where(of_channel, line, 0),
        "dbg_fill": at.count(taken, closed_tokens),
        "dbg_full": at.after(kept),
        "dbg_queue": at.count(pushes, pops),
        "dbg_unflushed": at.flag(taken & ~flushed, flushed).astype(np.int64),
        "tok_ready": 1 - (full >> filled & 1),
        "w_valid": valid,
    }


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of the drain, in the order in which they are pushed; every array has shape (commands,)."""

    cycle: IntColumn
    epoch: IntColumn
    columns: dict[str, IntColumn]  # kind (the state it begins with), ends (1 if END follows), bits, gran, count

    def at(self, at: Clocked, place: IntColumn) -> dict[str, IntColumn]:
        """(cycles,) the columns of command number `place` of the epoch."""
        return {name: at.nth(values, self.epoch, place) for name, values in self.columns.items()}


def commands(groups: Groups) -> Commands:
    """A command for each group, and one for each END word that comes later than its group."""
    alone = (groups.end != NONE) & (groups.end > groups.cycle)
    which = np.concatenate([np.arange(len(groups.cycle)), np.flatnonzero(alone)])
    end_only = np.arange(len(which)) >= len(groups.cycle)
    cycle = np.where(end_only, groups.end[which], groups.cycle[which])
    kind = np.where(end_only, AT_END, np.where(groups.residual[which] == 1, AT_RESID, AT_PARAM))
    columns = {
        "kind": kind, "ends": (~end_only & (groups.end == groups.cycle)[which]).astype(np.int64),
        "bits": groups.bits[which], "gran": groups.gran[which], "count": groups.count[which],
    }  # fmt: skip
    order = np.argsort(cycle, kind="stable")
    return Commands(cycle[order], groups.epoch[which][order], {name: column[order] for name, column in columns.items()})


# --- Arithmetic ------------------------------------------------------------------------------


def find_lines(tokens: Tokens, groups: Groups, bits: int, gran: int) -> Lines:
    """Section 3.2 for all complete groups in one mode."""
    which = groups.complete(bits, gran)
    if gran:
        x = tokens.x[groups.start[which]]
        group, channel = which, np.zeros(len(which), np.int64)
    else:
        # (groups, 16 tokens, 8 channels) -> one line a channel
        block = tokens.x[groups.start[which][:, None] + np.arange(GROUP)]
        x = block.transpose(0, 2, 1).reshape(-1, GROUP)
        group, channel = np.repeat(which, CHANNELS), np.tile(np.arange(CHANNELS), len(which))
    low = x.min(axis=1, initial=127)
    span = x.max(axis=1, initial=-128) - low
    return Lines(group, channel, bits, gran, x, low, span, quantise(x - low[:, None], span[:, None], 3 if bits else 15))


def quantise(d: IntColumn, span: IntColumn, maxq: int) -> IntColumn:
    """Step 3: floor((2 d maxq + R) / (2 R)), 0 where R = 0."""
    codes = (2 * d * maxq + span) // np.maximum(2 * span, 1)
    return np.where(span == 0, 0, codes)


# --- Words -----------------------------------------------------------------------------------


def complete_words(lines: Lines) -> Words:
    """PARAM and CODE words of the groups of `lines`."""
    data = lines.words()
    in_line = np.arange(data.shape[1])
    place = lines.channel[:, None] * data.shape[1] + in_line
    kind = np.broadcast_to(np.where(in_line == 0, PARAM, CODE), data.shape)
    group = np.broadcast_to(lines.group[:, None], data.shape)
    return Words(group.ravel(), place.ravel(), kind.ravel(), data.ravel(), np.zeros(data.size, np.int64))


def residual_words(tokens: Tokens, groups: Groups) -> Words:
    """Section 3.3: four words a token, two channels each."""
    which = np.flatnonzero(groups.residual)
    count = groups.count[which]
    group = np.repeat(which, count)
    place = count_up(count)
    x = tokens.x[groups.start[group] + place] & 0xFF
    data = x[:, 0::2] | (x[:, 1::2] << 8)
    words = place[:, None] * 4 + np.arange(4)
    group = np.repeat(group, 4)
    last = (words.ravel() == 4 * groups.count[group] - 1).astype(np.int64)
    return Words(group, words.ravel(), np.full(data.size, RESID), data.ravel(), last)


def end_words(groups: Groups) -> Words:
    """Section 3.4: one END word behind each group that was complete when the flush came."""
    group = np.flatnonzero(groups.end != NONE)
    n = len(group)
    return Words(group, np.full(n, MOST_WORDS - 1), np.full(n, END), np.zeros(n, np.int64), np.ones(n, np.int64))


def join_words(parts: list[Words]) -> Words:
    """All words, in the order in which they are owed (section 3.6)."""
    group, place, kind, data, last = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("group", "place", "kind", "data", "last")
    )
    order = np.argsort(group * MOST_WORDS + place, kind="stable")
    return Words(group[order], place[order], kind[order], data[order], last[order])


def expected_words(groups: Groups, words: Words) -> Expected:
    """The owed words; caused by what closed the group, or by the flush of an END word."""
    cause = np.where(words.kind == END, groups.end[words.group], groups.cycle[words.group])
    columns = {"data": words.data, "kind": words.kind, "last": words.last}
    return Expected(epoch=groups.epoch[words.group], columns=columns, cause_cycle=cause)


# --- Tables ----------------------------------------------------------------------------------


def per_group(values: IntColumn, group: IntColumn, groups: int) -> IntColumn:
    """(groups,) sums of `values` by group."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.int64)


def group_table(tokens: Tokens, groups: Groups, lines: list[Lines]) -> Table:
    """One row a closed group. ``prev_*`` belong to the group closed before in the same epoch, -1 if there is none.

    ``dropped`` are the tokens between the group closed before and this one, which resets have dropped.
    """
    k, epoch = len(groups.start), groups.epoch
    of_token = np.repeat(np.arange(k), groups.count)
    index = groups.start[of_token] + count_up(groups.count)
    moved = (tokens.bits[index] != groups.bits[of_token]) + 2 * (tokens.gran[index] != groups.gran[of_token])
    constants = sum((per_group(some.range == 0, some.group, k) for some in lines), np.zeros(k, np.int64))
    closing = groups.start + groups.count - 1
    columns = {
        "cycle": groups.cycle, "epoch": epoch, "first_cycle": tokens.cycle[groups.start],
        "last_cycle": tokens.cycle[closing], "count": groups.count, "residual": groups.residual,
        "bits": groups.bits, "gran": groups.gran, "mode": 2 * groups.gran + groups.bits,
        "ended": (groups.end != NONE).astype(np.int64),
        "end_wait": np.where(groups.end == NONE, NONE, groups.end - groups.cycle),
        "flush_wait": np.where(groups.residual == 1, groups.cycle - tokens.cycle[closing], NONE),
        "next_wait": next_wait(tokens, closing, groups.cycle),
        "dropped": groups.start - np.concatenate([np.zeros(1, np.int64), closing + 1])[:k],
        "constants": constants,
        "bits_changes": per_group(moved & 1, of_token, k), "gran_changes": per_group(moved >> 1, of_token, k),
    }  # fmt: skip
    for name in ("count", "residual", "mode", "ended", "constants", "cycle"):
        columns[f"prev_{name}"] = previous(columns[name], epoch)
    return Table(columns)


def next_wait(tokens: Tokens, closing: IntColumn, cycle: IntColumn) -> IntColumn:
    """(k,) cycles from the closing of a group to the next accepted token of the epoch, or NONE."""
    if not len(closing):
        return closing
    after = np.minimum(closing + 1, len(tokens.cycle) - 1)
    known = (after > closing) & (tokens.epoch[after] == tokens.epoch[closing])
    return np.where(known, tokens.cycle[after] - cycle, NONE)


def line_columns(groups: Groups, lines: Lines) -> dict[str, IntColumn]:
    """One row a line; ``low_at`` and ``high_at`` are the first and ``..._again`` the last places of its extremes."""
    x, n = lines.x, len(lines.x)
    lows, highs = x == lines.low[:, None], x == (lines.low + lines.range)[:, None]
    final = x.shape[1] - 1
    previous_end = previous(np.maximum(groups.residual, groups.end != NONE), groups.epoch)
    return {
        "cycle": groups.cycle[lines.group], "epoch": groups.epoch[lines.group], "group": lines.group,
        "channel": lines.channel, "bits": np.full(n, lines.bits), "gran": np.full(n, lines.gran),
        "low": lines.low, "high": lines.low + lines.range, "range": lines.range,
        "low_at": lows.argmax(axis=1), "low_again": final - lows[:, ::-1].argmax(axis=1),
        "high_at": highs.argmax(axis=1), "high_again": final - highs[:, ::-1].argmax(axis=1),
        "lows": lows.sum(axis=1), "highs": highs.sum(axis=1), "after_flush": previous_end[lines.group],
    }  # fmt: skip


def element_columns(groups: Groups, lines: Lines) -> dict[str, IntColumn]:
    """One row an element of a line; ``rest`` is d * maxq mod R (0 where R is 0)."""
    n, m = lines.x.shape
    d, span = lines.x - lines.low[:, None], np.repeat(lines.range, m)
    singles = {
        "cycle": groups.cycle[lines.group], "epoch": groups.epoch[lines.group], "group": lines.group,
        "channel": lines.channel, "bits": np.full(n, lines.bits), "gran": np.full(n, lines.gran), "range": lines.range,
    }  # fmt: skip
    columns = {name: np.repeat(values, m) for name, values in singles.items()}
    columns |= {"place": np.tile(np.arange(m), n), "x": lines.x.ravel(), "d": d.ravel(), "q": lines.q.ravel()}
    return columns | {"rest": np.where(span == 0, 0, (d.ravel() * lines.maxq) % np.maximum(span, 1))}


def in_order(parts: list[dict[str, IntColumn]]) -> Table:
    """Rows of all modes in the order of their groups."""
    columns = {name: np.concatenate([part[name] for part in parts]).astype(np.int64) for name in parts[0]}
    order = np.argsort(columns["group"], kind="stable")
    return Table({name: values[order] for name, values in columns.items()})


def word_table(groups: Groups, words: Words) -> Table:
    """One row an owed word. ``cycle`` is that of its cause."""
    group = words.group
    cycle = np.where(words.kind == END, groups.end[group], groups.cycle[group])
    return Table({
        "cycle": cycle, "epoch": groups.epoch[group], "group": group, "place": words.place, "kind": words.kind,
        "data": words.data, "last": words.last, "bits": groups.bits[group], "gran": groups.gran[group],
    })  # fmt: skip


def flush_table(flushes: Transfers, tokens: Tokens, groups: Groups) -> Table:
    """One row a flush: ``effect`` 0 none, 1 END word, 2 residual group; ``tokens`` in that group.

    ``since`` is the number of cycles since the last accepted token of the epoch, 0 if it came in
    this cycle, -1 if there is none; ``prev_wait`` the same for the flush before. ``cut_tokens`` are the tokens
    that the epoch before accepted after its last flush.
    """
    cycle, epoch = flushes.cycle, flushes.epoch
    before = np.searchsorted(tokens.cycle, cycle, side="right") - 1
    known = before >= 0
    known[known] &= tokens.epoch[before[known]] == epoch[known]
    since = np.full(len(cycle), NONE, np.int64)
    since[known] = cycle[known] - tokens.cycle[before[known]]
    residual = np.flatnonzero(groups.residual)
    effect, count = np.zeros((2, len(cycle)), np.int64)
    effect[np.isin(cycle, groups.end[groups.end != NONE])] = 1
    at = np.searchsorted(cycle, groups.cycle[residual])
    effect[at], count[at] = 2, groups.count[residual]
    waited = previous(cycle, epoch)
    waited = np.where(waited == NONE, NONE, cycle - waited)
    cut = [unflushed_tokens(flushes, tokens, before) for before in range(-1, int(epoch.max(initial=0)))]
    return Table({
        "cycle": cycle, "epoch": epoch, "effect": effect, "tokens": count, "since": since, "prev_wait": waited,
        "cut_tokens": np.array(cut, np.int64)[epoch],
    })  # fmt: skip


def unflushed_tokens(flushes: Transfers, tokens: Tokens, epoch: int) -> int:
    """Tokens that `epoch` accepted after its last flush; 0 if there is no such epoch."""
    last = flushes.cycle[flushes.epoch == epoch].max(initial=NONE)
    return int((tokens.cycle[tokens.epoch == epoch] > last).sum())
