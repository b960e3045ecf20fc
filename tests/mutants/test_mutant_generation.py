"""Mutants of RTL: each is the original but for its diff, and is valid RTL; what is proposed for which text."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutant_designs import candidates, changes, small, tally, verilog

from dv_agent.designs.benchmark.patch import apply_patch
from dv_agent.designs.loader import find_design, load_design
from dv_agent.designs.mutants.candidate import Candidate, Edit, apply_edits, unified_diff
from dv_agent.designs.mutants.find_candidates import KINDS, find_candidates, stratified
from dv_agent.designs.mutants.mutators.constants import neighbours
from dv_agent.designs.mutants.rtl_text import read_modules
from dv_agent.errors import InputFileError

ENDS = ["\n", "\r\n"]


@pytest.mark.parametrize("ends", ENDS)
def test_every_mutant_is_the_original_with_exactly_its_diff_and_parses(tmp_path: Path, ends: str) -> None:
    design = small(tmp_path / "design", ends)
    file = design.folder / "small.sv"
    old = file.read_bytes()
    found = candidates(design)
    assert len(found) > 120
    for one in found:
        new = apply_edits(old.decode("latin-1"), one.edits).encode("latin-1")
        assert new != old
        file.write_bytes(new)
        read_modules([("small.sv", file)])
        assert patched(tmp_path, old, one) == new


def patched(room: Path, old: bytes, one: Candidate) -> bytes:
    """The file that the strict reader of patches makes of the original and the mutant's diff."""
    target = room / "patched" / one.source
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(old)
    text = old.decode("latin-1")
    diff = unified_diff(one.source, text, apply_edits(text, one.edits)).encode("latin-1")
    (room / "mutant.patch").write_bytes(diff)
    done = subprocess.run(
        ["patch", "-p1", "--binary", "--fuzz=0", "-i", str(room / "mutant.patch")],
        cwd=target.parent, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return target.read_bytes()


def test_a_diff_is_read_by_the_reader_of_seeded_bugs(tmp_path: Path) -> None:
    home = tally(tmp_path / "tally")
    old = (home / "tally.v").read_text()
    for one in find_candidates(load_design(home).design):
        (tmp_path / "one.patch").write_text(unified_diff(one.source, old, apply_edits(old, one.edits)))
        apply_patch(tmp_path / "one.patch", home)
        assert (home / "tally.v").read_text() == apply_edits(old, one.edits)
        (home / "tally.v").write_text(old)


def test_what_a_macro_wrote_what_only_checks_and_what_is_not_used_stays(tmp_path: Path) -> None:
    design = small(tmp_path)
    text = (tmp_path / "small.sv").read_bytes().decode("latin-1")
    for one in candidates(design):
        assert one.module in ("mixed", "leaf")
        line = text.splitlines()[one.line - 1]
        assert "$display" not in line
        assert "assert property" not in line
        assert "`define" not in line


def test_every_kind_is_found_in_a_design_and_each_says_where(tmp_path: Path) -> None:
    design = find_design("mxint_gelu").design
    found = find_candidates(design)
    assert set(Counter(one.kind for one in [*found, *find_candidates(find_design("kv_pack").design)])) == set(KINDS)
    assert {one.source for one in found} == {"primitives/skid_buffer.v", *design.sources}
    assert len({(one.source, one.edits) for one in found}) == len(found)


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("always @* y = a + b;", "operator", ["+ becomes - in a + b"]),
        ("always @* y = a < b;", "operator", ["< becomes <= in a < b", "< becomes > in a < b"]),
        ("always @* y = !a;", "operator", ["! is dropped in !a"]),
        ("always @* y = a && b;", "operator", ["&& becomes || in a && b", "a && b becomes (a)", "a && b becomes (b)"]),
        ("always @* y = 4'd9;", "constant", ["4'd9 becomes 4'd10", "4'd9 becomes 4'd8"]),
        ("always @* y = a[2:1];", "range", ["3 becomes 4", "3 becomes 2", "0 becomes 1"] * 3),
        ("always @* y = a[b];", "index", ["b becomes (b) + 1", "b becomes (b) - 1"]),
        ("always @* if (a) y = b;", "condition",
         ["the condition a is negated", "the condition a is always true", "the condition a is never true"]),
        ("always @* if (a) y = 1; else y = b;", "branch", ["if and else are swapped"]),
        ("always @* case (a) 1: y = 1; default: y = b; endcase", "branch", ["the arms 1 and default are swapped"]),
        ("always @* y = a ? b : 1;", "branch", ["the two values of a choice are swapped"]),
        ("always @(posedge clk) y <= a;", "drop", ["y <= a; is dropped"]),
        ("always @(posedge clk) if (b) y <= a;", "extra",
         ["y <= a; comes once more at the end, whatever the condition"]),
        ("always @(posedge clk) if (rst) y <= 0; else y <= a;", "reset",
         ["y is not reset", "y <= 0; resets to the complement", "y <= 0; resets to one more"]),
        ("wire w = a[0];", "stuck", ["w is stuck at 0", "w is stuck at 1 in every bit"]),
        ("wire w = a[0]; always @(posedge clk) y <= a;", "delay", ["w comes one cycle late", "y comes one cycle late"]),
        ("wire w_valid = a[0];", "handshake", ["w_valid comes one cycle late"]),
        ("always @(posedge clk) if (y == 7) y <= 0; else y <= y + 1;", "counter",
         ["7 becomes (7) + 1", "7 becomes (7) - 1", "y counts one too far", "y does not count"]),
    ],
)  # fmt: skip
def test_what_is_proposed_for_a_text(tmp_path: Path, body: str, kind: str, expected: list[str]) -> None:
    found = changes(verilog(tmp_path, body), kind)
    assert [one for one in expected if one not in found] == []


