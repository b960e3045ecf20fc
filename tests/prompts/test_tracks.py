"""A track's prompts say nothing of what it hides: no bin, no hole, no plan, no specification or no RTL."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_views import softmax_view
from scripted_run import CLOSING, FAULTY, WIDE, play

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.runs.assembly import open_design
from dv_agent.agents.testbench import DesignRtl, Testbench
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.agents.toolbox.text import ResultLimits
from dv_agent.agents.tools.prompt import first_text, system_text
from dv_agent.cli.prompting.preview import prompt_of_design
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import design_names, find_design
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.prompts.restricted_view import restricted
from dv_agent.prompts.view import NO_CLOSER_LOOK
from dv_agent.runners.registry import find_simulator

TINY = {"name": "tiny", "tracks": {"in": [{"row": [{"m": 1, "e": 0}]}]}}
PLAN_WORDS = re.compile(r"\b(bins?|holes?|coverage|covergroups?|coverpoints?|covered|witness\w*|tiers?)\b", re.I)


@pytest.mark.parametrize("name", ["blind", "rtl"])
def test_a_track_without_a_plan_never_speaks_of_it(name: str, tmp_path: Path) -> None:
    track = TRACKS[name]
    folder = open_design("mxint_softmax", "S7", tmp_path / "room")
    plan = plan_of(folder)
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan, session, track)
        asked, proposals, views = play(bench, 3, (WIDE, FAULTY, WIDE), context_tokens=64_000)
    given = [folder.specification, *(text for _, text in bench.rtl.files)]
    said = "\n".join(one.content for messages in asked for one in messages)
    told = said + repr([view.last for view in views[1:]]) + repr([one.errors for one in proposals])
    for text in given:
        told = told.replace(text.strip(), "")
    assert "Failing checks of the last turn" in told
    assert "value on out" in told
    assert "tests[0]" in told
    assert PLAN_WORDS.findall(told) == []
    hidden = [one.id for one in plan.bins] + [group.name for group in plan.covergroups if "_" in group.name]
    hidden += [one.name for one in load_witnesses(folder) if one.name]
    hidden += [f"{one.id}{end}" for one in load_bugs(folder) for end in (" ", ".patch", ":")]
    hidden += [plan.hash[:12], "plan.yaml", "witnesses.json", "bugs.yaml", "model.py", str(tmp_path)]
    assert [text for text in hidden if text in told] == []
    assert '"paced", seed 2: drained after ' in asked[1][-1].content
    earlier = asked[2][-1].content.split("BEGIN tests of earlier turns =====")[1].split("=====")[0]
    line = r'^("[^"]+"): \d+ cycles; \{.{20,180}\}$'
    assert re.findall(line, earlier, re.M) == ['"full rate, held output"', '"paced"', '"corners"']
    assert (folder.specification.strip() in said) == track.specification
    assert ("always @(posedge clk)" in said) == track.rtl
    assert (folder.design.summary in said) == track.specification
    assert all(not view.holes and not view.plan.bins and not view.nearest and not view.earned for view in views)
    assert all(view.look is NO_CLOSER_LOOK for view in views)


@pytest.mark.parametrize("design", design_names())
@pytest.mark.parametrize("name", ["blind", "rtl"])
def test_the_first_prompt_of_every_design_keeps_to_its_track(design: str, name: str) -> None:
    folder = find_design(design)
    settings = ModelSettings(model="any:model", context_tokens=64_000)
    prompt = prompt_of_design(design, "default", settings, 0, TRACKS[name]).prompt
    assert prompt.cut == ()
    told = f"{prompt.system}\n{prompt.user}"
    assert (folder.specification.strip() in told) == TRACKS[name].specification
    for text in (folder.specification, *(text for _, text in DesignRtl(folder.design).files)):
        told = told.replace(text.strip(), "")
    assert PLAN_WORDS.findall(told) == []
    assert [one.id for one in plan_of(folder).bins if one.id in told] == []
    assert "module " not in told


def test_a_failed_check_that_names_a_bin_is_not_told(softmax_bench: Testbench) -> None:
    _, _, views = play(softmax_bench, 1)
    line = "illegal_bin in cycle 7: row.length.nine was hit: too long"
    seen = views[-1].last[0]
    view = replace(views[-1], last=(replace(seen, failures=(line, "value on out: wrong")),), track=TRACKS["blind"])
    assert restricted(view).last[0].failures == ("value on out: wrong",)
    assert restricted(view).rtl.files == ()


def test_a_question_about_a_bin_is_not_answered_where_the_plan_is_hidden() -> None:
    folder = find_design("mxint_softmax")
    plan = plan_of(folder)
    asked = []
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan, session, TRACKS["blind"])
        for name in (plan.bins[-1].id, "alignment.no_such_family.bin"):
            replies = (json.dumps({"tests": [TINY], "look": [name]}), CLOSING)
            said, _, views = play(bench, 2, replies, context_tokens=64_000)
            asked.append(said)
            assert views[1].windows == ()
    assert asked[0] == asked[1]
    assert '"look" beside "tests" was not read' in asked[0][1][-1].content


def test_a_hunt_speaks_of_no_plan_in_its_messages_and_tools() -> None:
    folder = find_design("mxint_softmax")
    view = restricted(softmax_view(track=TRACKS["hunt"]))
    first = first_text(view, "0 of 9 bins", 4_000).replace(folder.specification.strip(), "")
    system = system_text(4_000, 16, 60, 16, ResultLimits(12_000, 24_000), TRACKS["hunt"])
    tools = json.dumps([(one.name, one.description, one.parameters) for one in tool_specs(TRACKS["hunt"])])
    assert "report_bug" in tools
    assert PLAN_WORDS.findall(f"{first}\n{system}\n{tools}") == []
    assert "claim" not in f"{first}{system}{tools}"
