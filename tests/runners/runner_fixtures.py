"""Small designs for the tests of runners/: their pins, their reference models, and words to write programs with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import Trace
from dv_agent.runners.cocotb.session import CocotbSession

Opener = Callable[[Design], CocotbSession]
FIXTURES = Path(__file__).parent / "fixtures"
COUNTER = "module counter(input clk, input rst, input in_valid, output in_ready); assign in_ready = 1;\n{}\nendmodule\n"
MAGIC = 0xEE
TAG = 0x5A

# Values of the parameter FAULT of the pipe.
SPIN, LOOP, READY_X, DATA_X, FLICKER, STUCK, DROP, EARLY, WRONG, FINISH, STOP, TWICE, SWAP = range(1, 14)


def make_design(name: str, ports: dict[str, Any], **more: Any) -> Design:
    """A design out of the fixtures folder."""
    values: dict[str, Any] = {
        "schema_version": 1, "name": name, "title": name, "task_version": 1, "top": name,
        "sources": (f"{name}.v",), "ports": ports, "folder": FIXTURES / name,
        "limits": {"quiet_cycles": 20, "max_cycles": 5000},
    }  # fmt: skip
    return Design.model_validate(values | more)


def stream(kind: str, prefix: str, fields: dict[str, Any], last: bool = False) -> dict[str, Any]:
    """A port whose signals are called <prefix>_valid and so on."""
    port = {"kind": kind, "valid": f"{prefix}_valid", "ready": f"{prefix}_ready", "fields": fields}
    return port | ({"last": f"{prefix}_last"} if last else {})


def bits(signal: str, width: int, **more: Any) -> dict[str, Any]:
    """One field."""
    return {"signal": signal, "width": width, **more}


def pipe(fault: int = 0) -> Design:
    """Packets in, the same packets out."""
    ports = {
        side: stream(kind, side, {"data": bits(f"{side}_data", 8), "tag": bits(f"{side}_tag", 4, lanes=2)}, last=True)
        for side, kind in (("in", "source"), ("out", "sink"))
    }
    ports["dbg"] = {"kind": "observe", "fields": {"level": bits("dbg_level", 2)}}
    return make_design("pipe", ports, parameters={"FAULT": fault})


def adder() -> Design:
    """A strobe-configured adder."""
    ports = {
        "in": stream("source", "in", {"x": bits("in_x", 8, signed=True)}),
        "cfg": {"kind": "strobe", "enable": "cfg_write", "fields": {"offset": bits("cfg_offset", 8, signed=True)}},
        "out": stream("sink", "out", {"y": bits("out_y", 9, signed=True)}),
    }
    return make_design("adder", ports)


def walker() -> Design:
    """Sums words of a memory that it reads through a responder port."""
    request = {"valid": "ld_addr_valid", "ready": "ld_addr_ready", "fields": {"addr": bits("ld_addr", 4)}}
    response = {"valid": "ld_data_valid", "ready": "ld_data_ready", "fields": {"word": bits("ld_data", 8)}}
    ports = {
        "in": stream("source", "in", {"n": bits("in_n", 4), "a": bits("in_a", 4)}),
        "ld": {"kind": "responder", "request": request, "response": response},
        "out": stream("sink", "out", {"sum": bits("out_sum", 12)}),
        "dbg": {"kind": "observe", "fields": {"asked": bits("dbg_asked", 4)}},
    }
    return make_design("walker", ports)


def lowreset() -> Design:
    """Wide fields, an active-low reset, and a register without any."""
    inputs = {"word": bits("in_word", 50, lanes=2), "key": bits("in_key", 64)}
    outputs = {"word": bits("out_word", 50, lanes=2), "key": bits("out_key", 64), "count": bits("out_count", 8)}
    ports = {
        "in": stream("source", "in", inputs),
        "out": stream("sink", "out", outputs),
        "dbg": {"kind": "observe", "fields": {"old": bits("dbg_never_reset", 8)}},
    }
    return make_design(
        "lowreset", ports, parameters={"STEP": 3}, clock={"signal": "clock_i", "period_ns": 7},
        reset={"signal": "rst_n", "active": "low", "cycles": 2},
    )  # fmt: skip


class PipeModel:
    """out = in."""

    def observe(self, trace: Trace) -> Observation:
        """Every accepted beat comes out again."""
        seen = trace.accepted["in"]
        return Observation({"out": Expected(seen.epoch, seen.columns, seen.cycle)}, {})


class AdderModel:
    """y = x + the offset written last, in the same cycle at the latest."""

    def observe(self, trace: Trace) -> Observation:
        """Fold offsets and beats in cycle order."""
        beats, writes = trace.accepted["in"], trace.accepted["cfg"]
        results = []
        for cycle, epoch, x in zip(beats.cycle, beats.epoch, beats.columns["x"], strict=True):
            known = np.flatnonzero((writes.cycle <= cycle) & (writes.epoch == epoch))
            results.append(int(x) + (int(writes.columns["offset"][known[-1]]) if len(known) else 0))
        expected = Expected(beats.epoch, {"y": np.array(results, np.int64)}, beats.cycle)
        return Observation({"out": expected}, {})


class WalkerModel:
    """Asks for n words from a on; sums the answers."""

    def observe(self, trace: Trace) -> Observation:
        """Requests follow from the beats, sums from the answers."""
        beats, answers = trace.accepted["in"], trace.accepted["ld.response"]
        asked: list[tuple[int, int, int]] = []
        sums: list[tuple[int, int, int]] = []
        for epoch in sorted(set(beats.epoch.tolist())):
            words = list(zip(answers.columns["word"], answers.cycle, answers.epoch, strict=True))
            left = [(int(word), int(cycle)) for word, cycle, where in words if where == epoch]
            for row in np.flatnonzero(beats.epoch == epoch):
                n, a, cycle = (int(column[row]) for column in (beats.columns["n"], beats.columns["a"], beats.cycle))
                asked += [(epoch, (a + i) % 16, cycle) for i in range(n)]
                if len(left) < n:
                    break
                mine, left = left[:n], left[n:]
                sums.append((epoch, sum(word for word, _ in mine) % 4096, max([cycle, *(c for _, c in mine)])))
        return Observation({"ld.request": _expected(asked, "addr"), "out": _expected(sums, "sum")}, {})


class LowResetModel:
    """out = in, with a number that counts in steps of three from each reset on."""

    def observe(self, trace: Trace) -> Observation:
        """Numbers start over in each epoch."""
        seen = trace.accepted["in"]
        counts = [3 * int((seen.epoch[:row] == epoch).sum()) % 256 for row, epoch in enumerate(seen.epoch)]
        columns = seen.columns | {"count": np.array(counts, np.int64)}
        return Observation({"out": Expected(seen.epoch, columns, seen.cycle)}, {})


def _expected(rows: list[tuple[int, int, int]], field: str) -> Expected:
    table = np.array(rows, np.int64).reshape(len(rows), 3)
    return Expected(table[:, 0], {field: table[:, 1]}, table[:, 2])


def beats(*values: int, last_every: int = 1, gap: int = 0) -> tuple[Op, ...]:
    """Beats of the pipe with a fixed tag."""
    return tuple(
        Op("send", value | TAG << 8, gap=gap, last=int((i + 1) % last_every == 0), step=i)
        for i, value in enumerate(values)
    )


def program(max_cycles: int = 2000, **tracks: tuple[Op, ...]) -> Program:
    """A program; ``in_`` means the track ``in``."""
    return Program({name.rstrip("_"): ops for name, ops in tracks.items()}, max_cycles)


def counter(folder: Path, body: str) -> Design:
    """A design with a chosen body."""
    (folder / "counter.v").write_text(COUNTER.format(body))
    port = {"kind": "source", "valid": "in_valid", "ready": "in_ready", "fields": {}}
    return make_design("counter", {"in": port}, folder=folder)


def same(one: Trace, other: Trace) -> bool:
    """Whether two traces agree in every bit, known or not."""
    return (
        (one.cycles, one.end) == (other.cycles, other.end)
        and all(np.array_equal(one.signals[name], other.signals[name]) for name in one.signals)
        and one.unknown.keys() == other.unknown.keys()
        and all(np.array_equal(one.unknown[name], other.unknown[name]) for name in one.unknown)
    )
