"""What a test does on one clock does not depend on a second one: cycle by cycle, the traces are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_rtl import own_design, played

from dv_agent.designs.design import Design
from dv_agent.designs.program import Op
from dv_agent.runners.icarus import IcarusSimulator

# Sums words that it reads from memory, and adds what was written last, in the cycle of the write already.
SUMS = """\
module own(input clk, input other, input rst, input in_valid, output in_ready, input [2:0] in_n,
           input write, input [3:0] offset, output ask_valid, input ask_ready, output [3:0] ask_addr,
           input word_valid, output word_ready, input [7:0] word, input pause,
           output reg out_valid, input out_ready, output reg [9:0] sum);
  reg [2:0] left, due; reg [3:0] kept, addr;
  wire [3:0] now = write ? offset : kept;
  wire idle = left == 0 && due == 0 && !out_valid;
  assign in_ready = idle && !pause, ask_valid = left != 0, ask_addr = addr, word_ready = due != 0;
  always @(posedge clk)
    if (rst) begin left <= 0; due <= 0; kept <= 0; addr <= 0; out_valid <= 0; sum <= 0; end
    else begin
      kept <= now;
      if (out_valid && out_ready) begin out_valid <= 0; sum <= 0; end
      if (in_valid && in_ready && in_n != 0) begin left <= in_n; due <= in_n; sum <= now; end
      if (ask_valid && ask_ready) begin left <= left - 1; addr <= addr + 1; end
      if (word_valid && word_ready) begin due <= due - 1; sum <= sum + word; out_valid <= due == 1; end
    end
endmodule
"""


def bits(signal: str, width: int) -> dict[str, Any]:
    return {"signal": signal, "width": width}


PORTS: dict[str, Any] = {
    "in": {"kind": "source", "valid": "in_valid", "ready": "in_ready", "fields": {"n": bits("in_n", 3)}},
    "cfg": {"kind": "strobe", "enable": "write", "fields": {"o": bits("offset", 4)}},
    "ld": {
        "kind": "responder",
        "request": {"valid": "ask_valid", "ready": "ask_ready", "fields": {"a": bits("ask_addr", 4)}},
        "response": {"valid": "word_valid", "ready": "word_ready", "fields": {"d": bits("word", 8)}},
    },
    "pins": {"kind": "pins", "fields": {"pause": bits("pause", 1)}},
    "out": {"kind": "sink", "valid": "out_valid", "ready": "out_ready", "fields": {"y": bits("sum", 10)}},
}
TRACKS: dict[str, tuple[Op, ...]] = {
    "in": tuple(
        Op("send", n, gap=gap, strobes=(("cfg", n + 1),) if n % 2 else (), step=n)
        for n, gap in ((3, 0), (1, 2), (4, 0), (2, 7), (5, 1), (1, 0))
    ),
    "cfg": tuple(Op("write", value, gap=3) for value in range(12)),
    "ld": (Op("serve", 4, gap=3, stall=1), Op("serve", 2), Op("after", 2, port="out"), Op("serve", 3, gap=5)),
    "pins": (Op("hold", 20), Op("set", 1, stall=12), Op("set", 0), Op("at", 70), Op("set", 1, gap=2)),
    "out": (Op("stall", 30), Op("accept", 1), Op("stall", 9)),
    "reset": (Op("idle", 55), Op("pulse", 4)),
}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("period", [3, 10, 33])
def test_every_signal_of_one_clock_is_the_same_beside_another(tmp_path: Path, place: int, period: int) -> None:
    simulator = IcarusSimulator(tmp_path / "cache", hang_seconds=2.0)
    alone = played(design(tmp_path / "one", ties={"other": 0}), TRACKS, simulator)
    mine, other = {"mine": {"signal": "clk"}}, {"other": {"signal": "other", "period_ns": period}}
    clocks = mine | other if place == 0 else other | mine
    # The track of the reset counts in the main clock, so it is left out where that is the other one.
    tracks = TRACKS if place == 0 else {name: ops for name, ops in TRACKS.items() if name != "reset"}
    if place:
        alone = played(design(tmp_path / "one", ties={"other": 0}), tracks, simulator)
    ports = {name: {**port, "clock": "mine"} for name, port in PORTS.items()}
    # A reset lasts until the slowest clock has risen once: as long as the test says, with these periods.
    reset = {"signal": "rst", "cycles": 1}
    both = played(design(tmp_path / "two", ports, clocks=clocks, reset=reset), tracks, simulator)
    rows = np.flatnonzero(both.trace.edges["mine"])
    count = min(len(rows), alone.trace.cycles)
    assert count > 100
    shift = first_alike(alone.trace.signals["in_valid"], both.trace.signals["in_valid"][rows])
    for signal, column in alone.trace.signals.items():
        assert both.trace.signals[signal][rows][shift:count].tolist() == column[: count - shift].tolist(), signal
    for port, transfers in alone.trace.accepted.items():
        assert len(transfers) == len(both.trace.accepted[port]) > 0
        for field, values in transfers.columns.items():
            assert both.trace.accepted[port].columns[field].tolist() == values.tolist()


def first_alike(one: Any, two: Any) -> int:
    """A main clock that is another one may let the first cycles of a track come one edge later."""
    return int(np.argmax(two == 1)) - int(np.argmax(one == 1))


def design(folder: Path, ports: dict[str, Any] | None = None, **keys: Any) -> Design:
    return own_design(folder, SUMS, ports or PORTS, limits={"quiet_cycles": 100, "max_cycles": 4000}, **keys)


def test_every_kind_of_port_can_be_counted(tmp_path: Path) -> None:
    many = {name: {**port, "count": 2} for name, port in PORTS.items()}
    counted = own_design(tmp_path, SUMS, many, reset=None)
    assert [*counted.ports] == [f"{name}{index}" for name in PORTS for index in (0, 1)]
    assert counted.memories["ld1"].ask.fields["a"].signal == "ask_addr[7:4]"
    assert counted.memories["ld1"].answer.ready == "word_ready[1]"
    assert counted.ports["pins1"].held()["pause"].signal == "pause[1]"
    assert [one.valid for one in counted.streams if one.port == "cfg1"] == ["write[1]"]
