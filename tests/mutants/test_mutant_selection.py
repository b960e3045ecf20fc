"""Which mutants are taken: they build, no two are one, and those that equal the clean RTL are counted apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutant_designs import design_of, tally, verilog
from prerequisites import need

from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.selection import FormMaker, select


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> DesignFolder:
    return load_design(tally(tmp_path_factory.mktemp("home") / "tally"))


def test_mutants_build_differ_from_the_clean_rtl_and_from_each_other(design: DesignFolder) -> None:
    found = select(design, "icarus", 12, 0, 2)
    forms = [one.form for one in found.to_run]
    assert len(forms) == len(set(forms)) == 12
    assert FormMaker("icarus").of(design).exact not in forms
    assert [one.id for one in found.mutants] == [f"m{number:04}" for number in range(len(found.mutants))]
    assert all(one.diff.startswith("--- a/tally.v\n+++ b/tally.v\n@@") for one in found.mutants)


def test_the_same_seed_takes_the_same_and_a_larger_sample_begins_with_the_smaller(design: DesignFolder) -> None:
    one, two, three = (select(design, "icarus", count, seed, 2) for count, seed in ((4, 7), (8, 7), (4, 8)))
    assert two.mutants[: len(one.mutants)] == one.mutants
    assert three.mutants != one.mutants


def test_a_change_without_effect_is_counted_and_not_run(tmp_path: Path) -> None:
    body = "localparam UNUSED = 3; always @(posedge clk) y <= a & 4'd15;"
    folder = DesignFolder(verilog(tmp_path, body))
    found = select(folder, "icarus", 1_000, 0, 2)
    equivalent = [one.change.change for one in found.mutants if one.equivalent]
    assert "3 becomes 4" in equivalent
    assert len(found.to_run) + len(equivalent) + found.refused + found.repeated == found.candidates


def test_a_port_of_another_width_does_not_build_for_verilator_either(tmp_path: Path) -> None:
    need("verilator")
    folder = DesignFolder(verilog(tmp_path, "always @(posedge clk) y <= a;"))
    found = select(folder, "native", 1_000, 0, 2)
    assert found.refused == 6  # `a` and `b`, which the design drives, with another end of their range


def test_rtl_without_anything_to_change_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()
    (folder / "tiny.v").write_text("module tiny(input clk, rst, in_valid); endmodule\n")
    design = design_of(folder, "tiny", "tiny.v", {"in": {"kind": "strobe", "enable": "in_valid", "fields": {}}})
    with pytest.raises(UsageError, match="nothing in its RTL can be changed"):
        select(DesignFolder(design), "icarus", 5, 0, 1)


def test_each_form_tells_a_change_that_matters_from_one_that_does_not(design: DesignFolder, tmp_path: Path) -> None:
    need("verilator")
    maker = FormMaker("icarus")
    clean = maker.of(design)
    forms = {}
    for number, (old, new) in enumerate([("in_v + before", "in_v - before"), ("(rst)", "(rst & 1'b1)"), ("", "")]):
        home = tally(tmp_path / str(number))
        text = (home / "tally.v").read_text()
        (home / "tally.v").write_text("// another comment\n\n" + text.replace(old, new) if old else "\n" + text)
        forms[old] = maker.of(load_design(home))
    assert forms[""] == clean
    assert forms["in_v + before"].exact != clean.exact
    assert forms["in_v + before"].optimised != clean.optimised
    assert forms["(rst)"].optimised == clean.optimised
