"""The state machines of a design: where their state registers are, their states, and the transitions between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.probes.look_up import READ_SECONDS, looked_up
from dv_agent.designs.probes.probe import Probe
from dv_agent.designs.probes.register_question import Found
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.designs.reader.structure import StateMachine
from dv_agent.errors import BuildError, InputFileError

MOST = 8
_PLAIN = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine of one instance.

    Attributes:
        states: the states that something leads to.
        arcs: (state, next state), each once.
    """

    probe: Probe
    states: tuple[str, ...]
    arcs: tuple[tuple[str, str], ...]


def state_machines(design: Design) -> tuple[Machine, ...]:
    """Return at most `MOST` state machines, those near the top first; none if the RTL cannot be read.

    The same RTL gives the same answer; it is kept in the cache.
    """
    cache = cache_folder() / "structures"
    try:
        structure = read_rtl(design, cache, READ_SECONDS)
        known = {(module.name, one.state_register): one for module in structure.modules for one in module.machines}
        found = looked_up(design, structure).found if known else ()
    except (BuildError, InputFileError):
        return ()
    machines = (_machine(known[one.module, one.name], one) for one in found)
    return tuple(one for one in machines if len(one.states) > 1)[:MOST]


def probe_names(machines: tuple[Machine, ...]) -> dict[str, Machine]:
    """Return the machines by names for their probes: short ones, different from one another."""
    paths = [[_PLAIN.sub("_", part.rstrip("]")) for part in one.probe.path.split(".")] for one in machines]
    named: dict[str, Machine] = {}
    for one, path in zip(machines, paths, strict=True):
        tails = ("_".join(path[-count:]) for count in range(1, len(path) + 1))
        alone = (tail for tail in tails if sum(_ends(other, tail) for other in paths) == 1)
        name = f"fsm_{next(alone, len(named))}"[:60]
        named[name if name not in named else f"fsm_{len(named)}"] = one
    return named


def _ends(path: list[str], tail: str) -> bool:
    return any("_".join(path[-count:]) == tail for count in range(1, len(path) + 1))


def _machine(machine: StateMachine, found: Found) -> Machine:
    arcs = tuple(dict.fromkeys((one.source, one.target) for one in machine.arcs))
    led_to = {target for _, target in arcs}
    states = tuple(name for name in found.codes if name in led_to)
    kept = tuple((one, two) for one, two in arcs if one in states and two in states and one != two)
    probe = Probe(path=found.path, width=found.width, states={name: found.codes[name] for name in states})
    return Machine(probe, states, kept)
