"""Reference model of ``hgsa_loop``: an exact fold over the accepted invocations and answers.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: k accepted invocations, m iterations that they ask for, a answers, of which the
first a of an epoch belong to its first a iterations. All arrays are int64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, previous
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers

EMPTY, RUN, END = range(3)  # dbg_index
STARVED, ADD, EXIT = 1, 2, 3  # dbg_sum
PLACES = 2  # of a queue


@dataclass(frozen=True, slots=True)
class Invocations:
    """The accepted invocations, in order; every array has shape (k,)."""

    cycle: IntColumn
    epoch: IntColumn
    n: IntColumn
    t: IntColumn


@dataclass(frozen=True, slots=True)
class Iterations:
    """What the invocations ask for, in order; every array has shape (m,)."""

    owner: IntColumn  # index into `Invocations`
    i: IntColumn  # and the address
    epoch: IntColumn


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers, in order; every array has shape (a,)."""

    cycle: IntColumn
    epoch: IntColumn
    asked: IntColumn  # cycle of the request
    owner: IntColumn  # index into `Invocations`
    i: IntColumn
    x: IntColumn
    above: IntColumn  # 1 if x > t

    @property
    def latency(self) -> IntColumn:
        """(a,) cycles from request to answer beyond the least possible."""
        return self.cycle - self.asked - 1


@dataclass(frozen=True, slots=True)
class Results:
    """The results owed, in order: of the invocations that have all their answers."""

    owner: IntColumn  # index into `Invocations`
    cycle: IntColumn  # when the last input that the result needs was accepted
    s: IntColumn


def observe(trace: Trace) -> Observation:
    """Fold one trace: the requests and results that the design owes, and raw facts about them.

    Tables: ``iteration`` (one row an accepted answer), ``invocation`` (one a result owed). ``cycle`` is the cycle
    in which the answer, or the last input that the result needs, was accepted.
    """
    invocations = read_invocations(trace.accepted["in"])
    iterations = unroll(invocations)
    answers, results = fold(invocations, trace.accepted["ld.response"], trace.accepted["ld.request"])
    tables = {
        "iteration": iteration_table(invocations, answers),
        "pipe": pipe_table(trace, answers),
        "invocation": invocation_table(invocations, answers, results, cut_iterations(invocations, iterations, answers)),
    }
    owed = Expected(
        epoch=invocations.epoch[results.owner], columns={"s": results.s}, cause_cycle=results.cycle,
    )  # fmt: skip
    return Observation(
        expected={"ld.request": requests(invocations, iterations), "out": owed}, tables=tables,
        levels=levels(trace, invocations, answers),
    )  # fmt: skip


def requests(invocations: Invocations, iterations: Iterations) -> Expected:
    """One request for each iteration; caused by its invocation."""
    cause = invocations.cycle[iterations.owner]
    return Expected(epoch=iterations.epoch, columns={"addr": iterations.i}, cause_cycle=cause)


# --- The loop --------------------------------------------------------------------------------


def read_invocations(accepted: Transfers) -> Invocations:
    """The input stream as int64 columns."""
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in accepted.columns.items()}
    return Invocations(cycle=accepted.cycle, epoch=accepted.epoch, n=columns["n"], t=columns["t"])


def kernel(n: int, t: int, elements: Sequence[int]) -> tuple[list[int], int]:
    """Steps 1 to 3, as far as there are elements: whether each one squares (1) or not (0), and s."""
    s, above = 0, list[int]()
    for i in range(min(n, len(elements))):
        x = elements[i]
        above.append(int(x > t))
        s = s + x * x if x > t else s - x
    return above, s


def unroll(invocations: Invocations) -> Iterations:
    """All iterations of all invocations, answered or not."""
    pairs = [(k, i) for k, n in enumerate(invocations.n.tolist()) for i in range(n)]
    owner, i = columns_of(pairs, 2)
    return Iterations(owner=owner, i=i, epoch=invocations.epoch[owner])


def fold(invocations: Invocations, responses: Transfers, asked: Transfers) -> tuple[Answers, Results]:
    """Deal the answers of each epoch out to its invocations, in order; the k-th answer is that to the k-th request."""
    elements, cycles = responses.columns["data"].tolist(), responses.cycle.tolist()
    answers, results = list[tuple[int, ...]](), list[tuple[int, ...]]()
    epoch = NONE
    begin = end = used = needed = shift = 0
    columns = (invocations.epoch, invocations.cycle, invocations.n, invocations.t)
    headers = zip(*(column.tolist() for column in columns), strict=True)
    for k, (its_epoch, cycle, n, t) in enumerate(headers):
        if its_epoch != epoch:
            epoch = its_epoch
            begin, end = (int(np.searchsorted(responses.epoch, epoch, side)) for side in ("left", "right"))
            used, needed, shift = begin, begin, int(np.searchsorted(asked.epoch, epoch)) - begin
        above, s = kernel(n, t, elements[used : min(used + n, end)])
        answers += [(used + i, used + i + shift, k, i, squared) for i, squared in enumerate(above)]
        used, needed = used + len(above), needed + n
        # An invocation without iterations, too, waits for those before it.
        if used == needed:
            results.append((k, max(cycle, cycles[used - 1] if used > begin else cycle), s))
    place, request, owner, i, squares = columns_of(answers, 5)
    x = np.asarray(responses.columns["data"], dtype=np.int64)[place]
    return (
        Answers(responses.cycle[place], responses.epoch[place], asked.cycle[request], owner, i, x, squares),
        Results(*columns_of(results, 3)),
    )


