"""`dv-agent run --track` and `dv-agent eval --track` against a loopback server."""

import json
from pathlib import Path

from in_process import CommandLine
from loopback import LoopbackServer, ok

WIDE = {"name": "wide", "seed": 1, "tracks": {"in": [{"random": {"count": 60}}], "out": [{"random": {}}]}}
REPLY = "```json\n" + json.dumps({"tests": [WIDE]}) + "\n```"
MODEL = ("--model", "openai:test-model", "--base-url")


def only(folder: Path, below: str) -> Path:
    (found,) = folder.glob(below)
    return found


def test_a_blind_run_goes_on_when_all_is_covered_and_resumes(tmp_path: Path, dv_agent_command: CommandLine) -> None:
    with LoopbackServer([ok(REPLY)]) as server:
        words = ("run", "--design", "mxint_gelu", "--track", "blind", *MODEL, server.url, "-q")
        done = dv_agent_command(*words)
        assert done.returncode == 0, done.stderr
        run = only(tmp_path, "runs/*")
        header = json.loads((run / "run.json").read_text())
        assert (header["track"], header["budget"]["cycles"], header["budget"]["calls"]) == ("blind", 50_000, 4)
        assert (header["spent"]["calls"], header["stop_reason"]) == (4, "budget:calls")
        prompts = [request.body["messages"] for request in server.requests]
        more = dv_agent_command("run", "--resume", str(run), "--max-calls", "5", "-q")
        assert more.returncode == 0, more.stderr
        assert len(server.requests) == 5
    said = "\n".join(message["content"] for messages in prompts for message in messages)
    assert "Holes by family" not in said
    assert "bins" not in said.replace("combinations", "")
    again = dv_agent_command("prompts", "render", "--run", str(run), "--turn", "1")
    assert prompts[1][-1]["content"].splitlines()[-1] in again.stdout
    replayed = dv_agent_command("run", "--model", f"replay:{run}", "-q")
    assert replayed.returncode == 0, replayed.stderr
    tools = dv_agent_command(*words, "--agent", "tools")
    assert tools.returncode == 2
    assert "--track blind is played by --agent llm, not by tools" in tools.stderr
    for wrong, why in ((("--target", "90"), "--target tells of the plan"), (("--patience", "3"), "--patience tells")):
        refused = dv_agent_command(*words, *wrong)
        assert refused.returncode == 2
        assert why in refused.stderr


def test_an_evaluation_on_a_track_verifies_and_mixes_with_no_other(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    with LoopbackServer([ok(REPLY)]) as server:
        words = (
            "eval",
            "--design",
            "mxint_softmax",
            "--no-floors",
            "--seeds",
            "1",
            "--kill-seeds",
            "0",
            *MODEL,
            server.url,
        )
        room = ("--max-cycles", "9000", "--out", str(tmp_path / "evals"), "--quiet")
        done = dv_agent_command(*words, "--track", "rtl", "--context-tokens", "64000", *room)
        assert done.returncode == 0, done.stderr
        mixed = dv_agent_command(*words, "--context-tokens", "64000", *room)
    assert mixed.returncode == 2
    assert "another" in mixed.stderr
    assert "track" in mixed.stderr
    board = json.loads((tmp_path / "evals/leaderboard.json").read_text())
    (row,) = board["rows"]
    assert {"at_calls_1", "at_calls_4", "hard_at_calls_4", "log_area_calls", "at_cycles_5000"} <= set(row["figures"])
    page = (tmp_path / "evals/leaderboard.html").read_text()
    assert "Track rtl" in page
    assert "hard bins hit after 4 calls" in page
    assert "Track rtl, in percent" in (tmp_path / "evals/leaderboard.md").read_text()
    evaluation = json.loads((tmp_path / "evals/evaluation.json").read_text())
    assert evaluation["identity"]["track"] == "rtl"
    assert evaluation["identity"]["budget"]["calls"] == 4
    verified = dv_agent_command("verify", str(tmp_path / "evals"))
    assert verified.returncode == 0, verified.stdout + verified.stderr
