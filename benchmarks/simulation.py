"""How fast tests run: ``python benchmarks/simulation.py [turns]``.

Prints build, start-up, the time of a short test, clock cycles a second, and
the memory of the simulator process before and after many turns; on Icarus, and
beside it on Verilator where that is installed. The simulators take turns in
each round, so the ratios hold on a busy machine too.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Op, Program
from dv_agent.runners.build.icarus import build_icarus, icarus_version
from dv_agent.runners.build.verilator import build_verilator
from dv_agent.runners.build.verilator_tool import find_verilator, verilator_status
from dv_agent.runners.cocotb.session import CocotbSession
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.verilator import VerilatorSimulator

AnySimulator = IcarusSimulator | VerilatorSimulator
DESIGN = {
    "schema_version": 1, "name": "skid", "title": "One register", "task_version": 1, "top": "skid",
    "sources": ["skid.v"], "limits": {"quiet_cycles": 8},
    "ports": {
        side: {
            "kind": kind, "valid": f"{side}_valid", "ready": f"{side}_ready",
            "fields": {"data": {"signal": f"{side}_data", "width": 32}},
        }
        for side, kind in (("in", "source"), ("out", "sink"))
    },
}  # fmt: skip
RTL = """
module skid(input clk, input rst, input [31:0] in_data, input in_valid, output in_ready,
            output reg [31:0] out_data, output reg out_valid, input out_ready);
  assign in_ready = !out_valid | out_ready;
  always @(posedge clk) if (rst) out_valid <= 0;
    else if (in_ready) begin out_valid <= in_valid; out_data <= in_data; end
endmodule
"""
ROUNDS = 7


def small_design(folder: Path) -> Design:
    """A design that costs the simulator next to nothing."""
    (folder / "skid.v").write_text(RTL, encoding="utf-8")
    return Design.model_validate({**DESIGN, "folder": folder})


def traffic(design: Design, items: int, seed: int = 1) -> Program:
    """Random beats with a gap now and then, on the first source."""
    source = random.Random(seed)
    name = design.packet_ports[0]
    width = sum(spec.bits for spec in design.grammars[name].fields.values())
    sends = (
        Op("send", source.getrandbits(width), gap=int(source.random() < 0.2), last=int(beat % 4 == 3))
        for beat in range(items)
    )
    return Program({name: tuple(sends)}, design.limits.max_cycles)


def resident(pid: int | None) -> float:
    """Memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4 / 1024


def build(kind: type[AnySimulator], design: Design, cache: Path) -> None:
    """Compile a design and start nothing."""
    if kind is IcarusSimulator:
        build_icarus(design, cache, icarus_version())
    else:
        build_verilator(design, cache, find_verilator())


def start_seconds(kind: type[AnySimulator], design: Design, folder: Path) -> list[float]:
    """Build cold (no ccache either), and warm (same RTL again, from ccache); start-up with the build cached."""
    old = os.environ.get("CCACHE_DIR")
    os.environ["CCACHE_DIR"] = str(folder / "ccache")
    walls = []
    for name in ("one", "two"):
        started = time.perf_counter()
        build(kind, design, folder / name)
        walls.append(time.perf_counter() - started)
    if old is None:
        del os.environ["CCACHE_DIR"]
    else:
        os.environ["CCACHE_DIR"] = old
    starts = []
    for _ in range(5):
        started = time.perf_counter()
        kind(folder / "two").open(design).close()
        starts.append(time.perf_counter() - started)
    return [*walls, statistics.median(starts)]


class Rounds:
    """One simulator's figures, a round at a time."""

    def __init__(self, session: CocotbSession, design: Design) -> None:
        self.session, self._short, self._long = session, traffic(design, 64), traffic(design, 20_000)
        self.turns: list[float] = []
        self.inside: list[float] = []
        self.rates: list[float] = []
        self.cycles = 0

    def play(self) -> None:
        """Some short tests and a long one."""
        walls, inside = [], []
        for _ in range(30):
            started = time.perf_counter()
            done = self.session.run(self._short)
            walls.append(time.perf_counter() - started)
            inside.append(done.seconds)
        self.turns.append(statistics.median(walls))
        self.inside.append(statistics.median(inside))
        done = self.session.run(self._long)
        self.cycles = done.trace.cycles
        self.rates.append(done.trace.cycles / done.seconds)

    def memory(self, turns: int) -> str:
        """Memory before and after many short tests."""
        before = resident(self.session.pid)
        for _ in range(turns):
            self.session.run(self._short)
        return f"{before:.1f} > {resident(self.session.pid):.1f}"


def report(label: str, design: Design, kinds: list[type[AnySimulator]], turns: int) -> None:
    """Measure one design and print a line a figure: the simulators, and how often the first goes into the second."""
    with tempfile.TemporaryDirectory() as folder:
        rooms = [Path(folder) / kind.__name__ for kind in kinds]
        builds = [start_seconds(kind, design, room) for kind, room in zip(kinds, rooms, strict=True)]
        found = [Rounds(kind(room / "two").open(design), design) for kind, room in zip(kinds, rooms, strict=True)]
        for _ in range(ROUNDS):
            for each in found:
                each.play()
        memory = [each.memory(turns) for each in found]
        for each in found:
            each.session.close()
    print(f"\n{label:<34}" + "".join(f"{kind().name:>16}" for kind in kinds) + ("     ratio" if len(kinds) > 1 else ""))
    for row, name in enumerate(("build, cold, s", "build, ccache warm, s", "start-up, build cached, s")):
        _line(name, [[build[row]] for build in builds], 2)
    _line("test of 64 items, ms", [[wall * 1e3 for wall in each.turns] for each in found], 2)
    _line("  of that inside the simulator, ms", [[wall * 1e3 for wall in each.inside] for each in found], 2)
    _line(f"cycles/s in a test of {found[0].cycles}", [each.rates for each in found], 0)
    print(f"  {f'memory before > after {turns}, MB':<32}" + "".join(f"{text:>16}" for text in memory))


def _line(name: str, columns: list[list[float]], digits: int) -> None:
    medians = "".join(f"{statistics.median(column):16.{digits}f}" for column in columns)
    ratio = ""
    if len(columns) > 1:
        # Of each round: what slowed down one simulator slowed down the other.
        ratio = f"{statistics.median(two / one for one, two in zip(*columns, strict=True)):9.2f}x"
    print(f"  {name:<32}{medians}{ratio}")


def main() -> None:
    """Measure a tiny design and a real one."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    status = verilator_status()
    kinds: list[type[AnySimulator]] = [IcarusSimulator, *([VerilatorSimulator] if status.usable else [])]
    print(" | ".join(kind().version() for kind in kinds))
    if not status.usable:
        print(f"Verilator is left out: {status.reason}")
    with tempfile.TemporaryDirectory() as folder:
        report("one register", small_design(Path(folder)), kinds, turns)
        report("mxint_softmax", find_design("mxint_softmax").design, kinds, turns)


if __name__ == "__main__":
    main()
