"""A test that starved, was cut, or ran into its limit is told of wherever a person or a program looks."""

import json
from pathlib import Path

import pytest
from command import call
from turn_lines import turn_lines


@pytest.fixture(scope="module")
def starved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run of random tests that mostly supply one input with more than the other, and what it printed."""
    room = tmp_path_factory.mktemp("starved")
    words = ("--agent", "random", "--seed", "0", "--max-cycles", "2000", "--out", str(room))
    done = call("run", "--design", "lut_mpgemm", *words, cwd=room)
    assert done.returncode == 0, done.stderr
    (folder,) = room.glob("*_lut_mpgemm_*")
    return folder, done.stdout


def recorded(folder: Path) -> list[dict[str, object]]:
    lines = turn_lines(folder / "turns.jsonl")
    return [test for line in lines for test in json.loads(line).get("tests", ())]


def test_a_run_says_what_its_tests_waited_for_and_which_one_was_cut(starved: tuple[Path, str]) -> None:
    folder, printed = starved
    tests = recorded(folder)
    assert sum(test["cycles"] for test in tests) == 2_000  # type: ignore[misc]
    assert [test["end"] for test in tests].count("budget") == 1
    waiting = [test["waiting"] for test in tests if test["end"] == "deadlock"]
    assert waiting
    assert all(one["allowed"] and one["refused"] and one["spent"] for one in waiting)  # type: ignore[index]
    assert "all checks passed" in printed
    assert f"{len(waiting)} of {len(tests)} tests" in printed
    assert "ended waiting, as the reference model allows" in printed
    assert f"test {len(tests) - 1} was cut after {tests[-1]['cycles']:,} cycles" in printed
    page = (folder / "report.html").read_text()
    assert "deadlock after" not in page
    assert "offered a beat that was not accepted, while" in page
    assert f"test {len(tests) - 1} was cut after" in page


def test_a_cut_test_is_rerun_within_its_bound(starved: tuple[Path, str]) -> None:
    folder, _ = starved
    cut = recorded(folder)[-1]
    done = call("rerun", str(folder), "--test", str(cut["index"]), "--json", cwd=folder)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["end"], answer["cycles"], answer["as_recorded"]) == (
        0, "budget", cut["max_cycles"], True,
    )  # fmt: skip
    rescored = json.loads(call("rescore", str(folder), "--json", cwd=folder).stdout)
    assert (rescored["different_tests"], rescored["cycles"]) == ([], 2_000)
    assert rescored["bins_hit"] == rescored["recorded_bins_hit"]


def test_a_test_at_its_limit_is_said_by_simulate(tmp_path: Path) -> None:
    (tmp_path / "late.json").write_text(json.dumps({"tests": [{"tracks": {"in": [{"at": 50_000}]}}]}))
    done = call("simulate", str(tmp_path / "late.json"), "--design", "mxint_gelu", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "test 0: ran into the limit of 50,000 cycles that a test may take, and was cut there, " in done.stdout


def test_the_head_of_a_report_says_that_tests_ran_into_their_limit(starved: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = starved
    room = tmp_path / "limited"
    room.mkdir()
    for name in ("run.json", "coverage.json"):
        (room / name).write_bytes((folder / name).read_bytes())
    lines = turn_lines(folder / "turns.jsonl")
    first = json.loads(lines[0])
    first["tests"][0]["end"] = "cycle_limit"
    (room / "turns.jsonl").write_text("\n".join([json.dumps(first), *lines[1:], ""]))
    assert call("report", str(room), cwd=room).returncode == 0
    page = (room / "report.html").read_text()
    head = page[: page.index("Bins hit")]
    assert "all checks passed, but 1 test ran into the limit of cycles" in head
    assert "(test 0) ran into the limit of" in head
