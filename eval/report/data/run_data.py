"""Data classes of a report: a run folder as frozen data of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dv_agent.agents.budget import Spent
from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.agents.models.chat_model import CallUsage
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.turn import NearRecord
from dv_agent.eval.report.data.text_limits import Clip
from dv_agent.eval.report.data.tool_data import ClaimData, ReportedBug, ToolCallData, ToolUseData
from dv_agent.runners.checks.ending import Ended, Waiting, ending_words
from dv_agent.runners.checks.failure import CheckFailure


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a test: one line of compact JSON per step, and the number of steps left out."""

    name: str
    steps: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class TestData:
    """One test of a run.

    Attributes:
        cycle: simulated cycles of the run at the end of the test.
        failures: the first failed checks; `failed_checks` is the number of all.
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
        """Return how the test ended."""
        return Ended(self.index, self.end, self.cycles, bool(self.failed_checks), self.waiting)

    @property
    def ending(self) -> str:
        """Return how the test ended, in words."""
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
        failure: why there is no reply; empty if there is one.
        form: ``schema`` or ``refused`` if structured output was requested.
        tools: the tool calls in its reply, for an agent with tools.
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
    """One turn of a run.

    Attributes:
        line: number of its line in ``turns.jsonl``.
        errors: which parts of the reply were dropped, and why; `dropped` counts them by class.
        cut: what was left out of the prompt because it was too long.
        tokens: input and output tokens of this turn.
        total_tokens: input and output tokens of the run so far.
        structured: the result of a request for structured output, see `dv_agent.agents.proposal.Structured`.
        uses: the tool calls as the turn counted them.
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
        """Return the bins that were first covered in this turn."""
        return sum(len(test.new_bins) for test in self.tests)

    @property
    def cycles(self) -> int:
        """Return the cycles simulated in this turn."""
        return sum(test.cycles for test in self.tests)

    @property
    def failing(self) -> int:
        """Return the tests of this turn with a failed check."""
        return sum(bool(test.failed_checks) for test in self.tests)


@dataclass(frozen=True, slots=True)
class FailureData:
    """One folder under ``failures/``; a field is None if its file is missing.

    Attributes:
        sizes, behind: how far the test was shrunk, and how many failing tests have this cause; empty without
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
    """All data that a report shows of a run folder.

    Attributes:
        pending: calls whose turn was never finished.
        notes: what is missing or was left out, one sentence each.
        plan_hash: hash of the plan that coverage.json was recorded with; empty without that file.
        files: name and size in bytes of the files of the folder.
        claims, reports: claims and bug reports of an agent with tools, with the verdicts that run.json has.
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
        """Return all tests, in the order they ran."""
        return tuple(test for turn in self.turns for test in turn.tests)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Return all calls of the model, in order."""
        return tuple(call for turn in self.turns for call in turn.calls) + self.pending
