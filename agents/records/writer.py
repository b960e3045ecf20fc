"""The run record: a folder that says all that happened, written while it happens.

``run.json``       what was run, with which versions, and how it ended (rewritten atomically)
``turns.jsonl``    one line a turn, appended and flushed; a reply stands here before it is parsed
``coverage.json``  the coverage database
``failures/``      failing tests, shrunk, with their waveforms
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator

from dv_agent.agents.budget import Budget, Spent
from dv_agent.agents.llm.silence import nothing_checked
from dv_agent.agents.models.chat_model import Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.state import RunState
from dv_agent.agents.tools.claims_and_reports import ClaimScore, ReportVerdict
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.storage import to_file
from dv_agent.coverage.totals import overall_totals
from dv_agent.designs.design import Frozen
from dv_agent.designs.files.documents import replace_text
from dv_agent.errors import OutputError
from dv_agent.prompts.strategy import Strategy

Status = Literal["running", "finished", "interrupted", "error"]


class RunHeader(Frozen):
    """``run.json``.

    Attributes:
        strategy, prompting: how a model is prompted: by name, and in full.
        unpriced_attempts: calls of a model whose price is not known; `spent.usd` leaves them out.
        turns: in which tests were proposed, or should have been; the one in which an agent with tools finishes is none.
        nothing_checked: why no test of the run was simulated; empty where one was.
        structured: turns in which structured output was wanted, by what came of it, see `TurnRecord`.
        repeated_simulations: how often a simulator was killed from outside, so that its test was simulated again;
            tests, coverage and failures are as if it had not been.
        hashes: SHA-256 of the files that the result depends on, by kind.
        versions: of dv-agent, Python, cocotb and the simulator, and the git revision where there is one.
        reproducible: false if a bound in seconds was set.
        decoys: unreachable bins that an agent with tools is shown among the holes.
        claims, bug_reports: how the claims and reports of such an agent were judged; None until they were.
    """

    schema_version: Literal[1] = 1
    id: str
    started: str
    design: str
    task_version: int
    agent: str
    agent_options: dict[str, Any] = Field(default_factory=dict)
    model: ModelSettings | None = None
    strategy: str = ""
    prompting: Strategy | None = None
    returned_models: tuple[str, ...] = ()
    unpriced_attempts: int = 0
    structured: dict[str, int] = Field(default_factory=dict)
    seed: int
    budget: Budget
    target: float
    simulator: str
    hashes: dict[str, str]
    versions: dict[str, str]
    reproducible: bool
    status: Status = "running"
    stop_reason: str = ""
    finished: str = ""
    turns: int = 0
    tests: int = 0
    repeated_simulations: int = 0
    bins_hit: int = 0
    bins: int = 0
    coverage_pct: float = 0.0
    failing_tests: int = 0
    nothing_checked: str = ""
    spent: Spent = Spent()
    decoys: tuple[str, ...] = ()
    claims: ClaimScore | None = None
    bug_reports: tuple[ReportVerdict, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _prices_of_older_records(cls, data: Any) -> Any:
        """Records once wrote 0 where no price was known, and counted the attempts beside."""
        if not isinstance(data, dict) or not isinstance(data.get("spent"), dict) or "unpriced" in data["spent"]:
            return data
        return {**data, "spent": {**data["spent"], "unpriced": data.get("unpriced_attempts", 0)}}


def new_folder(out: Path, design: str, agent: str, model: str | None) -> Path:
    """Make ``out/<UTC>_<design>_<agent>_<model>_<id>``.

    Raises:
        OutputError: it cannot be made.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    model_words = [re.sub(r"[^A-Za-z0-9.-]+", "-", model)] if model else []
    words = [stamp, design, agent, *model_words, secrets.token_hex(3)]
    folder = out / "_".join(words)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"cannot make the run folder {folder}: {error.strerror}; choose another with --out") from None
    return folder


class ReplyLine(Frozen):
    """A call of a model, written before the reply is parsed: a reply that was paid for is never asked for again.

    Attributes:
        turn: the turn it was asked in.
        messages: the prompt without its first `since` messages, which are those of the line of kind ``reply`` before;
            `dv_agent.agents.records.reader.read_run` puts them back.
        failure: why there is no reply, where there is none.
        tools: what the model may call, in the first line and where it changes.
        output: digest of the schema that the reply was asked to have, see `OutputSchema`; empty for plain text.
    """

    kind: Literal["reply"] = "reply"
    turn: int
    messages: tuple[Message, ...]
    since: int = 0
    reply: Reply
    failure: str = ""
    tools: tuple[ToolSpec, ...] = ()
    output: str = ""


