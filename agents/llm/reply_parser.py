"""The parser from a model's reply to tests: lenient about where the JSON is, strict about its content.

A reply is untrusted text. It is read and checked, never executed, opened as a file or resolved. Everything that is
dropped is counted, and reported in one short line that the next prompt repeats to the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from dv_agent.agents.llm.edited_test import LIKE, bins_to_look_at, written_out
from dv_agent.agents.llm.json_location import MAX_VALUES, Found, values
from dv_agent.agents.llm.json_scanner import JsonFault, Reading, clean
from dv_agent.agents.llm.packed_json import unpacked_text, with_list
from dv_agent.agents.llm.test_check import check_test
from dv_agent.agents.llm.thinking import has_thinking, without_thinking
from dv_agent.agents.tools.claims_and_reports import MOST_CLAIMS, UNREACHABLE, Claim, read_claims
from dv_agent.designs.design import Design
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Location, StimulusError, Test, path_text
from dv_agent.prompts.text.compact_json import compact_json, json_around
from dv_agent.prompts.text.test_names import quoted_name

LOOK = "look"
MAX_CHARACTERS = 400_000
MAX_TESTS = 64
MAX_ITEMS = 200_000
MAX_LINES = 40
EXCERPT, REASON = 160, 300
NO_TESTS: Mapping[str, Test] = {}

Drop = Literal["oversize", "truncated", "empty", "syntax", "shape", "key", "invalid", "duplicate", "surplus"]
"""Why something was dropped.

