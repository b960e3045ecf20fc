"""Records of an older version tell what they told that version: ``fixtures/*.json`` holds what it printed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.turn import TestRecord
from dv_agent.cli.main import main
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.coverage.totals import summarise
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.loader import find_design
from dv_agent.eval.report.data.load_run import load_run
from dv_agent.eval.report.data.recorded_coverage import coverage_of
from dv_agent.eval.report.figures import facts, main_figures, small_figures, verdict
from dv_agent.eval.scoring.cache import score_trial
from dv_agent.eval.scoring.score_trial import inputs_of
from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.run_index import RunIndex

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = ("hass_spe_llm", "mxint_gelu_search")


@pytest.fixture(params=NAMES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A copy of an old run folder, and what was printed of it."""
    run = Path(shutil.copytree(FIXTURES / request.param, tmp_path / "trial" / "run"))
    (tmp_path / "trial" / "trial.json").write_text("{}")
    return run, json.loads((FIXTURES / f"{request.param}.json").read_text())


def then(run: Path) -> Path:
    """The plan of the design as it was when the run was made; today's has other bins and tiers."""
    name = read_run(run).header.design
    return next(FIXTURES.glob(f"{name}_*.plan.yaml"))


def shared(found: Any, told: Any) -> Any:
    """`found` without the keys that did not exist then."""
    if isinstance(told, dict) and isinstance(found, dict):
        return {name: shared(found[name], value) for name, value in told.items() if name in found}
    return found


def played(run: Path, known: Iterable[str]) -> list[TestRecord]:
    """The tests of a run as recorded, of the bins only the `known`; indices and near ones are those of one plan."""
    tests = [one for turn in read_run(run).turns for one in turn.tests]
    new = [tuple(bin_ for bin_ in one.new_bins if bin_ in known) for one in tests]
    other = [{"hits": (), "near": (), "new_bins": bins} for bins in new]
    return [one.model_copy(update=changed) for one, changed in zip(tests, other, strict=True)]


def named(coverage: dict[str, Any]) -> dict[str, Any]:
    """Bins of a coverage file with the names of the tests that they point to."""
    places = ("first", "nearest")
    names = [name for _, name in coverage["names"]]
    return {bin_: one | {key: names[one[key]] for key in places} for bin_, one in coverage["bins"].items()}


def called(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["dv-agent", *words])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_report_tells_the_same(old: tuple[Path, dict[str, Any]]) -> None:
    run, told = load_run(old[0]), old[1]["report"]
    plan = load_plan(then(old[0]))
    coverage = coverage_of(run, plan).coverage
    assert coverage is not None
    figures = (*main_figures(run, summarise(coverage)), *small_figures(run))
    assert verdict(run).words == told["verdict"]
    assert [[one.label, one.value, one.detail] for one in figures] == told["figures"]
    assert [list(one) for one in facts(run)] == told["facts"]


def test_the_score_is_the_same(old: tuple[Path, dict[str, Any]]) -> None:
    run, told = old[0], old[1]["score"]
    plan = load_plan(then(run))
    score = score_trial(run.parent, plan, use_cache=False)
    found = {**json.loads(score.model_dump_json()), "inputs": told["inputs"]}
    assert shared(found, told) == told
    assert all(found[name] is None for name in set(found) - set(told))  # what is new says nothing of an old record
    assert score.inputs == inputs_of(run.parent, plan)


def test_rescoring_tells_what_the_design_of_today_makes_of_it(
    old: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, "rescore", str(old[0]), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {**old[1]["rescore"], "nothing_checked": ""}


def test_the_studio_lists_and_opens_it(old: tuple[Path, dict[str, Any]]) -> None:
    run, score = old[0], old[1]["score"]
    index = RunIndex(AllowedFolders(*[run.parent.parent] * 3).resolved(), NAMES)
    (line,), _ = index.runs()
    assert (line.tests, line.turns, line.failing) == (score["tests"], score["turns"], score["failing_tests"])
    assert len(index.open("trial/run").run.tests) == score["tests"]


def test_a_run_of_an_older_version_of_a_design_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(FIXTURES / "mxint_gelu_search", tmp_path / "run"))
    assert called(monkeypatch, "run", "--resume", str(run), "--max-cycles", "6000") == 2
    assert (
        "made with another model and plan of mxint_gelu; it cannot be resumed, only rescored" in capsys.readouterr().err
    )


def test_a_run_whose_tests_do_something_else_today_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(FIXTURES / "mxint_gelu_search", tmp_path / "run"))
    # As if it had been recorded with today's files; but today's sources drive ones without valid.
    header = json.loads((run / "run.json").read_text())
    header["hashes"] |= fingerprint(find_design("mxint_gelu")) | {"rtl": header["hashes"]["rtl"]}
    (run / "run.json").write_text(json.dumps(header))
    turns = (run / "turns.jsonl").read_bytes()
    assert called(monkeypatch, "run", "--resume", str(run), "--max-cycles", "6000", "--json") == 2
    assert "other results now in tests 0, 1, 2, 3; the run cannot be resumed, only rescored" in capsys.readouterr().err
    assert (run / "turns.jsonl").read_bytes() == turns


def test_a_run_of_a_model_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = Path(shutil.copytree(FIXTURES / "hass_spe_llm", tmp_path / "old"))
    words = ("run", "--model", f"replay:{old}", "--out", str(tmp_path / "out"))
    # Its prompts are those of an older version: an exact replay says so, and names the way to take replies in order.
    assert called(monkeypatch, *words) == 5
    assert "--reparse goes on with the recorded replies in their order" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "out")
    assert called(monkeypatch, *words, "--reparse") == 0
    assert "prompts differ from those of the record: its replies were taken in their order" in capsys.readouterr().out
    (again,) = (tmp_path / "out").iterdir()
    found, told = (json.loads((one / "coverage.json").read_text()) for one in (again, old))
    assert played(again, told["bins"]) == played(old, told["bins"])
    assert found.keys() == told.keys()
    assert (found["tests"], found["illegal"]) == (told["tests"], told["illegal"])
    found["bins"] = shared(found["bins"], told["bins"])  # today's plan has others too, and other tiers
    assert named(found) == named(told)
    assert shared(found["hidden"], told["hidden"]) == told["hidden"]
    assert called(monkeypatch, "prompts", "render", "--run", str(old), "--turn", "0") == 0
    assert read_run(old).replies[0].messages[-1].content[:200] in capsys.readouterr().out