def columns_of(rows: Sequence[tuple[int, ...]], width: int) -> tuple[IntColumn, ...]:
    """`width` columns of as many entries as there are rows."""
    return tuple(np.array(rows, dtype=np.int64).reshape(-1, width).T)


# --- Timing ----------------------------------------------------------------------------------


def levels(trace: Trace, invocations: Invocations, answers: Answers) -> dict[str, IntColumn]:
    """Section 4: all handshakes and levels, cycle by cycle; none if the trace does not hold them."""
    if not Clocked.has(trace, ("dbg_header", "dbg_sum")):
        return {}
    at = Clocked(trace)
    body = _Body(at, answers)
    sums = _Sums(at, body)
    body.follow(sums.adds)
    index = _Index(at, body, sums)
    conditions = condition_tokens(invocations)
    return {
        **body.levels(), **index.levels(*conditions), **sums.levels(*conditions),
        "dbg_ahead": at.count(index.fires[2], sums.pops),
        "dbg_thresholds": at.count(index.fires[1] & index.run, body.done),
    }  # fmt: skip


def condition_tokens(invocations: Invocations) -> tuple[IntColumn, IntColumn]:
    """Of each invocation a token 1 for each iteration and a token 0; and their epochs."""
    ends = np.cumsum(invocations.n + 1) - 1
    tokens = np.ones(int((invocations.n + 1).sum()), np.int64)
    tokens[ends] = 0
    return tokens, np.repeat(invocations.epoch, invocations.n + 1)


def bits(values: IntColumn, count: int) -> list[BoolColumn]:
    """The lowest bits of a column, bit 0 first."""
    return [(values >> bit & 1) == 1 for bit in range(count)]


def word(*flags: BoolColumn) -> IntColumn:
    """The column whose bit 0 is the first of `flags`."""
    return sum((flag.astype(np.int64) << bit for bit, flag in enumerate(flags)), np.zeros(len(flags[0]), np.int64))


def fork(valid: BoolColumn, sent: list[BoolColumn], ready: list[BoolColumn]) -> tuple[list[BoolColumn], BoolColumn]:
    """The consumers of an eager fork that take its token in each cycle, and whether it is through."""
    fires = [valid & ~was & may for was, may in zip(sent, ready, strict=True)]
    through = np.logical_and.reduce([was | may for was, may in zip(sent, ready, strict=True)])
    return fires, valid & through


def sent_next(at: Clocked, done: BoolColumn, sent: list[BoolColumn], fires: list[BoolColumn]) -> IntColumn:
    """The bits of an eager fork in each cycle."""
    return at.after(word(*((was | now) & ~done for was, now in zip(sent, fires, strict=True))))


class _Body:
    """From the data slot to gamma."""

    def __init__(self, at: Clocked, answers: Answers) -> None:
        self._at, self._answers = at, answers
        self.element, self.sent = at.high("dbg_data"), bits(at.pin("dbg_data_sent"), 3)
        self.selects, self.head = at.pin("dbg_selects"), at.high("dbg_select")
        self.squares, self.held = at.pin("dbg_squares"), at.high("dbg_negation")
        self.pair = self.element & (at.pin("dbg_thresholds") > 0)
        self.used = at.count(at.moved("ld.response")) - self.element
        self.above = at.nth(answers.above, answers.epoch, self.used) == 1
        self.negation = self.held | (self.pair & ~self.sent[2] & ~self.above)
        self.square = (self.squares & 4) != 0
        self.operand = (self.selects > 0) & np.where(self.head, self.square, self.negation)

    def follow(self, takes: BoolColumn) -> None:
        """Find what moves, given the cycles in which the sum loop takes gamma's operand."""
        self.takes = takes
        self.shift = ~self.square | (takes & self.head)
        ready = [(self.selects < PLACES) | takes, ~self.above | self.shift, self.above | ~self.held]
        self.fires, self.done = fork(self.pair, self.sent, ready)

    def levels(self) -> dict[str, IntColumn]:
        at = self._at
        selected = self.used + (self.element & self.sent[0]) - self.selects
        moved_on = (self.squares << 1 | (self.fires[1] & self.above)) & 7
        oldest = at.nth(self._answers.above, self._answers.epoch, selected)
        return {
            "dbg_data": at.after(at.moved("ld.response") | (self.element & ~self.done)),
            "dbg_data_sent": sent_next(at, self.done, self.sent, self.fires),
            "dbg_selects": at.count(self.fires[0], self.takes),
            "dbg_select": np.where(self.selects > 0, oldest, 0),
            "dbg_squares": at.after(np.where(self.shift, moved_on, self.squares)),
            "dbg_negation": at.after(self.negation & ~(self.takes & ~self.head)),
            "ld_data_ready": (~self.element | self.done).astype(np.int64),
        }


