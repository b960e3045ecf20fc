"""`dv-agent run --agent tools` as a real process against a loopback server, through the real SDK."""

import hashlib
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from command import call, start
from loopback import Body, LoopbackServer
from tool_script import LONG, WIDE, Call, follows, says, told
from tool_session import open_tool_benches, play

from dv_agent.agents.budget import Budget
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design
from dv_agent.eval.report.data.load_run import load_run

KEY = "sk-very-secret-0123456789"
DECOY = "pressure.packed.eight+queue_full+no_pause+no_gap+eight_beats"
RISING = {"name": "rising", "tracks": {"in": [{"row": [{"e": 3, "m": [-23, -26]}, {"e": 3, "m": [58, 88]}]}]}}
"""Fails with the bug S1b, and hardly shrinks."""
PLACE = {"module": "row_accumulator", "signals": ["shift_cap"]}
CALLS, KILLS = 14, 2


def words(server: LoopbackServer, *more: str) -> tuple[str, ...]:
    common = ("run", "--design", "mxint_softmax", "--agent", "tools", "--model", "openai:test-model")
    return (*common, "--base-url", server.url, "-q", *more)


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


def lines_of(run: Path) -> list[dict[str, Any]]:
    path = run / "turns.jsonl"
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []


@dataclass(frozen=True)
class Reported:
    """A run that made two reports and two claims, what its command printed, and what its model was sent."""

    run: Path
    done: CompletedProcess[str]
    sent: list[Body]


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    folder = tmp_path_factory.mktemp("reported")
    script = [
        says(("list_holes", {"covergroup": "pressure"}), ("run_tests", {"tests": [WIDE, RISING]})),
        says(
            ("report_bug", {"test": 1, "title": "The sum keeps too much", "explanation": LONG, **PLACE}),
            ("report_bug", {"test": 0, "title": "A false alarm", "explanation": LONG}),
            ("claim_unreachable", {"bin": DECOY, "argument": LONG}),
            ("claim_unreachable", {"bin": "row.updates.7", "argument": LONG}),
            ("finish", {"reason": "done"}),
        ),
    ]
    with LoopbackServer(script) as server:
        done = call(*words(server, "--bug", "S1b", "--decoys", "4"), cwd=folder, env={"OPENAI_API_KEY": KEY})
    assert done.returncode == 1, done.stderr
    return Reported(only_run(folder), done, [request.body for request in server.requests])


def test_a_bug_report_is_confirmed_a_false_one_is_not_and_claims_are_scored(reported: Reported) -> None:
    run, done = reported.run, reported.done
    assert "FAILED CHECKS" in told(reported.sent[1])[1]
    header = json.loads((run / "run.json").read_text())
    assert [(one["test"], one["confirmed"]) for one in header["bug_reports"]] == [(1, True), (0, False)]
    assert header["bug_reports"][0]["failure"].startswith("value on out in cycle")
    assert header["decoys"] == [DECOY]
    assert (header["claims"]["precision"], header["claims"]["recall"], header["claims"]["wanted"]) == (0.5, 1.0, 4)
    assert (header["agent_options"], header["strategy"]) == ({"bug": "S1b", "decoys": 4}, "")
    assert "claims of unreachable bins: 1 right, 1 wrong, 0 undecided · precision 0.50" in done.stdout
    assert "recall 1.00 of 1 decoys (4 were asked for)" in done.stdout
    assert "bug reports: 1 of 2 right, in their failing test and in the place they name" in done.stdout
    assert "test 1, The sum keeps too much [row_accumulator shift_cap]: failing test, right place" in done.stdout
    assert "test 0, A false alarm: the test fails no check" in done.stdout
    assert [one["outcome"] for one in header["bug_reports"]] == ["right", "no_failure"]
    shown = load_run(run)
    assert len(shown.turns) == 2
    first = shown.reports[0]
    assert (first.place, first.right) == ("row_accumulator shift_cap", True)
    assert first.outcome == "failing test, right place"
    everything = "".join(file.read_text(errors="replace") for file in run.rglob("*") if file.is_file())
    assert KEY not in everything + done.stdout + done.stderr
    assert "S1b" not in json.dumps(reported.sent)


TESTS = [test.data() for test in load_witnesses(find_design("mxint_softmax"))]


