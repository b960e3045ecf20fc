"""Data models of the files in a run folder, used by both the writer and the reader.

Fields that an older version did not write have neutral defaults; keys added by a later version are ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.models.chat_model import Message, ModelSettings, Reply, ToolSpec
from dv_agent.agents.tools.claims_and_reports import ClaimScore, ReportVerdict
from dv_agent.coverage.code.group import Goal
from dv_agent.designs.bounds import Count, Number, PlainText, RecordedName, Seed, Stops
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.prompts.benchmark_track import TrackName
from dv_agent.prompts.strategy import Strategy

HEADER, TURNS, COVERAGE, FAILURES = "run.json", "turns.jsonl", "coverage.json", "failures"
NEWEST = 1
Status = Literal["running", "finished", "interrupted", "error"]


class AgentOptions(Frozen):
    """Options that the user gave explicitly; an option that was not given is None and is not written.

    Attributes:
        session, node, from_run, from_turn: for a run exported from an interactive session: its session and node, and
            the run and turn at which the session began.
        guided: false for the search agent without coverage feedback.
        bug: the seeded bug in the RTL.
        change: a mutant whose change was made in the RTL.
        cache: SQLite file of replies.
        decoys: number of decoys requested.
        patience, stop_on_failure: see `dv_agent.agents.loop.Limits`.
        replay, reparse: the run that was replayed, and whether its replies were parsed again.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    session: PlainText | None = None
    node: Count | None = None
    guided: bool | None = None
    bug: RecordedName | None = None
    change: Candidate | None = None
    cache: PlainText | None = None
    decoys: Count | None = None
    patience: Count | None = None
    stop_on_failure: bool | None = None
    from_run: PlainText | None = Field(
        default=None, validation_alias=AliasChoices("from", "from_run"), serialization_alias="from"
    )
    from_turn: Count | None = None
    replay: PlainText | None = None
    reparse: bool | None = None

    @property
    def said(self) -> dict[str, Any]:
        """Return the options that were given, by their name in the record."""
        return self.model_dump(mode="json")

    @model_serializer(mode="wrap")
    def _what_was_said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {name: value for name, value in data.items() if value is not None}


class RunHeader(Frozen):
    """The content of ``run.json``.

    Attributes:
        design: its name; never a path.
        design_folder: where it stood, if it was named by its folder; shown, never opened.
        track: what the agent was given, see `dv_agent.prompts.benchmark_track`.
        goal: which bins the run has: those of the plan, those of code coverage, or both.
        strategy, prompting: the prompting strategy of a model: its name, and its full content.
        unpriced_attempts: calls of a model whose price is not known; `spent.usd` does not include them.
        turns: number of turns in which tests were (or should have been) proposed; the turn in which an agent with tools
            finishes is not counted.
        checked, unchecked: what its tests are checked for, and what nothing checks; empty in older records.
        nothing_checked: why no test of the run was simulated; empty if one was.
        rules_off: port -> rules of its handshakes that design.yaml switched off, with the reasons.
        repeated_simulations: how often a simulator was killed from outside, so that its test was simulated again;
            tests, coverage and failures are not affected by this.
        structured: number of turns that asked for structured output, by result, see `TurnRecord`.
        hashes: SHA-256 of the files that the result depends on, by kind.
        versions: of dv-agent, Python, cocotb and the simulator, and the git revision if there is one.
        reproducible: false if a limit in seconds was set; None if the record does not say.
        decoys: unreachable bins that an agent with tools sees among the holes.
        claims, bug_reports: verdicts on the claims and bug reports of such an agent; None until they were judged.
    """

    schema_version: Literal[1] = 1
    id: str = ""
    started: str = ""
    design: RecordedName
    design_folder: PlainText = ""
    task_version: Count = 0
    agent: str = "unknown"
    agent_options: AgentOptions = AgentOptions()
    model: ModelSettings | None = None
    strategy: str = ""
    prompting: Strategy | None = None
    returned_models: Annotated[tuple[str, ...], Stops] = ()
    unpriced_attempts: Count = 0
    structured: dict[str, Count] = Field(default_factory=dict)
    goal: Goal = "functional"
    track: TrackName = "closure"
    seed: Seed = 0
    budget: Budget = Budget()
    target: Number = 100.0
    simulator: str = ""
    hashes: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    reproducible: bool | None = None
    status: Status = "running"
    stop_reason: str = ""
    finished: str = ""
    turns: Count = 0
    tests: Count = 0
    repeated_simulations: Count = 0
    bins_hit: Count = 0
    bins: Count = 0
    coverage_pct: Number = 0.0
    failing_tests: Count = 0
    checked: Annotated[tuple[PlainText, ...], Stops] = ()
    unchecked: Annotated[tuple[PlainText, ...], Stops] = ()
    nothing_checked: str = ""
    rules_off: Annotated[dict[RecordedName, dict[RecordedName, PlainText]], Stops] = Field(default_factory=dict)
    spent: Spent = Spent()
    decoys: Annotated[tuple[str, ...], Stops] = ()
    claims: ClaimScore | None = None
    bug_reports: Annotated[tuple[ReportVerdict, ...] | None, Stops] = None

    @model_validator(mode="after")
    def _prices_of_older_records(self) -> Self:
        """Convert older records, which wrote 0 for an unknown price and counted these attempts separately."""
        if self.unpriced_attempts and "unpriced" not in self.spent.model_fields_set:
            spent = self.spent.model_copy(update={"unpriced": self.unpriced_attempts})
            object.__setattr__(self, "spent", spent)  # frozen, but not shared yet
        return self

    @field_validator("model", mode="before")
    @classmethod
    def _a_bare_name(cls, value: Any) -> Any:
        return {"model": value} if isinstance(value, str) else value

    @property
    def model_name(self) -> str:
        """Return the requested model, empty for agents without one."""
        return self.model.model if self.model else ""

    @property
    def simulator_name(self) -> str:
        """Return the simulator without its version, empty if the record does not say."""
        return (self.simulator.split(maxsplit=1) or [""])[0]


class ReplyLine(Frozen):
    """A call of a model, written before the reply is parsed, so that a paid reply is never requested again.

    Attributes:
        turn: the turn of the call.
        messages: the prompt without its first `since` messages, which equal those of the previous line of kind
            ``reply``; `dv_agent.agents.records.reader.read_run` restores them.
        failure: why there is no reply; empty if there is one.
        tools: the tools offered to the model, in the first line and whenever they change.
        output: digest of the schema requested for the reply, see `OutputSchema`; empty for plain text.
    """

    kind: Literal["reply"] = "reply"
    turn: Count
    messages: Annotated[tuple[Message, ...], Stops]
    since: Count = 0
    reply: Reply
    failure: str = ""
    tools: Annotated[tuple[ToolSpec, ...], Stops] = ()
    output: str = ""
