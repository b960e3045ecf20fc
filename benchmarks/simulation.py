"""How fast tests run: ``python benchmarks/simulation.py [turns]``.

Prints start-up, the time of a short test, clock cycles a second, and the
memory of the simulator process before and after many turns.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.loader import find_design
from dv_agent.designs.program import Op, Program
from dv_agent.runners.icarus import IcarusSession, IcarusSimulator
from dv_agent.runners.layout import payload_width

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


def small_design(folder: Path) -> Design:
    """A design that costs the simulator next to nothing."""
    (folder / "skid.v").write_text(RTL, encoding="utf-8")
    return Design.model_validate({**DESIGN, "folder": folder})


def traffic(design: Design, items: int, seed: int = 1) -> Program:
    """Random beats with a gap now and then, on the first source."""
    source = random.Random(seed)
    name = design.source_names[0]
    width = payload_width(design.ports[name].fields)  # type: ignore[union-attr]
    sends = (
        Op("send", source.getrandbits(width), gap=int(source.random() < 0.2), last=int(beat % 4 == 3))
        for beat in range(items)
    )
    return Program({name: tuple(sends)}, design.limits.max_cycles)


def resident(pid: int | None) -> float:
    """Memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * 4 / 1024


def report(label: str, design: Design, simulator: IcarusSimulator, turns: int) -> None:
    """Measure one design and print a line a figure."""
    simulator.open(design).close()
    starts = [_seconds_to_open(design, simulator) for _ in range(5)]
    with simulator.open(design) as session:
        short, long = traffic(design, 64), traffic(design, 20_000)
        cycles = session.run(short).trace.cycles
        walls = _turns(session, short, 200)
        done = session.run(long)
        before = resident(session.pid)
        slow = _turns(session, short, turns)
        after = resident(session.pid)
    print(f"{label}")
    print(f"  start-up, build cached     {statistics.median(starts) * 1e3:8.0f} ms")
    print(f"  test of 64 items           {statistics.median(walls) * 1e3:8.2f} ms  ({cycles} cycles)")
    print(
        f"  inside a long test         {done.trace.cycles / done.seconds:8.0f} cycles/s  ({done.trace.cycles} cycles)"
    )
    print(f"  simulator's memory         {before:8.1f} MB, after {turns} turns {after:.1f} MB")
    print(f"  last turns / first turns   {statistics.median(slow[-100:]) / statistics.median(slow[:100]):8.2f}")


def _seconds_to_open(design: Design, simulator: IcarusSimulator) -> float:
    started = time.perf_counter()
    simulator.open(design).close()
    return time.perf_counter() - started


def _turns(session: IcarusSession, program: Program, count: int) -> list[float]:
    walls = []
    for _ in range(count):
        started = time.perf_counter()
        session.run(program)
        walls.append(time.perf_counter() - started)
    return walls


def main() -> None:
    """Measure a tiny design and a real one."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        simulator = IcarusSimulator(Path(folder) / "cache")
        print(simulator.version())
        report("one register", small_design(Path(folder)), simulator, turns)
        report("mxint_softmax", find_design("mxint_softmax").design, simulator, turns)


if __name__ == "__main__":
    main()
