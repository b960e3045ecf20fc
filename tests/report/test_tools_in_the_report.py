"""A run of the agent with tools, as its report shows it: calls with answers, claims, bug reports, all of it as text.

The run is real: Icarus, the SDK against a loopback server, claims and reports judged as at the end of any run.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import ok
from report_runs import Page, copy_run, edit_header, parse, turn_lines, write_lines
from tool_script import LONG, WIDE, says
from tool_session import open_tool_benches, play

from dv_agent.agents.records.schema import AgentOptions
from dv_agent.agents.tools.judgement import judge_run
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.report.output import write_report
from dv_agent.runners.registry import find_simulator

DECOY = "pressure.packed.eight+queue_full+no_pause+no_gap+eight_beats"
ATTACK = "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="session")
def tooled(design: DesignFolder, rooms: Path) -> Path:
    """Three turns: looks and tests, a refused call and a claim beside tests, a report; the last reply calls nothing."""
    script = [
        says(("list_holes", {"covergroup": "pressure"}), ("read_rtl", {"name": "no_such_module"}), text="Let me look."),
        says(("run_tests", {"tests": [WIDE]}), ("claim_unreachable", {"bin": DECOY, "argument": LONG})),
        says(
            ("claim_unreachable", {"bin": "row.updates.7", "argument": "I think not, because of " + ATTACK * 4}),
            ("report_bug", {"test": 0, "title": "A false alarm", "explanation": LONG}),
            ("run_tests", {"tests": [{**WIDE, "seed": 9}]}),
        ),
        ok("I am done."),
    ]  # fmt: skip
    room = rooms / "tooled"
    room.mkdir()
    with open_tool_benches(design) as benches:
        bench = benches(decoys=1)
        run = play(bench, script, room).run
        asked = {"decoys": (DECOY,), "agent_options": AgentOptions(decoys=4)}
        known = replace(run, header=run.header.model_copy(update=asked))
        score, reports = judge_run(known, design, design, bench.plan, find_simulator("icarus"), ())
    judged = known.header.model_copy(update={"claims": score, "bug_reports": reports})
    (room / "run.json").write_text(judged.model_dump_json())
    return room


@pytest.fixture(scope="session")
def page(tooled: Path) -> Page:
    return parse(write_report(tooled).read_text(encoding="utf-8"))


def test_every_call_stands_with_its_arguments_its_answer_and_what_the_reply_cost(page: Page) -> None:
    text = " ".join(page.text.split())
    assert "Reply with 2 calls 100 tokens in, 10 out, price unknown" in text
    assert 'list_holes {"covergroup": "pressure"}' in text
    assert "===== BEGIN holes 0 to" in text
    assert 'read_rtl {"name": "no_such_module"} ✗ refused' in text
    assert "ERROR: " in text
    assert "Let me look." in text
    assert text.count("run_tests ") >= 3
    assert "221 new bins" in text  # what the tests did stands in the line of the next turn
    assert "no answer in the record" in text or "characters" in text


def test_what_each_tool_was_used_for_is_summed_up(page: Page, tooled: Path) -> None:
    uses = [use for line in turn_lines(tooled) for use in line.get("tool_uses", ())]
    assert "Calls of tools" in page.text
    text = " ".join(page.text.split())
    refused = [use["name"] for use in uses if use.get("error")]
    assert refused == ["read_rtl"]
    assert "claim_unreachable 2 0" in text
    assert "read_rtl 1 1" in text


def test_claims_and_reports_stand_with_verdict_and_reason(page: Page) -> None:
    text = " ".join(page.text.split())
    assert "precision 0.50 1 right, 1 wrong" in text
    assert "recall 1.00 of 1 decoy (4 asked for)" in text
    assert f"{DECOY} turn 1 ✓ right {LONG} the plan argues: " in text
    assert "✗ wrong" in text
    assert "hits it" in text
    assert "A false alarm test 0" in text
    assert "✗ the test fails no check" in text
    assert "it fails no check" in text
    assert any(link["href"] == "#tools" for link in page.all("a"))


def test_what_the_model_wrote_stays_text(page: Page) -> None:
    names = {tag for tag, _ in page.tags}
    assert not {"script", "img"} & names
    assert "<script>alert(1)</script>" in page.text


def test_a_run_without_tools_has_no_such_section(searched: Path) -> None:
    html = write_report(searched).read_text(encoding="utf-8")
    assert 'id="tools"' not in html


def test_hostile_names_verdicts_and_answers_stay_text(tooled: Path, tmp_path: Path) -> None:
    folder = copy_run(tooled, tmp_path / "run")
    lines = turn_lines(folder)
    for line in lines:
        for use in line.get("tool_uses", ()):
            use |= {"name": ATTACK, "error": ATTACK}
        for call in line.get("reply", {}).get("tool_calls", ()):
            call |= {"name": ATTACK, "arguments": ATTACK}
        for message in line.get("messages", ()):
            message["content"] = ATTACK
    write_lines(folder, lines)
    header = json.loads((folder / "run.json").read_text())
    for verdict in header["claims"]["verdicts"]:
        verdict |= {"why": ATTACK}
    reports = [{**one, "failure": ATTACK} for one in header["bug_reports"]]
    edit_header(folder, claims={**header["claims"], "refuted": [ATTACK]}, bug_reports=reports,
                structured={ATTACK: 3})  # fmt: skip
    page = parse(write_report(folder).read_text(encoding="utf-8"))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert page.text.count("<script>alert(1)</script>") > 15


def test_long_answers_are_shortened_and_say_so(tooled: Path, tmp_path: Path) -> None:
    folder = copy_run(tooled, tmp_path / "run")
    lines = turn_lines(folder)
    for line in lines:
        for message in line.get("messages", ()):
            if message["role"] == "tool":
                message["content"] = "long " * 4_000
    write_lines(folder, lines)
    html = write_report(folder).read_text(encoding="utf-8")
    assert "20,000 characters" in html
    assert "17,000 more characters in turns.jsonl" in html
    assert len(html) < 1_000_000


def test_claims_that_nobody_judged_say_so(tooled: Path, tmp_path: Path) -> None:
    folder = copy_run(tooled, tmp_path / "run")
    edit_header(folder, claims=None, bug_reports=None)
    text = parse(write_report(folder).read_text(encoding="utf-8")).text
    assert text.count("not judged") == 3
    assert "precision" not in text
