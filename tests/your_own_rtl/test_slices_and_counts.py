"""Ports named by slices of vectors and elements of arrays, and equal ports declared at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prerequisites import need
from pydantic import TypeAdapter, ValidationError
from small_rtl import own_design, played, sends, stream, values

from dv_agent.agents.failures.excerpt_cut import make_excerpt
from dv_agent.designs.observation import Observation
from dv_agent.designs.program import Op, Program
from dv_agent.designs.wiring.signal_slice import Signal
from dv_agent.errors import BuildError, InputFileError
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.wrapper import wrapper_text
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.equivalence import compare
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.verilator import VerilatorSimulator

# The lower input wins; which one is told by two bits of a status vector.
ARBITER = """\
module own(input clk, input rst, input [1:0] s_valid, output [1:0] s_ready, input [1:0] s_last, input [15:0] s_data,
           output reg m_valid, input m_ready, output reg m_last, output reg [7:0] m_data, output reg [3:0] status);
  wire free = !m_valid || m_ready;
  assign s_ready = {free && !s_valid[0], free};
  always @(posedge clk)
    if (rst) begin m_valid <= 0; status <= 0; end
    else if (free) begin
      m_valid <= |s_valid;
      m_last <= s_valid[0] ? s_last[0] : s_last[1];
      m_data <= s_valid[0] ? s_data[7:0] : s_data[15:8];
      status <= {s_valid, 1'b1, s_valid[0]};
    end
endmodule
"""
ARRAYS = """\
module own #(parameter int N = 3) (input logic clk, rst, input logic v [N], output logic r [N],
           input logic [7:0] d [N], output logic ov, input logic or_i, output logic [7:0] od);
  logic [7:0] sum;
  always_comb begin
    ov = 0; sum = 0;
    for (int i = 0; i < N; i++) begin ov |= v[i]; sum += v[i] ? d[i] : 8'd0; r[i] = or_i; end
  end
  assign od = sum;
