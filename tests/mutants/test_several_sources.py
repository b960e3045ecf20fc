"""Several `--tests` in one campaign: each has the outcome that it has in a campaign of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaigns import Campaign, Heard, edited, made
from mutant_designs import tally

from dv_agent.cli.evaluating.mutate_display import show_result
from dv_agent.designs.loader import load_design
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.mutants.campaign import Wish, resume, start
from dv_agent.eval.mutants.page import render
from dv_agent.eval.mutants.result_folder import OUTCOMES, SETTINGS, read_result
from dv_agent.eval.mutants.several_sources import read_sources
from dv_agent.eval.mutants.summary import as_json, by_source

WEAK = {"tests": [{"tracks": {"in": [{"idle": 3}]}}] * 2}


def verdicts(answer: dict[str, dict[str, float]], source: str) -> dict[str, float]:
    return {name: count for name, count in answer[source].items() if name not in ("alone", "score")}


def test_each_source_has_its_own_outcome_and_resume_comes_to_the_same(
    finished: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weak.json").write_text(json.dumps(WEAK))
    found = made(tmp_path, tests=str(tmp_path / "weak.json"), others=("witnesses",), further_cycles=0)
    sources = as_json(found)["by_source"]
    strong = verdicts(sources, "the witnesses of tally")
    assert strong["killed"] == as_json(finished.result)["totals"]["killed"]
    assert sum(verdicts(sources, "the file weak.json").values()) == sum(strong.values())
    mine = {outcome.mutant: outcome for outcome in finished.result.outcomes}
    for outcome in found.outcomes:
        weak, witnesses = outcome.sources
        assert witnesses.by == mine[outcome.mutant].by or not witnesses.by
        assert (outcome.verdict == "killed") == bool(weak.by or witnesses.by)
        assert outcome.by == (weak.by or witnesses.by) or outcome.verdict != "killed"
        assert outcome.cycles >= weak.cycles + witnesses.cycles
    alone = sum(bool(one.sources[1].by) and not one.sources[0].by for one in found.outcomes)
    assert 0 < alone == sources["the witnesses of tally"]["alone"]
    assert sources["the file weak.json"]["unnoticed"] >= alone

    show_result(found)
    assert "the file weak.json" in capsys.readouterr().out
    assert "<code>the file weak.json</code>" in render(found)
    path = Path(found.folder) / OUTCOMES
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    design = load_design(tmp_path / "tally")
    resume(design, lambda name: design, Path(found.folder), 1, Heard())
    assert by_source(read_result(Path(found.folder))) == by_source(found)
    edited(Path(found.folder), SETTINGS, '"count": 2', '"count": 1')
    with pytest.raises(InputFileError, match="its sources have"):
        resume(design, lambda name: design, Path(found.folder), 1, Heard())


def test_files_of_one_name_are_told_apart_and_odd_or_long_names_do_not_end_it(
    finished: Campaign, tmp_path: Path
) -> None:
    names = []
    for place in range(25):
        file = tmp_path / f"{place}" / ("tests.json" if place < 2 else f"{'long' * 50}\n{place}.json")
        file.parent.mkdir()
        file.write_text(json.dumps({"tests": [{"tracks": {"in": [{"idle": place + 1}]}}]}))
        names.append(str(file))
    sources, given = read_sources(names, finished.design, 0)
    assert [one.words for one in sources[:2]] == ["the file tests.json", "the file tests.json, --tests 2"]
    assert len({one.words for one in sources}) == len(given) == 25
    found = made(tmp_path, tests=names[0], others=names[1:], count=1, further_cycles=0)
    assert len(by_source(found)) == 25


def test_the_same_tests_twice_or_too_many_sources_are_refused(finished: Campaign, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are given twice"):
        start(finished.design, Wish("icarus", ("random:9", "random:9"), 3), tmp_path, 1, Heard())
    with pytest.raises(UsageError, match="more than 100"):
        start(finished.design, Wish("icarus", ("witnesses",) * 101, 3), tmp_path, 1, Heard())


def test_a_source_whose_every_test_fails_on_the_clean_rtl_is_refused(tmp_path: Path) -> None:
    home = tally(tmp_path / "tally")
    (tmp_path / "fails.json").write_text(json.dumps({"tests": [{"tracks": {"in": [{"number": {"v": 15}}]}}]}))
    edited(home, "tally.v", "y <= in_v + before", "y <= in_v == 15 ? 0 : in_v + before")
    (tmp_path / "passes.json").write_text(json.dumps(WEAK))
    names = (str(tmp_path / "passes.json"), str(tmp_path / "fails.json"))
    with pytest.raises(UsageError, match=r"the file fails\.json: every test fails a check"):
        start(load_design(home), Wish("icarus", names, 3, further_cycles=0), tmp_path / "runs", 1, Heard())
