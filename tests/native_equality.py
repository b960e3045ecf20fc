"""Whether the native path gives bit for bit what cocotb on Verilator does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prerequisites import need

from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.simulator import Run, Simulator


def strict_native() -> NativeSimulator:
    """The native path with a short patience; a fallback fails the test."""
    need("verilator")
    return NativeSimulator(hang_seconds=0.5, share=0, say=pytest.fail)


def facts(run: Run) -> tuple[object, ...]:
    """All of a run but its time and the words of the simulator; of one that died, the trace has the rows."""
    signals = {name: values.tolist() for name, values in run.trace.signals.items()}
    return run.rows, run.trace.end, run.step_starts, run.released, signals, run.trace.reported


def require_equal(one: Simulator, two: Simulator, design: Design, programs: Iterable[Program]) -> list[Run]:
    """Play all programs on both; fail at the first difference of a bit, an end or a report; return the runs."""
    runs = []
    with one.open(design) as first, two.open(design) as second:
        for played in programs:
            runs.append(first.run(played))
            assert facts(runs[-1]) == facts(second.run(played))
    return runs