========== =======================================================================
oversize   characters beyond `MAX_CHARACTERS`, or after `MAX_VALUES` brackets
truncated  the model stopped at its limit of output tokens
empty      a reply without any test in it
syntax     text that is not JSON, and the test around it
shape      JSON that is neither a test nor a list of tests
key        a key beside ``tests`` that has no meaning
invalid    a test that breaks a rule of the test language
duplicate  a test that occurs earlier in the same reply
surplus    tests after the first `MAX_TESTS`, valid or not
========== =======================================================================
"""


class ParsedReply(Frozen):
    """Result of parsing a reply.

    Attributes:
        tests: each was checked to expand to stimulus.
        look: ids of bins whose nearest sample the model wants to look at.
        claims: what the model says no test can hit.
        errors: one line for each dropped part, at most `MAX_LINES`, and one more line that counts the others.
        dropped: how much was dropped, by class; `oversize` counts characters, every other class counts occurrences.
        repaired: how often text was read that JSON does not allow but that has only one possible meaning: ``comma``,
            ``comment``, ``quotes``, ``space`` and ``word`` as in `json_scanner`; ``text`` if tests were in a
            string instead of a list.
    """

    tests: tuple[Test, ...] = ()
    look: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    errors: tuple[str, ...] = ()
    dropped: dict[str, int] = Field(default_factory=dict)
    repaired: dict[str, int] = Field(default_factory=dict)


def parse_reply(
    text: str, design: Design, schema: StimulusSchema, finish_reason: str = "", literal: bool = False,
    known: Mapping[str, Test] = NO_TESTS, planned: bool = True,
) -> ParsedReply:  # fmt: skip
    """Parse a model's reply; accepts any text and never raises.

    Args:
        literal: whether loops, sweeps and random blocks are refused.
        known: the earlier tests, by name, that a test may be a change of.
        planned: whether the model knows the plan; else what asks about it is a key without a meaning, like any other.
    """
    reader = _Reader(design, schema, literal=literal, known=known, planned=planned)
    if len(text) > MAX_CHARACTERS:
        reader.drop("oversize", f"the reply was cut behind {MAX_CHARACTERS} characters", len(text) - MAX_CHARACTERS)
    if finish_reason == "length":
        reader.drop(
            "truncated", "the reply ran into the limit of output tokens and lost its end: write less, with loops"
        )
    body = unpacked_text(without_thinking(clean(text[:MAX_CHARACTERS])), reader.repaired)
    found, stopped = values(body)
    for number, one in enumerate(found, 1):
        reader.prefix = f"value {number}: " if number > 1 else ""
        reader.read(one, body)
    if stopped < len(body):
        reader.drop(
            "oversize", f"the reply has more than {MAX_VALUES} brackets; the rest was not read", len(body) - stopped
        )
    if not reader.tests and not reader.explained:
        reader.drop("empty", _nothing(text, body))
    return reader.result()


_NO_TESTS = re.compile(r'"tests"\s*:\s*\[\s*\]')


def _nothing(text: str, body: str) -> str:
    if not text.strip():
        return "the reply was empty"
    if not body.strip() and has_thinking(text):
        return "no test in the reply: it held thoughts only, and no answer behind them"
    if _NO_TESTS.search(body):
        return "the list of tests is empty; a reply needs at least one test, or its call is lost"
    return 'no test in the reply; expected one ```json block with {"tests": [...]}'


@dataclass(slots=True)
class _Reader:
    design: Design
    schema: StimulusSchema
    literal: bool = False
    known: Mapping[str, Test] = field(default_factory=dict)
    planned: bool = True
    prefix: str = ""
    tests: list[Test] = field(default_factory=list)
    look: list[str] = field(default_factory=list)
    claims: dict[str, Claim] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    explained: bool = False
    _lines: list[str] = field(default_factory=list)
    _told: int = 0
    _seen: dict[str, str] = field(default_factory=dict)
    _room: int = MAX_ITEMS
    _read: int = 0

    def drop(self, why: Drop, line: str, count: int = 1) -> None:
        self.dropped[why] += count
        self._told += 1
        if len(self._lines) < MAX_LINES:
            self._lines.append("".join(sign if sign.isprintable() else " " for sign in line))

    def result(self) -> ParsedReply:
        more = self._told - len(self._lines)
        lines = [*self._lines, *([f"... and {more} more"] if more else [])]
        repaired = {what: count for what, count in sorted(self.repaired.items()) if count}
        return ParsedReply(
            tests=tuple(self.tests), look=tuple(self.look), claims=tuple(self.claims.values()), errors=tuple(lines),
            dropped=dict(self.dropped), repaired=repaired,
        )  # fmt: skip

    def read(self, found: Found, text: str) -> None:
        """Read all tests of one value; if it has a syntax error, the tests that were complete before it."""
        reading = found.reading
        if not found.broken:
            self.repaired.update(reading.repaired)
        if reading.error:
            for place, data in _complete(reading):
                self._test(place, data)
            if not found.broken or _began_a_test(reading):
                self._broken(reading, text)
        elif not found.broken:
            self._value(reading.value)
        elif isinstance(reading.value, dict) and _is_test(reading.value):
            self._test("a test", reading.value)  # any other value after a broken one may be a part of it

    def _broken(self, reading: Reading, text: str) -> None:
        self.explained = True
        if self._told < MAX_LINES:
            line = text.count("\n", 0, reading.end) + 1
            self.drop("syntax", f"{self.prefix}line {line} of the reply: {reading.error}{_lost(reading)}")
        else:
            self.drop("syntax", "")

    def _value(self, value: Any) -> None:
        if isinstance(value, list) and any(isinstance(one, dict) and _is_test(one) for one in value):
            value = {"tests": value}
        if isinstance(value, dict) and not _is_test(value):
            value = with_list(value, self.repaired)
        if isinstance(value, list) or _is_test(value):
            self._test("the test", value)
        elif isinstance(value.get("tests"), list):
            self._tests(value)
        else:
            self.explained = True
            self.drop("shape", f'{self.prefix}expected {{"tests": [...]}}, found {_found(value)}')

    def _tests(self, value: dict[str, Any]) -> None:
        for key, inner in value.items():
            if key == LOOK and self.planned:
                self._look(inner)
            elif key == UNREACHABLE and self.planned:
                self._claim(inner)
            elif key not in ("tests", "plan", "note"):
                self.drop("key", f'{self.prefix}the key {compact_json(key, 40)} beside "tests" was not read')
        for index, data in enumerate(value["tests"]):
            self._test(_place(index), data)

    def _look(self, asked: Any) -> None:
        self.look, fault = bins_to_look_at(asked, self.look)
        if fault:
            self.drop("key", f'{self.prefix}"{LOOK}": {fault}')

    def _claim(self, said: Any) -> None:
        claims, fault = read_claims(said)
        room = MOST_CLAIMS - len(self.claims)
        self.claims |= {one.bin: one for one in claims[:room]}
        if fault:
            self.drop("key", f'{self.prefix}"{UNREACHABLE}": {fault}')

    def _test(self, place: str, data: Any) -> None:
        name = data.get("name") if isinstance(data, dict) else None
        called = f" {quoted_name(name)}" if isinstance(name, str) and name else ""
        where = f"{self.prefix}{place}{called}"
        self._read += 1
        if self._read > MAX_TESTS:
            self.drop("surplus", f"{where}: more than {MAX_TESTS} tests in one reply")
            return
        try:
            data = written_out(data, self.known)
            test, size = check_test(data, self.design, self.schema, self._room, self.literal)
        except StimulusError as error:
            self._refuse(where, data, error.location, error.reason)
        except (TypeError, ValueError, KeyError, OverflowError, RecursionError) as error:
            self._refuse(where, data, (), f"not understood ({type(error).__name__})")
        else:
            self._keep(where, test, size)

    def _keep(self, where: str, test: Test, size: int) -> None:
        first = self._seen.setdefault(test.digest, where)
        if first != where:
            self.drop("duplicate", f"{where}: the same stimulus as {first}")
            return
        self.tests.append(test)
        self._room -= size

    def _refuse(self, where: str, data: Any, location: Location, reason: str) -> None:
        self.explained = True
        path = f" {path_text(location)[:200]}:" if location else ""
        wrote = _step(data, location) if self._told < MAX_LINES else None
        quoted = f"; you wrote {json_around(wrote, location[3:], EXCERPT)}" if wrote is not None else ""
        self.drop("invalid", f"{where}:{path} {_whole_words(reason, REASON)}{quoted}")


def _whole_words(text: str, most: int) -> str:
    """Return `text` in at most `most` characters, cut between words."""
    return text if len(text) <= most else f"{text[: most - 4].rsplit(' ', 1)[0]} ..."


def _found(value: dict[str, Any]) -> str:
    """Return what an object is that holds no list of tests."""
    if "tests" in value:
        tests = value["tests"]
        return f'"tests": {tests.reason}' if isinstance(tests, JsonFault) else f'"tests": {compact_json(tests, 60)}'
    keys = ", ".join(compact_json(key, 30) for key in list(value)[:4])
    return f"an object with {keys or 'nothing'}"


def _lost(reading: Reading) -> str:
    """Return that a test was lost by a syntax error, unless it came between tests or behind the last one."""
    key, root = reading.open[0]
    between = len(reading.open) == 1 if isinstance(root, list) else key == "tests" and len(reading.open) <= 2
    return "" if between else "; the test there was lost"


def _complete(reading: Reading) -> Iterator[tuple[str, Any]]:
    """Return the complete tests of a value that a syntax error ended, with their locations."""
    (key, root), inner = reading.open[0], reading.open[1:]
    if isinstance(root, dict):
        root = inner[0][1] if key == "tests" and inner else root.get("tests")
    if isinstance(root, list):
        yield from ((_place(index), one) for index, one in enumerate(root) if isinstance(one, dict) and _is_test(one))


def _is_test(value: dict[str, Any]) -> bool:
    return "tracks" in value or (LIKE in value and "tests" not in value)


def _place(index: int) -> str:
    return f"tests[{index}]"


def _began_a_test(reading: Reading) -> bool:
    """Return whether a broken value is a test itself, and not a part of a value that was broken earlier."""
    key, root = reading.open[0]
    return isinstance(root, dict) and (key == "tracks" or "tracks" in root or "tests" in (key, *root))


def _step(data: Any, location: Location) -> Any:
    """Return the top-level step of a test that contains `location`: the part a model must see again to correct it."""
    for part in location[:3]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data if len(location) >= 3 else None
