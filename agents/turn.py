"""The record of one turn: its tests, failures, prompt parts and costs, as one line of ``turns.jsonl``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.proposal import CutRecord, PartRecord, Structured, Usage
from dv_agent.agents.tools.claims_and_reports import BugReport, Claim, ToolUse
from dv_agent.designs.bounds import Amount, Count, PlainText, Stops
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test
from dv_agent.runners.checks.ending import Ended, Waiting
from dv_agent.runners.checks.run_checks import CheckFailure


class NearRecord(Frozen):
    """Hole to which a test came nearer than all tests before it: the distance, and the step of each track there."""

    bin: Count
    distance: Amount
    steps: dict[str, Count] = Field(default_factory=dict)


class TestRecord(Frozen):
    """Record of one test of a turn.

    Attributes:
        index: its number in the run.
        end: a value of `dv_agent.designs.trace.End`, or "refused".
        max_cycles: the cycles that were left if the budget cut the test (`end` is "budget"): it must be simulated again
            with this bound. Records of version 0.1 and before have no such tests: there the test that exceeded the
            budget ran to its end.
        new_bins: ids of the bins that this test was the first to cover.
        hits: indices of all bins that it hit.
        error: why the test was refused, if it was.
        waiting: what the test waited for if `end` is "deadlock"; empty in older records.
    """

    __test__ = False

    test: Test
    index: Count
    cycles: Count = 0
    max_cycles: int | None = Field(default=None, ge=1)
    end: str = "refused"
    new_bins: Annotated[tuple[str, ...], Stops] = ()
    hits: Annotated[tuple[Count, ...], Stops] = ()
    failures: Annotated[tuple[CheckFailure, ...], Stops] = ()
    near: Annotated[tuple[NearRecord, ...], Stops] = ()
    error: str = ""
    waiting: Waiting | None = None

    @property
    def ended(self) -> Ended:
        """How the test ended."""
        return Ended(self.index, self.end, self.cycles, bool(self.failures), self.waiting)


class FailureRecord(Frozen):
    """Record of a failing test; `max_cycles` as in `TestRecord`, `cycles` is how many cycles it ran."""

    index: int
    test: Test
    max_cycles: int | None = None
    failures: tuple[CheckFailure, ...]
    cycles: int = 0


class TurnRecord(Frozen):
    """One line of ``turns.jsonl``.

    The prompt and the reply of a model are in a separate line, see `dv_agent.agents.records.schema.ReplyLine`.

    Attributes:
        errors: what was dropped from the reply, one line each; `dropped` counts it by class, and `repaired` counts by
            kind what was read although it is not valid JSON.
        look: see `Proposal`.
        silence: why the turn had no test, see `Proposal`.
        parts, cut: parts of the prompt, and what was left out of them, with estimated tokens.
        structured: the result of a request for structured output, see `Proposal`; empty if it was not requested.
        stop_reason: why the agent proposed nothing more.
        tool_uses, claims, bug_reports, by_hand: see `Proposal`.
        budget: the bounds of the run in this turn; they may be raised when a run is resumed.
    """

    turn: Count
    tests: Annotated[tuple[TestRecord, ...], Stops]
    look: Annotated[tuple[PlainText, ...], Stops] = ()
    errors: Annotated[tuple[str, ...], Stops] = ()
    usage: Usage = Usage()
    dropped: dict[str, Count] = Field(default_factory=dict)
    repaired: dict[str, Count] = Field(default_factory=dict)
    silence: str = ""
    parts: Annotated[tuple[PartRecord, ...], Stops] = ()
    cut: Annotated[tuple[CutRecord, ...], Stops] = ()
    prompt_tokens: Count = 0
    structured: Structured = ""
    tool_uses: Annotated[tuple[ToolUse, ...], Stops] = ()
    claims: Annotated[tuple[Claim, ...], Stops] = ()
    bug_reports: Annotated[tuple[BugReport, ...], Stops] = ()
    by_hand: ManualTurn | None = None
    stop_reason: str = ""
    bins_hit: Count = Field(default_factory=int)  # a factory: a known default would not be written
    spent: Spent = Field(default_factory=Spent)
    budget: Budget = Budget()
