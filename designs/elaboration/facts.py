"""What the RTL does with the ports of the top: clocks, resets, the domain of each port, combinational paths."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from dv_agent.designs.elaboration.interface import PortShape, ResetFact
from dv_agent.designs.elaboration.signal_graph import Graph, backwards, build_graph, inouts_behind, loops, unset_behind

_MOST_LOOPS = 3
_MOST_UNSET = 3


def rtl_facts(top: Any, ports: Iterable[PortShape], where: Callable[[Any], str], manager: Any) -> dict[str, Any]:
    """Return the fields of `Interface` that the RTL below the instance `top` gives.

    Args:
        where: returns file and line of a location.
        manager: pyslang's source manager.
    """
    graph = build_graph(top, manager)
    ways: dict[str, dict[str, str]] = defaultdict(dict)
    for one in ports:
        ways[one.direction][f"{top.hierarchicalPath}.{one.name}"] = one.name
    ins, outs = ways["input"], ways["output"]
    clock_of = {signal: _inputs_behind(graph, signal, ins) for signal in graph.edges}
    edges = _edge_counts(graph, clock_of)
    driven, through = _outputs(graph, outs, ins, clock_of)
    return {
        "clocks": {name: rising + falling for name, (rising, falling) in sorted(edges.items(), key=_most)},
        "falling": tuple(name for name, (rising, falling) in edges.items() if falling and not rising),
        "resets": _resets(graph, ins),
        "sampled_by": _sampled(graph, ins, clock_of),
        "driven_by": driven,
        "through": through,
        "unset": dict(_unset(graph, outs, top.hierarchicalPath)),
        "floating": dict(_floating(graph, outs, ways["inout"])),
        "registers": len(graph.registers),
        "assumptions": tuple(dict.fromkeys(where(one) for one in graph.assumptions)),
        "loops": tuple(
            f"{where(graph.places[one]) if one in graph.places else top.name}: {one.partition('.')[2]}"
            for one in loops(graph, _MOST_LOOPS)
        ),
    }


def _unset(graph: Graph, outs: dict[str, str], top: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, name in outs.items():
        if found := sorted(set(islice(unset_behind(graph, path), _MOST_UNSET))):
            yield name, tuple(one.removeprefix(f"{top}.") for one in found)


def _floating(graph: Graph, outs: dict[str, str], inouts: dict[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, name in outs.items() if inouts else ():
        if found := sorted(inouts[one] for one in inouts_behind(graph, path, inouts)):
            yield name, tuple(found)


def _most(item: tuple[str, list[int]]) -> tuple[int, str]:
    return -sum(item[1]), item[0]


def _origin(graph: Graph, signal: str) -> tuple[str, bool]:
    """Follow plain aliases back; return the signal at their beginning, and whether it is inverted on the way."""
    inverted, seen = False, {signal}
    while (step := graph.alias.get(signal)) and step[0] not in seen:
        signal, inverted = step[0], inverted ^ step[1]
        seen.add(signal)
    return signal, inverted


def _inputs_behind(graph: Graph, signal: str, ins: dict[str, str]) -> tuple[str, ...]:
    """Return the inputs that a clock comes from: one by aliases, else all that its gates read that look so."""
    origin, _ = _origin(graph, signal)
    if origin in ins:
        return (ins[origin],)
    if origin in graph.registers:  # a divided clock belongs to the clock that divides it
        return tuple(sorted({name for one in graph.registers[origin] if one != origin
                             for name in _inputs_behind_once(graph, one, ins)}))  # fmt: skip
    found = sorted({ins[one] for one in backwards(graph, origin, graph.registers) if one in ins})
    clocks = [name for name in found if "clk" in name.lower() or "clock" in name.lower()]
    return tuple(clocks or found[:1])


def _inputs_behind_once(graph: Graph, signal: str, ins: dict[str, str]) -> tuple[str, ...]:
    origin, _ = _origin(graph, signal)
    return (ins[origin],) if origin in ins else ()


def _edge_counts(graph: Graph, clock_of: dict[str, tuple[str, ...]]) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for signal, (rising, falling) in graph.edges.items():
        inverted = _origin(graph, signal)[1]
        for name in clock_of[signal]:
            counts[name][int(inverted)] += rising
            counts[name][int(not inverted)] += falling
    return dict(counts)


def _resets(graph: Graph, ins: dict[str, str]) -> tuple[ResetFact, ...]:
    found: Counter[tuple[str, bool, bool]] = Counter()
    for (signal, high, listed), count in graph.resets.items():
        origin, inverted = _origin(graph, signal)
        for one in [origin] if origin in ins else _joined(graph, origin, ins):
            found[ins[one], high ^ inverted, listed] += count
    facts = [
        ResetFact(port=name, active="high" if high else "low", asynchronous=listed, registers=count)
        for (name, high, listed), count in found.items()
    ]
    return tuple(sorted(facts, key=lambda one: (-one.registers, one.port)))


def _joined(graph: Graph, signal: str, ins: dict[str, str]) -> list[str]:
    """Return the inputs that a reset made of several is made of, if they are named like resets."""
    behind = [one for one in backwards(graph, signal, graph.registers) if one in ins]
    return [one for one in behind if "rst" in ins[one].lower() or "reset" in ins[one].lower()]


def _sampled(graph: Graph, ins: dict[str, str], clock_of: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for signal, clocks in graph.samples.items():
        names = {name for clock in clocks for name in clock_of.get(clock, ())}
        for one in backwards(graph, signal, graph.registers):
            if one in ins:
                found[ins[one]] |= names
    return {name: tuple(sorted(clocks)) for name, clocks in sorted(found.items())}


def _outputs(
    graph: Graph, outs: dict[str, str], ins: dict[str, str], clock_of: dict[str, tuple[str, ...]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    driven, through = {}, {}
    for path, name in outs.items():
        behind = list(backwards(graph, path, graph.registers))
        clocks = {clock for one in behind for edge in graph.registers.get(one, ()) for clock in clock_of.get(edge, ())}
        driven[name] = tuple(sorted(clocks))
        through[name] = tuple(sorted({ins[one] for one in behind if one in ins}))
    return driven, through