class _Sums:
    """The sum loop, and the result slot behind it."""

    def __init__(self, at: Clocked, body: _Body) -> None:
        self._at, self._body = at, body
        state, header = at.pin("dbg_sum"), bits(at.pin("dbg_header"), 3)
        held, goes_on = state != EMPTY, (state == STARVED) | (state == ADD)
        self._stands = at.waiting("out")
        self.adds = goes_on & body.operand
        self._exits = (state == EXIT) & ~self._stands
        self._stays = held & ~self.adds & ~self._exits
        again = np.where(held, goes_on, at.held(held, goes_on) == 1)
        comes = (at.pin("dbg_ahead") > 0) & ~self._stays
        self.starts = comes & ~again  # takes a header, if there is one
        self.pops = comes & (again | (header[2] & ~header[1]))

    def levels(self, tokens: IntColumn, epochs: IntColumn) -> dict[str, IntColumn]:
        at = self._at
        held = at.after(self._stays | self.pops)
        goes_on = at.held(self.pops, at.nth(tokens, epochs, at.count(self.pops)))
        state = np.select([held == 0, goes_on == 0, self._body.operand], [EMPTY, EXIT, ADD], STARVED)
        return {"dbg_sum": state.astype(np.int64), "out_valid": at.after(self._exits | self._stands)}


class _Index:
    """The header fork, the index loop and the address slot."""

    def __init__(self, at: Clocked, body: _Body, sums: _Sums) -> None:
        self._at = at
        state, *self._header_sent, self._header = at.pin("dbg_index"), *bits(at.pin("dbg_header"), 3)
        self._sent = bits(at.pin("dbg_index_sent"), 4)
        self.run = state == RUN
        holds, self._asks = state != EMPTY, at.waiting("ld_addr")
        always = np.ones(len(state), np.bool_)
        queues = [
            (at.pin(name) < PLACES) | pop for name, pop in (("dbg_thresholds", body.done), ("dbg_ahead", sums.pops))
        ]
        ready = [~self.run | ~self._asks, ~self.run | queues[0], queues[1], always]
        self.fires, self._done = fork(holds, self._sent, ready)
        self._stays = holds & ~self._done
        starts = ~self._stays & ~self.run
        self._header_fires, self._header_done = fork(self._header, self._header_sent, [starts, sums.starts])
        self._loads = (~self._stays & self.run) | self._header_fires[0]

    def levels(self, tokens: IntColumn, epochs: IntColumn) -> dict[str, IntColumn]:
        at = self._at
        room, header = at.skid(at.moved("in"), self._header & ~self._header_done)
        loaded = at.held(self._loads, at.nth(tokens, epochs, at.count(self._loads)))
        sent = sent_next(at, self._header_done, self._header_sent, self._header_fires)
        return {
            "dbg_header": header << 2 | sent,
            "dbg_index": np.where(at.after(self._stays | self._loads) == 0, EMPTY, np.where(loaded == 1, RUN, END)),
            "dbg_index_sent": sent_next(at, self._done, self._sent, self.fires),
            "ld_addr_valid": at.after(self._asks | (self.fires[0] & self.run)),
            "in_ready": room.astype(np.int64),
        }


# --- Tables ----------------------------------------------------------------------------------


def following(values: IntColumn, epoch: IntColumn) -> IntColumn:
    """The value one entry later in the same epoch, or NONE."""
    return previous(values[::-1], epoch[::-1])[::-1]


