"""Covergroups of state machines: every state, and every transition that the RTL writes down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.coverage.automatic_plan.plan_parts import Group, Moves, Point, Values
from dv_agent.designs.probes.probe import Probe
from dv_agent.designs.probes.state_machines import Machine

_MOST_ARCS = 48


def machine_groups(probes: Mapping[str, Probe], machines: tuple[Machine, ...]) -> Iterator[Group]:
    """Return a covergroup for each probe of a state machine.

    Args:
        machines: what is known from the RTL; of a probe without one only the states are covered.
    """
    arcs = {one.probe.path: one.arcs for one in machines}
    for name, probe in probes.items():
        if len(probe.states) < 2:  # no state machine
            continue
        states: dict[str, Values] = dict(probe.states)
        points = [Point("state", name, f"{probe.path} is {{bin}}", states)]
        known = [pair for pair in arcs.get(probe.path, ()) if set(pair) <= probe.states.keys()]
        moves: dict[str, Moves] = {
            f"{one}-{two}"[:64]: [[probe.states[one]], [probe.states[two]]] for one, two in known[:_MOST_ARCS]
        }
        if moves:
            points.append(Point("arc", name, f"{probe.path} goes from one state to the next: {{bin}}", moves))
        yield Group(name, "cycle", f"State machine {probe.path}", points, when="in_reset == 0", rank=0)
