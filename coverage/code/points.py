"""Points of code coverage: counters merged by their place in the sources, with names that stay."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import Field

from dv_agent.designs.bounds import Count, PlainText, Stops
from dv_agent.designs.code.counter import CODE_KINDS, CodeCounter, CodeKind, Lines
from dv_agent.designs.frozen import Frozen

MAX_POINTS = 5_000
"""Most points that become bins; of more, toggles are left out first, then expressions."""
_INDEX, _TURN = re.compile(r"\[[^\]]*\]"), re.compile(r":(0->1|1->0)$")
_OTHER = re.compile(r"[^A-Za-z0-9_.+-]+")
_SHOWN_INSTANCES = 4
_MOST_WHEN = 300
Group = Annotated[tuple[Count, ...], Field(min_length=1, max_length=100_000)]


class CodePoint(Frozen):
    """One point of the sources, of all instances together.

    Attributes:
        name: its name, unique among the points of its kind, in characters that a bin may have.
        text: what it counts: ``if``, ``(a==0) => 0``, the name of a signal.
        lines: the lines that it colours.
        instances: names of some of its instances; `count` is the number of all.
        groups: counters; a test hits the point if it hit at least one of each group. A signal has two groups: rising
            and falling. Empty in a record: the counters are those of one build.
        excluded: why no test can hit it; empty if some may.
        conditions: the conditions on the way to it, outermost first.
    """

    kind: CodeKind
    name: PlainText
    file: PlainText
    line: Count
    column: Count
    module: PlainText
    text: PlainText
    lines: Annotated[Lines, Field(max_length=10_000)] = ()
    instances: tuple[PlainText, ...] = ()
    count: Count = 1
    groups: Annotated[tuple[Group, ...], Field(max_length=2)] = ()
    excluded: PlainText = ""
    conditions: Annotated[tuple[PlainText, ...], Field(max_length=20)] = ()

    @property
    def words(self) -> str:
        """One line on what hits it, without its conditions."""
        where = f"{self.file}:{self.line}"
        if self.kind == "toggle":
            return f"{where}: some bit of {self.text} rises, and some bit falls"
        if self.kind == "expression":
            terms, _, value = self.row.rpartition(" => ")
            return f"{where}: {terms} makes the expression {value}"
        return f"{where}: {_WHAT.get(self.text, self.text)}"

    @property
    def row(self) -> str:
        """Of an expression: its terms with their values, and its own value, such as ``a==0 && b==1 => 0``."""
        terms, _, value = self.text.rpartition(" => ")
        return f"{terms.removeprefix('(').removesuffix(')')} => {value}"

    @property
    def description(self) -> str:
        """One line on what hits it, and when."""
        when = "; ".join(self.conditions)
        if not when:
            return self.words
        return f"{self.words} (when {when[:_MOST_WHEN]}{' ...' if len(when) > _MOST_WHEN else ''})"


_WHAT = {
    "block": "this block runs", "if": "the condition is true", "else": "the condition is false",
    "elsif": "this branch of the chain is taken", "case": "this item of the case is taken",
    "cond_then": "the value before the colon is chosen", "cond_else": "the value behind the colon is chosen",
}  # fmt: skip


class CodePoints(Frozen):
    """All points of a build, in the order of the bins: by kind, file, line and column.

    Attributes:
        left_out: number of points beyond `MAX_POINTS`.
    """

    points: Annotated[tuple[CodePoint, ...], Field(max_length=200_000), Stops]
    left_out: Count = 0

    @property
    def alive(self) -> tuple[CodePoint, ...]:
        """The points that are bins."""
        return tuple(one for one in self.points if not one.excluded)

    @property
    def hash(self) -> str:
        """Hexadecimal SHA-256 of all that decides which bins there are."""
        text = [[one.kind, one.name, one.file, one.line, one.column, bool(one.excluded)] for one in self.points]
        return hashlib.sha256(repr(text).encode()).hexdigest()


def merge_counters(counters: Iterable[CodeCounter], *, bits: bool = False) -> CodePoints:
    """Return the points of `counters`; a point is excluded if nothing can make any of its counters count.

    Args:
        bits: a point for each bit of a signal, not for each signal.
    """
    listed = list(counters)
    places: dict[tuple[CodeKind, str, int, int, str], list[CodeCounter]] = defaultdict(list)
    for one in listed:
        text = _TURN.sub("", one.comment) if one.kind == "toggle" else one.comment
        places[one.kind, one.file, one.line, one.column, text if bits else _whole(one, text)].append(one)
    ordered = sorted(places.items(), key=lambda item: (CODE_KINDS.index(item[0][0]), *item[0][1:]))
    stems = _stems({one.file for one in listed})
    points = [_point(text, members, stems) for (*_, text), members in ordered]
    named = _named([one for one in points if one is not None])
    return CodePoints(points=tuple(named[:MAX_POINTS]), left_out=max(len(named) - MAX_POINTS, 0))


def _whole(one: CodeCounter, text: str) -> str:
    return _INDEX.sub("", text) if one.kind == "toggle" else text


def _point(text: str, members: list[CodeCounter], stems: Mapping[str, str]) -> CodePoint | None:
    first = members[0]
    groups: dict[str, set[int]] = defaultdict(set)
    for one in members:
        turn = _TURN.search(one.comment) if one.kind == "toggle" else None
        if one.index is not None:
            groups[turn[1] if turn else ""].add(one.index)
    if not groups:
        return None
    instances = sorted({one.instance for one in members})
    return CodePoint(
        kind=first.kind, name=_name(first, text, stems), file=first.file, line=first.line, column=first.column,
        module=first.module, text=text, lines=first.lines, instances=tuple(instances[:_SHOWN_INSTANCES]),
        count=len(instances), groups=tuple(tuple(sorted(groups[turn])) for turn in sorted(groups)),
        excluded=first.dead if all(one.dead for one in members) else "",
        conditions=next((one.conditions for one in members if not one.dead), ()),
    )  # fmt: skip


def _name(first: CodeCounter, text: str, stems: Mapping[str, str]) -> str:
    if first.kind == "toggle":
        return _OTHER.sub("_", f"{first.module}-{text}")
    word = "e" if first.kind == "expression" else text
    return _OTHER.sub("_", f"{stems[first.file]}-{first.line}-{word}")


def _stems(files: Iterable[str]) -> dict[str, str]:
    """Return a short name for each file: without folder and suffix, unless two files share that name."""
    stems = {file: PurePosixPath(file).stem for file in files}
    shared = Counter(stems.values())
    return {file: stem if shared[stem] == 1 else file.replace("/", "-") for file, stem in stems.items()}


def _named(points: list[CodePoint]) -> list[CodePoint]:
    """Give points of one name a number each, in their order in the sources; expressions always have one."""
    shared = Counter((one.kind, one.name) for one in points)
    seen: Counter[tuple[CodeKind, str]] = Counter()
    found = []
    for one in points:
        key = one.kind, one.name
        seen[key] += 1
        number = str(seen[key]) if one.kind == "expression" else f"-{seen[key]}" if shared[key] > 1 else ""
        found.append(one.model_copy(update={"name": one.name + number}))
    return found
