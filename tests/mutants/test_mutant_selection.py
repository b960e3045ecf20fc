"""Which mutants are taken: they build, no two are one, and those that equal the clean RTL are counted apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutant_designs import tally, verilog

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


def test_rtl_without_anything_to_change_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()
    (folder / "tiny.v").write_text("module tiny(input clk, rst, in_valid); endmodule\n")
    design = verilog(tmp_path / "other", "")
    with pytest.raises(UsageError, match="nothing in its RTL can be changed"):
        select(DesignFolder(design.model_copy(update={"folder": folder})), "icarus", 5, 0, 1)
