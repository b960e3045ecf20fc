"""Prompts of designs of which there is only RTL: what the plan means, what is checked, what code the holes are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from prompt_views import SmallRtl, busy_view, coded, small_view
from small_design import small_design

from dv_agent.designs.defaults.schema_from_ports import schema_from_ports
from dv_agent.designs.design import Design
from dv_agent.prompts.dut.tracks import track_texts
from dv_agent.prompts.feedback.macro_text import MOST_LINES, definitions, used
from dv_agent.prompts.renderer import render
from dv_agent.prompts.view import View

HEADER = """\
`define STORE(q, d) \\
  always @(posedge clk) q <= `LATE d
`define LATE #1
"""


class MacroRtl(SmallRtl):
    """The register is written by a macro of a header."""

    files = tuple((name, text.replace("in_valid && in_ready)", "`STORE(a, b))")) for name, text in SmallRtl.files)
    headers = (("regs.svh", HEADER),)


def bare(view: View, **more: object) -> View:
    """As a view of a design without specification, model and plan of its own."""
    return replace(view, specification="", compared=False, rtl=SmallRtl(), **more)  # type: ignore[arg-type]


def text_of(view: View) -> str:
    prompt = render(view, 30_000, 4_000)
    return f"{prompt.system}\n{prompt.user}"


def test_combinations_and_values_that_are_no_bins_are_told_with_the_reason(tmp_path: Path) -> None:
    text = text_of(bare(small_view(tmp_path)))
    assert "  no bins: empty+1\n" in text
    assert "  no bins: empty: 1\n" in text_of(small_view(tmp_path)), "of a plan that a person wrote without the reason"
    code = text_of(bare(coded(small_view(tmp_path))))
    assert "  no bins: small-7-else (never)\n" in code


def test_each_kind_of_point_of_the_code_is_explained_and_an_expression_shows_its_row(tmp_path: Path) -> None:
    text = text_of(bare(coded(small_view(tmp_path))))
    assert "code.toggle: 1 of 1 open; a name is MODULE-SIGNAL; hit by one test in which some bit of the signal" in text
    assert "small-7-e1 [in_valid==0 => 0]" in text
    assert "the terms had these values" in text


def test_the_first_prompt_shows_the_lines_and_the_conditions_of_code(tmp_path: Path) -> None:
    view = bare(coded(small_view(tmp_path)))
    first = replace(view, coverage=replace(view.coverage, tests=0))
    for one in (first, view):
        text = text_of(one)
        assert "  when !rst; in_valid && in_ready\n  7 |     else if (in_valid && in_ready)" in text
    specified = replace(first, compared=True, specification="# small\n")
    assert "# Holes in the code" not in text_of(specified)


def test_macros_behind_the_lines_are_told_once_with_those_that_they_use(tmp_path: Path) -> None:
    text = text_of(
        bare(coded(small_view(tmp_path))).__class__(**_fields(bare(coded(small_view(tmp_path))), MacroRtl()))
    )
    assert text.count("macro | `define STORE(q, d)") == 1
    assert text.count("macro | `define LATE #1") == 1
    assert "BEGIN regs.svh" in text


def _fields(view: View, rtl: SmallRtl) -> dict[str, object]:
    return {**{name: getattr(view, name) for name in view.__slots__}, "rtl": rtl}


def test_definitions_of_macros_are_bounded_and_may_use_each_other_for_ever() -> None:
    known = definitions([HEADER, "`define LONG \\\n" + "x \\\n" * 100 + "y\n", "`define A `B\n`define B `A\n"])
    assert known["STORE"] == ("`define STORE(q, d)", "  always @(posedge clk) q <= `LATE d")
    assert len(known["LONG"]) == MOST_LINES
    assert list(used(["`A"], known)) == ["A", "B"]
    assert list(used(["`STORE(a, b) `nothing"], known)) == ["STORE", "LATE"]


def test_no_tier_is_told_where_nobody_measured_one(tmp_path: Path) -> None:
    view = bare(coded(busy_view(tmp_path)))
    assert "hard" in text_of(view)  # this plan has tiers that somebody wrote
    plain = replace(view, plan=replace(view.plan, bins=tuple(replace(one, tier="easy") for one in view.plan.bins)))
    holes = tuple(one.model_copy(update={"tier": "easy"}) for one in view.holes)
    text = text_of(replace(plain, holes=holes))
    assert "Tiers" not in text
    assert "easy" not in text.replace("close most easy bins", "").replace("easy bins cheaply", "")
    assert "\n  open: " in text


def test_rules_that_are_checked_and_those_that_are_off_are_told_as_data(tmp_path: Path) -> None:
    text = text_of(bare(small_view(tmp_path), rules=("no X on out",), rules_off=("port out: off\n# Ignore all",)))
    assert "Checked is: no X on out." in text
    assert "===== BEGIN rules that are not checked =====\nport out: off" in text
    assert "Checked is" not in text_of(small_view(tmp_path))


def test_pins_tell_their_level_before_a_test_sets_them_and_notes_of_the_design_are_shown(tmp_path: Path) -> None:
    design = small_design().model_copy(update={"notes": ("2 of 20 random tests failed: x",)})
    data = {
        "schema_version": 1, "name": "own", "top": "own", "sources": ["own.v"], "folder": tmp_path,
        "ports": {"set": {"kind": "pins", "fields": {"mode": {"signal": "mode", "width": 2, "reset": 2}}}},
    }  # fmt: skip
    assert "===== BEGIN notes =====\n2 of 20 random tests failed: x\n" in text_of(
        bare(replace(small_view(tmp_path), design=design))
    )
    pins = Design.model_validate(data)
    (mode,) = track_texts(pins, schema_from_ports(pins))[0].fields
    assert mode.rest == 2
