"""The shared RTL on its own: order, capacity, rate, level and reset, on the real simulator."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runner_fixtures import Opener, beats, bits, make_design, program, stream

from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.observation import Expected, Observation
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import Trace
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.icarus import IcarusSimulator

DEPTHS = (2, 3, 5, 8, 12)


def skid(folder: Path = PRIMITIVES) -> Design:
    return primitive("skid_buffer", folder, {"WIDTH": 8})


def fifo(depth: int, folder: Path = PRIMITIVES) -> Design:
    level = {"kind": "observe", "fields": {"level": bits("level", depth.bit_length())}}
    return primitive("stream_fifo", folder, {"WIDTH": 8, "DEPTH": depth}, level=level)


def primitive(name: str, folder: Path, parameters: dict[str, int], **ports: Any) -> Design:
    sides = {side: stream(kind, side, {"data": bits(f"{side}_data", 8)}) for side, kind in
             (("in", "source"), ("out", "sink"))}  # fmt: skip
    return make_design(name, sides | ports, parameters=parameters, folder=folder)


def passes_on(trace: Trace) -> Observation:
    """Everything accepted leaves unchanged, in order; what a reset meets inside is lost."""
    accepted = trace.accepted["in"]
    columns = {"data": accepted.columns["data"]}
    return Observation({"out": Expected(accepted.epoch, columns, accepted.cycle + 1)}, {})


def problems(trace: Trace, design: Design, capacity: int) -> list[str]:
    """What is wrong with a trace of a buffer that holds `capacity` words."""
    found = [failure.message for failure in check(design, trace, passes_on(trace))]
    inside = np.zeros(trace.cycles + 1, dtype=np.int64)
    for cycle in range(trace.cycles):
        moves = [int(cycle in trace.accepted[port].cycle) for port in ("in", "out")]
        inside[cycle + 1] = 0 if trace.in_reset[cycle] else inside[cycle] + moves[0] - moves[1]
    held, out_of_reset = inside[:-1], ~trace.in_reset
    ready, valid = trace.signals["in_ready"] != 0, trace.signals["out_valid"] != 0
    if np.any((ready != (held < capacity))[out_of_reset]):
        found.append("ready is not 'there is room'")
    if np.any((valid != (held > 0))[out_of_reset]):
        found.append("valid is not 'there is a word'")
    if "level" in trace.signals and np.any((trace.signals["level"] != held)[out_of_reset]):
        found.append("wrong level")
    return found


OPS = st.tuples(st.integers(0, 255), st.integers(0, 3))
PROGRAMS = st.builds(
    lambda sent, waits, pulses: program(
        in_=tuple(Op("send", value, gap=max(0, gap - 1)) for value, gap in sent),
        out=tuple(Op("stall" if index % 2 else "ready", wait) for index, wait in enumerate(waits)),
        reset=tuple(op for idle in pulses for op in (Op("idle", idle), Op("pulse", 1))),
    ),
    st.lists(OPS, min_size=1, max_size=60),
    st.lists(st.integers(1, 12), max_size=20),
    st.lists(st.integers(1, 40), max_size=2),
)


def holds(simulator: IcarusSimulator, design: Design, capacity: int) -> None:
    """Random programs on one session."""
    with simulator.open(design) as session:

        @settings(max_examples=15)
        @given(PROGRAMS)
        def on_any_program(played: Program) -> None:
            assert not problems(session.run(played).trace, design, capacity)

        on_any_program()


def test_a_skid_buffer_keeps_two_words_in_order(simulator: IcarusSimulator) -> None:
    holds(simulator, skid(), 2)


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_fifo_of_any_depth_keeps_its_words_in_order(simulator: IcarusSimulator, depth: int) -> None:
    holds(simulator, fifo(depth), depth)


@pytest.mark.parametrize("design", [skid(), fifo(2), fifo(5)], ids=["skid", "fifo2", "fifo5"])
def test_a_word_moves_in_every_cycle(open_session: Opener, design: Design) -> None:
    trace = open_session(design).run(program(in_=beats(*range(50)))).trace
    assert np.all(np.diff(trace.accepted["in"].cycle) == 1)
    assert np.all(np.diff(trace.accepted["out"].cycle) == 1)


@pytest.mark.parametrize(
    ("name", "old", "new", "seen"),
    [
        ("stream_fifo.v", "write_addr == LAST_ADDR", "write_addr == LAST_ADDR - ADDR_ONE", "order"),
        ("stream_fifo.v", "else if (push && !pop)", "else if (push)", "wrong level"),
        ("skid_buffer.v", "head_valid  <= spare_valid || push;", "head_valid  <= push;", "valid is not"),
    ],
)
def test_a_broken_copy_is_noticed(
    open_session: Opener, tmp_path: Path, name: str, old: str, new: str, seen: str
) -> None:
    shutil.copytree(PRIMITIVES, tmp_path / "rtl")
    text = (tmp_path / "rtl" / name).read_text()
    assert old in text
    (tmp_path / "rtl" / name).write_text(text.replace(old, new))
    design, capacity = (fifo(5, tmp_path / "rtl"), 5) if "fifo" in name else (skid(tmp_path / "rtl"), 2)
    played = program(in_=beats(*range(1, 30)), out=(Op("ready", 9), Op("stall", 9), Op("ready", 3), Op("stall", 4)))
    found = problems(open_session(design).run(played).trace, design, capacity)
    assert found
    assert seen == "order" or any(seen in one for one in found)
