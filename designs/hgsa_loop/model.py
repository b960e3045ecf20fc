"""Reference model of ``hgsa_loop``: an exact fold over the accepted invocations and answers.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: k accepted invocations, m iterations that they ask for, a of these whose
answer was accepted. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.packet_columns import NONE, count_up, previous
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace, Transfers


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

    epoch: IntColumn
    invocation: IntColumn
    i: IntColumn  # and the address
    rank: IntColumn  # place among the iterations of its epoch


@dataclass(frozen=True, slots=True)
class Answers:
    """The iterations whose answer was accepted, in order; every array has shape (a,)."""

    cycle: IntColumn
    asked: IntColumn  # cycle of the request
    iteration: IntColumn  # index into `Iterations`
    owner: IntColumn  # index into `Invocations`
    x: IntColumn
    above: IntColumn  # 1 if x > t
    operand: IntColumn
    after: IntColumn  # s after the iteration

    @property
    def latency(self) -> IntColumn:
        """(a,) cycles from request to answer beyond the least possible."""
        return self.cycle - self.asked - 1


def observe(trace: Trace) -> Observation:
    """Fold one trace: the requests and results that the design owes, and raw facts about them.

    Tables: ``iteration`` (one row an accepted answer), ``invocation`` (one a result owed). ``cycle`` is the cycle
    in which the answer, or the last input that the result needs, was accepted.
    """
    responses = trace.accepted["ld.response"]
    invocations = read_invocations(trace.accepted["in"])
    iterations = unroll(invocations)
    answers = compute(invocations, iterations, responses, trace.accepted["ld.request"])
    owed = owed_results(invocations, responses)
    tables = {
        "iteration": iteration_table(invocations, iterations, answers),
        "invocation": invocation_table(invocations, iterations, answers, owed),
    }
    expected = {"ld.request": requests(invocations, iterations), "out": results(invocations, answers, owed)}
    return Observation(expected=expected, tables=tables)


def results(invocations: Invocations, answers: Answers, owed: IntColumn) -> Expected:
    """One result for each invocation that has its answers."""
    return Expected(
        epoch=invocations.epoch[owed], columns={"s": final_sums(invocations, answers)[owed]},
        cause_cycle=completion(invocations, answers)[owed],
    )  # fmt: skip


def requests(invocations: Invocations, iterations: Iterations) -> Expected:
    """One request for each iteration; caused by its invocation."""
    cause = invocations.cycle[iterations.invocation]
    return Expected(epoch=iterations.epoch, columns={"addr": iterations.i}, cause_cycle=cause)


# --- Which answer belongs where --------------------------------------------------------------


def read_invocations(accepted: Transfers) -> Invocations:
    """The input stream as int64 columns."""
    columns = {name: np.asarray(values, dtype=np.int64) for name, values in accepted.columns.items()}
    return Invocations(cycle=accepted.cycle, epoch=accepted.epoch, n=columns["n"], t=columns["t"])


def unroll(invocations: Invocations) -> Iterations:
    """Step 2 without data: i from 0 to n - 1 of each invocation."""
    invocation = np.repeat(np.arange(len(invocations.n), dtype=np.int64), invocations.n)
    epoch = invocations.epoch[invocation]
    rank = np.arange(len(epoch), dtype=np.int64) - np.searchsorted(epoch, epoch)
    return Iterations(epoch=epoch, invocation=invocation, i=count_up(invocations.n), rank=rank)


def places(iterations: Iterations, transfers: Transfers) -> IntColumn:
    """(m,) the index of each iteration's own transfer, NONE where there is none: the k-th belongs to the k-th."""
    place = np.searchsorted(transfers.epoch, iterations.epoch) + iterations.rank
    return np.where(place < np.searchsorted(transfers.epoch, iterations.epoch, side="right"), place, NONE)


def compute(invocations: Invocations, iterations: Iterations, responses: Transfers, asked: Transfers) -> Answers:
    """Step 2 for every iteration that has its answer."""
    place = places(iterations, responses)
    iteration = np.flatnonzero(place != NONE).astype(np.int64)
    place, owner = place[iteration], iterations.invocation[iteration]
    x = np.asarray(responses.columns["data"], dtype=np.int64)[place]
    above = (x > invocations.t[owner]).astype(np.int64)
    operand = np.where(above == 1, x * x, -x)
    # The sum over everything, less what it was when the invocation began: its first answer is i answers earlier.
    total = np.cumsum(operand)
    begin = np.arange(len(iteration), dtype=np.int64) - iterations.i[iteration]
    return Answers(
        cycle=responses.cycle[place], asked=asked.cycle[places(iterations, asked)[iteration]], iteration=iteration,
        owner=owner, x=x, above=above, operand=operand, after=total - (total - operand)[begin],
    )  # fmt: skip


def owed_results(invocations: Invocations, responses: Transfers) -> IntColumn:
    """Indices of the invocations that have all answers that they and those before them in their epoch need."""
    needed = np.cumsum(invocations.n)
    start = np.searchsorted(invocations.epoch, invocations.epoch)
    needed = needed - (needed - invocations.n)[start]
    given = np.searchsorted(responses.epoch, invocations.epoch, side="right")
    given = given - np.searchsorted(responses.epoch, invocations.epoch)
    return np.flatnonzero(needed <= given).astype(np.int64)