def next_calls(body: Body) -> list[Call]:
    """A function of the dialogue alone, as a model at temperature 0 would be."""
    time.sleep(0.05)
    draw = random.Random(hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest())
    some: list[Call] = [
        ("list_holes", {"first": draw.randrange(40)}), ("read_rtl", {"name": "normaliser"}),
        ("show_waveform", {"test": draw.randrange(3), "first_cycle": draw.randrange(20)}),
        ("claim_unreachable", {"bin": DECOY, "argument": LONG}), ("trace_signal", {"signal": "out_valid"}),
    ]  # fmt: skip
    looks = draw.sample(some, 2)
    return [*looks, ("run_tests", {"tests": draw.sample(TESTS, 2)})] if draw.random() < 0.5 else looks


def outcome(run: Path) -> tuple[object, ...]:
    turns = [line for line in lines_of(run) if line["kind"] == "turn"]
    left = [(line.get("tests"), line.get("tool_uses"), line.get("claims"), line.get("errors")) for line in turns]
    header = json.loads((run / "run.json").read_text())
    figures = header["bins_hit"], header["tests"], header["spent"]["calls"], header["spent"]["tokens"]
    return left, figures, json.loads((run / "coverage.json").read_text())


def test_kill_and_resume_pays_for_no_reply_twice_and_ends_alike(tmp_path: Path) -> None:
    more, kills = ("--max-calls", str(CALLS), "--decoys", "1"), random.Random(5)
    (tmp_path / "unbroken").mkdir()
    with open_tool_benches(find_design("mxint_softmax")) as benches:
        unbroken = play(benches(decoys=1), [follows(next_calls)], tmp_path / "unbroken", Budget(calls=CALLS))
    dialogues = [json.dumps(request.body["messages"]) for request in unbroken.server.requests]
    with LoopbackServer([follows(next_calls)]) as server:
        process = start(*words(server, *more), cwd=tmp_path)
        for kill in range(KILLS):
            wanted = (kill + 1) * CALLS // (KILLS + 1)
            while len(server.requests) < wanted:
                time.sleep(0.01)
            time.sleep(kills.uniform(0.0, 0.15))
            process.kill()
            process.communicate()
            process = start("run", "--resume", str(only_run(tmp_path)), "-q", cwd=tmp_path)
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors
        asked = [json.dumps(request.body["messages"]) for request in server.requests]
    run = only_run(tmp_path)
    replies = [line for line in lines_of(run) if line["kind"] == "reply"]
    assert len(replies) == CALLS
    assert set(asked) == set(dialogues)
    assert len(asked) <= CALLS + KILLS  # a call under way when the process was killed is asked again, none other
    assert outcome(run) == outcome(tmp_path / "unbroken")
    assert json.loads((run / "run.json").read_text())["claims"]["recall"] == 1.0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--agent", "tools"), "the tools agent needs a model"),
        (("--agent", "random", "--decoys", "2"), "it needs --agent tools"),
    ],
)
def test_wrong_words_about_tools_are_one_message(tmp_path: Path, more: tuple[str, ...], message: str) -> None:
    done = call("run", "--design", "mxint_softmax", *more, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_replay_through_the_command_line_is_judged_alike_and_needs_no_network(
    tmp_path: Path, reported: Reported
) -> None:
    first = reported.run
    for more in ((), ("--reparse",)):
        done = call("run", "--model", f"replay:{first}", *more, "-q", "--out", f"again{len(more)}", cwd=tmp_path)
        assert done.returncode == 1, done.stderr
        (second,) = (tmp_path / f"again{len(more)}").iterdir()
        old, new = (json.loads((run / "run.json").read_text()) for run in (first, second))
        for key in ("claims", "bug_reports", "decoys", "bins_hit", "tests", "stop_reason", "design", "agent"):
            assert new[key] == old[key], key
        assert (second / "coverage.json").read_text() == (first / "coverage.json").read_text()
        assert (new["agent_options"]["bug"], new["agent_options"]["replay"]) == ("S1b", first.name)
    refused = call("run", "--model", f"replay:{first}", "--decoys", "2", cwd=tmp_path)
    assert (refused.returncode, "leave --decoys out" in refused.stderr) == (2, True)
