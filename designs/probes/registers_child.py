"""The child process that looks into elaborated RTL: where registers are, and what outputs are driven by."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pyslang.ast import SymbolKind as S

from dv_agent.designs.elaboration.compilation import RefusedError, Sources
from dv_agent.designs.elaboration.signal_graph import Graph, backwards, build_graph
from dv_agent.designs.probes.register_question import Answer, Found, Question, Wanted

_SCOPES = {S.GenerateBlock, S.GenerateBlockArray, S.InstanceArray}
_MOST_INSTANCES = 20_000
_MOST_BITS = 63


def look_up(question: Question) -> Answer:
    """Return what is asked of the RTL."""
    sources = Sources(question.request, plain=question.request.language == "verilog")
    tops = [one for one in sources.compilation.getRoot().topInstances if one.name == question.request.top]
    if not tops:
        return Answer()
    registers = (
        _register(tops[0], instance, one)
        for instance in _instances(tops[0])
        for one in question.wanted
        if instance.body.definition.name == one.module
    )
    found = tuple(one for one in registers if one)
    return Answer(found=found, **dict(_outputs(tops[0], sources.manager)))


def _outputs(top: Any, manager: Any) -> Iterator[tuple[str, Any]]:
    graph = build_graph(top, manager)
    inside = {f"{top.hierarchicalPath}.{one.name}": one for one in top.body.portList if hasattr(one, "direction")}
    ways = {path: str(one.direction).rpartition(".")[2] for path, one in inside.items()}
    outputs = [path for path, way in ways.items() if way == "Out"]
    yield "constant", tuple(inside[path].name for path in outputs if _is_constant(graph, path))
    wired = {path: _origin(graph, path) for path in outputs}
    yield "wired", {inside[out].name: inside[into].name for out, into in wired.items() if ways.get(into) == "In"}


def _is_constant(graph: Graph, path: str) -> bool:
    """Return whether everything behind a signal is assigned, by nothing but constants; what is not known may change."""
    if graph.reader.is_known(path):
        return True
    return all(one in graph.follows and one not in graph.registers for one in backwards(graph, path))


def _origin(graph: Graph, path: str) -> str:
    seen = {path}
    while path in graph.alias:
        path, inverted = graph.alias[path]
        if inverted or path in seen:
            return ""
        seen.add(path)
    return path


def _instances(top: Any) -> Iterator[Any]:
    waiting, seen = [top], 0
    while waiting and seen < _MOST_INSTANCES:
        instance = waiting.pop(0)
        seen += 1
        yield instance
        waiting += _below(instance.body)


def _below(scope: Any) -> list[Any]:
    found = []
    for member in scope:
        if member.kind == S.Instance:
            found.append(member)
        elif member.kind in _SCOPES and not (member.kind == S.GenerateBlock and member.isUninstantiated):
            found += _below(member)
    return found


def _register(top: Any, instance: Any, wanted: Wanted) -> Found | None:
    symbol = instance.body.find(wanted.name)
    kind = getattr(symbol, "type", None)
    if kind is None or not kind.isIntegral or not 1 <= kind.bitWidth <= _MOST_BITS:
        return None
    values = {name: _value(instance.body.lookupName(name)) for name in wanted.states}
    codes = {name: value for name, value in values.items() if value is not None and 0 <= value < 1 << kind.bitWidth}
    path = str(symbol.hierarchicalPath).removeprefix(f"{top.hierarchicalPath}.")
    if len(codes) < len(wanted.states) or len(set(codes.values())) < len(codes):
        return None
    return Found(module=wanted.module, name=wanted.name, path=path, width=int(kind.bitWidth), codes=codes)


def _value(symbol: Any) -> int | None:
    value = getattr(getattr(symbol, "value", None), "value", None)
    try:
        return None if value is None or symbol.value.hasUnknown() else int(value)
    except (TypeError, ValueError):
        return None


def main() -> None:
    """Answer one question."""
    question = Question.model_validate_json(sys.stdin.buffer.read())
    try:
        answer = look_up(question)
    except RefusedError:
        answer = Answer()
    sys.stdout.write(answer.model_dump_json())


if __name__ == "__main__":
    main()