def latest(before: IntColumn, answers: Answers, values: IntColumn) -> IntColumn:
    """(k,) the value of each invocation's latest answer; `before` where it has none."""
    found = before.copy()
    found[answers.owner] = values  # of several assignments to one place the last one stays
    return found


def final_sums(invocations: Invocations, answers: Answers) -> IntColumn:
    """(k,) step 3, where all answers are there; 0 for n = 0."""
    return latest(np.zeros_like(invocations.n), answers, answers.after)


def completion(invocations: Invocations, answers: Answers) -> IntColumn:
    """(k,) cycle in which the last input was accepted that the result, or one before it, needs."""
    own = np.maximum(invocations.cycle, latest(invocations.cycle, answers, answers.cycle))
    return np.maximum.accumulate(own)


# --- Tables ----------------------------------------------------------------------------------


def following(values: IntColumn, epoch: IntColumn) -> IntColumn:
    """The value one entry later in the same epoch, or NONE."""
    return previous(values[::-1], epoch[::-1])[::-1]


def iteration_table(invocations: Invocations, iterations: Iterations, answers: Answers) -> Table:
    """One row an accepted answer.

    ``open``: requests accepted and not answered at the end of the answer's cycle. ``path``: 1, then the bits `above` of
    the last three iterations of the invocation, this one last. ``above_next``: x > t with the t of the next invocation,
    NONE if that was not accepted before this cycle; ``above_before`` with that of the invocation before.
    """
    owner, cycle, x = answers.owner, answers.cycle, answers.x
    i, epoch = iterations.i[answers.iteration], iterations.epoch[answers.iteration]
    t_before, t_next = previous(invocations.t, invocations.epoch), following(invocations.t, invocations.epoch)
    began, come = (step(invocations.cycle, invocations.epoch)[owner] for step in (previous, following))
    asked = np.searchsorted(np.sort(answers.asked), cycle, side="right")
    columns = {
        "cycle": cycle, "epoch": epoch, "invocation": owner, "i": i, "n": invocations.n[owner],
        "t": invocations.t[owner], "x": x, "above": answers.above, "operand": answers.operand,
        "before": answers.after - answers.operand, "after": answers.after, "latency": answers.latency,
        "open": asked - np.arange(len(cycle), dtype=np.int64) - 1, "path": path(answers.above, i),
        "above_next": compared(x, t_next[owner], (come != NONE) & (come < cycle)),
        "above_before": compared(x, t_before[owner], began != NONE),
    }  # fmt: skip
    return Table(columns)


def path(above: IntColumn, i: IntColumn) -> IntColumn:
    """1, then `above` of the last min(i + 1, 3) iterations, the newest in bit 0."""
    one, two = (np.concatenate([np.zeros(back, np.int64), above])[: len(above)] for back in (1, 2))
    return np.where(i == 0, 2 + above, np.where(i == 1, 4 + 2 * one + above, 8 + 4 * two + 2 * one + above))


def compared(x: IntColumn, t: IntColumn, known: BoolColumn) -> IntColumn:
    """1 where x > t, 0 where not, NONE where `t` is not known."""
    return np.where(known, (x > t).astype(np.int64), NONE)


def invocation_table(invocations: Invocations, iterations: Iterations, answers: Answers, owed: IntColumn) -> Table:
    """One row a result owed. ``prev_n`` and ``next_n`` belong to the neighbours in the same epoch (NONE without one).

    ``squares``: iterations that square. ``last_latency``: latency of the last answer, NONE if n is 0;
    ``other_latency``: the greatest of the others. ``cut``: in the first row of an epoch behind a reset, the iterations
    without an answer that this reset dropped; else NONE. ``accepted``: the cycle of the invocation itself.
    """
    n, epoch, owner = invocations.n, invocations.epoch, answers.owner
    none = np.full(len(n), NONE, np.int64)
    other = none.copy()
    inner = iterations.i[answers.iteration] < n[owner] - 1
    np.maximum.at(other, owner[inner], answers.latency[inner])
    columns = {
        "cycle": completion(invocations, answers), "epoch": epoch, "accepted": invocations.cycle, "n": n,
        "t": invocations.t, "s": final_sums(invocations, answers),
        "squares": np.bincount(owner, answers.above, len(n)).astype(np.int64),
        "last_latency": latest(none, answers, answers.latency), "other_latency": other,
        "prev_n": previous(n, epoch), "next_n": following(n, epoch),
        "cut": cut_iterations(invocations, iterations, answers),
    }  # fmt: skip
    return Table({name: values[owed] for name, values in columns.items()})


def cut_iterations(invocations: Invocations, iterations: Iterations, answers: Answers) -> IntColumn:
    """(k,) for the first invocation of an epoch, the iterations that the reset before left without an answer."""
    found = np.full(len(invocations.n), NONE, np.int64)
    begins = np.flatnonzero(np.diff(invocations.epoch, prepend=0) != 0)
    asked, given = iterations.epoch, iterations.epoch[answers.iteration]
    for place, epoch in zip(begins.tolist(), (invocations.epoch[begins] - 1).tolist(), strict=True):
        found[place] = int((asked == epoch).sum() - (given == epoch).sum())
    return found
