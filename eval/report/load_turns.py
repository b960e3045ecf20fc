"""Reading ``turns.jsonl``, line by line: its size is not bounded, what is kept of it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dv_agent.agents.records.lines import RecordLines
from dv_agent.errors import InputFileError
from dv_agent.eval.report.fields import Fields
from dv_agent.eval.report.load_calls import read_call, read_cut
from dv_agent.eval.report.load_header import read_cost
from dv_agent.eval.report.load_tests import read_test
from dv_agent.eval.report.load_tools import read_answers, read_claims, read_reports, read_uses, with_answers
from dv_agent.eval.report.run_data import Call, TestData, TurnData
from dv_agent.eval.report.text_limits import Allowance, Clip
from dv_agent.eval.report.tool_data import ClaimData, ReportedBug


@dataclass
class TurnsReader:
    """Collects the lines of one record.

    Attributes:
        calls: calls of turns that have not come yet.
        strange: lines of a kind that this version does not know.
        half: whether the last line was cut in half.
        claims, reports: what an agent with tools claimed and reported.
    """

    allowance: Allowance = field(default_factory=Allowance)
    turns: list[TurnData] = field(default_factory=list)
    calls: list[tuple[int, Call]] = field(default_factory=list)
    strange: int = 0
    half: bool = False
    claims: list[ClaimData] = field(default_factory=list)
    reports: list[ReportedBug] = field(default_factory=list)
    _answers: dict[int, dict[str, Clip]] = field(default_factory=dict)
    _asked: int = 0
    _cycle: int = 0
    _tokens: int = 0

    def read(self, path: Path) -> None:
        """Read the file; without one there are no turns.

        Raises:
            InputFileError: unreadable, or a line that no writer can have left.
        """
        lines = RecordLines(path)
        for number, _, line in lines:
            try:
                data = Fields(json.loads(line), path, number)
            except (ValueError, RecursionError) as error:
                raise InputFileError(path, f"not JSON: {error}", number) from None
            kind = data.text("kind", "turn")
            if kind == "turn":
                self._turn(data, number)
            elif kind == "reply":
                self._answers[self._asked], self._asked = read_answers(data, self.allowance), number
                self.calls.append((data.count("turn"), read_call(data, number, self.allowance)))
            else:
                self.strange += 1
        self.half = lines.half

    def answered(self, call: Call) -> Call:
        """`call` with the answers to its calls of tools, which stand in the line after it."""
        return replace(call, tools=with_answers(call.tools, self._answers.get(call.line, {}))) if call.tools else call

    def answered_turns(self) -> Iterator[TurnData]:
        """The turns, with the answers to all calls of tools."""
        for turn in self.turns:
            yield replace(turn, calls=tuple(map(self.answered, turn.calls)))

    def _turn(self, data: Fields, line: int) -> None:
        turn, spent = data.count("turn", len(self.turns)), read_cost(data.inner("spent"))
        tests = tuple(self._tests(data, turn))
        usage = data.inner("usage")
        tokens = usage.count("input_tokens") + usage.count("output_tokens")
        self._tokens = spent.tokens or self._tokens + tokens
        calls = tuple(call for number, call in self.calls if number <= turn)
        self.calls = [pair for pair in self.calls if pair[0] > turn]
        if not calls and (data.text("raw") or data.data.get("prompt")):
            calls = (read_call(data, line, self.allowance),)
        self.claims += read_claims(data, turn)
        self.reports += read_reports(data, turn)
        self.turns.append(
            TurnData(
                turn=turn,
                line=line,
                tests=tests,
                errors=data.texts("errors"),
                calls=calls,
                cut=read_cut(data),
                dropped={name: data.inner("dropped").count(name) for name in data.inner("dropped").data},
                tokens=tokens,
                total_tokens=self._tokens,
                spent=spent,
                structured=data.text("structured"),
                uses=read_uses(data),
            )
        )

    def _tests(self, data: Fields, turn: int) -> Iterator[TestData]:
        for one in data.objects("tests"):
            test = read_test(one, turn, self._cycle, self.allowance)
            self._cycle = test.cycle
            yield test
