"""Waveforms: one program played again, with all signals dumped to an FST file (or VCD, if FST is not available)."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.output_places import require_file_place
from dv_agent.designs.program import Program
from dv_agent.designs.trace import End, Trace
from dv_agent.errors import OutputError, SimulationError
from dv_agent.runners.simulator import Simulator

VIEWERS = ("surfer", "gtkwave")


@dataclass(frozen=True, slots=True)
class Waves:
    """A waveform on disk.

    Attributes:
        path: the waveform file; its name ends in ``.fst`` or ``.vcd``.
        command: the command that opens it; names both viewers if neither is installed.
        trace: the trace of the same simulation.
    """

    path: Path
    command: str
    trace: Trace


def dump_waves(simulator: Simulator, design: Design, program: Program, path: Path) -> Waves:
    """Play `program` in a fresh process and write its waveform to `path`.

    If the RTL hangs, the waveform ends with the last complete cycle.

    Raises:
        OutputError: `path` cannot be written.
        SimulationError: the simulator failed, or cannot write waveforms.
    """
    require_file_place(path, "waveform", makes_folders=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for each in (path, path.with_suffix(".vcd")):
            each.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from None
    trace = _play(simulator, design, program, path)
    if trace.end == End.HUNG and trace.cycles:
        # A killed simulator leaves an incomplete file.
        _play(simulator, design, replace(program, max_cycles=trace.cycles), path)
    written = next((each for each in (path, path.with_suffix(".vcd")) if each.exists()), None)
    if written is None:
        raise SimulationError(f"the simulator {simulator.name} wrote no waveform to {path}")
    return Waves(written, viewer_command(written), trace)


def viewer_command(path: Path) -> str:
    """Return the shell command that opens a waveform."""
    installed = [viewer for viewer in VIEWERS if shutil.which(viewer)]
    return " or ".join(f"{viewer} {shlex.quote(str(path))}" for viewer in installed[:1] or VIEWERS)


def _play(simulator: Simulator, design: Design, program: Program, path: Path) -> Trace:
    with simulator.open(design, waves=path) as session:
        return session.run(program).trace
