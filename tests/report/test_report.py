"""The report of a real run: whole, closed, silent on the network, and true to its record."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from report_runs import Page, copy_run, edit_header, numbered, parse, reply_line, turn_lines, write_lines

from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.storage import load_coverage
from dv_agent.coverage.totals import summarise
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.report.output import write_report


def report_of(folder: Path) -> Page:
    return parse(write_report(folder).read_text(encoding="utf-8"))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", ["searched", "failed", "silent"])
def test_a_report_is_one_closed_document_that_asks_for_nothing(name: str, request: pytest.FixtureRequest) -> None:
    page = report_of(request.getfixturevalue(name))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "iframe", "object", "embed", "img", "form", "base", "audio", "video"}
    for tag, attributes in page.tags:
        for key, value in attributes.items():
            assert "//" not in value, (tag, key, value)
            assert not key.startswith("on")
            if key in {"href", "src"}:
                assert value.startswith("#") or value == "data:,"
    policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("name", ["searched", "failed", "silent"])
def test_a_report_is_accessible(name: str, request: pytest.FixtureRequest) -> None:
    page = report_of(request.getfixturevalue(name))
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert all(one.get("role") == "img" and one.get("aria-label") for one in page.all("svg"))
    assert all(one.get("scope") in {"row", "col"} for one in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert page.all("html")[0]["lang"] == "en"


def test_links_inside_the_report_lead_somewhere(searched: Path) -> None:
    page = report_of(searched)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {one["href"].removeprefix("#") for one in page.all("a")} <= ids


def test_key_figures_and_totals_are_those_of_the_coverage(searched: Path, design: DesignFolder) -> None:
    text = squeezed(report_of(searched).text)
    coverage = load_coverage(plan_of(design), searched / "coverage.json")
    summary = summarise(coverage)
    assert f"{summary.overall.bins_hit} / 415" in text
    assert f"{summary.overall.coverage_pct:.2f} %" in text
    for name, totals in {**summary.tiers, **summary.covergroups}.items():
        assert f"{name} {totals.bins_hit} / {totals.bins} bins hit, {totals.coverage_pct:.2f} %" in text
    turns = turn_lines(searched)
    assert f"Cycles {turns[-1]['spent']['cycles']:,}" in text
    assert f"Tests {sum(len(turn['tests']) for turn in turns)}" in text
    assert "No model" not in text
    assert "no model was asked" in text
    assert "dv-agent run --design mxint_softmax --agent search --seed 0 --max-cycles 14000" in text
    assert "all checks passed" in text
    assert "✓ the same" in text


def test_every_hole_stands_in_the_report_with_its_story(searched: Path, design: DesignFolder) -> None:
    text = squeezed(report_of(searched).text)
    plan = plan_of(design)
    coverage = load_coverage(plan, searched / "coverage.json")
    opened = [plan.bins[index] for index in coverage.open_bins.tolist()]
    assert len(opened) > 10
    for one in opened:
        assert one.description in text
    assert "parts met at once; the missing" in text
    assert "the nearest value was" in text


def test_a_failure_is_told_with_values_tests_and_waveform(failed: Path) -> None:
    page = report_of(failed)
    text = squeezed(page.text)
    assert "seeded bug S7 in the RTL" in text
    assert "wrong value on out in cycle" in text
    assert "surfer failures/0/waves.fst" in text
    assert "Shrunk test 1 step" in text
    assert any(one["aria-label"].startswith("Waveform of cycles 0 to") for one in page.all("svg"))
    assert "a copy with the seeded bug" in text
    failing = sum(bool(test.get("failures")) for turn in turn_lines(failed) for test in turn["tests"])
    assert f"{failing} failing tests" in text


def test_the_transcript_of_a_model_is_shown_with_its_price(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    turns = turn_lines(folder)
    refused = {"error": "RateLimitError", "status": 429, "seconds": 0.1}
    answered = {"input_tokens": 300, "output_tokens": 20, "usd": 0.5, "seconds": 2.0}
    turns[1]["errors"] = ["tests[0]: no such track"]
    turns[1]["cut"] = [{"part": "examples", "tokens": 120, "items": 3, "whole": False}]
    for number, turn in enumerate(turns):
        turn["spent"]["tokens"] = 320 * (number + 1)
        turn["usage"] = {"calls": 1, "input_tokens": 300, "output_tokens": 20}
    lines = [reply_line(0, "first reply", "first prompt"), turns[0]]
    lines += [reply_line(1, "second reply", "second prompt", [refused, answered]), *turns[1:]]
    write_lines(folder, lines)
    model = {"model": "openai:some-model", "temperature": 0.5}
    edit_header(folder, agent="llm", model=model, strategy="stuck", reproducible=False)
    page = report_of(folder)
    text = squeezed(page.text)
    for words in ("first prompt", "second reply", "RateLimitError (429)", "as in turn 1", "tests[0]: no such track",
                  "examples (3 items, about 120 tokens)", "openai:some-model", "returned-model-1", "$0.75",
                  "--model openai:some-model --temperature 0.5", "--prompt-strategy stuck"):  # fmt: skip
        assert words in text
    assert any("over tokens" in one["aria-label"] for one in page.all("svg"))
    edit_header(folder, agent_options={"replay": "20261120_x", "reparse": True})
    assert "dv-agent run --model replay:runs/20261120_x --reparse" in squeezed(report_of(folder).text)


def test_a_price_that_nobody_knows_is_said_to_be_unknown(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    write_lines(folder, [reply_line(0, "text", "prompt", [{"input_tokens": 5}]), *turn_lines(folder)])
    edit_header(folder, model={"model": "openai:some-model"})
    assert "US dollars unknown" in squeezed(report_of(folder).text)


def test_sixty_turns_with_long_prompts_stay_below_two_megabytes(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    turns, lines = turn_lines(folder), []
    for number, turn in enumerate(numbered([turns[number % len(turns)] for number in range(60)])):
        lines += [reply_line(number, f'{{"a": {number}}}' * 4_000, f"<hole {number}> & " * 3_000), turn]
    write_lines(folder, lines)
    path = write_report(folder)
    assert path.stat().st_size < 2_000_000
    assert "more characters in turns.jsonl" in path.read_text(encoding="utf-8")
