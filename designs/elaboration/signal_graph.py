"""Which signal follows from which: the elaborated hierarchy as one graph of signals, walked statement by statement."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from pyslang.ast import ExpressionKind as E
from pyslang.ast import ProceduralBlockKind
from pyslang.ast import SymbolKind as S

from dv_agent.designs.constants.propagation import Constants
from dv_agent.designs.elaboration.expressions import ExpressionReader
from dv_agent.designs.elaboration.statements import Walked, assumptions_of, walk_block

_MOST_INSTANCES = 20_000
_SCOPES = {S.GenerateBlock, S.GenerateBlockArray, S.InstanceArray}


@dataclass
class Graph:
    """The signals of all instances, by hierarchical path.

    Attributes:
        reader: reads the expressions.
        follows: signal -> signals that it follows in the same cycle.
        alias: signal -> (signal, whether inverted), where it is nothing else than the other one.
        registers: register -> clock signals that it is written at.
        loads: register -> signals that it is written from, or under the condition of.
        settled: signals that a reset or an initial value sets.
        samples: signal -> clock signals at whose edges it is read.
        edges: clock signal -> number of blocks that wait for its rising, falling edges.
        assumptions: locations of ``assume`` statements.
        outside: inout of an instance -> signals that it is connected to.
        places: signal -> where it is assigned first, as a location of pyslang.
        resets: (signal, active high, asynchronous) -> number of blocks that begin or end with its test.
    """

    reader: ExpressionReader
    follows: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    alias: dict[str, tuple[str, bool]] = field(default_factory=dict)
    registers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    loads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    settled: set[str] = field(default_factory=set)
    samples: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    edges: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    outside: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    assumptions: list[Any] = field(default_factory=list)
    places: dict[str, Any] = field(default_factory=dict)
    resets: Counter[tuple[str, bool, bool]] = field(default_factory=Counter)


def build_graph(top: Any, manager: Any) -> Graph:
    """Return the graph of the instance `top` and of all below it, at most `_MOST_INSTANCES`.

    Args:
        manager: pyslang's source manager.
    """
    graph, waiting, seen = Graph(ExpressionReader(Constants(top, manager, {}).evaluator)), [top], 0
    while waiting and seen < _MOST_INSTANCES:
        instance = waiting.pop()
        seen += 1
        waiting += _members(graph, instance.body)
    return graph


def members_of(scope: Any) -> Iterator[Any]:
    """Yield the members of an instance's body, and of its blocks that are generated, whatever their depth."""
    for member in _iterate(scope):
        if member.kind not in _SCOPES:
            yield member
        elif member.kind != S.GenerateBlock or not member.isUninstantiated:
            yield from members_of(member)


def _members(graph: Graph, scope: Any) -> list[Any]:
    found = []
    for member in members_of(scope):
        kind = member.kind
        if kind == S.Instance:
            _connect(graph, member)
            found.append(member)
        elif kind == S.ContinuousAssign:
            _assign(graph, member)
        elif kind == S.Net and member.initializer is not None:
            _follow(graph, {member.hierarchicalPath}, member.initializer)
        elif kind == S.Variable and member.initializer is not None:
            graph.settled.add(member.hierarchicalPath)
        elif kind == S.ProceduralBlock and member.procedureKind == ProceduralBlockKind.Initial:
            graph.settled |= set(walk_block(member, graph.reader).assigned)
        elif kind == S.ProceduralBlock:
            graph.assumptions += assumptions_of(member)
            _block(graph, walk_block(member, graph.reader), member.location)
    return found


def _iterate(scope: Any) -> Iterator[Any]:
    try:
        yield from scope
    except TypeError:
        return


def _assign(graph: Graph, member: Any) -> None:
    assignment = member.assignment
    if assignment.kind == E.Assignment:
        targets = graph.reader.written(assignment.left)
        _follow(graph, targets, assignment.right)
        for target in targets:
            graph.places.setdefault(target, assignment.sourceRange.start)