class RunRecord:
    """The writer of one run folder.

    Args:
        folder: an existing folder; empty, or of the run that goes on.
        header: what is known at the start.
        turns: turns that stand in it already.
        repeated: how many simulations were repeated since the start, see `Simulator.repeated`.

    Raises:
        OutputError: from every method, if the disk is full or the folder cannot be written.
    """

    def __init__(
        self, folder: Path, header: RunHeader, turns: int = 0, repeated: Callable[[], int] = lambda: 0
    ) -> None:
        self._repeated, self._repeated_before = repeated, header.repeated_simulations
        self.folder, self.header, self._turns = folder, header, turns
        self._models: list[str] = []
        self._said: tuple[tuple[Message, ...], tuple[ToolSpec, ...]] = (), ()
        self._unpriced = header.unpriced_attempts
        self._write("run.json", header.model_dump(mode="json"))

    def reply(
        self,
        messages: Sequence[Message],
        reply: Reply,
        failure: str = "",
        tools: Sequence[ToolSpec] = (),
        output: OutputSchema | None = None,
    ) -> None:
        """Append a call of a model in the present turn; of a dialogue with tools, only what is new."""
        sent, (before, told) = tuple(messages), self._said
        since = _shared(before, sent[:-1]) if tools else 0
        new = () if told == tuple(tools) else tuple(tools)
        line = ReplyLine(
            turn=self._turns, messages=sent[since:], since=since, reply=reply, failure=failure, tools=new,
            output=output.digest if output else "",
        )  # fmt: skip
        self._append(line.model_dump(mode="json"))
        self._said = sent, tuple(tools)
        self._models += [reply.model] if reply.model else []
        self._unpriced += 0 if reply.cached else sum(attempt.usd is None for attempt in reply.attempts)

    def turn(self, turn: TurnRecord) -> None:
        """Append a finished turn; a strategy that it carries stands there in full, as it does in run.json."""
        data = {"kind": "turn", **turn.model_dump(mode="json", exclude_defaults=True)}
        by_hand = {"by_hand": turn.by_hand.model_dump(mode="json")} if turn.by_hand else {}
        self._append(data | by_hand)
        self._turns += 1

    def judged(self, claims: ClaimScore, bug_reports: tuple[ReportVerdict, ...]) -> None:
        """Add to run.json how the claims and reports of an agent with tools were judged."""
        self.header = self.header.model_copy(update={"claims": claims, "bug_reports": bug_reports})
        self._write("run.json", self.header.model_dump(mode="json"))

    def recount(self) -> None:
        """Add to run.json the simulations that were repeated since it was written."""
        repeated = self._repeated_before + self._repeated()
        if repeated != self.header.repeated_simulations:
            self.header = self.header.model_copy(update={"repeated_simulations": repeated})
            self._write("run.json", self.header.model_dump(mode="json"))

    def finish(self, state: RunState, reason: str) -> None:
        """Write the coverage database and how the run ended."""
        totals = overall_totals(state.coverage)
        status: Status = "finished"
        if reason.startswith("error"):
            status = "error"
        elif reason == "interrupted":
            status = "interrupted"
        update = {
            "status": status,
            "stop_reason": reason,
            "finished": utc_now(),
            "turns": state.turn - (state.done and not state.last and not state.stop_reason and state.turn > 0),
            "tests": state.tests,
            "repeated_simulations": self._repeated_before + self._repeated(),
            "bins_hit": totals.bins_hit,
            "bins": totals.bins,
            "coverage_pct": totals.coverage_pct,
            "failing_tests": len(state.failures),
            "nothing_checked": nothing_checked(state, reason),
            "spent": state.spent.model_copy(update={"unpriced": max(state.spent.unpriced, self._unpriced)}),
            "unpriced_attempts": self._unpriced,
            "structured": dict(Counter(one.structured for one in state.exchanges if one.structured)),
            "returned_models": tuple(dict.fromkeys((*self.header.returned_models, *self._models))),
        }
        self.header = self.header.model_copy(update=update)
        self._write("coverage.json", to_file(state.coverage))
        self._write("run.json", self.header.model_dump(mode="json"))

    def _append(self, data: dict[str, Any]) -> None:
        try:
            with (self.folder / "turns.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(data, separators=(",", ":"), default=_plain) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(f"cannot write {self.folder}/turns.jsonl: {error.strerror}") from None

    def _write(self, name: str, data: Any) -> None:
        """Replace a file at once, so that a reader never sees half of it."""
        replace_text(self.folder / name, json.dumps(data, indent=1, default=_plain) + "\n")


def _shared(before: Sequence[Message], sent: Sequence[Message]) -> int:
    """How many first messages two dialogues share."""
    pairs = zip(before, sent, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(sent)))


def utc_now() -> str:
    """The time as ISO 8601 with seconds, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)
