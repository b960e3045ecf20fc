"""Conversion of the lines of ``turns.jsonl``, one at a time, into the data that a report keeps of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import to_json

from dv_agent.agents.models.chat_model import Message
from dv_agent.agents.proposal import CutRecord
from dv_agent.agents.records.reader import RecordLines, typed_lines
from dv_agent.agents.records.schema import ReplyLine
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.designs.language.stimulus import Test
from dv_agent.eval.report.data.run_data import Call, MessageData, TestData, Track, TurnData
from dv_agent.eval.report.data.text_limits import Allowance, Clip
from dv_agent.eval.report.data.tool_data import ClaimData, ReportedBug, ToolCallData, ToolUseData
from dv_agent.eval.report.wording import plural
from dv_agent.runners.checks.failure import CheckFailure

TEXT_LENGTH = 40_000
ARGUMENTS_LENGTH, ANSWER_LENGTH, SAID_LENGTH = 4_000, 3_000, 3_000
MOST_STEPS = 60
STEP_LENGTH = 400
MOST_CHECKS = 6
_MESSAGE_LENGTH = 1_000


@dataclass
class TurnsReader:
    """Collector of the lines of one record.

    Attributes:
        calls: calls whose turn has not been read yet.
        strange: number of lines of a kind that this version does not know.
        claims, reports: claims and bug reports made by an agent with tools.
    """

    allowance: Allowance = field(default_factory=Allowance)
    turns: list[TurnData] = field(default_factory=list)
    calls: list[tuple[int, Call]] = field(default_factory=list)
    strange: int = 0
    tests: int = 0
    claims: list[ClaimData] = field(default_factory=list)
    reports: list[ReportedBug] = field(default_factory=list)
    _answers: dict[int, dict[str, Clip]] = field(default_factory=dict)
    _asked: int = 0
    _cycle: int = 0
    _tokens: int = 0

    def read(self, lines: RecordLines) -> None:
        """Read every line.

        Raises:
            InputFileError: a line cannot be read, or no version could have written it.
        """
        for line in typed_lines(lines):
            if isinstance(line.record, TurnRecord):
                self._turn(line.record, line.number)
            elif line.record:
                self._answers[self._asked] = _answers(line.record.messages, self.allowance)
                self._asked = line.number
                self.calls.append((line.record.turn, _call(line.record, line.number, self.allowance)))
            else:
                self.strange += 1

    def answered(self, call: Call) -> Call:
        """Return `call` with the answers to its tool calls, which are in the line after it."""
        found = self._answers.get(call.line, {})
        return replace(call, tools=tuple(replace(one, answer=found.get(one.id)) for one in call.tools))

    def answered_turns(self) -> Iterator[TurnData]:
        """Yield the turns, with the answers to all tool calls."""
        for turn in self.turns:
            yield replace(turn, calls=tuple(map(self.answered, turn.calls)))

    def _turn(self, turn: TurnRecord, line: int) -> None:
        self.tests += len(turn.tests)
        tokens = turn.usage.input_tokens + turn.usage.output_tokens
        self._tokens = turn.spent.tokens or self._tokens + tokens
        calls = tuple(call for number, call in self.calls if number <= turn.turn)
        self.calls = [pair for pair in self.calls if pair[0] > turn.turn]
        self.claims += [ClaimData(turn.turn, one.bin, one.argument[:SAID_LENGTH]) for one in turn.claims]
        self.reports += [
            ReportedBug(
                turn.turn,
                one.test,
                one.title[:SAID_LENGTH],
                one.explanation[:SAID_LENGTH],
                place=str(one.place)[:SAID_LENGTH] if one.place else "",
            )
            for one in turn.bug_reports
        ]
        self.turns.append(
            TurnData(
                turn=turn.turn,
                line=line,
                tests=tuple(self._tests(turn)),
                errors=turn.errors,
                calls=calls,
                cut=tuple(map(_cut_words, turn.cut)),
                dropped=turn.dropped,
                tokens=tokens,
                total_tokens=self._tokens,
                spent=turn.spent,
                structured=turn.structured,
                uses=tuple(ToolUseData(one.name, one.size, one.error) for one in turn.tool_uses),
            )
        )

    def _tests(self, turn: TurnRecord) -> Iterator[TestData]:
        for one in turn.tests:
            test = test_data(one, turn.turn, self._cycle, self.allowance)
            self._cycle = test.cycle
            yield test


def test_data(record: TestRecord, turn: int, before: int, allowance: Allowance) -> TestData:
    """Return one test; `before` is the number of cycles that the run had simulated before it."""
    return TestData(
        index=record.index,
        turn=turn,
        name=record.test.name,
        note=record.test.note,
        seed=record.test.seed,
        tracks=track_data(record.test, allowance),
        cycles=record.cycles,
        cycle=before + record.cycles,
        end=record.end,
        new_bins=record.new_bins,
        failures=tuple(map(short_failure, record.failures[:MOST_CHECKS])),
        failed_checks=len(record.failures),
        error=record.error[:_MESSAGE_LENGTH],
        near=record.near,
        waiting=record.waiting,
    )


def track_data(test: Test, allowance: Allowance) -> tuple[Track, ...]:
    """Return the tracks of a test; memory contents are returned as tracks too."""
    tracks = [_track(name, steps, allowance) for name, steps in test.tracks.items()]
    return (*tracks, *(_track(f"memory {name}", [content], allowance) for name, content in test.memory.items()))


def short_failure(failure: CheckFailure) -> CheckFailure:
    """Return a failed check with its message cut to a bounded length."""
    return failure.model_copy(update={"message": failure.message[:_MESSAGE_LENGTH]})


def _call(line: ReplyLine, number: int, allowance: Allowance) -> Call:
    reply = line.reply
    return Call(
        line=number,
        messages=tuple(_messages(line.messages, allowance)),
        reply=allowance.take(reply.text, TEXT_LENGTH),
        model=reply.model,
        finish_reason=reply.finish_reason,
        attempts=reply.attempts,
        failure=line.failure,
        form=reply.form,
        tools=tuple(
            ToolCallData(one.id, one.name, allowance.take(one.arguments, ARGUMENTS_LENGTH)) for one in reply.tool_calls
        ),
    )


def _messages(messages: Sequence[Message], allowance: Allowance) -> Iterator[MessageData]:
    # In a dialogue with tools keep only messages of people and templates: the other messages are kept with the calls.
    hidden = ("assistant", "tool") if any(one.role == "tool" for one in messages) else ()
    for one in messages:
        if one.role not in hidden:
            yield MessageData(one.role, allowance.take(one.content, TEXT_LENGTH))


def _answers(messages: Sequence[Message], allowance: Allowance) -> dict[str, Clip]:
    """Return the messages after the model's last reply in a prompt: id of a call in that reply -> its answer."""
    found: dict[str, Clip] = {}
    for one in messages:
        if one.role == "assistant":
            found = {}
        elif one.role == "tool":
            found[one.tool_call_id] = allowance.take(one.content, ANSWER_LENGTH)
    return found


def _cut_words(cut: CutRecord) -> str:
    """Return a text that says what was left out of a prompt."""
    what = "all of it" if cut.whole else plural(cut.items, "item")
    return f"{cut.part} ({what}, about {plural(cut.tokens, 'token')})"


def _track(name: str, steps: Sequence[Any], allowance: Allowance) -> Track:
    lines: list[str] = []
    for step in steps[:MOST_STEPS]:
        clip = allowance.take(to_json(step).decode(), STEP_LENGTH)
        if not clip.text:
            break
        lines.append(f"{clip.text} … {clip.more:,} more characters" if clip.more else clip.text)
    return Track(name, tuple(lines), len(steps) - len(lines))