def iteration_table(invocations: Invocations, answers: Answers) -> Table:
    """One row an accepted answer.

    ``open``: requests accepted and not answered at the end of the answer's cycle, among those that are ever answered.
    ``path``: see `path`. ``above_next``: x > t with the t of the next invocation, NONE if that was not accepted before
    this cycle; ``above_before`` with that of the invocation before.
    """
    owner, cycle = answers.owner, answers.cycle
    t_before, t_next = previous(invocations.t, invocations.epoch), following(invocations.t, invocations.epoch)
    began, come = (step(invocations.cycle, invocations.epoch)[owner] for step in (previous, following))
    asked = np.searchsorted(answers.asked, cycle, side="right")
    columns = {
        "cycle": cycle, "epoch": answers.epoch, "invocation": owner, "i": answers.i, "n": invocations.n[owner],
        "t": invocations.t[owner], "x": answers.x, "above": answers.above, "latency": answers.latency,
        "open": asked - np.arange(len(cycle), dtype=np.int64) - 1, "path": path(answers.above, answers.i),
        "above_next": compared(answers.x, t_next[owner], (come != NONE) & (come < cycle)),
        "above_before": compared(answers.x, t_before[owner], began != NONE),
    }  # fmt: skip
    return Table(columns)


def path(above: IntColumn, i: IntColumn) -> IntColumn:
    """`above` of the last three iterations of one invocation, the newest in bit 0, and bit 3 set; 0 where i < 2."""
    one, two = (np.concatenate([np.zeros(back, np.int64), above])[: len(above)] for back in (1, 2))
    return np.where(i < 2, 0, 8 + 4 * two + 2 * one + above)


def pipe_table(trace: Trace, answers: Answers) -> Table:
    """One row a cycle in which the square pipe is full and stands still, because s is in EXIT.

    ``apart``: the least difference between two of its three squares. ``left``: results that leave from then on, before
    the next reset; the second of them has these squares in it.
    """
    if not Clocked.has(trace, ("dbg_header", "dbg_sum")):
        return Table({"cycle": np.zeros(0, np.int64), "apart": np.zeros(0, np.int64), "left": np.zeros(0, np.int64)})
    at, squares = Clocked(trace), answers.above == 1
    passed = at.count(at.moved("ld.response")) - at.high("dbg_data") + (at.pin("dbg_data_sent") >> 1 & 1)
    # Squares among the elements that have passed the data fork, or are in the pipe and wait for their select token.
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(squares)])
    begins = np.searchsorted(answers.epoch, trace.epoch)
    last = before[np.minimum(begins + passed, len(squares))]
    rows = np.flatnonzero((at.pin("dbg_squares") == 7) & (at.pin("dbg_sum") == EXIT) & at.waiting("out") & (last >= 3))
    size = answers.x[squares] ** 2
    newest, middle, oldest = (size[last[rows] - back] for back in (1, 2, 3))
    apart = [np.abs(newest - middle), np.abs(middle - oldest), np.abs(newest - oldest)]
    ends = np.searchsorted(trace.accepted["out"].epoch, trace.epoch[rows], side="right")
    left = ends - np.searchsorted(trace.accepted["out"].cycle, rows)
    return Table({"cycle": rows.astype(np.int64), "apart": np.minimum.reduce(apart), "left": left.astype(np.int64)})


def compared(x: IntColumn, t: IntColumn, known: BoolColumn) -> IntColumn:
    """1 where x > t, 0 where not, NONE where `t` is not known."""
    return np.where(known, (x > t).astype(np.int64), NONE)


def invocation_table(invocations: Invocations, answers: Answers, results: Results, cut: IntColumn) -> Table:
    """One row a result owed. ``prev_n`` belongs to the invocation before in the same epoch (NONE without one).

    ``squares``: iterations that square. ``last_latency``: latency of the last answer, NONE if n is 0;
    ``other_latency``: the greatest of the others. ``cut``: see `cut_iterations`.
    """
    n, owner = invocations.n, answers.owner
    last, other = np.full(len(n), NONE, np.int64), np.full(len(n), NONE, np.int64)
    last[owner] = answers.latency  # of several assignments to one place the last one stays
    inner = answers.i < n[owner] - 1
    np.maximum.at(other, owner[inner], answers.latency[inner])
    columns = {
        "epoch": invocations.epoch, "n": n, "t": invocations.t, "last_latency": last, "other_latency": other,
        "squares": np.bincount(owner, answers.above, len(n)).astype(np.int64),
        "prev_n": previous(n, invocations.epoch), "cut": cut,
    }  # fmt: skip
    owed = {name: values[results.owner] for name, values in columns.items()}
    return Table({"cycle": results.cycle, "s": results.s, **owed})


def cut_iterations(invocations: Invocations, iterations: Iterations, answers: Answers) -> IntColumn:
    """(k,) for the first invocation of an epoch, the iterations that the reset before left without an answer.

    NONE for other invocations, and for the first one of the test.
    """
    found = np.full(len(invocations.n), NONE, np.int64)
    begins = np.flatnonzero(np.diff(invocations.epoch, prepend=0))
    for place, epoch in zip(begins.tolist(), invocations.epoch[begins].tolist(), strict=True):
        lost, kept = (np.count_nonzero(epochs == epoch - 1) for epochs in (iterations.epoch, answers.epoch))
        found[place] = lost - kept
    return found
