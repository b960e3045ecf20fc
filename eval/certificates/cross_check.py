"""The predicates of a proof, checked by simulation: on the circuit, recorded tests must hit the bins that they hit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dv_agent.coverage.contribution import Sample
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.predicates.plan_monitor import PlanMonitor
from dv_agent.coverage.predicates.watched_signals import Unknown
from dv_agent.designs.design import Design
from dv_agent.designs.observation import Table
from dv_agent.designs.trace import BoolColumn, IntColumn
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.formal.circuit_simulation import NEVER, Recorded, Replay, replay
from dv_agent.runners.formal.netlist import Netlist

IGNORED = "ignored:"
"""How the keys of what a plan ignores begin."""
MOST_CYCLES = 2_000
MOST_TESTS = 64
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Played:
    """A test that was simulated: its samples, its tables and its coverage."""

    name: str
    rows: bytes = field(repr=False)
    tables: Mapping[str, Table] = field(repr=False)
    sample: Sample = field(repr=False)


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The result of a cross-check.

    Attributes:
        tests, cycles: how many were played on the circuit.
        hits: how many pairs of a test and a property were hit by both.
        wrong: differences, in words; a proof is void with any.
        ignored: key of what the plan ignores -> the first test that hits it on the circuit; no sampler counts these.
    """

    tests: int
    cycles: int
    hits: int
    wrong: tuple[str, ...]
    ignored: Mapping[str, str] = field(default_factory=dict)


def cross_check(netlist: Netlist, design: Design, plan: Plan, made: PlanMonitor, tests: Sequence[Played]) -> CrossCheck:
    """Play `tests` on the circuit and compare the cycle of the first hit of each bin with that of the sampler."""
    chosen = [one for one in tests if one.rows][:MOST_TESTS]
    layout = layout_of(design)
    recorded = [
        Recorded(one.rows, _unknown(made.unknown, one.tables, min(len(one.rows) // layout.sample_width, MOST_CYCLES)))
        for one in chosen
    ]
    if not recorded:
        return CrossCheck(0, 0, 0, ())
    done = replay(netlist, design, layout, recorded, MOST_CYCLES)
    names = [*netlist.circuit.properties]
    wrong = [*_differences(plan, made, chosen, done, names)]
    hits = int((done.first != NEVER).sum())
    ignored: dict[str, str] = {}
    for number, place in np.argwhere(done.first != NEVER).tolist():
        if names[place].startswith(IGNORED):
            ignored.setdefault(names[place], chosen[number].name)
    return CrossCheck(len(chosen), int(done.cycles.sum()), hits, tuple(wrong[:_SHOWN]), ignored)


def _differences(
    plan: Plan, made: PlanMonitor, tests: Sequence[Played], done: Replay, names: Sequence[str]
) -> Iterator[str]:
    place = {name: index for index, name in enumerate(names)}
    for number, test in enumerate(tests):
        if (cycle := int(done.differs[number])) != NEVER:
            yield f"{test.name}: the pins of the circuit differ from the simulated ones in cycle {cycle}"
            continue
        for one in made.claimed:
            if one.key not in place or one.kind == "ignored":
                continue
            found = int(done.first[number, place[one.key]])
            wanted = _first(plan, test.sample, one.id, one.kind == "illegal")
            if found != (wanted if wanted < done.cycles[number] else NEVER):
                yield f"{test.name}: {one.id} is hit in cycle {wanted}, on the circuit in cycle {found} (-1: never)"


def _first(plan: Plan, sample: Sample, name: str, illegal: bool) -> int:
    if illegal:
        return next((hit.cycle for hit in sample.illegal if hit.bin == name), NEVER)
    index = plan.index(name)
    return int(sample.first_cycle[index]) if sample.hits[index] else NEVER


def _unknown(unknown: Sequence[Unknown], tables: Mapping[str, Table], cycles: int) -> BoolColumn:
    """Return bool[cycles, bits], what the monitor's input ``unknown`` is in each cycle of a test."""
    found = np.zeros((cycles, sum(one.width for one in unknown)), dtype=np.bool_)
    for one in unknown:
        table = tables[one.table].columns
        at = table["cycle"] if one.table != "cycle" else np.arange(len(table["cycle"]))
        values = np.clip(_values(one, table) - one.low, 0, (1 << one.width) - 1)
        kept = at < cycles
        for bit in range(one.width):
            found[at[kept], one.first + bit] = (values[kept] >> bit) & 1
    return found


def _values(one: Unknown, table: Mapping[str, IntColumn]) -> IntColumn:
    if one.column == "since":
        return table["gap"] + table["stall"]
    if one.column == "last_place":
        return table["length"] - 1
    return table[one.column]
