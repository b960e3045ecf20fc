"""From a model's reply to tests: lenient about where the JSON stands, strict about what it says.

A reply is text from a stranger. It is read and checked, never executed, opened or resolved; whatever is dropped is
counted, and told in one short line that the next prompt passes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from dv_agent.agents.llm.json_location import MAX_VALUES, Found, values
from dv_agent.agents.llm.json_scanner import Reading, clean
from dv_agent.agents.llm.packed_json import unpacked_text, with_list
from dv_agent.agents.llm.test_check import check_test
from dv_agent.agents.llm.thinking import has_thinking, without_thinking
from dv_agent.designs.design import Design
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Location, StimulusError, Test, path_text
from dv_agent.prompts.text.compact_json import compact_json

MAX_CHARACTERS = 400_000
MAX_TESTS = 64
MAX_ITEMS = 200_000
MAX_LINES = 40
EXCERPT = 120

Drop = Literal["oversize", "truncated", "empty", "syntax", "shape", "key", "invalid", "duplicate", "surplus"]
"""Why something was dropped.

========== =======================================================================
oversize   characters beyond `MAX_CHARACTERS`, or behind `MAX_VALUES` brackets
truncated  the model stopped at its limit of output tokens
empty      a reply without any test in it
syntax     text that is no JSON, and the test around it
shape      JSON that is neither a test nor a list of tests
key        a key beside ``tests`` that nobody reads
invalid    a test that breaks a rule of the test language
duplicate  a test that the same reply holds already
surplus    tests behind the first `MAX_TESTS`, good or bad
========== =======================================================================
"""


class ParsedReply(Frozen):
    """What a reply came to.

    Attributes:
        tests: each is known to expand.
        errors: one line for each thing that was dropped, at most `MAX_LINES` and one that counts the others.
        dropped: how much was dropped, by class; every class counts things, `oversize` counts characters.
        repaired: what was read though JSON does not allow it, because it can mean one thing only: ``comma``,
            ``comment``, ``quotes``, ``space`` and ``word`` as `json_scanner` reads them, ``text`` where tests
            stood in a text instead of a list.
    """

    tests: tuple[Test, ...] = ()
    errors: tuple[str, ...] = ()
    dropped: dict[str, int] = Field(default_factory=dict)
    repaired: dict[str, int] = Field(default_factory=dict)


def parse_reply(
    text: str, design: Design, schema: StimulusSchema, finish_reason: str = "", literal: bool = False
) -> ParsedReply:
    """Read a model's reply; takes any text and never raises.

    Args:
        literal: whether loops, sweeps and random blocks are refused.
    """
    reader = _Reader(design, schema, literal=literal)
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


def _nothing(text: str, body: str) -> str:
    if not text.strip():
        return "the reply was empty"
    if not body.strip() and has_thinking(text):
        return "no test in the reply: it held thoughts only, and no answer behind them"
    return 'no test in the reply; expected one ```json block with {"tests": [...]}'


@dataclass(slots=True)
class _Reader:
    design: Design
    schema: StimulusSchema
    literal: bool = False
    prefix: str = ""
    tests: list[Test] = field(default_factory=list)
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
        return ParsedReply(tests=tuple(self.tests), errors=tuple(lines), dropped=dict(self.dropped), repaired=repaired)

    def read(self, found: Found, text: str) -> None:
        """All tests of one value; of a broken one those that were complete."""
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
        elif isinstance(reading.value, dict) and "tracks" in reading.value:
            self._test("a test", reading.value)  # anything else behind a broken value may be a piece of it

    def _broken(self, reading: Reading, text: str) -> None:
        self.explained = True
        if self._told < MAX_LINES:
            line = text.count("\n", 0, reading.end) + 1
            self.drop("syntax", f"{self.prefix}line {line} of the reply: {reading.error}; the test there was lost")
        else:
            self.drop("syntax", "")

    def _value(self, value: Any) -> None:
        if isinstance(value, list) and any(isinstance(one, dict) and "tracks" in one for one in value):
            value = {"tests": value}
        if isinstance(value, dict) and "tracks" not in value:
            value = with_list(value, self.repaired)
        if isinstance(value, list) or "tracks" in value:
            self._test("the test", value)
        elif isinstance(value.get("tests"), list):
            self._tests(value)
        else:
            self.explained = True
            keys = ", ".join(compact_json(key, 30) for key in list(value)[:4])
            self.drop("shape", f'{self.prefix}expected {{"tests": [...]}}, found an object with {keys or "nothing"}')

    def _tests(self, value: dict[str, Any]) -> None:
        for key in value:
            if key not in ("tests", "plan", "note"):
                self.drop("key", f'{self.prefix}the key {compact_json(key, 40)} beside "tests" was not read')
        for index, data in enumerate(value["tests"]):
            self._test(f"tests[{index}]", data)

    def _test(self, place: str, data: Any) -> None:
        name = data.get("name") if isinstance(data, dict) else None
        called = f" {compact_json(name, 40)}" if isinstance(name, str) and name else ""
        where = f"{self.prefix}{place}{called}"
        self._read += 1
        if self._read > MAX_TESTS:
            self.drop("surplus", f"{where}: more than {MAX_TESTS} tests in one reply")
            return
        try:
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
        wrote = _step(data, location)
        quoted = f"; you wrote {compact_json(wrote, EXCERPT)}" if wrote is not None and self._told < MAX_LINES else ""
        self.drop("invalid", f"{where}:{path} {reason[:200]}{quoted}")


def _complete(reading: Reading) -> Iterator[tuple[str, Any]]:
    """The complete tests of a value that a syntax error ended, with their places."""
    (key, root), inner = reading.open[0], reading.open[1:]
    if isinstance(root, dict):
        root = inner[0][1] if key == "tests" and inner else root.get("tests")
    if isinstance(root, list):
        yield from (
            (f"tests[{index}]", one) for index, one in enumerate(root) if isinstance(one, dict) and "tracks" in one
        )


def _began_a_test(reading: Reading) -> bool:
    """Whether a broken value is a test of its own, and not a piece of one that broke before."""
    key, root = reading.open[0]
    return isinstance(root, dict) and (key == "tracks" or "tracks" in root or "tests" in (key, *root))


def _step(data: Any, location: Location) -> Any:
    """The top-level step of a test in which `location` lies: what a model must see again to mend it."""
    for part in location[:3]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data if len(location) >= 3 else None
