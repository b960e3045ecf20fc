"""Small RTL as text, its design.yaml as data, and words to play programs on it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.program import Op, Program
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Run, Simulator

LIMITS = {"quiet_cycles": 12, "max_cycles": 3000}


def own_design(folder: Path, verilog: str, ports: dict[str, Any], suffix: str = ".v", **keys: Any) -> Design:
    """A design in `folder` whose top is called ``own``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"own{suffix}").write_text(verilog, encoding="utf-8")
    data = {"schema_version": 1, "name": "own", "top": "own", "sources": [f"own{suffix}"], "limits": LIMITS}
    return Design.model_validate({**data, "ports": ports, "folder": folder, **keys})


def stream(kind: str, prefix: str, width: int = 8, **more: Any) -> dict[str, Any]:
    """A port with the signals <prefix>_valid, <prefix>_ready and <prefix>_data."""
    field = {"signal": f"{prefix}_data", "width": width}
    return {"kind": kind, "valid": f"{prefix}_valid", "ready": f"{prefix}_ready", "fields": {"x": field}, **more}


def sends(*values: int, gap: int = 0) -> tuple[Op, ...]:
    """Beats, each a packet of its own."""
    return tuple(Op("send", value, gap=gap, step=index) for index, value in enumerate(values))


def played(design: Design, tracks: dict[str, Iterable[Op]], simulator: Simulator | None = None) -> Run:
    """Play one program; on Icarus, unless told otherwise."""
    simulator = simulator or IcarusSimulator(design.folder / "cache", hang_seconds=2.0)
    program = Program({name: tuple(ops) for name, ops in tracks.items()}, design.limits.max_cycles)
    with simulator.open(design) as session:
        return session.run(program)


def values(run: Run, port: str, field: str = "x") -> list[int]:
    """What was transferred on a port."""
    found: list[int] = run.trace.accepted[port].columns[field].tolist()
    return found
