"""Writer of the run folder, which records everything that happens while it happens.

``run.json``       what was run, with which versions, and how it ended (rewritten atomically)
``turns.jsonl``    one line for each turn, appended and flushed; a reply is on the disk before it is parsed
                   (long turns are packed, see `packed_lines`)
``coverage.json``  the coverage database
``failures/``      failing tests, shrunk, with their waveforms
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from dv_agent.agents.llm.silence import nothing_checked
from dv_agent.agents.models.chat_model import Message, OutputSchema, Reply, ToolSpec
from dv_agent.agents.records.packing.packed_lines import Packer
from dv_agent.agents.records.schema import COVERAGE, HEADER, TURNS, ReplyLine, RunHeader, Status
from dv_agent.agents.state import RunState
from dv_agent.agents.tools.claims_and_reports import ClaimScore, ReportVerdict
from dv_agent.agents.turn import TurnRecord
from dv_agent.coverage.storage import to_file
from dv_agent.coverage.totals import overall_totals
from dv_agent.designs.files.documents import replace_text
from dv_agent.errors import OutputError

DISK_SECONDS = 1.0
"""Seconds after which a turn is forced to the disk again."""


def new_folder(out: Path, design: str, agent: str, model: str | None) -> Path:
    """Make ``out/<UTC>_<design>_<agent>_<model>_<id>``.

    Raises:
        OutputError: the folder cannot be created.
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


class RunRecord:
    """The writer of one run folder.

    Args:
        folder: an existing folder; empty, or the folder of the resumed run.
        header: the header as known at the start.
        turns: number of turns already in the folder.
        repeated: returns how many simulations were repeated since the start, see `Simulator.repeated`.

    Raises:
        OutputError: from every method, if the disk is full or the folder cannot be written.
    """

    def __init__(
        self, folder: Path, header: RunHeader, turns: int = 0, repeated: Callable[[], int] = lambda: 0
    ) -> None:
        self._repeated, self._repeated_before = repeated, header.repeated_simulations
        self.folder, self.header, self._turns = folder, header, turns
        self._models: list[str] = []
        self._packer = Packer()
        self._said: tuple[tuple[Message, ...], tuple[ToolSpec, ...]] = (), ()
        self._unpriced = header.unpriced_attempts
        self._on_disk = float("-inf")
        self._write(HEADER, header.model_dump(mode="json"))

    def reply(
        self,
        messages: Sequence[Message],
        reply: Reply,
        failure: str = "",
        tools: Sequence[ToolSpec] = (),
        output: OutputSchema | None = None,
    ) -> None:
        """Append a call of a model in the current turn; in a dialogue with tools, only the new messages."""
        sent, (before, told) = tuple(messages), self._said
        since = _shared(before, sent[:-1]) if tools else 0
        new = () if told == tuple(tools) else tuple(tools)
        line = ReplyLine(
            turn=self._turns, messages=sent[since:], since=since, reply=reply, failure=failure, tools=new,
            output=output.digest if output else "",
        )  # fmt: skip
        self._append(_line(line.model_dump(mode="json")))
        self._said = sent, tuple(tools)
        self._models += [reply.model] if reply.model else []
        self._unpriced += 0 if reply.cached else sum(attempt.usd is None for attempt in reply.attempts)

    def turn(self, turn: TurnRecord) -> None:
        """Append a finished turn; if it carries a strategy, the strategy is written in full, as in run.json."""
        self._append(_quick_line(turn) or _line(_turn_data(turn)), self._packer)
        self._turns += 1

    def judged(self, claims: ClaimScore, bug_reports: tuple[ReportVerdict, ...]) -> None:
        """Add the verdicts on claims and bug reports of an agent with tools to run.json."""
        self.header = self.header.model_copy(update={"claims": claims, "bug_reports": bug_reports})
        self._write(HEADER, self.header.model_dump(mode="json"))

    def recount(self) -> None:
        """Update the number of repeated simulations in run.json."""
        repeated = self._repeated_before + self._repeated()
        if repeated != self.header.repeated_simulations:
            self.header = self.header.model_copy(update={"repeated_simulations": repeated})
            self._write("run.json", self.header.model_dump(mode="json"))

    def finish(self, state: RunState, reason: str) -> None:
        """Write the coverage database and the final state of the run."""
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
            "turns": state.turns,
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
        if self._turns:
            self._append(b"")  # forces what there is to the disk
        self._write(COVERAGE, to_file(state.coverage))
        self._write(HEADER, self.header.model_dump(mode="json"))

    def _append(self, line: bytes, packer: Packer | None = None) -> None:
        now = time.monotonic()
        try:
            with (self.folder / TURNS).open("ab") as file:
                file.write(packer.pack(line) if packer else line)
                file.flush()
                # The system has the line now, whatever becomes of this process. What was paid for is on the disk before
                # anything goes on; a turn without a model, which can be made again, waits for it once a second at most.
                if packer is None or now - self._on_disk >= DISK_SECONDS:
                    os.fsync(file.fileno())
                    self._on_disk = now
        except OSError as error:
            raise OutputError(f"cannot write {self.folder / TURNS}: {error.strerror}") from None

    def _write(self, name: str, data: Any) -> None:
        """Replace a file atomically, so that a reader never sees a partial file."""
        replace_text(self.folder / name, json.dumps(data, indent=1, default=_plain) + "\n")


def _shared(before: Sequence[Message], sent: Sequence[Message]) -> int:
    """Return how many leading messages two dialogues share."""
    pairs = zip(before, sent, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(sent)))


def utc_now() -> str:
    """Return the current time in UTC as ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _turn_data(turn: TurnRecord) -> dict[str, Any]:
    by_hand = {"by_hand": turn.by_hand.model_dump(mode="json")} if turn.by_hand else {}
    return {"kind": "turn", **turn.model_dump(mode="json", exclude_defaults=True), **by_hand}


def _line(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, separators=(",", ":"), default=_plain) + "\n").encode()


def _quick_line(turn: TurnRecord) -> bytes:
    """Return the same line as `_line` in a third of the time, or nothing where it could be another one."""
    if turn.by_hand:
        return b""
    try:
        text = turn.model_dump_json(exclude_defaults=True)
    except PydanticSerializationError:  # half of a surrogate pair, which a model may write
        return b""
    return f'{{"kind":"turn",{text[1:]}\n'.encode() if text.isascii() and "\x7f" not in text else b""


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)
