"""The reference models of other designs as parts of one: inputs as columns go in, the outputs owed come out.

A system that contains the RTL of other designs has a model composed of theirs, so that no arithmetic is written twice.
`fingerprint` covers the parts that a model names with `part_model("NAME")`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dv_agent.designs.loader import load_model
from dv_agent.designs.observation import Expected, ReferenceModel
from dv_agent.designs.rtl_files import PRIMITIVES
from dv_agent.designs.trace import End, IntColumn, Trace, Transfers


def part_model(name: str) -> ReferenceModel:
    """Return the reference model of a design of the project.

    Raises:
        InputFileError: there is none, or it cannot be imported.
    """
    return load_model(PRIMITIVES.parent / name / "model.py", f"dv_agent.designs.{name}.model")


def moved(cycle: IntColumn, columns: Mapping[str, IntColumn], epoch: IntColumn | None = None) -> Transfers:
    """Return transfers, or strobes, all known.

    Args:
        cycle: int64[n], ascending; epoch: int64[n], 0 if left out.
        columns: field -> int64[n] or int64[n, lanes], ``last`` included.
    """
    epochs = np.zeros(len(cycle), np.int64) if epoch is None else epoch
    return Transfers(cycle, epochs, dict(columns), np.zeros(len(cycle), np.bool_))


def owed(
    part: ReferenceModel, output: str, inputs: Mapping[str, Transfers], epoch: IntColumn | None = None
) -> Expected:
    """Return what a part owes on one of its outputs, for these inputs.

    Args:
        inputs: every input port of the part -> its transfers.
        epoch: int64[cycles], the reset epoch of each cycle; a single epoch if left out.
    """
    last = max((int(seen.cycle[-1]) for seen in inputs.values() if len(seen)), default=-1)
    epochs = np.zeros(last + 1, np.int64) if epoch is None else epoch
    trace = Trace(len(epochs), End.DRAINED, {}, {}, np.zeros(len(epochs), np.bool_), epochs, dict(inputs))
    return part.observe(trace).expected[output]
