"""Build options: root, include folders, defines, parameters that are no numbers, language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from runner_fixtures import stream

from dv_agent.designs.design import Design
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.designs.rtl_files import TextParameter
from dv_agent.errors import BuildError
from dv_agent.runners.build.icarus import build_icarus
from dv_agent.runners.verilator import VerilatorSimulator

PORTS = "input clk, input rst, input in_valid, output in_ready"
INCLUDING = f'`include "deep/width.vh"\nmodule unit({PORTS});\n  assign in_ready = `READY & `ON;\nendmodule\n'
TYPED = (
    'module unit #(parameter type T = bit, parameter string NAME = "", parameter int N = 0)\n'
    f'({PORTS});\n  if ($bits(T) != 5 || NAME != "a b" || N != -3) wrong_values i_wrong();\n'
    "  assign in_ready = `READY & `ON;\nendmodule\n"
)
ASSERTING = f"module unit({PORTS});\n  typedef reg flag;\n  flag ready;\n  assign in_ready = ready;\nendmodule\n"


def design(folder: Path, text: str, name: str = "rtl/unit.v", **more: Any) -> Design:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    values = {"schema_version": 1, "name": "unit", "top": "unit", "sources": (name,), "folder": folder,
              "ports": {"in": stream("source", "in", {})}}  # fmt: skip
    return Design.model_validate(values | more)


def including(folder: Path, text: str = INCLUDING, **more: Any) -> Design:
    for place in ("rtl/deep", "other/deep"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / "other" / "deep" / "width.vh").write_text('`include "deep/level.inc"\n', encoding="utf-8")
    (folder / "other" / "deep" / "level.inc").write_text("`define ON 1'b1\n", encoding="utf-8")
    return design(folder, text, include_dirs=("other",), defines={"READY": "1'b1"}, **more)


def test_headers_defines_texts_and_types_reach_verilator(verilator: VerilatorSimulator, tmp_path: Path) -> None:
    values = {"T": {"type": "logic [4:0]"}, "NAME": '"a b"', "N": -3}
    including(tmp_path)
    unit = including(tmp_path, text='`include "deep/width.vh"\n' + TYPED, parameters=values)
    assert unit.source_files()[0].suffix == ".v"
    verilator.open(unit).close()
    other = unit.model_copy(update={"parameters": {**unit.parameters, "NAME": TextParameter(text="ab")}})
    with pytest.raises(BuildError, match="wrong_values"):
        verilator.open(other)


def test_a_changed_header_anywhere_and_a_changed_define_build_anew(tmp_path: Path) -> None:
    unit = including(tmp_path)
    assert read_rtl(unit).module("unit").assignments[0].right == "1'b1 & 1'b1"
    first = build_icarus(unit, tmp_path / "cache", "1")
    assert build_icarus(unit, tmp_path / "cache", "1").cached
    (tmp_path / "other" / "deep" / "level.inc").write_text("`define ON 1'b0\n", encoding="utf-8")
    second = build_icarus(unit, tmp_path / "cache", "1")
    third = build_icarus(unit.model_copy(update={"defines": {"READY": "1'b0"}}), tmp_path / "cache", "1")
    assert len({first.folder, second.folder, third.folder}) == 3


def test_sources_may_stand_above_the_design_by_root_only(tmp_path: Path) -> None:
    (tmp_path / "dv" / "unit").mkdir(parents=True)
    unit = design(tmp_path, ASSERTING, "rtl/unit.sv").model_copy(
        update={"folder": tmp_path / "dv" / "unit", "root": "../.."}
    )
    assert build_icarus(unit, tmp_path / "cache", "1").program.is_file()
    for wrong in ("rtl", "../x", "/", "..//..", "../../"):
        with pytest.raises(ValidationError):
            design(tmp_path, ASSERTING, root=wrong)
    with pytest.raises(ValidationError, match=r"write `root: \.\.`"):
        design(tmp_path, ASSERTING).model_validate({**design(tmp_path, ASSERTING).model_dump(), "folder": tmp_path,
                                                    "sources": ("../unit.v",)})  # fmt: skip


def test_a_v_file_that_is_refused_as_2005_is_compiled_as_system_verilog_and_that_is_said(tmp_path: Path) -> None:
    unit = design(tmp_path, ASSERTING)
    done = build_icarus(unit, tmp_path / "cache", "1")
    assert "compiled as SystemVerilog" in done.note
    assert "rtl/unit.v:2" in done.note
    plain = unit.model_copy(update={"language": "verilog"})
    with pytest.raises(BuildError, match=r"rtl/unit\.v:2"):
        build_icarus(plain, tmp_path / "cache", "1")
    told = unit.model_copy(update={"language": "systemverilog"})
    assert build_icarus(told, tmp_path / "cache", "1").note == ""
    keywords = design(tmp_path, f"module unit({PORTS});\n  wire do = 1'b1;\n  assign in_ready = do;\nendmodule\n")
    assert build_icarus(keywords, tmp_path / "cache", "1").note == ""


@pytest.mark.parametrize(
    "value",
    [{"text": 'a")); $system("ls'}, {"text": "a\nb"}, {"type": "logic); initial $finish; ("}, {"type": "x y"}, "8'h1",
     {"type": "logic [W-1:0]"}, 1.5, {"text": "a\\"}],
)  # fmt: skip
def test_a_parameter_that_could_become_other_verilog_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValidationError):
        design(tmp_path, ASSERTING, parameters={"P": value})
