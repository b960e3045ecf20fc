"""out = in and the bias of the same cycle; every beat is paid back."""

import numpy as np

from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.trace import IntColumn, Trace


def observe(trace: Trace) -> Observation:
    """One result and one credit for each beat."""
    seen = trace.accepted["in.beat"]
    bias, mode = pins(trace, "in_bias")[seen.cycle], pins(trace, "in_mode")[seen.cycle]
    results = Expected(seen.epoch, {"y": seen.columns["x"] + np.where(mode, -bias, bias)}, seen.cycle)
    return Observation({"out": results, "in.return": Expected(seen.epoch, {}, seen.cycle)}, {})


def pins(trace: Trace, signal: str) -> IntColumn:
    """A pin in every cycle; zero where no signals were recorded."""
    return trace.signals.get(signal, np.zeros(trace.cycles, np.int64))
