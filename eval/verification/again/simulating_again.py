"""Repetition of a run turn by turn, with comparison of proposals, behaviour, costs and the reason why it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.loop import Limits, stop_reason, target_on
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.recorded_model import END_OF_RECORD
from dv_agent.agents.records.resimulation import with_failed_calls
from dv_agent.agents.records.schema import ReplyLine, RunHeader
from dv_agent.agents.runs.tool_runs import TOOLS
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.totals import overall_totals
from dv_agent.errors import ModelFailure
from dv_agent.eval.evaluation.data_model import Trial
from dv_agent.eval.hunting.floor_hunter import FLOOR
from dv_agent.eval.report.wording import plural
from dv_agent.eval.verification.same_run import TARGET
from dv_agent.eval.verification.verdict import Finding, refused, unverifiable

_COMPARED = (
    "errors", "usage", "dropped", "structured", "tool_uses", "claims", "bug_reports", "stop_reason", "bins_hit",
)  # fmt: skip
_MOST_CHARACTERS_A_TOKEN = 1_000


@dataclass
class Again:
    """How far a run was repeated.

    Attributes:
        state: state after the last turn that was equal to the record.
        cycles: the limit of cycles that applied in that turn; None if there was none.
    """

    state: RunState
    complete: bool = False
    cycles: int | None = None


def simulate_again(run: RecordedRun, trial: Trial, agent: Agent, bench: Testbench, again: Again) -> Iterator[Finding]:
    """Repeat every turn; the first difference ends it.

    Args:
        again: updated as turns are repeated.

    Raises:
        SimulationError: the simulator itself failed.
    """
    target, patience, budget = target_on(bench.track, TARGET), trial.entry.options.get("patience"), trial.budget
    limits = Limits(target, patience, reports=trial.entry.agent == TOOLS)
    for number, turn in enumerate(run.turns):
        state = replace(again.state, spent=with_failed_calls(again.state.spent, run, number))
        if early := stop_reason(state, budget, limits):
            yield refused(f"turn {number} comes after the run was over ({early})")
            return
        found = list(_turn(number, turn, state, agent, bench, budget, again))
        if not found:
            found = list(_asked(number, run, trial))
        if found:
            yield from found
            return
    again.complete = True
    again.state = _after_the_last_turn(run, again.state, agent, bench, budget, limits)
    yield from _end(run, again.state, stop_reason(again.state, budget, limits), budget, again.cycles)


def begin(bench: Testbench) -> Again:
    """Return the state before the first turn."""
    return Again(RunState(empty_coverage(bench.plan)))


def _after_the_last_turn(
    run: RecordedRun, state: RunState, agent: Agent, bench: Testbench, budget: Budget, limits: Limits
) -> RunState:
    """Return the state in which the run ended: an agent that merely says that it is done makes no turn."""
    state = replace(state, spent=with_failed_calls(state.spent, run, len(run.turns)))
    if stop_reason(state, budget, limits):
        return state
    try:
        proposal = agent.propose(make_view(bench, state, budget))
    except ModelFailure:  # the record has no further reply, so the model was not asked again
        return state
    return replace(state, done=True, stop_reason=proposal.stop_reason) if proposal.merely_ends else state


def _turn(
    number: int, turn: TurnRecord, state: RunState, agent: Agent, bench: Testbench, budget: Budget, again: Again
) -> Iterator[Finding]:
    tests = tuple(record.test for record in turn.tests)
    try:
        proposal = agent.propose(make_view(bench, state, budget))
    except ModelFailure as error:
        yield refused(f"turn {number} does not follow from the recorded replies: {error.message}")
        return
    if proposal.tests[: len(tests)] != tests:
        yield refused(f"turn {number}: these are not the tests that its agent proposes")
        return
    # A cut in the record is not trusted: the budget is applied again.
    bounds = _bounds(turn, state, budget)
    again.cycles = bounds.cycles
    state, found = advance(state, proposal, bench, bounds)
    again.state = replace(state, spent=state.spent.model_copy(update={"seconds": turn.spent.seconds}))
    yield from _compared(number, turn, found)


def _bounds(turn: TurnRecord, before: RunState, budget: Budget) -> Budget:
    """Return the limits that applied in `turn`: in older records the test that crossed the budget was not cut but
    finished.

    It was then the last test, and its bins do not count (`dv_agent.eval.scoring.coverage_score`).
    """
    total = before.spent.cycles + sum(test.cycles for test in turn.tests)
    if budget.cycles is None or not turn.tests or turn.tests[-1].max_cycles is not None or total <= budget.cycles:
        return budget
    if total - turn.tests[-1].cycles >= budget.cycles:
        return budget  # a test cannot start after the budget is used up
    return budget.model_copy(update={"cycles": total})


def _compared(number: int, said: TurnRecord, found: TurnRecord) -> Iterator[Finding]:
    if said.turn != number:
        yield refused(f"turn {number} is called turn {said.turn}")
        return
    if len(said.tests) != len(found.tests):
        words = f"{len(said.tests)} tests, but the budget allows {len(found.tests)} of those that were proposed"
        yield refused(f"turn {number}: {words}")
        return
    for old, new in zip(said.tests, found.tests, strict=True):
        if _behaviour(old) != _behaviour(new):
            yield refused(
                f"test {new.index}: {len(old.hits)} bins hit in {old.cycles:,} cycles ({old.end[:20]}) are recorded, "
                f"found {len(new.hits)} in {new.cycles:,} ({new.end})"
            )
            return
    for name in _COMPARED:
        if getattr(said, name) != getattr(found, name):
            yield refused(f"turn {number}: {name} is recorded as {_word(said, name)}, found {_word(found, name)}")
            return
    if _unclocked(said.spent) != _unclocked(found.spent):
        yield refused(f"turn {number}: {_spent(said.spent)} used so far are recorded, found {_spent(found.spent)}")


def _behaviour(test: TestRecord) -> tuple[Any, ...]:
    return test.index, test.hits, test.end, test.cycles, test.max_cycles, test.new_bins, test.failures, test.error


def _asked(number: int, run: RecordedRun, trial: Trial) -> Iterator[Finding]:
    """Check that the replies of a turn can have the recorded cost."""
    for line in run.replies:
        if line.turn == number and not line.failure:
            yield from _costs(number, line, trial)


def _costs(number: int, line: ReplyLine, trial: Trial) -> Iterator[Finding]:
    reply = line.reply
    if trial.entry.model and trial.entry.model.model == FLOOR:
        return  # no model: it costs nothing
    if reply.cached and "cache" not in trial.entry.options:
        yield refused(f"turn {number}: a reply from a cache, which this row has none of")
    text = len(reply.text) + sum(len(one.arguments) for one in reply.tool_calls)
    sent = sum(len(one.content) for one in line.messages)
    counted = [one for one in reply.attempts if not one.error]
    told, heard = (sum(getattr(one, name) for one in counted) for name in ("output_tokens", "input_tokens"))
    if text > _MOST_CHARACTERS_A_TOKEN * told or sent > _MOST_CHARACTERS_A_TOKEN * heard:
        words = f"{sent:,} characters sent and {text:,} said cannot be {heard:,} and {told:,} tokens"
        yield refused(f"turn {number}: {words}")


def _end(run: RecordedRun, state: RunState, reason: str | None, budget: Budget, most: int | None) -> Iterator[Finding]:
    header = run.header
    if reason is None and header.agent_options.replay and header.stop_reason == END_OF_RECORD:
        pass  # a replay ends with the record that it replays, of which nothing is here
    elif reason is None and header.stop_reason == "budget:cycles" == f"budget:{budget.exceeded(state.spent)}":
        # So did older versions; today it may have been cut, to hide a wrong report.
        yield unverifiable("it ended when its cycles were used up, although a failed check was left to be reported")
    elif reason is None:
        left = ", ".join(f"{amount:,.0f} {name}" for name, amount in budget.left(state.spent).items())
        yield refused(f"it ended after {plural(len(run.turns), 'turn')} for no reason: {left} were left")
    elif reason != header.stop_reason:
        yield refused(f"it is said to have ended by {header.stop_reason[:40]!r}, found {reason!r}")
    elif reason == "budget:seconds":
        yield unverifiable("it ended by the clock, which nobody can simulate again")
    if most is not None and state.spent.cycles > most:
        yield refused(f"{state.spent.cycles:,} cycles were simulated, beyond the bound of {budget.cycles:,}")
    unused = [line for line in run.replies if line.turn >= len(run.turns)]
    if unused:
        yield refused(f"{len(unused)} recorded calls belong to no turn")
    yield from _header(header, run, state)


def _header(header: RunHeader, run: RecordedRun, state: RunState) -> Iterator[Finding]:
    totals = overall_totals(state.coverage)
    hit, cycles = totals.bins_hit, state.spent.cycles
    if (header.bins_hit, header.spent.cycles) != (hit, cycles):
        yield refused(
            f"run.json says {header.bins_hit} bins after {header.spent.cycles:,} cycles, found {hit} after {cycles:,}"
        )
    elif _unclocked(header.spent) != _unclocked(state.spent):
        yield refused(f"run.json says that {_spent(header.spent)} were used, found {_spent(state.spent)}")
    counts = (header.turns, header.tests, header.bins, header.coverage_pct, header.failing_tests)
    if counts != (state.turns, state.tests, totals.bins, totals.coverage_pct, len(state.failures)):
        yield refused("run.json counts other turns, tests, bins or failures than were found")
    models = {line.reply.model for line in run.replies if line.reply.model}
    if set(header.returned_models) - models:
        yield refused("run.json names a model that no reply names")


def _unclocked(spent: Spent) -> dict[str, float]:
    """Return all values but the seconds; dollars are rounded to a millionth, because the order of a sum changes
    later digits.

    The attributes are compared, because in JSON unknown dollars are null.
    """
    return {name: round(getattr(spent, name), 6) for name in type(spent).model_fields if name != "seconds"}


def _spent(spent: Spent) -> str:
    words = [f"{spent.cycles:,} cycles"]
    words += [f"{spent.bounded(name):,g} {name}" for name in ("calls", "tokens", "usd") if spent.bounded(name)]
    return ", ".join(words)


def _word(turn: TurnRecord, name: str) -> str:
    value = getattr(turn, name)
    return f"{len(value)} things" if isinstance(value, tuple | dict) else str(value)[:120]
