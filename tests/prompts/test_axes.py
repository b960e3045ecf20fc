"""Every axis of a strategy changes the prompt as docs/strategies.md says, or what of a reply is accepted."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prompt_views import busy_view, first_view, softmax_view

from dv_agent.agents.llm.reply_parser import parse_reply
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.loader import find_design
from dv_agent.eval.suites.suite import load_suite
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.prompts.renderer import render
from dv_agent.prompts.restricted_view import restricted
from dv_agent.prompts.strategy import Strategy
from dv_agent.prompts.text.citations import uncited
from dv_agent.prompts.view import Exchange, View

ROOMY, REPLY = 100_000, 4_000


def parts(view: View, **axes: Any) -> dict[str, str]:
    strategy = Strategy.model_validate({"name": "axis", **axes})
    return {one.name: one.text for one in render(view, ROOMY, REPLY, strategy).parts}


@pytest.mark.parametrize(
    ("axes", "there", "gone"),
    [
        ({"holes": {"show": ["grouped"]}}, {"holes"}, {"targets", "stuck", "sampled"}),
        ({"holes": {"show": ["near"]}}, {"targets", "holes"}, {"stuck", "sampled"}),
        ({"holes": {"show": ["stuck"]}}, {"stuck"}, {"targets", "sampled"}),
        ({"holes": {"show": ["random"]}}, {"sampled"}, {"targets", "stuck"}),
        ({"holes": {"show": ["by_type"]}}, {"sampled"}, {"targets", "stuck"}),
        ({"holes": {"show": ["adaptive"]}}, {"sampled"}, {"targets", "stuck"}),
        ({"history": {"keep": "none"}}, {"progress"}, {"history"}),
        ({"history": {"keep": "summary"}}, {"history"}, set()),
        ({"rtl": {"show": "none"}}, set(), {"rtl", "digest", "cone"}),
        ({"rtl": {"show": "source"}}, {"rtl"}, {"digest", "cone"}),
        ({"rtl": {"show": "digest"}}, {"digest"}, {"rtl", "cone"}),
        ({"rtl": {"show": "cone"}}, {"cone"}, {"rtl", "digest"}),
        ({"examples": {"show": "none"}}, {"examples"}, {"shots"}),
        ({"examples": {"show": "harvest"}}, {"shots", "examples"}, set()),
        ({"examples": {"show": "fixed", "fixed": [{"reply": "r", "result": "s"}]}}, {"shots"}, set()),
        ({"examples": {"language": False}}, set(), {"examples"}),
        ({"feedback": "steps"}, {"results"}, set()),
        ({"feedback": "counts"}, {"progress"}, {"results"}),
        ({"without": ["specification", "failures"]}, {"holes"}, {"specification", "failures"}),
    ],
)
def test_an_option_puts_its_parts_into_the_prompt(
    tmp_path: Path, axes: dict[str, Any], there: set[str], gone: set[str]
) -> None:
    found = set(parts(busy_view(tmp_path), **axes))
    assert there <= found
    assert not gone & found


def test_a_short_specification_is_told_where_it_is_wanted_and_where_there_is_one(tmp_path: Path) -> None:
    view = busy_view(tmp_path)
    brief = replace(view, brief="# In few words\n\nIt adds.\n")
    told = {(one.brief, kind): parts(one, specification=kind)["specification"]
            for one in (view, brief) for kind in ("full", "short")}  # fmt: skip
    full = told[view.brief, "full"]
    assert view.specification.strip() in full
    assert told[view.brief, "short"] == told[brief.brief, "full"] == full
    assert "It adds." in told[brief.brief, "short"]
    assert view.specification.strip()[:200] not in told[brief.brief, "short"]
    assert restricted(replace(brief, track=TRACKS["rtl"])).brief == ""


def test_feedback_tells_steps_counts_or_nothing(tmp_path: Path) -> None:
    view = busy_view(tmp_path)
    told = {kind: parts(view, feedback=kind) for kind in ("steps", "counts", "none")}
    assert ["covered 1 new bin." in told[kind]["progress"] for kind in ("steps", "counts", "none")] == [
        True,
        True,
        False,
    ]
    assert ["results" in told[kind] for kind in ("steps", "counts", "none")] == [True, False, False]


def test_reasoning_asks_for_a_plan_and_structured_for_an_object(tmp_path: Path) -> None:
    view = busy_view(tmp_path)
    contracts = {
        (reasoning, structured): parts(view, reasoning=reasoning, structured=structured)["contract"]
        for reasoning in (True, False)
        for structured in (True, False)
    }
    assert "First a plan" in contracts[True, False]
    assert "without any explanation" in contracts[False, False]
    assert '{"plan": "...", "tests"' in contracts[True, True]
    assert "plan" not in contracts[False, True]
    assert len(set(contracts.values())) == 4


def test_literal_values_only_are_asked_for_and_anything_else_is_refused(tmp_path: Path) -> None:
    told = parts(busy_view(tmp_path), values="literal")
    assert "no loops" in told["contract"]
    assert '"random"' not in told["language"] + told["examples"] + told["tracks"]
    assert '"random"' in parts(busy_view(tmp_path))["language"]
    view = softmax_view()
    written = {"tracks": {"in": [{"row": [{"m": 1, "e": 0}]}]}}
    loops: list[dict[str, Any]] = [
        {"random": {"count": 3}}, {"repeat": 2, "steps": [{"idle": 1}]}, {"for": {"i": [0, 1]}, "steps": [{"idle": 1}]},
    ]  # fmt: skip
    text = json.dumps({"tests": [written, *({"tracks": {"in": [one]}} for one in loops)]})
    assert len(parse_reply(text, view.design, view.schema).tests) == 4
    literal = parse_reply(text, view.design, view.schema, literal=True)
    assert (len(literal.tests), literal.dropped) == (1, {"invalid": 3})
    assert all("write every value out" in line for line in literal.errors)


def test_the_number_of_tests_and_of_detailed_holes_is_as_asked(tmp_path: Path) -> None:
    view = busy_view(tmp_path)
    assert "About 3 tests" in parts(view, tests=3)["contract"]
    few = parts(view, holes={"show": ["near"], "detailed": 2})["targets"]
    assert few.count("[easy]") + few.count("[hard]") == 2


@pytest.mark.parametrize("buffer", ["clear", "keep", "stable"])
def test_the_buffer_decides_what_a_new_dialogue_begins_with(tmp_path: Path, buffer: str) -> None:
    view = busy_view(tmp_path)
    talk = [Exchange(turn, f"q{turn}", f"a{turn}", (turn, turn + 3) if turn < 3 else (), 6) for turn in range(5)]
    axes = {"history": {"keep": "successful"}, "restart": {"when": "stale", "messages": 4, "buffer": buffer}}
    strategy = Strategy.model_validate({"name": "axis", **axes})
    said = render(replace(view, exchanges=tuple(talk)), ROOMY, REPLY, strategy).said
    assert [len(one) for one in said] == ([2] * 3 if buffer == "keep" else [])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The strides that are shown, section 3.3", "The strides that are shown"),
        ("carries at count (plane < bits), section 3 steps 1 and 2", "carries at count (plane < bits)"),
        ("n: 1 empty, 2 corrected (section 4)", "n: 1 empty, 2 corrected"),
        (
            "Registers at work, section 4; columns are those of the step",
            "Registers at work; columns are those of the step",
        ),
        ("two section 3 words", "two section 3 words"),
        ("the section of a row", "the section of a row"),
    ],
)
def test_a_citation_at_the_end_of_a_clause_is_left_out_and_nothing_else(text: str, left: str) -> None:
    assert uncited(text) == left


def test_prompts_with_a_short_specification_cite_no_section_of_the_long_one() -> None:
    cited = re.compile(r"section \d|§ ?\d")
    view = first_view("stride_detector", brief=find_design("stride_detector").short_specification)
    shown = {"show": ["grouped", "random"]}
    told = {kind: parts(view, specification=kind, holes=shown) for kind in ("full", "short")}
    assert cited.search(told["full"]["holes"])
    assert not [name for name, text in told["short"].items() if cited.search(text)]
    for one in load_suite("llm4dv").designs:
        plan = load_plan(find_design(one.name).path / "plan.yaml")
        words = [group.description for group in plan.covergroups] + [bin_.description for bin_ in plan.bins]
        assert not [text for text in words if cited.search(uncited(text))]
