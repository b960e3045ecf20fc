"""The state of a run, and `advance`, the only function that changes it.

`advance` is shared by the loop, by agents that simulate within a turn, by interactive use, by
replay, by resume and by re-scoring, so all of them change a run in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.failures.log import FailureLog
from dv_agent.agents.llm.thinking import spoken
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.simulated_turn import Refused, simulate_turn
from dv_agent.agents.testbench import Result, Testbench
from dv_agent.agents.turn import FailureRecord, NearRecord, TestRecord, TurnRecord
from dv_agent.agents.turn_details import by_step_of, looked
from dv_agent.coverage.database import Coverage, new_bins
from dv_agent.coverage.holes import OpenBins
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import End
from dv_agent.prompts.restricted_view import restricted
from dv_agent.prompts.view import Attempt, Exchange, Near, Outcome, Played, View, Window
from dv_agent.runners.checks.assertions import reset_notes
from dv_agent.runners.checks.ending import Ended, ending_words
from dv_agent.runners.checks.exceptions import exception_notes
from dv_agent.runners.checks.scope_of_checks import what_is_checked

MAX_EARNED = 24
MAX_NOTES = 5
MAX_EARLIER = 200
Progress = Callable[[TestRecord], None]


@dataclass(frozen=True, slots=True)
class RunState:
    """Complete state of a run after some turns.

    Attributes:
        coverage: merged over all tests so far.
        last: outcomes of the last turn, as shown to the agent.
        errors: what was dropped from the last proposal, and why.
        failures: failing tests so far.
        nearest: index of an open bin -> the test of any turn with the smallest distance to it.
        exchanges: prompt and reply of a model, turn by turn.
        earned: the tests that covered the most new bins, at most `MAX_EARNED`, the best one first.
        earlier: the tests that ran before the last turn, the latest `MAX_EARLIER`; `earlier_more` were before them.
        windows: what the last reply asked to look at.
        ended: how each test ended, refused tests included.
        reset_notes: what the RTL reported only in reset, each once, see `dv_agent.runners.checks.assertions`.
        silence: why the last turn without a test had no test, see `Proposal.silence`.
        claimed: bins of which replies said that no test can hit them, each once.
        stale_turns, untested_turns: turns in a row without a new bin, and without a test.
        done: the agent said that it has nothing more to propose; `stop_reason` says why.
    """

    coverage: Coverage
    spent: Spent = field(default_factory=Spent)
    turn: int = 0
    tests: int = 0
    last: tuple[Outcome, ...] = ()
    errors: tuple[str, ...] = ()
    failures: FailureLog = field(default_factory=FailureLog)
    nearest: Mapping[int, Attempt] = field(default_factory=dict)
    exchanges: tuple[Exchange, ...] = ()
    earned: tuple[Outcome, ...] = ()
    earlier: tuple[Played, ...] = ()
    earlier_more: int = 0
    windows: tuple[Window, ...] = ()
    ended: tuple[Ended, ...] = ()
    reset_notes: tuple[str, ...] = ()
    stale_turns: int = 0
    untested_turns: int = 0
    silence: str = ""
    claimed: tuple[str, ...] = ()
    done: bool = False
    stop_reason: str = ""

    @property
    def turns(self) -> int:
        """The number of turns without the one in which an agent with tools only said that it is done."""
        return self.turn - (self.done and not self.last and not self.stop_reason and self.turn > 0)


def make_view(bench: Testbench, state: RunState, budget: Budget) -> View:
    """Return all that the agent may know now, on the track of `bench`."""
    view = View(
        design=bench.folder.design,
        schema=bench.folder.schema,
        specification=bench.folder.specification,
        brief=bench.folder.short_specification,
        plan=bench.plan,
        coverage=state.coverage,
        holes=OpenBins(bench.plan, state.coverage),
        turn=state.turn,
        last=state.last,
        errors=state.errors,
        budget_left=budget.left(state.spent),
        nearest=state.nearest,
        rtl=bench.rtl,
        exchanges=state.exchanges,
        earned=state.earned,
        earlier=state.earlier,
        earlier_more=state.earlier_more,
        compared=bench.folder.has_model,
        **rules_in_words(bench.folder),
        foretold=bench.foretold,
        windows=state.windows,
        claimed=state.claimed,
        look=bench.nearest,
        track=bench.track,
    )
    return view if bench.track.plan and bench.track.specification else restricted(view)


class RuleWords(TypedDict, total=False):
    """The fields of `View` on rules."""

    rules: tuple[str, ...]
    rules_off: tuple[str, ...]


def rules_in_words(folder: DesignFolder) -> RuleWords:
    """Return the fields of `View` on rules; a reference model says what is checked, if there is one."""
    if folder.has_model:
        return {}
    checked = what_is_checked(folder.design, False, next(iter(folder.design.simulators), ""))
    return {"rules": checked.rules, "rules_off": tuple(exception_notes(folder.design.exceptions))}


def advance(
    state: RunState, proposal: Proposal, bench: Testbench, budget: Budget, progress: Progress | None = None
) -> tuple[RunState, TurnRecord]:
    """Run the proposal's tests until the budget is used up; return the new state and the turn to record.

    The test that would exceed the bound on cycles is cut at the bound.

    Raises:
        SimulationError: the simulator itself failed; `state` is still valid.
    """
    usage = proposal.usage
    start = replace(_turned(state), spent=_paid(state.spent, proposal), errors=proposal.errors)
    current, records = start, list[TestRecord]()
    for done in simulate_turn(start.spent, proposal, bench, budget, start.coverage.open_bins.tolist()):
        current, record = _refused(current, done) if isinstance(done, Refused) else _sampled(current, done, bench)
        records.append(record)
        if progress:
            progress(record)
    gained = any(record.new_bins for record in records)
    shown, missing = looked(current.nearest, proposal.look, bench)
    current = replace(
        current,
        turn=state.turn + 1,
        windows=shown,
        errors=(*current.errors, *missing),
        done=proposal.done,
        stop_reason=proposal.stop_reason,
        silence=_silence(proposal, records) or state.silence,
        claimed=tuple(dict.fromkeys((*state.claimed, *(one.bin for one in proposal.claims)))),
        stale_turns=0 if gained else state.stale_turns + 1,
        untested_turns=0 if records else state.untested_turns + 1,
        exchanges=state.exchanges + _exchange(state, current, proposal),
        earned=_earned(current),
    )
    turn = TurnRecord(
        turn=state.turn,
        tests=tuple(records),
        look=proposal.look,
        errors=proposal.errors,
        usage=usage,
        dropped=proposal.dropped,
        repaired=proposal.repaired,
        silence=_silence(proposal, records),
        parts=proposal.prompt.parts if proposal.prompt else (),
        cut=proposal.prompt.cut if proposal.prompt else (),
        prompt_tokens=proposal.prompt.tokens if proposal.prompt else 0,
        structured=proposal.structured,
        tool_uses=proposal.tool_uses,
        claims=proposal.claims,
        bug_reports=proposal.bug_reports,
        by_hand=proposal.by_hand,
        stop_reason=proposal.stop_reason,
        bins_hit=current.coverage.bins_hit,
        spent=current.spent,
        budget=budget,
    )
    return current, turn


def _turned(state: RunState) -> RunState:
    """Return the state in which the tests of the last turn are earlier ones."""
    played = (*state.earlier, *(Played(one.test, one.cycles) for one in state.last if one.end != "refused"))
    more = state.earlier_more + max(0, len(played) - MAX_EARLIER)
    return replace(state, last=(), earlier=played[-MAX_EARLIER:], earlier_more=more)


def _silence(proposal: Proposal, records: Sequence[TestRecord]) -> str:
    if records and all(one.end == "refused" for one in records):
        return f"every test was refused: {records[0].error}"[:400]
    return proposal.silence


def _exchange(before: RunState, after: RunState, proposal: Proposal) -> tuple[Exchange, ...]:
    if proposal.prompt is None:
        return ()
    user = proposal.prompt.messages[-1].content
    gained = tuple(index for outcome in after.last for index in outcome.new_bins)
    tests = tuple((outcome.test.name, len(outcome.new_bins)) for outcome in after.last)
    hit = after.coverage.bins_hit
    return (Exchange(before.turn, user, spoken(proposal.raw), gained, hit, tests, proposal.structured),)


def _earned(state: RunState) -> tuple[Outcome, ...]:
    """Return the tests sorted by new bins, most first; tests with equal counts keep the order in which they ran."""
    fresh = tuple(outcome for outcome in state.last if outcome.new_bins and not outcome.failures)
    return tuple(sorted((*state.earned, *fresh), key=lambda one: -len(one.new_bins))[:MAX_EARNED])


def _paid(spent: Spent, proposal: Proposal) -> Spent:
    usage = proposal.usage
    used = {"calls": usage.calls, "tokens": usage.input_tokens + usage.output_tokens, "usd": usage.usd}
    prefix = "cached_" if usage.cached else ""
    used |= {} if usage.cached else {"unpriced": usage.unpriced}
    return spent.model_copy(
        update={f"{prefix}{name}": getattr(spent, f"{prefix}{name}") + amount for name, amount in used.items()}
    )


def _refused(state: RunState, refused: Refused) -> tuple[RunState, TestRecord]:
    test, error = refused
    record = TestRecord(test=test, index=state.tests, error=str(error))
    outcome = Outcome(test=test, cycles=0, end="refused", new_bins=(), hits=())
    errors = (*state.errors, f"test {test.name or state.tests}: {error}")
    ended = (*state.ended, record.ended)
    return replace(state, tests=state.tests + 1, last=(*state.last, outcome), errors=errors, ended=ended), record


def _sampled(state: RunState, result: Result, bench: Testbench) -> tuple[RunState, TestRecord]:
    if state.last:  # a bin that a test of this turn has covered is no target of the next one
        is_open = set(state.coverage.open_bins.tolist())
        result = replace(result, near=tuple(near for near in result.near if near.bin in is_open))
    coverage = state.coverage.add(result.sample, f"{state.tests:06}", state.turn)
    new = new_bins(state.coverage, coverage)
    failures = tuple(failure.told for failure in result.failures)
    hits = tuple(int(index) for index in result.sample.hits.nonzero()[0])
    covered = tuple(bench.plan.index(one.id) for one in new)
    trace = result.trace
    by_step = by_step_of(result, covered, bench)
    ending = "" if trace.end == End.DRAINED else ending_words(result.ended(state.tests))
    outcome = Outcome(result.test, trace.cycles, trace.end, covered, hits, result.near, failures, by_step, ending)
    cut = trace.cycles if trace.end == End.BUDGET else None
    record = TestRecord(
        test=result.test,
        index=state.tests,
        cycles=trace.cycles,
        max_cycles=cut,
        end=trace.end,
        new_bins=tuple(one.id for one in new),
        hits=hits,
        failures=result.failures,
        waiting=result.waiting,
        near=tuple(
            NearRecord(bin=near.bin, distance=near.distance, steps=dict(near.steps))
            for near in result.near
            if near.bin not in covered and _is_nearer(state, near)
        ),
    )
    log = state.failures
    if failures:
        log = log.add(
            FailureRecord(
                index=state.tests, test=result.test, max_cycles=cut, failures=result.failures, cycles=trace.cycles
            )
        )
    spent = state.spent.model_copy(update={"cycles": state.spent.cycles + trace.cycles})
    return replace(
        state,
        coverage=coverage,
        nearest=_nearest(state, result, covered),
        spent=spent,
        tests=state.tests + 1,
        last=(*state.last, outcome),
        ended=(*state.ended, record.ended),
        reset_notes=tuple(dict.fromkeys((*state.reset_notes, *reset_notes(trace))))[:MAX_NOTES],
        failures=log,
    ), record


def _is_nearer(state: RunState, near: Near) -> bool:
    best = state.nearest.get(near.bin)
    return best is None or near.distance < best.near.distance


def _nearest(state: RunState, result: Result, covered: Sequence[int]) -> dict[int, Attempt]:
    """Return the nearest attempt of each open bin, this test included; covered bins are removed."""
    best = {index: attempt for index, attempt in state.nearest.items() if index not in covered}
    for near in result.near:
        if near.bin not in covered and _is_nearer(state, near):
            best[near.bin] = Attempt(result.test, near, state.turn, result.trace.cycles)
    return best
