"""All checks of a test: protocol, buses, the RTL's own assertions, scoreboard, rules of design.yaml, and levels."""

from __future__ import annotations

from dataclasses import replace

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Observation
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.assertions import assertion_failures
from dv_agent.runners.checks.bus_rules import bus_failures
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.protocol import may_always_wait, protocol_failures, refused_at_the_end
from dv_agent.runners.checks.rules.levels import foretold_failures, level_failures
from dv_agent.runners.checks.rules.timing import timing_failures
from dv_agent.runners.checks.scoreboard import scoreboard_failures

__all__ = ["MAX_FAILURES", "CheckFailure", "check"]

MAX_FAILURES = 20
_NEVER = 1 << 62


def check(design: Design, trace: Trace, observation: Observation) -> tuple[CheckFailure, ...]:
    """Return the checks that `trace` fails, earliest first, at most `MAX_FAILURES`.

    Args:
        observation: the result of the design's reference model for the same trace.

    Raises:
        ValueError: the model expects a port or a field that the design does not have.
    """
    trace = _settled(design, trace, observation)
    buses = list(bus_failures(design, trace))
    protocol = [*protocol_failures(design, trace), *buses]
    unanswered = any("unanswered" in rules for rules in design.exceptions.values())
    if unanswered or any(failure.check == "unanswered" for failure in buses):
        # It tells which port the test waited for, or design.yaml that this port may wait for ever.
        protocol = [failure for failure in protocol if failure.check != "deadlock" or failure.port]
    asserted = list(assertion_failures(trace))
    if any(one.fatal or trace.cycles in one.cycles for one in trace.reported):
        # The RTL said why it ended the simulation.
        protocol = [one for one in protocol if one.check != "crashed"]
    # A valid right after reset is one fault, whether the sink accepted it or not.
    named = {(failure.port, failure.cycle) for failure in protocol if failure.check == "after_reset"}
    scored = [
        failure
        for failure in scoreboard_failures(trace, observation)
        if not (failure.check == "extra" and (failure.port, failure.cycle) in named)
    ]
    ruled = [*level_failures(design.checks, trace), *timing_failures(design, trace, observation)]
    ruled += foretold_failures(observation.levels, design.checks, trace)
    found = sorted([*protocol, *asserted, *scored, *ruled], key=lambda f: _NEVER if f.cycle is None else f.cycle)
    return tuple(found[:MAX_FAILURES])


def _settled(design: Design, trace: Trace, observation: Observation) -> Trace:
    """Return `trace`, as drained instead of deadlocked if only ports that may wait were refused at its end."""
    if trace.end != End.DEADLOCK:
        return trace
    refused = refused_at_the_end(design, trace)
    may_wait = observation.may_wait | may_always_wait(design)
    return replace(trace, end=End.DRAINED) if refused and refused <= may_wait else trace
