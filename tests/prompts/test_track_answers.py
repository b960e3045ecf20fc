"""What a track hides does not come out of its answers either: of refused replies, of tools, of plans that are wrong."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_run import play

from dv_agent.agents.budget import Budget
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.runs.assembly import open_design
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.toolbox.arguments import TOOLS
from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
from dv_agent.agents.toolbox.text import ResultLimits
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.plan_writing.written_plan import PlanFault, check_tables, written_plan
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session

PLAN_WORDS = re.compile(r"\b(bins?|holes?|coverage|covergroups?|coverpoints?|covered|witness\w*|tiers?)\b", re.I)
TINY = {"name": "tiny", "tracks": {"in": [{"row": [{"m": 1, "e": 0}]}]}}
WIDE = {"name": "wide", "seed": 7, "tracks": {"in": [{"random": {"count": 100, "beats": [1, 8]}}]}}
REPLIES: list[dict[str, Any]] = [
    {"tests": [TINY], "unreachable": {"NAME": "no test hits it"}},
    {"tests": [TINY], "unreachable": ["NAME"], "claims": {"NAME": 1}},
    {"tests": [TINY], "look": ["NAME"]},
    {"tests": [TINY, {"name": "x", "like": "NAME"}]},
    {"tests": [TINY, {"name": "x", "tracks": {"in": [{"random": {"profile": "NAME"}}]}}]},
    {"tests": [TINY, {"name": "x", "tracks": {"in": [{"after": {"port": "NAME", "accepted": 1}}]}}]},
    {"tests": [TINY, {"name": "x", "tracks": {"NAME": [{"idle": 1}]}, "memory": {"NAME": [1]}}]},
]
"""With the name of a bin, and with a name that stands for nothing."""
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_holes", {}), ("explain_hole", {"bin": "NAME"}), ("claim_unreachable", {"bin": "NAME", "argument": "x" * 30}),
    ("read_rtl", {"name": "../plan.yaml"}), ("read_rtl", {"name": "model.py"}), ("read_rtl", {}),
    ("read_specification", {"section": "NAME"}), ("search_rtl", {"text": "NAME"}), ("trace_signal", {"signal": "NAME"}),
    ("find_cycles", {"test": 0, "condition": "length == 3"}), ("find_cycles", {"test": 0, "condition": "dbg_state"}),
    ("show_waveform", {"test": 0, "signals": ["NAME"]}), ("show_waveform", {"test": 0, "cycles": 8}),
    ("explain_failure", {"test": 0}), ("explain_failure", {"test": 0, "number": 3}), ("explain_failure", {"test": 9}),
    ("report_bug", {"test": 0, "title": "a fault", "explanation": "x" * 30, "module": "NAME"}),
    ("run_tests", {"tests": [{"tracks": {"NAME": []}}]}), ("no_such_tool", {}), ("finish", {"reason": "done"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DesignFolder, Plan, Session]]:
    folder = open_design("mxint_softmax", "S7", tmp_path_factory.mktemp("leaks") / "room")
    with find_simulator("icarus").open(folder.design) as session:
        yield folder, plan_of(folder), session


def hidden(folder: DesignFolder, plan: Plan) -> list[str]:
    names = [one.id for one in plan.bins] + [group.name for group in plan.covergroups if "_" in group.name]
    names += [one.name for one in load_witnesses(folder) if one.name]
    return [*names, "S7", ".patch", "plan.yaml", "witnesses.json", "model.py", str(folder.design.base), plan.hash[:12]]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: "-".join([*reply, *reply["tests"][-1]]))
def test_a_reply_that_names_a_bin_is_answered_as_one_that_names_nothing(
    opened: tuple[DesignFolder, Plan, Session], reply: dict[str, Any]
) -> None:
    folder, plan, session = opened
    bench = Testbench(folder, plan, session, TRACKS["blind"])
    told = []
    for name in (plan.bins[0].id, "alignment.no_such_family.bin"):
        asked, proposals, views = play(bench, 2, (json.dumps(reply).replace("NAME", name),) * 2, 64_000)
        text = f"{asked[1]}{proposals[0].errors}{views[-1].claimed}{views[-1].errors}"
        told.append(re.sub(r"did you mean \w+\?", "", text.replace(name, "NAME")))
    assert told[0] == told[1]
    rest = told[0].replace(repr(folder.specification.strip())[1:-1], "")
    assert PLAN_WORDS.findall(rest) == []
    assert [name for name in hidden(folder, plan) if name in rest] == []


def test_no_tool_of_a_hunt_answers_with_anything_of_the_plan_or_of_the_bug(
    opened: tuple[DesignFolder, Plan, Session],
) -> None:
    folder, plan, session = opened
    bench = ToolsTestbench(folder, plan, session, (), True, TRACKS["hunt"])
    budget, state = Budget(cycles=50_000, calls=30), RunState(empty_coverage(plan))
    dispatcher = ToolDispatcher(bench, ResultLimits(12_000, 24_000), bench.decoys)
    dispatcher.begin(make_view(bench, state, budget))
    assert dispatcher.answer("0", "run_tests", json.dumps({"tests": [WIDE]})) is None
    state, _ = advance(state, Proposal(tests=dispatcher.leave().tests), bench, budget)
    dispatcher.begin(make_view(bench, state, budget))
    told = [dispatcher.results()]
    assert "FAILED CHECKS" in told[0]
    for name, arguments in CALLS:
        dispatcher.new_reply()
        asked = json.dumps(arguments).replace("NAME", "zqname")
        answer = dispatcher.answer("1", name, asked) or ""
        told.append(answer.replace("../plan.yaml", "").replace("model.py", "").replace(name, ""))
    assert {name for name, _ in CALLS} >= TOOLS.keys()
    said = "\n".join(told)
    for text in (folder.specification, *(text for _, text in bench.rtl.files)):
        said = said.replace(text.strip(), "")
    assert PLAN_WORDS.findall(said) == []
    assert [one for one in hidden(folder, plan) if one in said] == []


@pytest.mark.parametrize("place", ["on: NAME", 'when: "NAME == 1"', 'of: "1 + NAME"'])
def test_a_written_plan_is_not_told_which_of_its_wrong_names_the_reference_model_has(place: str) -> None:
    columns = {"cycle": ("cycle", "in_transfer", "out_transfer")}
    parts = {"on": "on: cycle", "when": "when: in_transfer == 1", "of": "of: out_transfer"}
    parts[place.split(":", maxsplit=1)[0]] = place
    text = f"""
schema_version: 1
covergroups:
  - name: g
    {parts["on"]}
    {parts["when"]}
    coverpoints: [{{name: p, {parts["of"]}, bins: {{x: 1}}}}]
"""
    told = []
    for name in ("row" if place.startswith("on") else "acc_shift", "zqname"):
        with pytest.raises(PlanFault) as fault:
            check_tables(written_plan(text.replace("NAME", name)), columns)
        told.append(str(fault.value).replace(name, "NAME"))
    assert told[0] == told[1]
    assert str(Path.cwd()) not in told[0]
