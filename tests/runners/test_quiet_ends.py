"""A test on a design in which nothing can happen any more ends: as drained or as a deadlock, never at its limit."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runner_fixtures import Opener, bits, make_design, stream

from dv_agent.designs.design import Design
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End
from dv_agent.runners.build.wrappers.layout import Layout, child_layout, layout_of
from dv_agent.runners.cocotb.play import Outcome, Pins, play
from dv_agent.runners.plain_program import plain_program

QUIET = 20


def listless(habit: int = 0) -> Design:
    """One port of every kind."""
    request = {"valid": "ld_addr_valid", "ready": "ld_addr_ready", "fields": {"addr": bits("ld_addr", 4)}}
    response = {"valid": "ld_data_valid", "ready": "ld_data_ready", "fields": {"word": bits("ld_data", 8)}}
    ports = {
        "in": stream("source", "in", {"n": bits("in_n", 4)}),
        "cfg": {"kind": "strobe", "enable": "cfg_write", "fields": {"mode": bits("cfg_mode", 4)}},
        "ld": {"kind": "responder", "request": request, "response": response},
        "out": stream("sink", "out", {"sum": bits("out_sum", 8)}),
    }
    return make_design("listless", ports, parameters={"HABIT": habit})


def tracks(serve: Op, *reset: Op, sends: int = 1) -> Program:
    """Beats and one step for the memory."""
    return Program({"in": (Op("send", 1),) * sends, "ld": (serve,), "reset": reset}, 5000, {"ld": (7,)})


AT, PULSE = Op("at", 12), Op("pulse", 2)


@pytest.mark.parametrize(
    ("habit", "program", "end"),
    [
        (0, tracks(Op("serve", 1, stall=50)), End.DEADLOCK),
        (0, tracks(Op("serve", 1, stall=50), AT, PULSE), End.DEADLOCK),
        (1, tracks(Op("serve", 1, stall=50), AT, PULSE), End.DRAINED),
        (1, tracks(Op("serve", 9, stall=50), AT, PULSE, sends=2), End.DEADLOCK),
        (1, tracks(Op("serve", 9, gap=40), AT, PULSE), End.DRAINED),
        (1, tracks(Op("serve", 9, gap=40), AT, PULSE, sends=3), End.DEADLOCK),
        (2, tracks(Op("serve", 1, stall=50)), End.DRAINED),
        (2, tracks(Op("serve", 1, stall=50), sends=2), End.DEADLOCK),
        (3, tracks(Op("serve", 1, stall=3)), End.DEADLOCK),
        (3, tracks(Op("serve", 2, stall=30, gap=30), Op("at", 50), PULSE), End.DRAINED),
        (4, tracks(Op("serve", 2, stall=3)), End.DRAINED),
        (4, tracks(Op("serve", 2, stall=3), Op("at", 3), PULSE, Op("at", 90), PULSE, sends=4), End.DEADLOCK),
    ],
)
def test_a_design_that_stops_ends_its_test(open_session: Opener, habit: int, program: Program, end: End) -> None:
    trace = open_session(listless(habit)).run(program).trace
    assert (trace.end, trace.cycles < 250) == (end, True)


def test_a_reset_in_a_stalled_request_is_quiet_from_then_on(open_session: Opener) -> None:
    program = tracks(Op("serve", 1, stall=50), AT, PULSE)
    trace = open_session(listless(1)).run(program).trace
    # The last cycle of the reset may still show the request.
    assert 14 + QUIET <= trace.cycles <= 14 + QUIET + 2


def test_stalls_count_on_where_the_request_comes_back(open_session: Opener) -> None:
    program = tracks(Op("serve", 1, stall=30), AT, PULSE, sends=2)
    trace = open_session(listless(4)).run(program).trace
    asked = trace.signals["ld_addr_valid"] == 1
    (accepted,) = trace.accepted["ld.request"].cycle.tolist()
    assert int((asked[:accepted] & ~trace.in_reset[:accepted]).sum()) >= 29
    assert trace.end == End.DRAINED


# Every program on a design that does as it likes for a while, and then nothing.

COUNT = st.integers(1, 12)


def operation(kinds: st.SearchStrategy[Any], values: st.SearchStrategy[int]) -> st.SearchStrategy[Op]:
    """One without further arguments."""
    return st.tuples(kinds, values).map(lambda pair: Op(*pair))


AFTER = st.builds(
    lambda count, port: Op("after", count, port=port),
    COUNT, st.sampled_from(["in", "cfg", "out", "ld.request", "ld.response"]),
)  # fmt: skip
WAITS = st.one_of(AFTER, AFTER, operation(st.just("at"), st.integers(0, 120)))
SENDS = st.builds(
    lambda value, gap, strobe: Op("send", value, gap=gap, strobes=(("cfg", 1),) * strobe),
    COUNT, st.integers(0, 9), st.integers(0, 1),
)  # fmt: skip
SERVES = st.builds(
    lambda count, gap, stall: Op("serve", count, gap=gap, stall=stall), COUNT, st.integers(0, 30), st.integers(0, 30)
)


def track(*words: Any) -> st.SearchStrategy[tuple[Op, ...]]:
    """Up to twelve operations."""
    return st.lists(st.one_of(WAITS, *words), max_size=12).map(tuple)


def cycles_of(*kinds: str) -> st.SearchStrategy[Op]:
    """Operations that only count cycles or transfers."""
    return operation(st.sampled_from(kinds), st.integers(1, 30))


TRACKS = st.fixed_dictionaries(
    {
        "in": track(SENDS, cycles_of("idle")),
        "cfg": track(
            st.builds(lambda value, gap: Op("write", value, gap=gap), COUNT, st.integers(0, 9)), cycles_of("idle")
        ),
        "out": track(cycles_of("ready", "stall", "accept")),
        "ld": track(SERVES),
        "reset": track(cycles_of("pulse", "idle")),
    }
)


@dataclass
class Whims:
    """A design that raises its pins at random until `until`, and then keeps valid low and ready as `ready` says."""

    layout: Layout
    seed: int
    until: int
    ready: str

    def __post_init__(self) -> None:
        self.rows: list[str] = []
        self._random = random.Random(self.seed)
        self._drive = ""
        self._place: dict[tuple[str, ...], int] = {}
        place = 0
        for piece in self.layout.drive:
            self._place[piece.key] = place
            place += piece.width

    def write(self, drive: str) -> None:
        """The drive vector of the next cycle."""
        self._drive = drive

    def read(self) -> str:
        """The sample vector of that cycle."""
        row = {name: "0" for name, _ in self.layout.sample.items()}
        alive = len(self.rows) < self.until
        for name in ("in_ready", "ld_data_ready", "out_valid", "ld_addr_valid"):
            row[name] = self._random.choice("01") if alive else self.ready if name.endswith("ready") else "0"
        row["in_valid"], row["out_ready"] = self._bit("in", "valid"), self._bit("out", "ready")
        row["ld_addr_ready"] = self._bit("ld", "request", "ready")
        row["ld_data_valid"] = self._bit("ld", "response", "valid")
        attached = self._bit("in", "attached", "cfg") == row["in_ready"] == row["in_valid"] == "1"
        row["cfg_write"] = "1" if attached else self._bit("cfg", "enable")
        return "".join(row[name].rjust(width, "0") for name, (_, width) in self.layout.sample.items())

    def _bit(self, *key: str) -> str:
        return self._drive[self._place[key]] if self._drive else "0"


def run(program: Program, whims: Whims) -> Outcome:
    """Play to the end without a simulator."""
    design = listless()
    pins = Pins(whims.read, whims.write, whims.rows.append)
    game = play(child_layout(design, whims.layout), plain_program(design, program), pins)
    while True:
        try:
            next(game)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def longest(operations: dict[str, tuple[Op, ...]], until: int) -> int:
    """Cycles after which nothing is left that time could change: every gap, stall and wait one after the other."""
    everything = [op for ops in operations.values() for op in ops]
    resets = 1 + sum(op.kind == "pulse" for op in everything)
    timed = sum(
        op.value * (op.stall + op.gap + 2)
        if op.kind == "serve"
        else op.gap + 2 + (op.value if op.kind != "send" else 0)
        for op in everything
    )
    waits = sum(op.kind == "after" for op in everything)
    return until + 120 + resets * timed + (waits + 1) * (QUIET + 1)


@settings(max_examples=200, deadline=None)
@given(operations=TRACKS, seed=st.integers(0, 99), until=st.integers(0, 150), ready=st.sampled_from("01"))
def test_whatever_the_program_a_design_that_does_nothing_more_ends_it(
    operations: dict[str, tuple[Op, ...]], seed: int, until: int, ready: str
) -> None:
    layout = layout_of(listless())
    whims = Whims(layout, seed, until, ready)
    outcome = run(Program(operations, longest(operations, until) + 1, {"ld": (1, 2)}), whims)
    last = {name: whims.rows[-1][place] for name, (place, _) in layout.sample.items()}
    offered = {"in_valid": "in_ready", "ld_data_valid": "ld_data_ready"}
    refused = any(last[valid] == "1" != last[ready] for valid, ready in offered.items())
    assert outcome.end == ("deadlock" if refused else "drained")


def test_hopeless_waits_in_a_row_cost_one_quiet_stretch() -> None:
    waits = tuple(Op("after", 9, port="out") for _ in range(50))
    whims = Whims(layout_of(listless()), 0, 0, "1")
    outcome = run(Program({"in": (*waits, Op("send", 1)), "ld": waits}, 5000), whims)
    assert (outcome.end, outcome.released) == ("drained", 100)
    assert len(whims.rows) < 60 + 2 * QUIET + 5


def test_a_wait_after_a_hopeless_one_is_still_waited_for_if_anything_moved() -> None:
    tracks = {
        "in": (Op("after", 9, port="out"), Op("send", 1), Op("idle", 30), Op("send", 2)),
        "cfg": (Op("after", 9, port="out"), Op("after", 2, port="in"), Op("write", 1)),
    }
    whims = Whims(layout_of(listless()), 0, 0, "1")
    outcome = run(Program(tracks, 5000), whims)
    assert (outcome.end, outcome.released) == ("drained", 2)