def _follow(graph: Graph, targets: set[str], value: Any) -> None:
    for target in targets:
        graph.follows[target].update(graph.reader.references(value))
    if len(targets) == 1 and (same := graph.reader.plain_name(value)):
        graph.alias[next(iter(targets))] = same


def _connect(graph: Graph, instance: Any) -> None:
    for connection in instance.portConnections:
        port, value = connection.port, connection.expression
        inner = getattr(port, "internalSymbol", None)
        if value is None or inner is None:
            continue
        name = inner.hierarchicalPath
        if str(port.direction).endswith("InOut"):
            graph.outside[name] |= graph.reader.written(value.left if value.kind == E.Assignment else value)
        if value.kind == E.Assignment:  # an output writes the expression outside
            _follow_out(graph, value.left, name)
        elif str(port.direction).endswith("Out"):
            _follow_out(graph, value, name)
        else:
            _follow(graph, {name}, value)


def _follow_out(graph: Graph, outside: Any, name: str) -> None:
    targets = graph.reader.written(outside)
    for target in targets:
        graph.follows[target].add(name)
    if len(targets) == 1 and graph.reader.plain_name(outside):
        graph.alias[next(iter(targets))] = (name, False)


def _block(graph: Graph, walked: Walked, place: Any) -> None:
    clocks = clocks_of(walked)
    graph.settled |= walked.settled
    for edge in walked.edges:
        if edge.signal in clocks:
            graph.edges[edge.signal][0 if edge.rising else 1] += 1
    for target, sources in walked.assigned.items():
        graph.places.setdefault(target, place)
        if clocks:
            graph.registers[target] |= clocks
            graph.loads[target] |= sources
            for source in sources:
                graph.samples[source] |= clocks
        else:
            graph.follows[target] |= sources - {target}
    if clocks:
        for signal, high in walked.tested:
            listed = any(edge.signal == signal for edge in walked.edges)
            graph.resets[signal, high, listed] += 1


def clocks_of(walked: Walked) -> set[str]:
    """Return the signals of the edge list that are clocks: those that the block does not test as a reset."""
    tested = {signal for signal, _ in walked.tested}
    listed = {edge.signal for edge in walked.edges}
    return (listed - tested if len(listed) > 1 else listed) or listed


def loops(graph: Graph, most: int) -> list[str]:
    """Return signals that follow themselves without a register between, one of each loop, at most `most`.

    Whole signals are looked at: bits of one vector that follow each other count as well.
    """
    found: list[str] = []
    known: set[str] = set()
    for signal in graph.follows:
        if signal in known or signal in graph.registers or len(found) >= most:
            continue
        behind = [one for source in graph.follows[signal] for one in backwards(graph, source, graph.registers)]
        if signal in behind and signal not in graph.registers:
            found.append(signal)
            known.update(behind)
    return found


def unset_behind(graph: Graph, signal: str) -> Iterator[str]:
    """Yield the registers that `signal` depends on, at any distance, and that nothing sets before they are written."""
    for one in _all_behind(graph, signal):
        if one in graph.registers and one not in graph.settled and not graph.reader.is_known(one):
            yield one


def inouts_behind(graph: Graph, signal: str, inouts: Collection[str]) -> Iterator[str]:
    """Yield those of `inouts` that `signal` depends on, at any distance."""
    return (one for one in _all_behind(graph, signal) if one in inouts)


def _all_behind(graph: Graph, signal: str) -> Iterator[str]:
    seen, waiting = {signal}, [signal]
    while waiting:
        one = waiting.pop()
        yield one
        for source in (*graph.follows.get(one, ()), *graph.loads.get(one, ()), *graph.outside.get(one, ())):
            if source not in seen:
                seen.add(source)
                waiting.append(source)


def backwards(graph: Graph, signal: str, stop: dict[str, set[str]] | None = None) -> Iterator[str]:
    """Yield `signal` and all that it follows, without passing a signal of `stop`."""
    seen, waiting = {signal}, [signal]
    while waiting:
        one = waiting.pop()
        yield one
        if stop and one in stop:
            continue
        for source in graph.follows.get(one, ()):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