endmodule
"""
OUT = {
    "kind": "sink", "valid": "m_valid", "ready": "m_ready", "last": "m_last",
    "fields": {"x": {"signal": "m_data", "width": 8}},
}  # fmt: skip


def counted(**more: Any) -> dict[str, Any]:
    source = stream("source", "s", last="s_last", **{"count": 2, **more})
    status = {
        "who": {"signal": "status[3:2]", "width": 2}, "one": {"signal": "status[1]", "width": 1},
        "first": {"signal": "status[0]", "width": 1},
    }  # fmt: skip
    return {"s": source, "m": OUT, "dbg": {"kind": "observe", "fields": status}}


def arrays() -> dict[str, Any]:
    field = {"signal": "d{}", "width": 8}
    source = {"kind": "source", "count": 3, "valid": "v{}", "ready": "r{}", "fields": {"x": field}}
    sink = {"kind": "sink", "valid": "ov", "ready": "or_i", "fields": {"x": {"signal": "od", "width": 8}}}
    return {"s": source, "m": sink}


def test_a_count_makes_equal_ports_on_slices_of_the_vectors(tmp_path: Path) -> None:
    design = own_design(tmp_path, ARBITER, counted())
    assert list(design.ports) == ["s0", "s1", "m", "dbg"]
    signals = [(one.valid, one.ready, one.last, one.fields["x"].signal) for one in design.streams[:2]]
    assert signals == [
        ("s_valid[0]", "s_ready[0]", "s_last[0]", "s_data[7:0]"),
        ("s_valid[1]", "s_ready[1]", "s_last[1]", "s_data[15:8]"),
    ]


def test_slices_are_driven_and_sampled_each_as_a_signal_of_its_own(tmp_path: Path) -> None:
    design = own_design(tmp_path, ARBITER, counted())
    run = played(design, {"s0": sends(1, 2, gap=2), "s1": sends(0x80, 0x81, 0x82), "m": (Op("stall", 4),)})
    assert values(run, "s0") == [1, 2]
    assert values(run, "s1") == [0x80, 0x81, 0x82]
    assert sorted(values(run, "m")) == [1, 2, 0x80, 0x81, 0x82]
    assert check(design, run.trace, Observation({}, {})) == ()
    assert set(run.trace.signals["status[3:2]"].tolist()) == {0, 1, 2, 3}
    excerpt = make_excerpt(design, run.trace, CheckFailure(check="value", port="s1", cycle=3, message="here"))
    assert excerpt
    assert {one.signal for one in excerpt.signals if one.port == "s1"} == {
        "s_valid[1]", "s_ready[1]", "s_last[1]", "s_data[15:8]"
    }  # fmt: skip


def test_elements_of_unpacked_arrays_are_signals(tmp_path: Path) -> None:
    design = own_design(tmp_path, ARRAYS, arrays(), ".sv")
    run = played(design, {"s0": sends(1), "s1": sends(10), "s2": sends(100)})
    assert values(run, "m") == [111]
    assert values(run, "s2") == [100]


def test_both_simulators_agree_on_slices_and_elements(tmp_path: Path) -> None:
    need("verilator")
    design = own_design(tmp_path, ARRAYS, arrays(), ".sv")
    tracks = {"s0": sends(1, 2, gap=1), "s1": sends(3), "s2": sends(4, 5), "m": (Op("stall", 3),)}
    found = compare(design, [Program(tracks, 300)], IcarusSimulator(tmp_path / "cache"), VerilatorSimulator())
    assert found.differences == ()
    assert found.values > 100


def test_bits_of_a_driven_vector_that_nothing_drives_are_named(tmp_path: Path) -> None:
    ports = counted()
    ports["s"] = stream("source", "s", valid="s_valid[1]", ready="s_ready[1]", last="s_last[1]") | {
        "fields": {"x": {"signal": "s_data[15:8]", "width": 8}}
    }
    with pytest.raises(InputFileError, match=r"nothing drives s_valid\[0\], s_last\[0\], s_data\[0\], .* and \d more"):
        layout_of(own_design(tmp_path, ARBITER, ports))
    ties = {"s_valid[0]": 0, "s_last[0]": 0, "s_data[7:0]": 255}
    design = own_design(tmp_path, ARBITER, ports, ties=ties)
    assert values(played(design, {"s": sends(7, 8)}), "m") == [7, 8]


@pytest.mark.parametrize(
    ("signal", "width", "message"),
    [
        ("s_data[8:1]", 8, r"signal s_data\[8:1\] would have two drivers"),
        ("s_data", 16, "signal s_data would have two drivers"),
        ("m_data[8]", 1, "signal m_data has two widths, 8 and 9"),
        ("m_data{1}", 1, "with and without elements"),
    ],
)
def test_signals_that_overlap_or_contradict_are_refused(tmp_path: Path, signal: str, width: int, message: str) -> None:
    driven = signal.startswith("s_")
    more = {"kind": "strobe" if driven else "observe", "fields": {"y": {"signal": signal, "width": width}}}
    ports = counted() | {"more": more | ({"enable": "extra"} if driven else {})}
    with pytest.raises(InputFileError, match=message):
        layout_of(own_design(tmp_path, ARBITER, ports))


def test_a_vector_that_is_wider_than_what_is_named_does_not_build(tmp_path: Path) -> None:
    design = own_design(tmp_path, ARBITER, counted(count=1))
    with pytest.raises(BuildError, match="s_valid"):
        played(design, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"valid": "s_valid[0]"}, "write the whole vector"),
        ({"valid": "s_valid{0}"}, "write the whole vector"),
        ({"valid": "s_valid[1:0]"}, "2 bits; one is expected"),
        ({"valid": "s valid"}, "names no signal"),
        ({"valid": "s_valid[0:1]"}, "high >= low"),
        ({"count": None, "valid": "s_valid{}"}, "give the port a `count`"),
        ({"count": 0}, "count"),
        ({"fields": {"x": {"signal": "s_data[7:0]", "width": 4}}}, "has 8 bits, the field 4"),
    ],
)
def test_a_signal_or_a_count_that_makes_no_sense_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        own_design(tmp_path, ARBITER, {"s": counted()["s"] | change, "m": OUT})


def test_copies_do_not_take_the_name_of_another_port(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="two ports are called s0"):
        own_design(tmp_path, ARBITER, {**counted(), "s0": OUT})


@given(st.lists(st.integers(0, 99), max_size=4), st.none() | st.tuples(st.integers(0, 500), st.integers(0, 500)))
def test_a_signal_says_what_it_was_made_of(elements: list[int], bits: tuple[int, int] | None) -> None:
    high, low = (max(bits), min(bits)) if bits else (None, None)
    text = "word" + "".join(f"{{{one}}}" for one in elements) + (f"[{high}:{low}]" if bits else "")
    signal = TypeAdapter(Signal).validate_python(text)
    assert signal == text
    assert signal.parts == ("word", tuple(elements), high, low)
    assert signal.width == (None if high is None or low is None else high - low + 1)


def test_a_wrapper_names_no_slice_in_its_instance(tmp_path: Path) -> None:
    design = own_design(tmp_path, ARBITER, counted())
    lines = [line.strip().rstrip(",") for line in wrapper_text(design, layout_of(design)).splitlines()]
    assert lines.count(".s_valid(p_s_valid)") == 1
    assert lines.count("wire [15:0] p_s_data;") == 1
    assert "wire [3:0] p_status;" in lines