def test_a_loop_always_ends(tmp_path: Path) -> None:
    design = verilog(tmp_path, "integer i; always @* for (i = 0; i < 4; i = i + 1) y[i] = a[i];")
    steps = "i = i + 1"
    text = (tmp_path / "tiny.v").read_text()
    place = text.index(steps)
    touched = [e for one in candidates(design) for e in one.edits if place <= e.start < place + len(steps)]
    assert touched == []


def test_the_order_depends_on_the_seed_alone_and_gives_each_kind_its_turn() -> None:
    found = find_candidates(find_design("mxint_gelu").design)
    order = list(stratified(found, 3))
    assert order == list(stratified(list(reversed(found))[::-1], 3))
    assert order != list(stratified(found, 4))
    assert sorted(map(repr, order)) == sorted(map(repr, found))
    kinds = {one.kind for one in found}
    assert {one.kind for one in order[: len(kinds)]} == kinds


def test_rtl_that_cannot_be_read_is_an_error_with_file_and_line(tmp_path: Path) -> None:
    design = verilog(tmp_path, "assign y = ;")
    with pytest.raises(InputFileError, match=r"tiny\.v:2: pyslang cannot read it"):
        find_candidates(design)


@given(st.integers(0, 255), st.integers(1, 12), st.sampled_from("bodh"))
def test_neighbours_of_a_number_are_one_away_modulo_its_size(value: int, size: int, base: str) -> None:
    value %= 1 << size
    text = f"{size}'{base}{value:{ {'b': 'b', 'o': 'o', 'd': 'd', 'h': 'x'}[base] }}"
    found = list(neighbours(text))
    numbers = {int(one.split(f"'{base}")[1], {"b": 2, "o": 8, "d": 10, "h": 16}[base]) for one in found}
    assert numbers == {(value + 1) % (1 << size), (value - 1) % (1 << size)} - {value}
    assert all(one.startswith(f"{size}'{base}") for one in found)


@pytest.mark.parametrize("text", ["4'bx0z1", "1.5", "'d", '"text"', "8'b2"])
def test_what_is_no_plain_number_has_no_neighbours(text: str) -> None:
    assert list(neighbours(text)) == []


@given(
    st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.text(max_size=3)), max_size=4)
)
def test_edits_that_overlap_or_lie_outside_are_refused(text: str, raw: list[tuple[int, int, str]]) -> None:
    edits = [Edit(start=start, end=end, text=new) for start, end, new in raw]
    bounds = [0, *(place for edit in edits for place in (edit.start, edit.end)), len(text)]
    if bounds == sorted(bounds):
        kept = [text[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
        pieces = [part for pair in zip(kept, [*(edit.text for edit in edits), ""], strict=True) for part in pair]
        assert apply_edits(text, edits) == "".join(pieces)
    else:
        with pytest.raises(ValueError, match="overlaps another one or lies outside"):
            apply_edits(text, edits)
