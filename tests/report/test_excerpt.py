"""The waveform excerpt: the right cycles, the right values, drawn as they are."""

import re
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from report_runs import parse

from dv_agent.agents.failures.excerpt import Excerpt
from dv_agent.agents.failures.excerpt_cut import make_excerpt
from dv_agent.designs.design import Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import End, Trace, Transfers
from dv_agent.eval.report.pictures.wave_picture import excerpt_svg, wave_picture
from dv_agent.runners.checks.failure import CheckFailure

NO_TRANSFERS = np.zeros(0, dtype=np.int64)


def handmade(cycles: int, design: Design) -> Trace:
    """Signals that count cycles."""
    count = np.arange(cycles, dtype=np.int64)
    names = ["in_valid", "in_ready", "in_last", "in_mant", "in_exp", "out_valid", "out_ready", "out_last", "out_mant",
             "out_exp", "dbg_fifo_level", "dbg_state", "dbg_queue_level"]  # fmt: skip
    signals = dict.fromkeys(names, count % 2) | {"in_mant": count * 257 % 65536, "in_exp": count % 16}
    taken = Transfers(count[1::2], count[1::2] * 0, {}, count[1::2] > cycles)
    unknown = {"out_mant": count < 5}
    return Trace(cycles, End.DRAINED, signals, unknown, count < 0, count * 0, {"in": taken})


@pytest.mark.parametrize(("cycle", "start"), [(0, 0), (38, 0), (39, 9), (60, 30), (99, 60), (None, 60)])
def test_the_window_holds_the_failing_cycle_and_the_start_of_the_test_if_that_fits(
    cycle: int | None, start: int, design: DesignFolder
) -> None:
    failure = CheckFailure(check="value", port="out", cycle=cycle, field="m[0]", message="")
    excerpt = make_excerpt(design.design, handmade(100, design.design), failure)
    assert excerpt is not None
    assert (excerpt.start, excerpt.cycles, excerpt.failing_cycle) == (start, 40, cycle)
    ports = list(dict.fromkeys(signal.port for signal in excerpt.signals))
    assert ports == ["in", "out", "dbg"]
    assert excerpt.transfers["in"] == tuple(range(start + 1 - start % 2, start + 40, 2))


def test_lanes_signs_and_unknown_bits_are_those_of_the_design(design: DesignFolder) -> None:
    failure = CheckFailure(check="value", port="out", cycle=3, message="")
    excerpt = make_excerpt(design.design, handmade(20, design.design), failure, width=12)
    assert excerpt is not None
    signals = {(one.port, one.name): one for one in excerpt.signals}
    assert signals["in", "m[0]"].values == tuple(range(12))
    assert signals["in", "m[1]"].values == tuple(range(12))
    assert signals["in", "e"].values == (0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5)
    assert signals["out", "m[1]"].unknown == (True,) * 5 + (False,) * 7
    assert signals["in", "m[0]"].unknown == ()
    assert signals["in", "valid"].kind == "bit"


def test_signals_wider_than_a_word_keep_all_bits() -> None:
    design = Design.model_validate({
        "schema_version": 1, "name": "wide", "title": "", "task_version": 1, "top": "wide", "sources": ["a.v"],
        "folder": Path(), "ports": {"s": {"kind": "source", "valid": "v", "ready": "r", "fields": {
            "d": {"signal": "d", "width": 64, "lanes": 2, "signed": True}}}},
    })  # fmt: skip
    value = (5 << 64) + (1 << 64) - 2
    words = np.array([[value >> (32 * place) & 0xFFFFFFFF for place in range(4)]], dtype=np.int64)
    ones = np.ones(1, dtype=np.int64)
    trace = Trace(1, End.DRAINED, {"v": ones, "r": ones, "d": words}, {}, ones < 0, ones * 0, {})
    excerpt = make_excerpt(design, trace, CheckFailure(check="hung", message=""))
    assert excerpt is not None
    assert {one.name: one.values for one in excerpt.signals if one.role == "data"} == {"d[0]": (-2,), "d[1]": (5,)}


def test_a_trace_without_signals_has_no_excerpt(design: DesignFolder) -> None:
    ones = np.ones(1, dtype=np.int64)
    trace = Trace(1, End.DRAINED, {}, {}, ones < 0, ones * 0, {})
    assert make_excerpt(design.design, trace, CheckFailure(check="hung", message="")) is None


def test_the_excerpt_of_a_real_failure_shows_the_wrong_value(failed: Path) -> None:
    excerpt = Excerpt.model_validate_json((failed / "failures/0/excerpt.json").read_text())
    failure = CheckFailure.model_validate_json((failed / "failures/0/failure.json").read_text())
    assert failure.cycle is not None
    signal = next(one for one in excerpt.signals if (one.port, one.name) == (failure.port, failure.field))
    assert signal.values[failure.cycle - excerpt.start] == failure.seen
    assert failure.cycle in excerpt.transfers[failure.port]
    svg = excerpt_svg(excerpt)
    page = parse(svg)
    assert str(failure.seen) in page.text
    assert f"✗ {failure.cycle}" in page.text
    assert re.search(r'class="bus unknown', svg)


def test_a_bit_is_drawn_as_it_goes_and_breaks_where_it_is_unknown() -> None:
    bit = {"port": "p", "name": "valid", "signal": "v", "kind": "bit", "role": "valid",
           "values": [0, 1, 1, 0, 1], "unknown": [False, False, False, True, False]}  # fmt: skip
    bus = {"port": "p", "name": "d", "signal": "d", "kind": "bus", "role": "data", "values": [7, 7, 7, 7, -1]}
    excerpt = Excerpt.model_validate(
        {"design": "d", "start": 10, "cycles": 5, "failing_cycle": 12, "ports": {"p": "source"},
         "signals": [bit, bus], "transfers": {"p": [11]}}
    )  # fmt: skip
    (group,) = wave_picture(excerpt).groups
    valid, data = group.rows
    assert valid.path == "M124 19H148V5H172V5H196M220 5H244"
    assert [segment.title for segment in valid.segments] == ["valid = unknown, cycle 13"]
    assert [segment.title for segment in data.segments] == [
        "d = 7, cycle 10", "d = 7, cycles 11 to 13", "d = -1, cycle 14",
    ]  # fmt: skip
    assert [segment.quiet for segment in data.segments] == [True, False, False]
    assert group.dots == (124 + 24 + 12,)


def test_an_excerpt_with_a_value_too_few_is_refused() -> None:
    signal = {"port": "p", "name": "d", "signal": "d", "kind": "bus", "role": "data", "values": [1]}
    with pytest.raises(ValidationError, match="one value a cycle"):
        Excerpt.model_validate(
            {"design": "d", "start": 0, "cycles": 2, "ports": {}, "signals": [signal], "transfers": {}}
        )
