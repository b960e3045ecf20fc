"""The loop of a run: propose, simulate, check, sample, record; ends at the target, at the budget, or on a stall."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import Progress, RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import TurnRecord
from dv_agent.prompts.benchmark_track import Track

NEVER = 101.0
"""A target that no run meets."""
CLOSING_TURNS = 3
"""Turns without a test that are left for reports when no cycle is left."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Stop conditions of a run besides the budget.

    Attributes:
        target: percentage of covered bins at which the run is done.
        patience: turns in a row without a new bin after which it has stalled, or None.
        stop_on_failure: whether the first failed check ends the run.
        reports: whether the agent reports failed checks: it may then do so when the cycles are used up.
    """

    target: float = 100.0
    patience: int | None = None
    stop_on_failure: bool = False
    reports: bool = False


def target_on(track: Track, target: float) -> float:
    """Return the target of a run on `track`: an agent that does not know the plan goes on when all is covered."""
    return target if track.plan else NEVER


def stop_reason(state: RunState, budget: Budget, limits: Limits) -> str | None:
    """Return the reason why the run ends now, or None to continue."""
    coverage = state.coverage
    if state.failures and limits.stop_on_failure:
        return "failure"
    if 100 * coverage.bins_hit >= limits.target * len(coverage.hits):
        return "target"
    bounds = budget.model_copy(update={"cycles": None}) if _may_report(state, budget, limits) else budget
    if bound := bounds.exceeded(state.spent):
        return f"budget:{bound}"
    if state.done:
        return state.stop_reason or "agent_done"
    if limits.patience is not None and state.stale_turns >= limits.patience:
        return "stalled"
    return None


def _may_report(state: RunState, budget: Budget, limits: Limits) -> bool:
    """Return whether the agent can report a failed check, which takes replies and no cycles."""
    has_calls = budget.left(state.spent).get("calls", 1) >= 1
    return limits.reports and len(state.failures) > 0 and has_calls and state.untested_turns < CLOSING_TURNS


def run(
    agent: Agent,
    bench: Testbench,
    state: RunState,
    budget: Budget,
    limits: Limits,
    record: RunRecord,
    on_test: Progress | None = None,
    on_turn: Callable[[RunState, TurnRecord], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunState:
    """Run `agent` on `bench` from `state` to the end; the record is complete after each turn, also after an error.

    Args:
        should_stop: called between turns; True ends the run as interrupted.

    Raises:
        DvAgentError: the simulator, the model or the disk failed; the turns before it are in the record.
    """
    started = time.monotonic() - state.spent.seconds
    reason = "interrupted"
    try:
        while (stop := stop_reason(state, budget, limits)) is None and not should_stop():
            proposal = agent.propose(make_view(bench, state, budget))
            if proposal.merely_ends:
                state = replace(state, done=True, stop_reason=proposal.stop_reason)
                continue
            state, turn = advance(state, proposal, bench, budget, on_test)
            spent = state.spent.model_copy(update={"seconds": time.monotonic() - started})
            state, turn = replace(state, spent=spent), turn.model_copy(update={"spent": spent})
            record.turn(turn)
            if on_turn:
                on_turn(state, turn)
        reason = stop or reason
    except Exception as error:
        reason = f"error: {type(error).__name__}"
        raise
    finally:
        record.finish(state, reason)
    return state
