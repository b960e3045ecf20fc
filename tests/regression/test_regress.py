"""A change of the RTL against a git revision: the recorded tests that notice it, and the comment for people."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import CommandLine

from dv_agent.agents.turn import TestRecord
from dv_agent.designs.benchmark.patch import apply_patch
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.eval.regression.nearness import signals_near
from dv_agent.eval.regression.play_order import ordered

DESIGN = "mxint_gelu"
BUG = "bugs/G3_ties_upwards.patch"


def git(room: Path, *words: str) -> str:
    setting = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *setting, *words], cwd=room, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def dv_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def record(tmp_path: Path, dv_agent: CommandLine) -> str:
    """A run on a design in a git repository."""
    shutil.copytree(find_design(DESIGN).path, tmp_path / "mine", ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "mine")
    git(tmp_path, "commit", "-qm", "base")
    ran = dv_agent("run", "--design", "./mine", "--agent", "random", "--max-cycles", "4000", "--json")
    found: str = json.loads(ran.stdout)["record"]
    return found


def test_a_changed_line_is_noticed_by_a_quarter_of_the_tests_and_told_in_a_comment(
    record: str, dv_agent: CommandLine, tmp_path: Path
) -> None:
    words = ("regress", record, "--base", "HEAD", "--design", "./mine")
    same = dv_agent(*words)
    assert (same.returncode, "the RTL is the base's" in same.stdout) == (0, True)
    apply_patch(tmp_path / "mine" / BUG, tmp_path / "mine")
    done = dv_agent(*words, "--least", "1", "--json", "--markdown", "comment.md", "--junit", "tests.xml")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert [*found["changed"]] == ["rtl/lane_cast.v"]
    assert len(found["played"]) <= found["recorded_tests"] / 4 + 1
    assert found["failed"]
    assert found["different"]
    assert found["smallest_test"]["tracks"]
    (suite,) = junitparser.JUnitXml.fromfile(str(tmp_path / "tests.xml"))
    assert suite.tests == len(found["played"]) + 1
    assert suite.failures >= len(found["failed"])
    comment = (tmp_path / "comment.md").read_text()
    assert "❌" in comment
    assert "rtl/lane\\_cast.v" in comment
    assert "fails a check:" in comment
    assert "```json" in comment
    base, today = (comment.split(f"Its pins on {word}:\n\n```text\n")[1] for word in ("the base", "the RTL of today"))
    assert re.match(r" *cycle .*out_valid.*out_mant", base)
    assert [line for line in base.splitlines() if "*" in line] != [line for line in today.splitlines() if "*" in line]
    assert git(tmp_path, "status", "--porcelain", "--untracked-files=no", "mine").strip() == "M mine/rtl/lane_cast.v"


def test_a_change_of_a_header_alone_is_a_change(record: str, dv_agent: CommandLine, tmp_path: Path) -> None:
    source, header = tmp_path / "mine/rtl/lane_cast.v", tmp_path / "mine/rtl/rounding.vh"
    plain = source.read_text()
    source.write_text('`include "rounding.vh"\n' + plain.replace("|| scaled[7]", "|| `TIES_UP scaled[7]"))
    header.write_text("`define TIES_UP\n")
    git(tmp_path, "add", "mine")
    git(tmp_path, "commit", "-qm", "header")
    words = ("regress", record, "--base", "HEAD", "--design", "./mine", "--json")
    assert json.loads(dv_agent(*words).stdout)["played"] == []
    header.write_text("`define TIES_UP 1 |\n")
    found = json.loads(dv_agent(*words).stdout)
    assert found["changed"] == {"rtl/rounding.vh": [1]}
    assert found["different"]  # so the base has its own header
    source.write_text(plain)
    (tmp_path / "mine/rtl/new.vh").write_text("// not there at the base\n")
    found = json.loads(dv_agent(*words).stdout)
    assert (found["failed"], found["different"], found["lost_bins"]) == ({}, [], [])


def test_a_test_that_cannot_be_played_any_more_is_told_and_is_no_success(
    record: str, dv_agent: CommandLine, tmp_path: Path
) -> None:
    design, source = tmp_path / "mine/design.yaml", tmp_path / "mine/rtl/lane_cast.v"
    source.write_text(source.read_text() + "// a change that no test can see\n")
    words = ("regress", record, "--base", "HEAD", "--design", "./mine")
    whole = json.loads(dv_agent(*words, "--json").stdout)
    assert (whole["refused"], whole["notes"], len(whole["played"])) == ({}, [], whole["recorded_tests"])
    design.write_text(design.read_text().replace("max_items: 4000", "max_items: 300"))
    done = dv_agent(*words, "--json", "--markdown", "comment.md", "--junit", "tests.xml")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert found["refused"]
    assert found["nothing_checked"] == ""
    assert {*found["played"], *map(int, found["refused"])} == {*whole["played"]}
    assert all("more than 300 items" in why for why in found["refused"].values())
    assert found["lost_bins"] == []  # what the refused tests hit is not told as lost by the RTL
    number = next(iter(found["refused"]))
    assert f"**Test {number} cannot be played any more:**" in (tmp_path / "comment.md").read_text()
    assert f'name="test {number}"' in (tmp_path / "tests.xml").read_text()
    done = dv_agent(*words, "--least", "1", "--share", "0.01")
    assert done.returncode == 6
    assert "0 tests of" in done.stdout
    assert f"REFUSED test {whole['played'][0]}: " in done.stdout
    assert "nothing was checked" in done.stderr
    said = dv_agent(*words, "--least", "1", "--share", "0.01", "--json")
    assert json.loads(said.stdout)["nothing_checked"] in done.stderr


def test_a_record_of_other_rtl_than_that_of_the_base_is_told(
    record: str, dv_agent: CommandLine, tmp_path: Path
) -> None:
    apply_patch(tmp_path / "mine" / BUG, tmp_path / "mine")
    git(tmp_path, "commit", "-qam", "another base")
    schema = tmp_path / "mine/stimulus.yaml"
    schema.write_text(schema.read_text().replace("count: [10, 200]", "count: [10, 20]"))
    source = tmp_path / "mine/rtl/lane_cast.v"
    source.write_text(source.read_text() + "// a change that no test can see\n")
    done = dv_agent("regress", record, "--base", "HEAD", "--design", "./mine", "--least", "1", "--share", "0.01",
                    "--markdown", "comment.md")  # fmt: skip
    assert "note: the run was made with other RTL than that of" in done.stdout
    assert "note: stimulus.yaml has changed since the run" in done.stdout
    assert "made with other RTL" in (tmp_path / "comment.md").read_text()


def test_a_base_that_does_not_exist_or_does_not_build_is_named(
    record: str, dv_agent: CommandLine, tmp_path: Path
) -> None:
    source = tmp_path / "mine/rtl/gelu_lane.v"
    good = source.read_text()
    source.write_text(good.replace("endmodule", "endmodul"))
    git(tmp_path, "commit", "-qam", "broken")
    source.write_text(good)
    for ref, code, told in (
        ("nowhere", 2, "git knows no revision 'nowhere'"), ("--help", 2, "git knows no revision"),
        ("HEAD", 4, "gelu_lane.v"),
    ):  # fmt: skip
        done = dv_agent("regress", record, f"--base={ref}", "--design", "./mine")
        assert done.returncode == code, (ref, done.stderr)
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_what_cannot_be_written_is_told_before_a_test_is_played(
    record: str, dv_agent: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("regress", record, "--base", "nowhere", "--design", "./mine")
    for option in ("--markdown", "--junit"):
        done = dv_agent(*words, option, "no/such/file")
        assert (done.returncode, f"{option} no/such/file: there is no folder" in done.stderr) == (2, True)
    monkeypatch.setitem(sys.modules, "junitparser", None)
    assert dv_agent(*words, "--junit", "tests.xml").returncode == 3


def test_a_design_outside_of_a_repository_is_told_so(dv_agent: CommandLine, tmp_path: Path, record: str) -> None:
    shutil.rmtree(tmp_path / ".git")
    done = dv_agent("regress", record, "--base", "HEAD", "--design", "./mine")
    assert done.returncode == 2
    assert "in no git repository" in done.stderr


@given(
    st.lists(st.frozensets(st.integers(0, 9)), max_size=9), st.dictionaries(st.integers(5, 9), st.integers(0, 3)),
    st.integers(0, 9),
)  # fmt: skip
def test_every_test_is_in_the_order_once_and_fewer_are_its_beginning(
    hits: list[frozenset[int]], near: dict[int, int], count: int
) -> None:
    tests = records(*hits)
    functional = [place < 5 for place in range(10)]
    order = ordered(tests, functional, near)
    assert sorted(one.index for one in order) == [one.index for one in tests]
    assert ordered(tests, functional, near, count) == order[:count]


def test_a_test_at_the_change_comes_first_and_then_one_that_differs_from_it() -> None:
    functional = [True, True, False, False, False]
    tests = records({0, 2}, {0, 3}, {0, 3}, {1, 4})
    assert [one.index for one in ordered(tests, functional, {3: 0})][:2] == [1, 3]  # not 2, which is like 1
    assert ordered(tests, functional, {4: 0})[0].index == 3


def test_a_functional_bin_counts_more_where_the_same_tests_come_near_the_change() -> None:
    functional = [True, True, False, False]
    tests = records({0, 2}, {1}, {1, 3}, {0})
    assert [one.index for one in ordered(tests, functional, {2: 0})] == [0, 3, 2, 1]
    assert [one.index for one in ordered(tests, functional, {3: 0})] == [2, 1, 0, 3]


def records(*hits: Iterable[int]) -> list[TestRecord]:
    return [
        TestRecord(test=Test(tracks={}), index=place, cycles=place, hits=tuple(sorted(one)))
        for place, one in enumerate(hits)
    ]


def test_what_is_before_and_behind_a_change_is_near_it(tmp_path: Path) -> None:
    folder = find_design(DESIGN)
    (bug,) = (one for one in load_bugs(folder) if BUG.endswith(one.patch))
    found = signals_near(folder.design, broken_copy(folder, bug, tmp_path).design)
    assert found
    _, signals = found
    assert signals["lane_cast", "round_up"] == 0
    assert 0 < signals["lane_cast", "scaled"] <= 3  # what it is computed from
    assert any(module == "mxint_gelu" for module, _ in signals)  # what it changes above
    same = signals_near(folder.design, folder.design)
    assert same
    assert same[1] == {}


def test_a_small_record_is_played_to_twenty_tests_and_a_share_is_asked_for_with_least(
    record: str, dv_agent: CommandLine, tmp_path: Path
) -> None:
    apply_patch(tmp_path / "mine" / BUG, tmp_path / "mine")
    words = ("regress", record, "--base", "HEAD", "--design", "./mine", "--json")
    few = json.loads(dv_agent(*words, "--least", "1", "--share", "0.01").stdout)
    assert len(few["played"]) == 1
    many = json.loads(dv_agent(*words).stdout)
    assert len(many["played"]) == min(20, many["recorded_tests"])
    assert many["played"][0] == few["played"][0]
