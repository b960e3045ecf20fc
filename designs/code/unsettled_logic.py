"""Logic that a simulator may run with values that do not last: in and behind a loop of signals without a register.

A process runs once its inputs have their values, unless what it writes comes back to it in the same cycle, by other
processes. Then it runs again until nothing changes, and counters count on the way: a proof about whole cycles says
nothing about them. Whole signals are looked at, so a loop may be seen that its bits do not close.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyslang.ast import SymbolKind as S

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.constants.instance_nodes import Place
from dv_agent.designs.elaboration.signal_graph import Graph, build_graph, members_of
from dv_agent.designs.elaboration.statements import walk_block

_PART = re.compile(r"[\[:]")


class UnsettledLogic:
    """The processes and signals of a design that may take values which do not last.

    Args:
        top: the elaborated instance.
        manager: pyslang's source manager.
        place: the place of a location; None inside a macro.
        files: name of a file in the counters -> its real path.
    """

    def __init__(self, top: Any, manager: Any, place: Callable[[Any], Place | None], files: Mapping[str, str]) -> None:
        self._files = files
        graph = build_graph(top, manager)
        processes = list(_processes(top.body, graph))
        signals = _unsettled(graph, [(written, read) for _, written, read in processes])
        self._ranges: list[tuple[Place, Place]] = []
        for span, written, _ in processes:
            first, last = place(span.start), place(span.end)
            if first and last and written & signals:
                self._ranges.append((first, last))
        modules = dict(_modules(top))
        self._signals = {
            (modules[path], name) for signal in signals for path, name in _splits(signal) if path in modules
        }

    def numbers(self, counters: Sequence[CodeCounter]) -> Iterator[int]:
        """Yield the numbers of those counters that may count what does not last."""
        for number, one in enumerate(counters):
            if one.kind == "toggle":
                unsettled = (one.module, _PART.split(one.comment)[0]) in self._signals
            else:
                spot = Place(self._files.get(one.file, one.file), one.line, one.column)
                unsettled = any(first.file == spot.file and first <= spot < last for first, last in self._ranges)
            if unsettled:
                yield number


def _processes(scope: Any, graph: Graph) -> Iterator[tuple[Any, set[str], set[str]]]:
    """Yield the range, the signals written and the signals read of each process without a clock."""
    for member in members_of(scope):
        if member.kind == S.Instance:
            yield from _processes(member.body, graph)
        elif member.kind == S.ContinuousAssign and hasattr(member.assignment, "left"):
            one = member.assignment
            yield one.sourceRange, graph.reader.written(one.left), set(graph.reader.references(one.right))
        elif member.kind == S.Net and member.initializer is not None:
            value = member.initializer
            yield value.sourceRange, {member.hierarchicalPath}, set(graph.reader.references(value))
        elif member.kind == S.ProceduralBlock and member.syntax is not None:
            walked = walk_block(member, graph.reader)
            if not walked.edges:
                written = set(walked.assigned)
                yield member.syntax.sourceRange, written, set().union(*walked.assigned.values()) - written


def _unsettled(graph: Graph, processes: Sequence[tuple[set[str], set[str]]]) -> set[str]:
    """Return the signals that are left when those are taken away, again and again, all of whose sources are gone."""
    sources: dict[str, set[str]] = {name: set(read) for name, read in graph.follows.items()}
    for written, read in processes:
        for name in written:
            sources[name] = sources.get(name, set()) | read
    sources = {name: read for name, read in sources.items() if name not in graph.registers}
    readers: dict[str, list[str]] = defaultdict(list)
    missing = {name: len([one for one in read if one in sources]) for name, read in sources.items()}
    for name, read in sources.items():
        for one in read:
            readers[one].append(name)
    ready = [name for name, count in missing.items() if not count]
    while ready:
        for reader in readers[ready.pop()]:
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
    return {name for name, count in missing.items() if count}


def _modules(instance: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and the module of an instance, and of all below it."""
    yield instance.hierarchicalPath, str(instance.body.definition.name)
    for member in members_of(instance.body):
        if member.kind == S.Instance:
            yield from _modules(member)


def _splits(signal: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to part a path into that of an instance and the name in it, the longest instance first."""
    parts = signal.split(".")
    for place in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:place]), ".".join(parts[place:])
