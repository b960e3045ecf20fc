"""YAML reader: the core schema of YAML 1.2 as plain data, bounded, without aliases or anchors; tags have no meaning.

PyYAML parses; scalars are resolved here, because PyYAML follows YAML 1.1, in which ``yes`` is true, ``0300``
is 192, ``5:00`` is 300 and ``1_000`` is 1000. Data are built from the stream of events, so that a limit is
checked before any data beyond it are built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import events

MAX_DEPTH = 60
MAX_NODES = 500_000
_SLOW_CHARACTERS = 200_000  # the pure-Python parser takes about one second for this many
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_FORMS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
Loc = tuple[str | int, ...]


class YamlFault(ValueError):
    """The error that a text cannot be read as YAML.

    Args:
        message: what is wrong.
        line: 1-based; None if it is not known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Parsed:
    """The data of a parsed text.

    Attributes:
        data: dicts with text as keys, lists, and scalars.
        lines: the 1-based line of every part, by its place such as ``("ports", "in", 0)``.
        bools: places of true and false.
        nulls: places of null values, with their spelling: ``null``, ``~`` or an empty text.
    """

    data: Any
    lines: dict[Loc, int]
    bools: tuple[Loc, ...]
    nulls: dict[Loc, str]


def parse_yaml(text: str, *, texts_only: bool = False) -> Parsed:
    """Read one document of YAML 1.2 (core schema) or JSON.

    Args:
        texts_only: whether every scalar is kept as the text that was written.

    Raises:
        YamlFault: not YAML, empty, an alias or anchor, a duplicate key, a key that is not a scalar, deeper than
            `MAX_DEPTH`, or more than `MAX_NODES` parts.
    """
    try:
        return _Builder(text, _loader(text), texts_only).parsed()
    except yaml.YAMLError as error:
        if yaml.__with_libyaml__ and len(text) <= _SLOW_CHARACTERS:
            # The C parser is six times as fast. A text that it refuses goes to the Python parser, which may read it, or
            # explains the error better.
            return _explained(text, texts_only)
        raise _fault(error) from None


def scalar(text: str) -> Any:
    """Return the value of a plain scalar in the core schema.

    Raises:
        ValueError: an integer of thousands of digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    for form, meaning in _FORMS:
        if form.fullmatch(text):
            return meaning(text)
    return text


def _loader(text: str) -> Any:
    return yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)


def _explained(text: str, texts_only: bool) -> Parsed:
    try:
        return _Builder(text, yaml.SafeLoader(text), texts_only).parsed()
    except yaml.YAMLError as error:
        raise _fault(error) from None


def _fault(error: yaml.YAMLError) -> YamlFault:
    if isinstance(error, yaml.MarkedYAMLError):
        return YamlFault(
            f"not valid YAML: {error.problem}", error.problem_mark.line + 1 if error.problem_mark else None
        )
    return YamlFault(f"not valid YAML: {str(error).splitlines()[0]}")


@dataclass(slots=True)
class _Builder:
    """Builds the data of one stream of events."""

    text: str
    loader: Any
    texts_only: bool
    lines: dict[Loc, int] = field(default_factory=dict)
    bools: list[Loc] = field(default_factory=list)
    nulls: dict[Loc, str] = field(default_factory=dict)
    nodes: int = 0

    def parsed(self) -> Parsed:
        """Return the data of the only document."""
        stream = self._events()
        first = next(stream, None)
        if first is None:
            raise YamlFault("the file is empty", 1)
        data = self._build(first, stream, ())
        if (more := next(stream, None)) is not None:
            raise YamlFault("more than one document; expected a single one", _line(more))
        return Parsed(data, self.lines, tuple(self.bools), self.nulls)

    def _events(self) -> Iterator[events.Event]:
        """Yield the events of nodes, each checked."""
        try:
            while self.loader.check_event():
                event = self.loader.get_event()
                if isinstance(event, events.NodeEvent):
                    self._check(event)
                    yield event
                elif isinstance(event, (events.SequenceEndEvent, events.MappingEndEvent)):
                    yield event
        except UnicodeError as error:
            raise YamlFault(f"not valid YAML: {error.reason if hasattr(error, 'reason') else error}") from None
        finally:
            self.loader.dispose()

    def _check(self, event: events.NodeEvent) -> None:
        if event.anchor is not None:
            raise YamlFault("anchors (&) and aliases (*) are not read; write the part out", _line(event))
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise YamlFault(f"more than {MAX_NODES} parts", _line(event))

    def _build(self, event: events.Event, stream: Iterator[events.Event], loc: Loc) -> Any:
        if len(loc) > MAX_DEPTH:
            raise YamlFault(f"nested deeper than {MAX_DEPTH} levels", _line(event))
        self.lines[loc] = _line(event)
        if isinstance(event, events.SequenceStartEvent):
            return [self._build(child, stream, (*loc, place)) for place, child in enumerate(_until_end(stream))]
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(stream, loc)
        return self._scalar(event, loc)

    def _mapping(self, stream: Iterator[events.Event], loc: Loc) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in _until_end(stream):
            line = _line(event)
            if not isinstance(event, events.ScalarEvent):
                raise YamlFault("a key must be a plain word", line)
            key = _whole_characters(event.value)  # keys are always text, such as `on:` and `yes:`
            if key in result:
                raise YamlFault(f"duplicate key {key!r}", line)
            result[key] = self._build(next(stream), stream, (*loc, key))
            self.lines[(*loc, key)] = line
        return result

    def _scalar(self, event: Any, loc: Loc) -> Any:
        text = _whole_characters(event.value)
        # Quoted scalars, block scalars and scalars with a tag are text.
        if not event.implicit[0] or event.tag is not None:
            return text
        try:
            value = scalar(text)
        except ValueError as error:
            raise YamlFault(f"not a usable value: {error}", _line(event)) from None
        if value is None:
            self.nulls[loc] = text
        elif isinstance(value, bool):
            self.bools.append(loc)
        return text if self.texts_only else value


def _until_end(stream: Iterator[events.Event]) -> Iterator[events.Event]:
    """Yield the events that begin the parts of a collection; each part takes its own events from the same stream."""
    for event in stream:
        if isinstance(event, (events.SequenceEndEvent, events.MappingEndEvent)):
            return
        yield event


def _line(event: events.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _whole_characters(text: str) -> str:
    r"""Return `text` with surrogate pairs joined: JSON writes a character beyond U+FFFF as ``\ud83d\ude00``."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
