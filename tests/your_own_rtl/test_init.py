"""`dv-agent init`: from RTL alone to a design that every command takes, and one message for what cannot be taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import call
from foreign_blocks import FIFO, PULP, PUSH_POP, TWO_CLOCKS
from prerequisites import need

from dv_agent.agents.first_look.guessed_design import Draft, Wish, make_draft, parameter_value
from dv_agent.agents.first_look.report_words import Look, as_json, dead_lines, look_lines
from dv_agent.agents.first_look.simulator_choice import choose
from dv_agent.agents.first_look.watch import look
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.errors import BuildError, DvAgentError, InputFileError, UsageError
from dv_agent.runners.icarus import IcarusSimulator


def written(folder: Path, **texts: str) -> tuple[Path, ...]:
    """Write files; ``a__b_sv`` is ``a/b.sv``."""
    paths = []
    for name, text in texts.items():
        stem, _, suffix = name.rpartition("_")
        path = folder / f"{stem.replace('__', '/')}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return tuple(paths)


def looked(draft: Draft, tests: int = 6) -> Look:
    """As the command does, without its process, and without writing."""
    choice = choose(draft)
    with choice.session as session:
        folder = choice.draft.design()
        bench = Testbench(folder, plan_of(folder), session)
        return Look(choice.draft, bench, look(bench, 0, tests), choice.simulator.name, choice.notes)


def test_one_command_makes_a_design_that_other_commands_take_by_its_bare_name(tmp_path: Path) -> None:
    written(tmp_path, rtl__fifo_v=FIFO, rtl__unrelated_v="module broken(\n")
    done = call("init", "rtl/fifo.v", "rtl/unrelated.v", "--top", "fifo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "s_axis       source  (likely: AXI-Stream by name" in done.stdout
    assert "left out, because it cannot be read, and fifo needs nothing of it" in done.stdout
    assert "played 20 random tests on icarus" in done.stdout
    assert "3 of 3 outputs moved" not in done.stdout  # level, valid, data, last, ready: five
    assert "5 of 5 outputs moved" in done.stdout
    assert "no check fired" in done.stdout
    assert "dv-agent run --design fifo --agent search" in done.stdout
    ran = call("run", "--design", "fifo", "--agent", "random", "--max-cycles", "3000", "--out", "out", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "use folders that you trust" in ran.stderr
    shown = call("designs", "show", "fifo", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr


def test_rtl_that_stands_beside_the_working_folder_is_found_from_it(tmp_path: Path) -> None:
    written(tmp_path, rtl__fifo_v=FIFO, inc__none_vh="", bench__files_f="+incdir+../inc\n../rtl/fifo.v\n")
    for words in (("../rtl/fifo.v", "-I", "../inc", "--into", "one"), ("-f", "files.f", "--into", "../two")):
        done = call("init", *words, "--tests", "2", cwd=tmp_path / "bench")
        assert done.returncode == 0, done.stderr
    for home, root in (("bench/one", "../.."), ("two", "..")):
        text = (tmp_path / home / "design.yaml").read_text(encoding="utf-8")
        assert f"root: {root}\nsources:\n- rtl/fifo.v\ninclude_dirs:\n- inc\n" in text


def test_nothing_is_overwritten_without_force_and_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    written(tmp_path, fifo_v=FIFO)
    dry = call("init", "fifo.v", "--dry-run", "--json", cwd=tmp_path)
    assert dry.returncode == 0, dry.stderr
    told = json.loads(dry.stdout)
    assert {one["key"]: one["certainty"] for one in told["guesses"]}["clock"] == "certain"
    assert not (tmp_path / "fifo").exists()
    written(tmp_path, fifo__design_yaml="# mine\n")
    done = call("init", "fifo.v", cwd=tmp_path)
    assert done.returncode == 2
    assert "fifo/design.yaml exists; --force overwrites it" in done.stderr
    assert (tmp_path / "fifo" / "design.yaml").read_text(encoding="utf-8") == "# mine\n"
    forced = call("init", "fifo.v", "--force", "--tests", "2", "--json", cwd=tmp_path)
    assert forced.returncode == 0, forced.stderr
    assert json.loads(forced.stdout)["transfers"].keys() == {"s_axis", "m_axis"}


def test_the_design_names_its_rtl_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = written(tmp_path, ip__rtl__fifo_v=FIFO)
    monkeypatch.chdir(tmp_path)
    draft = make_draft(Wish(sources=(file,), into=Path("verification/fifo")))
    assert draft.files == {"top": "fifo", "root": "../..", "sources": ["ip/rtl/fifo.v"]}
    beside = make_draft(Wish(sources=(file,), into=Path("ip")))
    assert beside.files == {"top": "fifo", "sources": ["rtl/fifo.v"]}
    written(tmp_path, verification__fifo__design_yaml=draft.text)
    assert find_design("verification/fifo").design.source_files()[0].resolve() == file
    monkeypatch.chdir(tmp_path / "verification")
    assert find_design("fifo").design.top == "fifo"


def test_options_and_file_lists_become_keys_of_design_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '`include "w.vh"\n`ifdef ON\n' + FIFO.replace("WIDTH = 8", "WIDTH = `W") + "`endif\n"
    written(tmp_path, rtl__fifo_v=text, inc__w_vh="`define W 6\n", list_f="rtl/fifo.v\n+incdir+inc\n")
    monkeypatch.chdir(tmp_path)
    draft = make_draft(Wish(lists=(Path("list.f"),), defines={"ON": None}, parameters={"DEPTH": "4"}))
    assert draft.files == {
        "top": "fifo", "root": "..", "sources": ["rtl/fifo.v"], "include_dirs": ["inc"], "defines": {"ON": None},
        "parameters": {"DEPTH": 4},
    }  # fmt: skip
    assert draft.design().design.ports["s_axis"].streams("s_axis")[0].bits == 6
    assert looked(draft).seen.failures == []


def test_a_simulator_that_cannot_build_it_is_passed_over_and_that_is_told_and_kept(tmp_path: Path) -> None:
    seen = looked(make_draft(Wish(sources=written(tmp_path, queue_sv=PULP), into=tmp_path / "d")))
    assert seen.simulator == "verilator"
    assert seen.notes[0].startswith("icarus cannot build it: ")
    assert seen.draft.more == {"simulators": ["verilator"]}
    assert seen.draft.design().design.simulators == ("verilator",)
    assert seen.seen.failures == []
    assert seen.seen.transfers.keys() == {"in", "out"}


def test_v_files_that_are_system_verilog_are_told_and_kept(tmp_path: Path) -> None:
    text = FIFO.replace("reg [2:0] wr, rd;", "typedef logic [2:0] place_t;\n  place_t wr, rd;")
    seen = looked(make_draft(Wish(sources=written(tmp_path, fifo_v=text), into=tmp_path / "d")), tests=2)
    assert seen.draft.more == {"language": "systemverilog"}
    assert seen.notes[0].startswith("icarus (verilog) cannot build it: ")


def test_a_block_with_two_clocks_plays_at_both(tmp_path: Path) -> None:
    seen = looked(make_draft(Wish(sources=written(tmp_path, crossing_v=TWO_CLOCKS), into=tmp_path / "d")))
    assert seen.seen.transfers["wr"] > 20
    assert seen.seen.failures == []


def test_a_push_never_comes_while_full_nor_a_pop_while_empty(tmp_path: Path) -> None:
    watch = "always @(posedge clk) if (!rst && (push && full || pop && empty)) $finish;\nendmodule"
    text = PUSH_POP.replace("endmodule", watch)
    seen = looked(make_draft(Wish(sources=written(tmp_path, stack_v=text), into=tmp_path / "d")))
    assert seen.seen.ends == {"drained": 6}
    assert {"full", "empty"} <= seen.seen.moved
    assert seen.seen.transfers["push"] > 20


ASSUMING = """
module unit(input clk, input [3:0] kind, output logic [3:0] seen);
  always_comb begin
    is_low: assume (kind < 9) else $error("kind");
  end
  always_ff @(posedge clk) seen <= kind;
