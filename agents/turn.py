"""What one turn leaves in the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.llm.manual_turn import ManualTurn
from dv_agent.agents.proposal import CutRecord, PartRecord, Structured, Usage
from dv_agent.agents.tools.claims_and_reports import BugReport, Claim, ToolUse
from dv_agent.designs.bounds import Amount, Count, Stops
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test
from dv_agent.runners.checks.ending import Ended, Waiting
from dv_agent.runners.checks.run_checks import CheckFailure


class NearRecord(Frozen):
    """A hole to which a test came nearer than all before: by how much it missed, and in which step of each track."""

    bin: Count
    distance: Amount
    steps: dict[str, Count] = Field(default_factory=dict)


class TestRecord(Frozen):
    """One test of a turn.

    Attributes:
        index: its number in the run.
        end: a value of `dv_agent.designs.trace.End`, or "refused".
        max_cycles: where the budget cut it (`end` is "budget"), the cycles that were left: it can only be played again
            with this bound. Records of version 0.1 and before have no such tests: they finished the test that crossed
            the budget.
        new_bins: ids of the bins that it covered first.
        hits: indices of all bins that it hit.
        error: why it was refused, if it was.
        waiting: what it waited for where `end` is "deadlock"; records of before do not tell.
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
        """How it ended."""
        return Ended(self.index, self.end, self.cycles, bool(self.failures), self.waiting)


class FailureRecord(Frozen):
    """A failing test; `max_cycles` as in `TestRecord`, `cycles` is how long it ran."""

    index: int
    test: Test
    max_cycles: int | None = None
    failures: tuple[CheckFailure, ...]
    cycles: int = 0


class TurnRecord(Frozen):
    """One line of ``turns.jsonl``.

    What a model was sent and what it said stands in a line of its own, see `dv_agent.agents.records.schema.ReplyLine`.

    Attributes:
        errors: what was dropped from the reply, one line each; `dropped` counts it by class, and `repaired` what was
            read though it is no JSON.
        silence: why there was no test to run, see `Proposal`.
        parts, cut: of the prompt, with estimated tokens.
        structured: what came of a wish for structured output, see `Proposal`; empty without the wish.
        stop_reason: why the agent proposed nothing more.
        tool_uses, claims, bug_reports, by_hand: see `Proposal`.
        budget: the bounds that held; they may be raised when a run is resumed.
    """

    turn: Count
    tests: Annotated[tuple[TestRecord, ...], Stops]
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
    bins_hit: Count = Field(default_factory=int)  # a factory: a default that is known would not be written
    spent: Spent = Field(default_factory=Spent)
    budget: Budget = Budget()
