"""Every command works on a design of which there is nothing but RTL."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bare_designs import FIFO, PORTS, bare
from click.testing import Result
from loopback import LoopbackServer, ok
from typer.testing import CliRunner

from dv_agent.cli.main import app
from dv_agent.prompts.strategy import strategy_names

BEAT = {"tracks": {"s": [{"packet": [{"data": 7}, {"data": 255}]}], "m": [{"stall": 9}]}}
REPLY = f"Let me try.\n```json\n{json.dumps({'tests': [BEAT]})}\n```"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def dv(*words: object, code: int = 0, typed: str | None = None) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words], input=typed)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


@pytest.mark.parametrize("name", PORTS)
def test_every_strategy_renders_and_says_that_there_is_no_specification(tmp_path: Path, name: str) -> None:
    home = bare(tmp_path, name)
    for strategy in strategy_names():
        text = dv("prompts", "render", "--strategy", strategy, "--design", home).stdout
        assert "There is no specification of this design" in text
        assert f"module {name}" in text or f"{name} ({name}.v:1)" in text, strategy
        assert "the specification is right" not in text


def test_a_model_closes_bins_and_its_run_is_replayed_resumed_and_rescored(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    with LoopbackServer([ok(REPLY)]) as server:
        model = ("--model", "openai:m", "--base-url", server.url, "--max-calls", "2", "--retry-seconds", "0")
        done = dv("run", "--design", home, *model)
        (asked,) = [json.dumps(one.body) for one in server.requests[:1]]
    assert "There is no specification of this design" in asked
    assert "no check failed in 2 tests" in done.stdout
    (record,) = Path("runs").iterdir()
    assert dv("run", "--model", f"replay:{record}", "--design", home, "--out", "again", "-q").exit_code == 0
    header = json.loads((record / "run.json").read_text())
    assert dv("rescore", record, "--design", home).stdout.startswith(f"{header['bins_hit']}/{header['bins']} bins")
    assert dv("report", record, "--design", home).stdout.strip().endswith("report.html")
    resumed = dv("run", "--resume", record, "--design", home, "--max-calls", "2", "-q")
    assert "no check failed in 2 tests" in resumed.stdout


@pytest.mark.parametrize("agent", ["null", "random", "crv", "sweep", "search"])
def test_every_agent_without_a_model_plays_bare_designs(tmp_path: Path, agent: str) -> None:
    for name in ("tally", "lookup"):
        dv("run", "--design", bare(tmp_path, name), "--agent", agent, "--max-cycles", 600, "-q")


def test_a_test_by_hand_is_simulated(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    Path("mine.json").write_text(json.dumps(BEAT))
    told = dv("simulate", "mine.json", "--design", home, "--waves", "mine.fst").stdout
    assert "s_packets.length.2" in told
    assert Path("mine.fst").exists() or Path("mine.vcd").exists()


def test_a_broken_rule_is_triaged_and_shrunk_without_a_model(tmp_path: Path) -> None:
    # The payload changes while it waits, once in a while.
    broken = FIFO.replace("assign {m_last, m_data} = mem[rp[1:0]];",
                          "assign {m_last, m_data} = mem[rp[1:0]] ^ (wp == 3'd7);")  # fmt: skip
    home = bare(tmp_path, "fifo", broken)
    answer = json.loads(dv("run", "--design", home, "--max-cycles", 3000, "--json", code=1).stdout)
    (finding,) = answer["findings"]
    assert finding["failure"]["check"] == "stable"
    assert finding["shrunk_steps"] < finding["steps"]


def test_a_session_at_the_terminal(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    Path("reply.txt").write_text(REPLY)
    done = dv("iterate", "--design", home, "--session", "mine", typed="paste reply.txt\nholes\nexport\nquit\n")
    assert re.search(r"node 1: 1 test, \+\d+ bins .* no check failed", done.stdout)