endmodule
"""


def test_assumptions_about_inputs_are_no_faults_of_the_design(tmp_path: Path) -> None:
    need("verilator")
    draft = make_draft(Wish(sources=written(tmp_path, unit_sv=ASSUMING), into=tmp_path / "d"))
    (guess,) = (one for one in draft.pool.wiring if one.key == "assumptions")
    assert "unit.sv:4" in guess.reason
    with choose(draft, ("verilator",)).session as session:
        folder = draft.design()
        seen = look(Testbench(folder, plan_of(folder), session), 0, 4)
    assert seen.failures == []
    assert "seen" in seen.moved


def test_a_check_that_fires_is_told_with_what_to_write_if_it_is_no_fault(tmp_path: Path) -> None:
    text = FIFO.replace("m_axis_tvalid = wr != rd", "m_axis_tvalid = wr != rd & ~(level == 2 & ~m_axis_tready)")
    seen = looked(make_draft(Wish(sources=written(tmp_path, fifo_v=text), into=tmp_path / "d")))
    words = "\n".join(look_lines(seen))
    assert "check stable on m_axis in cycle" in words
    assert 'rules_off: {stable: "why"}' in words


def test_a_design_that_never_leaves_reset_is_told_with_the_other_level(tmp_path: Path) -> None:
    text = (
        "module unit(input clk, input rst, input d, output reg q);\n  always @(posedge clk) q <= rst & d;\nendmodule\n"
    )
    seen = looked(make_draft(Wish(sources=written(tmp_path, unit_v=text), into=tmp_path / "d")))
    assert seen.is_dead
    assert "reset: {signal: rst, active: low}" in "\n".join(dead_lines(seen))
    assert as_json(seen, "d")["nothing_checked"].startswith("no output moved")
    done = call("init", "unit.v", cwd=tmp_path)
    assert done.returncode == 6
    assert "nothing was checked: no output moved" in done.stderr


WORD = (
    "module {} #(parameter N = 4) (input clk, input [N-1:0] d, output reg [N-1:0] q);\n"
    "  always @(posedge clk) q <= d;\nendmodule\n"
)
REFUSED: list[tuple[dict[str, str], dict[str, Any], str]] = [
    ({"u_v": "module u(input a);\nassign b = ;\nendmodule\n"}, {}, r"u\.v:2: "),
    ({"u_v": "module u(input a);\nmissing m(a);\nendmodule\n"}, {}, r"u\.v:2: unknown module 'missing'\nname the file"),
    (
        {"p_sv": "module p(input [lacking::W-1:0] a, input clk);\nendmodule\n"}, {},
        r"p\.sv:1: unknown class or package 'lacking'\nname the file",
    ),
    ({"r__u_v": "module u(input a);\n other m(a);\nendmodule\n", "lib__x_v": "module other(input a);\nendmodule\n"},
     {"only": 1}, r"name its file too: \S+lib/x\.v"),
    ({"r__u_v": '`include "c.vh"\nmodule u(input a);\nendmodule\n', "h__c_vh": "\n"}, {"only": 1},
     r"u\.v:1: .*\n.*-I \S+/h$"),
    ({"u_v": '`include "gone.vh"\nmodule u(input a);\nendmodule\n'}, {}, r"-I FOLDER, so that FOLDER/gone\.vh exists"),
    ({"u_v": "module counter(input a);\nendmodule\n"}, {"top": "countre"}, r"did you mean counter\?"),
    ({"u_sv": "interface bus; logic x; endinterface\nmodule u(bus b, input c);\nendmodule\n"}, {},
     r"u\.sv:2: port b is an interface \(bus\)[^\n]*\nunderstood so far: u, ports c\nwrite a module around u"),
    ({"u_vhd": "entity u is end;\n"}, {}, r"u\.vhd:1: VHDL is not read"),
    ({"u_v": "`protected\nXX\n`endprotected\n"}, {}, r"u\.v:1: encrypted"),
    ({"u_v": "module u;\x00\n"}, {}, r"u\.v:1: a binary file"),
    ({"u_v": ""}, {}, r"u\.v:1: the file is empty"),
    ({"m_v": "module m(input a);\nsub s(a);\nendmodule\n", "i_v": '`include "gone.vh"\n' + WORD.format("i")},
     {"top": "m"}, r"gone\.vh.*\nwithout \S+i\.v: \S+m\.v:2: unknown module 'sub'"),
    ({"u_v": "`pragma protect begin_protected\nXX\n"}, {}, r"u\.v:1: encrypted"),
    ({"u_v": "-- a comment\nlibrary ieee;\nuse ieee.std_logic_1164.all;\n"}, {}, r"u\.v:2: this looks like VHDL"),
    ({"u_v": "// nothing\n"}, {}, r"u\.v: no module is defined there"),
    ({"u_v": '`include "u.v"\n' + WORD.format("u")}, {}, r"include depth\na header includes itself, .*guard it"),
    ({"a_v": WORD.format("u"), "b_v": "\n" + WORD.format("u")}, {},
     r"b\.v:2: duplicate definition of 'u'\na file before defines it too: leave one of the two out"),
    ({"u_v": "module u(input a);\nu inner(a);\nendmodule\n"}, {}, r"found: u\. Each is instantiated by .* itself"),
    ({"u_v": "module u(input a);\nu inner(a);\nendmodule\n"}, {"top": "u"}, r"u\.v:2: .* maximum depth"),
    ({"u_sv": "module u(input c, output q);\nfor (genvar i = 0; i < 1 << 30; i++) begin wire x; end\nendmodule\n"}, {},
     r"u\.sv:2: generate loop hit maximum step limit"),
    ({"u_sv": "module u #(parameter N = 3) (input a);\nif (N < 4) $fatal(1, \"N too small\");\nendmodule\n"}, {},
     r"u\.sv:2: \$fatal encountered: N too small"),
    ({"u_v": WORD.format("u")}, {"parameters": {"M": "3"}}, r"u\.v:1: u has no parameter M; it has N"),
    ({"u_v": WORD.format("u")}, {"parameters": {"N": "100000000"}}, r"u\.v:1: packed type of 100000000 bits is too"),
    ({"u_v": WORD.format("u")}, {"parameters": {"N": "9" * 30}}, r"is not a valid form of parameter override"),
    ({"u_v": WORD.format("u")}, {"parameters": {"N": "70000"}}, r"u\.v:1: port d has 70000 bits; at most 65536 can be"),
    ({"u_v": WORD.format("u")}, {"parameters": {"1N": "7"}}, r"parameters 1N: "),
    ({"u_v": "module u;\nendmodule\n"}, {}, r"u\.v:1: u has no input that a test could drive: no ports"),
    ({"u_v": "module u(input clk, output reg q);\nalways @(posedge clk) q <= !q;\nendmodule\n"}, {},
     r"u\.v:1: u has no input that a test could drive: clk, q"),
    ({"u_sv": "module u(input real r, output q);\nendmodule\n"}, {}, r"u\.sv:1: port r is of type real"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "more", "words"), REFUSED)
def test_rtl_that_cannot_be_taken_gets_one_message_and_exit_code_4_or_2(
    tmp_path: Path, texts: dict[str, str], more: dict[str, Any], words: str
) -> None:
    files = written(tmp_path, **texts)
    with pytest.raises(DvAgentError, match=words) as caught:
        make_draft(
            Wish(
                sources=files[: more.get("only", 9)], top=more.get("top", ""), into=tmp_path / "d",
                parameters=more.get("parameters", {}),
            )
        )  # fmt: skip
    assert isinstance(caught.value, BuildError | UsageError)


def test_a_parameter_reaches_a_top_that_nobody_named_even_if_it_needs_it(tmp_path: Path) -> None:
    files = written(tmp_path, u_v=WORD.format("u").replace("N = 4", "N"))
    with pytest.raises(BuildError, match="a parameter without a default"):
        make_draft(Wish(sources=files, into=tmp_path / "d"))
    draft = make_draft(Wish(sources=files, into=tmp_path / "d", parameters={"N": "6"}))
    assert {one.name: one.width for one in draft.top.ports}["d"] == 6


def test_a_file_whose_modules_stand_in_another_one_too_is_left_out_if_nothing_needs_them(tmp_path: Path) -> None:
    texts = {"a_v": WORD.format("u"), "b_v": WORD.format("u"), "c_v": WORD.format("other")}
    draft = make_draft(Wish(sources=written(tmp_path, **texts), top="other", into=tmp_path / "d"))
    assert draft.files["sources"] == ["c.v"]
    both = written(tmp_path, d_v=WORD.format("u") + WORD.format("third"))
    draft = make_draft(Wish(sources=(tmp_path / "a.v", *both), top="third", into=tmp_path / "d"))
    assert draft.files["sources"] == ["d.v"]


def test_comments_in_other_encodings_than_utf_8_are_no_fault(tmp_path: Path) -> None:
    text = WORD.format("u").replace("q <= d", "q <= d[0] ? d : 0 /* \xe9\xe4 */")
    (tmp_path / "u.v").write_bytes(("// caf\xe9\n" + text).encode("latin-1"))
    draft = make_draft(Wish(sources=(tmp_path / "u.v",), into=tmp_path / "d"))
    assert looked(draft, tests=2).seen.failures == []


def test_defines_with_other_names_than_macros_have_are_refused(tmp_path: Path) -> None:
    written(tmp_path, u_v=WORD.format("u"))
    done = call("init", "u.v", "-D", "1A=3", cwd=tmp_path)
    assert done.returncode == 2
    assert "-D 1A=3: NAME or NAME=TEXT is expected" in done.stderr


def test_an_inout_is_observed_and_that_is_told(tmp_path: Path) -> None:
    text = (
        "module pad(input oe, input d, inout p, output y);\n  assign p = oe ? d : 1'bz;\n  assign y = p;\nendmodule\n"
    )
    draft = make_draft(Wish(sources=written(tmp_path, pad_v=text), into=tmp_path / "d"))
    assert "p is an inout" in draft.pool.notes[0]
    assert "pad.v:1" in draft.pool.notes[0]
    assert "p" in draft.design().design.ports["inouts"].levels()
    assert "rules_off" not in next(one for one in draft.pool.ports if one.key == "seen").value


LOOP = "module u(input clk, input en, output q);\n  wire a;\n  assign a = ~(a & {});\n  assign q = a;\nendmodule\n"


def test_a_combinational_loop_is_named_with_its_line(tmp_path: Path) -> None:
    draft = make_draft(Wish(sources=written(tmp_path, u_v=LOOP.format("1'b1")), into=tmp_path / "d"))
    with pytest.raises(BuildError, match=r"u\.v:3: a follows itself in the same cycle: a combinational loop"):
        choose(draft, ("verilator",)).session.close()


def test_a_loop_that_only_some_tests_close_ends_the_look(tmp_path: Path) -> None:
    draft = make_draft(Wish(sources=written(tmp_path, u_v=LOOP.format("en")), into=tmp_path / "d"))
    folder = draft.design()
    with IcarusSimulator(hang_seconds=0.3).open(folder.design) as session:
        bench = Testbench(folder, plan_of(folder), session)
        words = "\n".join(look_lines(Look(draft, bench, look(bench, 0, 20), "icarus", ())))
    assert "check hung" in words
    assert "u.v:3: a follows itself in the same cycle" in words
    assert "played 2" in words


def test_file_lists_that_name_each_other_are_refused_by_the_command(tmp_path: Path) -> None:
    written(tmp_path, a_f="-f b.f\n", b_f="-f a.f\n")
    with pytest.raises(InputFileError, match="file lists name each other"):
        make_draft(Wish(lists=(tmp_path / "a.f",)))
    with pytest.raises(UsageError, match="no RTL is named"):
        make_draft(Wish())


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-2", -2), ("8'hfF", 255), ("4'b1010", 10), ("1_000", 1000), ("'d7", 7), ('"a b"', {"text": "a b"}),
     ("logic [7:0]", {"type": "logic [7:0]"}), ("p::t", {"type": "p::t"})],
)  # fmt: skip
def test_values_of_parameters_are_numbers_texts_or_types(text: str, value: Any) -> None:
    assert parameter_value(text) == value


@pytest.mark.parametrize("text", ["", "x y", "8'hxx", "A+1", "$clog2(4)"])
def test_other_values_of_parameters_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a number"):
        parameter_value(text)
