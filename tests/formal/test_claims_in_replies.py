"""A reply may claim that bins are unreachable; claims are read within bounds, recorded, judged and shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from formal_designs import write_steps
from hypothesis import given
from hypothesis import strategies as st
from in_process import CommandLine
from loopback import LoopbackServer, ok
from tool_script import body_of

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.tools.claims_and_reports import (
    LONGEST_ARGUMENT,
    LONGEST_NAME,
    MOST_CLAIMS,
    Claim,
    read_claims,
)
from dv_agent.coverage.certificates.data_model import Certificate, Verdict
from dv_agent.coverage.certificates.storage import FILE, input_hashes, write_certificate
from dv_agent.coverage.goal import plan_of

LOST, IDLE = "machine.state.lost", "machine.state.idle"
TEST = {"name": "one", "tracks": {"in": [{"beat": [{"data": 1}]}]}}


def test_claims_are_read_and_cut() -> None:
    assert read_claims({LOST: " no  way\nthere "}) == ((Claim(bin=LOST, argument="no way there"),), "")
    (one,), fault = read_claims({LOST: "x" * 10_000})
    assert (len(one.argument), fault) == (LONGEST_ARGUMENT, "")
    claims, fault = read_claims({f"a.b.c{number}": "why" for number in range(MOST_CLAIMS + 1)})
    assert len(claims) == MOST_CLAIMS
    assert "the first were taken" in fault


@pytest.mark.parametrize("data", [None, 7, "all", [], [LOST], {LOST: 1}, {LOST: ""}, {"": "why"}, {"a\n": "why"}])
def test_what_is_no_claim_is_told(data: object) -> None:
    assert read_claims(data) == ((), 'expected {"BIN": "why no test can hit it"}')


@given(st.dictionaries(st.text(max_size=300), st.one_of(st.text(max_size=600), st.integers(), st.none()), max_size=40))
def test_whatever_is_claimed_stays_within_bounds(data: dict[str, Any]) -> None:
    claims, _ = read_claims(data)
    assert len(claims) <= MOST_CLAIMS
    assert all(0 < len(one.bin) <= LONGEST_NAME and len(one.argument) <= LONGEST_ARGUMENT for one in claims)


def certified(folder: Path) -> Path:
    """The design `steps` with a certificate that calls `LOST` unreachable; whether a proof is made depends on yosys."""
    design = write_steps(folder / "steps")
    verdict = Verdict(id=LOST, subject="bin", outcome="unreachable", over_signals=True, method="pdr")
    write_certificate(
        design.path / FILE,
        Certificate(
            design="steps", goal="functional", hashes=input_hashes(design, plan_of(design)), tools=("Yosys",),
            assumptions=("none",), complete=True, verdicts=(verdict,),
        ),
    )  # fmt: skip
    return design.path


def run_json(folder: Path) -> dict[str, Any]:
    (run,) = (folder / "runs").iterdir()
    return dict(json.loads((run / "run.json").read_text()))


def test_a_claim_of_the_agent_llm_is_judged_by_the_certificate_and_shown(
    dv_agent_command: CommandLine, tmp_path: Path
) -> None:
    design = certified(tmp_path)
    claims = {LOST: "LOST has no way in", IDLE: "never", "machine.state.gone": "no such bin"}
    reply = json.dumps({"tests": [TEST], "unreachable": claims})
    with LoopbackServer([ok(reply)]) as server:
        line = ("run", "--design", str(design), "--model", "openai:any", "--base-url", server.url, "--max-calls", "2")
        done = dv_agent_command(*line)
        second = server.requests[1].body["messages"][-1]["content"]
    assert done.returncode == 0, done.stderr
    assert f"Said to be unreachable so far, which need not be said again: {LOST}, {IDLE}.\n" in second
    (folder,) = (tmp_path / "runs").iterdir()
    header = run_json(tmp_path)
    verdicts = {one["bin"]: (one["verdict"], one["why"]) for one in header["claims"]["verdicts"]}
    assert verdicts == {LOST: ("right", f"proved unreachable ({FILE})"), IDLE: ("wrong", "test 0 hits it")}
    assert header["claims"]["precision"] == 0.5
    (turn, *_) = read_run(folder).turns
    assert [(one.bin, one.argument) for one in turn.claims] == [(LOST, "LOST has no way in"), (IDLE, "never")]
    assert "no open bin has the name machine.state.gone" in " ".join(turn.errors)
    page = (folder / "report.html").read_text()
    assert "LOST has no way in" in page
    assert "1 right, 1 wrong" in done.stdout


def test_a_claim_of_the_agent_with_tools_is_judged_by_the_certificate(
    dv_agent_command: CommandLine, tmp_path: Path
) -> None:
    design = certified(tmp_path)
    steps = [
        body_of([("claim_unreachable", {"bin": LOST, "argument": "LOST has no way in from any state"})]),
        body_of([("run_tests", {"tests": [TEST]})]),
    ]
    with LoopbackServer([lambda one, _, body=body: one.send_json(200, body) for body in steps]) as server:
        line = ("run", "--design", str(design), "--agent", "tools", "--model", "openai:any", "--base-url", server.url)
        done = dv_agent_command(*line, "--max-calls", "2")
    assert done.returncode == 0, done.stderr
    (verdict,) = run_json(tmp_path)["claims"]["verdicts"]
    assert (verdict["verdict"], verdict["why"]) == ("right", f"proved unreachable ({FILE})")
