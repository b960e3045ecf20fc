"""A path of a session as a run: a replay goes a person's way, sees real divergence, and scores are the same."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from loopback import LoopbackServer, ok
from session_help import LENGTHS, WIDE, reply, rows
from turn_lines import turn_lines
from typer.testing import CliRunner

from dv_agent.agents.models.chat_model import Message
from dv_agent.agents.session.model_call import ScriptedCaller
from dv_agent.agents.session.opening import SessionRequest, export_run, open_session
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.cli.main import app
from dv_agent.errors import ModelFailure, UsageError
from dv_agent.eval.report.output import write_report


def handmade(session: PromptSession) -> None:
    """A path with everything that a person may do on the way."""
    session.send()
    session.set_strategy("llm4dv-history")
    session.set_option("values", "all")
    session.edit_template("parts/ask", "ASK FOR {{ tests }} TESTS\n")
    session.send()
    session.set_option("tests", "2")
    session.set_sampling({"context_tokens": "24000"})
    session.edit_part("ask", "ONE TEST, PLEASE\n")
    session.branch("pasted")
    session.paste(reply(rows(1, 2, stall=4), {"tracks": {"in": [{"nonsense": 1}]}}))
    session.undo()
    session.goto(2)
    session.edit_part("ask", "BY HAND, AND SENT\n")
    session.send()
    session.paste(reply(rows(-5, 7, exponent=3)))
    session.send()


def played(run: Path) -> list[Any]:
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    return [test["test"] for line in lines for test in line.get("tests", ())]


def header(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "run.json").read_text()))


def replay_of(run: Path, out: Path) -> Path:
    """The run that ``dv-agent run --model replay:RUN`` writes, in this process."""
    done = CliRunner().invoke(app, ["run", "--model", f"replay:{run}", "-q", "--out", str(out)])
    if done.exception:
        raise done.exception
    (again,) = out.iterdir()
    return again


def rescored(run: Path) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["rescore", str(run), "--json"])
    assert done.exit_code == 0
    return dict(json.loads(done.stdout))


REPLIES = [WIDE, LENGTHS, reply(rows(3, 3, 3)), reply(rows(100, -100, exponent=-3), rows(0))]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("exported")
    wanted = SessionRequest(
        folder=home / "s", design="mxint_softmax", model={"model": "openai:any", "llm_seed": 4}, seed=9
    )
    with open_session(wanted, ScriptedCaller(REPLIES)) as session:
        handmade(session)
        run = export_run(session, home / "runs", write_report)
        assert header(run)["bins_hit"] == int(session.state().coverage.covered.sum())
        assert len(session.path()) == 6
    return run


def test_report_replay_and_rescore_accept_what_was_exported(exported: Path, tmp_path: Path) -> None:
    assert "BY HAND, AND SENT" in (exported / "report.html").read_text()
    assert CliRunner().invoke(app, ["report", str(exported)]).exit_code == 0
    second = replay_of(exported, tmp_path / "second")
    assert header(second)["stop_reason"] == "end_of_record"
    assert played(second) == played(exported)
    assert (second / "coverage.json").read_text() == (exported / "coverage.json").read_text()
    # What was replayed can be replayed: it carries what a person did.
    assert played(replay_of(second, tmp_path / "third")) == played(exported)
    answer = rescored(exported)
    assert (answer["bins_hit"], answer["different_tests"]) == (header(exported)["bins_hit"], [])


@pytest.mark.parametrize("key", ["rendered", "messages"])
def test_a_real_divergence_is_seen_behind_an_edit_by_hand(exported: Path, tmp_path: Path, key: str) -> None:
    other = tmp_path / "other"
    shutil.copytree(exported, other)
    lines = [json.loads(line) for line in turn_lines(other / "turns.jsonl")]
    for line in lines:
        if key == "rendered" and line.get("by_hand", {}).get("rendered"):
            sent = line["by_hand"]["rendered"][-1]
            sent["content"] = sent["content"].replace("# Progress", "# Advance")
        if key == "messages" and line["kind"] == "reply" and line["turn"] == 1:
            line["messages"][-1]["content"] = line["messages"][-1]["content"].replace("ASK FOR", "ASKED FOR")
    (other / "turns.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    number, was = (2, "was '# Advance', is '# Progress'") if key == "rendered" else (1, "was 'ASKED FOR")
    with pytest.raises(ModelFailure, match=f"diverges at message {number}: .*{was}"):
        replay_of(other, tmp_path / "again")


def test_nothing_is_exported_where_nothing_was_done(tmp_path: Path) -> None:
    with open_session(SessionRequest(folder=tmp_path / "s", design="mxint_softmax"), ScriptedCaller([WIDE])) as session:
        session.branch("idle")
        with pytest.raises(UsageError, match="nothing to export"):
            session.export(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("agent", ["llm", "search"])
def test_a_session_begins_at_a_turn_of_a_run_and_its_export_holds_both(
    tmp_path: Path, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
    with LoopbackServer([ok(WIDE), ok(reply(rows(4))), ok(LENGTHS)]) as server:
        model = ["--model", "openai:m", "--base-url", server.url, "--max-calls", "3"]
        search = ["--agent", "search", "--max-cycles", "6000"]
        words = [*model, "--prompt-strategy", "llm4dv-history"] if agent == "llm" else search
        out = str(tmp_path / "first")
        done = CliRunner().invoke(app, ["run", "--design", "mxint_softmax", *words, "-q", "--out", out])
        assert done.exit_code == 0, done.stderr
        asked = [[Message.model_validate(one) for one in request.body["messages"]] for request in server.requests]
    (first,) = (tmp_path / "first").iterdir()
    turns = 2 if agent == "llm" else 1
    wanted = SessionRequest(folder=tmp_path / "s", origin=first, turn=turns, budget={"cycles": 300_000, "calls": 60})
    caller = ScriptedCaller([LENGTHS, reply(rows(8))])
    with open_session(wanted, caller) as session:
        if agent == "llm":
            sent = session.render().messages
            now, then = (
                [line for one in messages for line in one.content.split("\n")] for messages in (sent, asked[2])
            )
            differing = [(a, b) for a, b in zip(now, then, strict=True) if a != b]
            assert [("Budget left" in a, "Budget left" in b) for a, b in differing] == [(True, True)]
        else:
            session.set_sampling({"model": "openai:m"})
        session.set_option("tests", "4")
        session.send()
        session.paste(reply(rows(6, 6)))
        before = session.state()
    with open_session(SessionRequest(folder=tmp_path / "s"), caller) as session:
        assert session.state().coverage.hits.tolist() == before.coverage.hits.tolist()
        run = export_run(session, tmp_path / "runs", write_report)
    assert header(run)["turns"] == turns + 2
    again = replay_of(run, tmp_path / "again")
    assert (again / "coverage.json").read_text() == (run / "coverage.json").read_text()
    assert rescored(run)["different_tests"] == []


def test_structured_output_that_brings_nothing_is_asked_again_in_plain_text_and_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
    with LoopbackServer([ok(""), ok(WIDE), ok(LENGTHS)]) as server:
        model = {"model": "openai:m", "base_url": server.url}
        wanted = SessionRequest(folder=tmp_path / "s", design="mxint_softmax", strategy="structured", model=model)
        with open_session(wanted) as session:
            first, second = session.send(), session.send()
            assert [one.turn.structured for one in (first, second) if one.turn] == ["empty", "given"]
            assert (first.turn.usage.calls if first.turn else 0, session.spent.calls) == (2, 3)
            session.paste(reply(rows(1)))
            nodes = session.nodes
        assert ["response_format" in request.body for request in server.requests] == [True, False, True]
        with open_session(SessionRequest(folder=tmp_path / "s")) as session:
            assert session.nodes == nodes
            run = export_run(session, tmp_path / "runs", write_report)
        assert len(server.requests) == 3
    again = replay_of(run, tmp_path / "again")
    assert (again / "coverage.json").read_text() == (run / "coverage.json").read_text()
