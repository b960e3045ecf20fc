"""What a report is made of: a run folder as frozen data, of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dv_agent.agents.budget import Spent
from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.agents.models.chat_model import CallUsage
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.turn import NearRecord
from dv_agent.eval.report.text_limits import Clip
from dv_agent.eval.report.tool_data import ClaimData, ReportedBug, ToolCallData, ToolUseData
from dv_agent.runners.checks.ending import Ended, Waiting, ending_words
from dv_agent.runners.checks.failure import CheckFailure


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a test: a line of compact JSON a step, and how many steps were left out."""

    name: str
    steps: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class TestData:
    """One test.

    Attributes:
        cycle: simulated cycles of the run when the test had ended.
        failures: the first failed checks; `failed_checks` counts all.
    """

    __test__ = False

    index: int
    turn: int
    name: str
    note: str
    seed: int
    tracks: tuple[Track, ...]
    cycles: int
    cycle: int
    end: str
    new_bins: tuple[str, ...]
    failures: tuple[CheckFailure, ...]
    failed_checks: int
    error: str
    near: tuple[NearRecord, ...] = ()
    waiting: Waiting | None = None

    @property
    def ended(self) -> Ended:
        """How it ended."""
        return Ended(self.index, self.end, self.cycles, bool(self.failed_checks), self.waiting)

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        return ending_words(self.ended)


@dataclass(frozen=True, slots=True)
class MessageData:
    """One message of a prompt."""

    role: str
    content: Clip


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model.

    Attributes:
        failure: why there is no reply.
        form: ``schema`` or ``refused`` where structured output was asked for.
        tools: what an agent with tools called in its reply.
    """

    line: int
    messages: tuple[MessageData, ...]
    reply: Clip
    model: str
    finish_reason: str
    attempts: tuple[CallUsage, ...]
    failure: str
    form: str = ""
    tools: tuple[ToolCallData, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnData:
    """One turn.

    Attributes:
        line: its line in ``turns.jsonl``.
        errors: what was dropped of the reply, and why; `dropped` counts it by class.
        cut: what was left out of the prompt for want of room.
        tokens: input and output tokens of this turn.
        total_tokens: of the run so far.
        structured: what came of a wish for structured output, see `dv_agent.agents.proposal.Structured`.
        uses: calls of tools as they were counted.
    """

    turn: int
    line: int
    tests: tuple[TestData, ...]
    errors: tuple[str, ...]
    calls: tuple[Call, ...]
    cut: tuple[str, ...]
    dropped: Mapping[str, int]
    tokens: int
    total_tokens: int
    spent: Spent
    structured: str = ""
    uses: tuple[ToolUseData, ...] = ()

    @property
    def new_bins(self) -> int:
        """Bins covered first in this turn."""
        return sum(len(test.new_bins) for test in self.tests)

    @property
    def cycles(self) -> int:
        """Cycles simulated in this turn."""
        return sum(test.cycles for test in self.tests)

    @property
    def failing(self) -> int:
        """Tests of this turn with a failed check."""
        return sum(bool(test.failed_checks) for test in self.tests)


@dataclass(frozen=True, slots=True)
class FailureData:
    """One folder under ``failures/``; None where a file is missing.

    Attributes:
        sizes, behind: how far the test was shrunk, and how many failing tests stand behind it; empty without
            finding.json.
    """

    index: int
    failure: CheckFailure | None
    test: tuple[Track, ...] | None
    shrunk: tuple[Track, ...] | None
    excerpt: Excerpt | None
    has_waves: bool
    sizes: str = ""
    behind: str = ""


@dataclass(frozen=True, slots=True)
class RunData:
    """A run folder.

    Attributes:
        pending: calls whose turn was never finished.
        notes: what is missing or was left out, one sentence each.
        plan_hash: of the plan that coverage.json was recorded against, empty without that file.
        files: name and size in bytes of the files of the folder.
        claims, reports: of an agent with tools, judged as far as run.json judges them.
    """

    folder: Path
    header: RunHeader
    turns: tuple[TurnData, ...]
    pending: tuple[Call, ...]
    failures: tuple[FailureData, ...]
    notes: tuple[str, ...]
    plan_hash: str = ""
    files: tuple[tuple[str, int], ...] = field(default=())
    claims: tuple[ClaimData, ...] = ()
    reports: tuple[ReportedBug, ...] = ()

    @property
    def tests(self) -> tuple[TestData, ...]:
        """All tests, in the order they ran."""
        return tuple(test for turn in self.turns for test in turn.tests)

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls of the model, in order."""
        return tuple(call for turn in self.turns for call in turn.calls) + self.pending
