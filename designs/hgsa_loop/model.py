"""Reference model of ``hgsa_loop``: an exact fold over the accepted invocations and answers.

Written from ``spec.md``; step numbers in the comments are those of its section 3.
Axis names used below: k accepted invocations, m iterations that they ask for, a of these whose
answer was accepted. All arrays are int64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dv_agent.designs.observation import Expected, Observation, Table
from dv_agent.designs.trace import IntColumn, Trace, Transfers

NONE = -1  # stands for "there is none" in columns that cannot be negative


@dataclass(frozen=True, slots=True)
class Invocations:
    """The accepted invocations, in order; every array has shape (k,)."""

    cycle: IntColumn
    epoch: IntColumn
    n: IntColumn
    t: IntColumn

    @property
    def first(self) -> IntColumn:
        """(k,) index of the invocation's first iteration among all iterations."""
        return np.cumsum(self.n) - self.n


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
    x: IntColumn
    above: IntColumn  # 1 if x > t
    operand: IntColumn
    after: IntColumn  # s after the iteration


def observe(trace: Trace) -> Observation:
    """Fold one trace: the requests and results that the design owes, and raw facts about them.

    Tables: ``iteration`` (one row an accepted answer), ``invocation`` (one a result owed). ``cycle`` is the cycle
    in which the answer, or the last input that the result needs, was accepted.
    """
    invocations = read_invocations(trace.accepted["in"])
    iterations = unroll(invocations)
    answers = compute(invocations, iterations, trace.accepted["ld.response"], trace.accepted["ld.request"])
    owed = owed_results(invocations, trace.accepted["ld.response"])
    results = final_sums(invocations, iterations, answers)[owed]
    causes = completion(invocations, iterations, answers)[owed]
    tables = {
        "iteration": iteration_table(invocations, iterations, answers),
        "invocation": invocation_table(invocations, iterations, answers, owed),
    }
    expected = {
        "ld.request": requests(invocations, iterations),
        "out": Expected(epoch=invocations.epoch[owed], columns={"s": results}, cause_cycle=causes),
    }
    return Observation(expected=expected, tables=tables)


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
    index = np.arange(len(invocation), dtype=np.int64)
    epoch = invocations.epoch[invocation]
    return Iterations(
        epoch=epoch, invocation=invocation, i=index - invocations.first[invocation],
        rank=index - np.searchsorted(epoch, epoch),
    )  # fmt: skip


def places(iterations: Iterations, transfers: Transfers) -> IntColumn:
    """(m,) the index of each iteration's own transfer, NONE where there is none: the k-th belongs to the k-th."""
    place = np.searchsorted(transfers.epoch, iterations.epoch) + iterations.rank
    return np.where(place < np.searchsorted(transfers.epoch, iterations.epoch, side="right"), place, NONE)


def compute(
    invocations: Invocations, iterations: Iterations, responses: Transfers, asked: Transfers
) -> Answers:
    """Step 2 for every iteration that has its answer."""
    place = places(iterations, responses)
    iteration = np.flatnonzero(place != NONE).astype(np.int64)
    place = place[iteration]
    x = np.asarray(responses.columns["data"], dtype=np.int64)[place]
    above = (x > invocations.t[iterations.invocation[iteration]]).astype(np.int64)
    operand = np.where(above == 1, x * x, -x)
    # The sum over everything, less what it was when the invocation began: its first answer is i answers earlier.
    total = np.cumsum(operand)
    begin = np.arange(len(iteration), dtype=np.int64) - iterations.i[iteration]
    after = total - (total - operand)[begin]
    request = places(iterations, asked)[iteration]
    return Answers(
        cycle=responses.cycle[place], asked=np.where(request == NONE, NONE, asked.cycle[request] if len(asked) else NONE),
        iteration=iteration, x=x, above=above, operand=operand, after=after,
    )  # fmt: skip


def owed_results(invocations: Invocations, responses: Transfers) -> IntColumn:
    """Indices of the invocations that have all answers that they and those before them in their epoch need."""
    needed = np.cumsum(invocations.n)
    start = np.searchsorted(invocations.epoch, invocations.epoch)
    needed = needed - (needed - invocations.n)[start]
    given = np.searchsorted(responses.epoch, invocations.epoch, side="right")
    given = given - np.searchsorted(responses.epoch, invocations.epoch)
    return np.flatnonzero(needed <= given).astype(np.int64)


def last_answer(invocations: Invocations, iterations: Iterations, answers: Answers) -> IntColumn:
    """(k,) index of each invocation's last answer, NONE where n is 0 or the answer is missing."""
    found = np.full(len(invocations.n), NONE, np.int64)
    of_answer = iterations.invocation[answers.iteration]
    last = iterations.i[answers.iteration] == invocations.n[of_answer] - 1
    found[of_answer[last]] = np.flatnonzero(last)
    return found


def final_sums(invocations: Invocations, iterations: Iterations, answers: Answers) -> IntColumn:
    """(k,) step 3, where the last answer is there; 0 for n = 0."""
    last = last_answer(invocations, iterations, answers)
    return np.where(last == NONE, 0, answers.after[last] if len(answers.after) else 0)


def completion(invocations: Invocations, iterations: Iterations, answers: Answers) -> IntColumn:
    """(k,) cycle in which the last input was accepted that the result, or one before it, needs."""
    last = last_answer(invocations, iterations, answers)
    own = np.where(last == NONE, invocations.cycle, answers.cycle[last] if len(answers.cycle) else 0)
    return np.maximum.accumulate(np.maximum(own, invocations.cycle)) if len(own) else own


