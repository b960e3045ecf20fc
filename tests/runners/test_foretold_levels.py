"""Levels that a reference model foretells: kept by the RTL, and one wrong value in any cycle is a failure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from busy_test import BUSY, GELU
from hypothesis import given
from hypothesis import strategies as st
from shipped_designs import own_names

from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.designs.rules.clocked_registers import Clocked
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.registry import find_simulator


@pytest.fixture(scope="module")
def trace() -> Trace:
    with find_simulator("icarus").open(GELU.design) as session:
        return session.run(expand(GELU.design, GELU.schema, BUSY)).trace


def test_a_level_that_is_wrong_in_one_cycle_is_told_by_its_signal_and_both_values(trace: Trace) -> None:
    foretold = GELU.model.observe(trace)
    assert set(foretold.levels) == {"dbg_held", "dbg_kept", "in_ready", "out_valid"}
    assert check(GELU.design, trace, foretold) == ()
    for signal in ("dbg_held", "dbg_kept", "in_ready"):
        for cycle in (5, 33, 66):
            wrong = trace.signals[signal].copy()
            wrong[cycle] ^= 1
            broken = replace(trace, signals={**trace.signals, signal: wrong})
            levels = [one for one in check(GELU.design, broken, GELU.model.observe(broken)) if one.check == "level"]
            assert levels, (signal, cycle)
            # The level itself, or the first one that would have followed from it.
            assert levels[0].cycle in (cycle, cycle + 1)
            assert levels[0].expected != levels[0].seen


def test_x_on_a_level_fails_although_it_reads_as_the_right_value(trace: Trace) -> None:
    unknown = np.zeros(trace.cycles, np.bool_)
    unknown[20] = True
    broken = replace(trace, unknown={**trace.unknown, "dbg_kept": unknown})
    (found,) = check(GELU.design, broken, GELU.model.observe(broken))
    assert (found.check, found.field, found.cycle, found.seen) == ("level", "dbg_kept", 20, None)
    assert "X or Z" in found.message


BOUNDED = {"vit_attention": {"x0_ready", "x1_ready", "ld_ready", "out_valid"}}
"""Handshakes of a system of which the specification gives bounds only; rules of design.yaml check these."""


@pytest.mark.parametrize("name", own_names())
def test_every_observed_level_and_every_handshake_of_a_shipped_design_is_foretold(name: str) -> None:
    design = find_design(name)
    observed = {one.signal for port in design.design.ports.values() for one in port.observed().values()}
    outputs = {one.valid for one in design.design.streams if not one.driven}
    readies = {one.ready for one in design.design.streams if one.driven and one.ready}
    with find_simulator("icarus").open(design.design) as session:
        played = session.run(expand(design.design, design.schema, Test(tracks={}))).trace
    foretold = design.model.observe(played)
    more = {"s_bresp", "s_rdata", "s_rresp"} if name in BOUNDED else set()
    assert set(foretold.levels) == ((observed | outputs | readies) - BOUNDED.get(name, set())) | more
    assert check(design.design, played, foretold) == ()


def test_a_trace_without_these_signals_has_no_levels(trace: Trace) -> None:
    assert GELU.model.observe(replace(trace, signals={})).levels == {}


@st.composite
def clocked(draw: st.DrawFn) -> tuple[Clocked, list[bool], list[bool], list[int], list[bool]]:
    size = draw(st.integers(1, 30))

    def column() -> list[bool]:
        return draw(st.lists(st.booleans(), min_size=size, max_size=size))

    up, down, reset = column(), column(), [one and draw(st.booleans()) for one in column()]
    values = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    begins = [now and not (cycle and reset[cycle - 1]) for cycle, now in enumerate(reset)]
    trace = Trace(size, End.DRAINED, {}, {}, np.array(reset), np.cumsum(begins), {})
    return Clocked(trace), up, down, values, reset


@given(clocked())
def test_registers_do_what_a_loop_over_the_cycles_does(
    drawn: tuple[Clocked, list[bool], list[bool], list[int], list[bool]],
) -> None:
    at, up, down, values, reset = drawn
    rise, fall, value = np.array(up), np.array(down), np.array(values)
    count = flag = spare = 0
    held = copied = 7
    rows = []
    for cycle in range(len(up)):
        rows.append((count, flag, held, copied, 1 - spare))
        if reset[cycle]:
            count = flag = spare = 0
            held = copied = 7
            continue
        count += up[cycle] - down[cycle]
        flag = 1 if up[cycle] else 0 if down[cycle] else flag
        held = values[cycle] if up[cycle] else held
        copied = values[cycle]
        spare = int(down[cycle] and (up[cycle] or spare))
    found = zip(
        at.count(rise, fall), at.flag(rise, fall).astype(int), at.held(rise, value, 7), at.after(value, 7),
        at.skid(rise, fall)[0].astype(int), strict=True,
    )  # fmt: skip
    assert [tuple(int(one) for one in row) for row in found] == rows
