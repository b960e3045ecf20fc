"""The proof that a changed design does the same at its pins as the clean one, whatever a test does."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from dv_agent.designs.design import Design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.properties.answer import Answer
from dv_agent.designs.properties.monitor import MONITOR, Monitor
from dv_agent.errors import BuildError
from dv_agent.runners.formal.aiger import Circuit, read_aiger
from dv_agent.runners.formal.bmc_and_induction import hit_within
from dv_agent.runners.formal.joined import DIFFERS, joined
from dv_agent.runners.formal.netlist import Netlist, build_netlist
from dv_agent.runners.formal.reachability import prove, run_abc
from dv_agent.runners.formal.yosys import ROOM

_REDUCED = "reduced.aig"
_BOUNDED_CYCLES = 12
_SHARE = 0.5  # of the time for the correspondence of signals
_NOTHING = Monitor(
    f"module {MONITOR}(input clock, input started, input unknown, output hit);\n  assign hit = 1'b0;\nendmodule\n",
    (), 0, (),
)  # fmt: skip


def pins_of(design: Design) -> Netlist:
    """Read a design into a circuit that shows its pins.

    Raises:
        PrerequisiteError: the extra `formal` is missing.
        BuildError: yosys cannot read the RTL.
    """
    return build_netlist(design, _NOTHING)


def compare(clean: Netlist, changed: Design, seconds: float) -> Answer:
    """Return whether a difference at the pins can be reached from power-up; if it can, in how many cycles.

    Signals have two values here. Registers that no reset and no initial value sets begin alike in both designs.

    Args:
        seconds: for the proof, without the reading of the RTL.

    Raises:
        BuildError: yosys cannot read the changed RTL.
    """
    circuit = joined(clean, pins_of(changed))
    end = time.monotonic() + seconds
    part = corresponding(circuit, seconds * _SHARE)
    if part is not None and part.properties[DIFFERS] == 0:
        return Answer(verdict="unreachable", method="correspondence")
    found, cycles = hit_within(circuit, [DIFFERS], _BOUNDED_CYCLES, time.monotonic() + seconds * _SHARE / 2, _silent)
    if found:
        return Answer(verdict="reachable", method="bounded", depth=found[DIFFERS])
    answer = prove(part or circuit, DIFFERS, max(end - time.monotonic(), 1.0))
    return answer if answer.verdict != "unknown" else answer.model_copy(update={"depth": cycles})


def corresponding(circuit: Circuit, seconds: float) -> Circuit | None:
    """Return the circuit with signals that always agree made one (ABC's ``scorr``); None if that took too long."""
    with scratch_folder() as folder:
        with suppress(BuildError):
            run_abc(circuit, DIFFERS, f"strash\nscorr\nwrite_aiger {ROOM}/{_REDUCED}", folder, seconds)
        if not (folder / _REDUCED).is_file():
            return None
        small, outputs, _ = read_aiger((folder / _REDUCED).read_bytes())
    return replace(small, properties={DIFFERS: outputs[0]})


def _silent(_: str) -> None:
    """Tell nobody how far it is."""