# --- Tables ----------------------------------------------------------------------------------


def neighbour(values: IntColumn, epoch: IntColumn, step: int) -> IntColumn:
    """The value `step` entries later in the same epoch (earlier if negative), or NONE."""
    index = np.arange(len(values), dtype=np.int64) + step
    inside = (index >= 0) & (index < len(values))
    inside[inside] = epoch[index[inside]] == epoch[inside]
    found = np.full(len(values), NONE, np.int64)
    found[inside] = values[index[inside]]
    return found


def iteration_table(invocations: Invocations, iterations: Iterations, answers: Answers) -> Table:
    """One row an accepted answer.

    ``latency``: cycles from request to answer beyond the least possible. ``open``: requests accepted and not answered
    at the end of the answer's cycle. ``spacing``: cycles since the answer before in the same epoch, NONE without one.
    ``path``: 1, then the bits `above` of the last three iterations of the invocation, this one last.
    ``above_next``: x > t with the t of the next invocation, NONE if that was not accepted before this cycle;
    ``above_before`` with that of the invocation before.
    """
    at, cycle = answers.iteration, answers.cycle
    owner, i, epoch = iterations.invocation[at], iterations.i[at], iterations.epoch[at]
    t = invocations.t[owner]
    come = neighbour(invocations.cycle, invocations.epoch, 1)[owner]
    before = neighbour(cycle, epoch, -1)
    asked = np.sort(answers.asked)
    shown = {
        "cycle": cycle, "epoch": epoch, "invocation": owner, "i": i, "n": invocations.n[owner], "t": t,
        "x": answers.x, "above": answers.above, "operand": answers.operand,
        "before": answers.after - answers.operand, "after": answers.after,
        "latency": cycle - answers.asked - 1,
        "open": np.searchsorted(asked, cycle, side="right") - np.arange(len(cycle), dtype=np.int64) - 1,
        "spacing": np.where(before == NONE, NONE, cycle - before),
        "path": path(answers.above, i),
        "above_next": compared(answers.x, neighbour(invocations.t, invocations.epoch, 1)[owner],
                               (come != NONE) & (come < cycle)),
        "above_before": compared(answers.x, neighbour(invocations.t, invocations.epoch, -1)[owner],
                                 neighbour(invocations.cycle, invocations.epoch, -1)[owner] != NONE),
    }  # fmt: skip
    return Table(shown)


def path(above: IntColumn, i: IntColumn) -> IntColumn:
    """1, then `above` of the last min(i + 1, 3) iterations, the newest in bit 0."""
    earlier = [np.concatenate([np.zeros(back, np.int64), above])[: len(above)] for back in (1, 2)]
    two = 4 + 2 * earlier[0] + above
    three = 8 + 4 * earlier[1] + 2 * earlier[0] + above
    return np.where(i == 0, 2 + above, np.where(i == 1, two, three))


def compared(x: IntColumn, t: IntColumn, known: IntColumn) -> IntColumn:
    """1 where x > t, 0 where not, NONE where `t` is not known."""
    return np.where(known != 0, (x > t).astype(np.int64), NONE)


def invocation_table(
    invocations: Invocations, iterations: Iterations, answers: Answers, owed: IntColumn
) -> Table:
    """One row a result owed. ``prev_*`` and ``next_*`` belong to the neighbours in the same epoch (NONE without one).

    ``squares``: iterations that square. ``last_latency``: latency of the last answer, NONE if n is 0; ``other_latency``: the
    greatest of the others. ``cut``: in the first row of an epoch behind a reset, the iterations without an answer that
    this reset dropped; else NONE. ``accepted``: the cycle of the invocation itself.
    """
    of_answer = iterations.invocation[answers.iteration]
    squares = np.bincount(of_answer, answers.above, len(invocations.n)).astype(np.int64)
    latency = answers.cycle - answers.asked - 1
    last = last_answer(invocations, iterations, answers)
    other = np.full(len(invocations.n), NONE, np.int64)
    inner = iterations.i[answers.iteration] < invocations.n[of_answer] - 1
    np.maximum.at(other, of_answer[inner], latency[inner])
    columns = {
        "cycle": completion(invocations, iterations, answers), "epoch": invocations.epoch,
        "accepted": invocations.cycle, "n": invocations.n, "t": invocations.t,
        "s": final_sums(invocations, iterations, answers), "squares": squares,
        "last_latency": np.where(last == NONE, NONE, latency[last] if len(latency) else NONE), "other_latency": other,
        "prev_n": neighbour(invocations.n, invocations.epoch, -1),
        "next_n": neighbour(invocations.n, invocations.epoch, 1),
        "cut": cut_iterations(invocations, iterations, answers),
    }  # fmt: skip
    return Table({name: values[owed] for name, values in columns.items()})


def cut_iterations(invocations: Invocations, iterations: Iterations, answers: Answers) -> IntColumn:
    """(k,) for the first invocation of an epoch, the iterations that the reset before left without an answer."""
    found = np.full(len(invocations.n), NONE, np.int64)
    begins = np.flatnonzero(np.diff(invocations.epoch, prepend=0) != 0)
    lost = invocations.epoch[begins] - 1
    asked, given = iterations.epoch, iterations.epoch[answers.iteration]
    for place, epoch in zip(begins.tolist(), lost.tolist(), strict=True):
        found[place] = int((asked == epoch).sum() - (given == epoch).sum())
    return found
