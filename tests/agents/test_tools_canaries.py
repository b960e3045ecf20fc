"""Strings planted in witnesses, seeded bugs and the reference model reach no message and no result of a tool."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from loopback import LoopbackServer
from tool_script import LONG, WIDE, Call, says
from tool_session import open_tool_benches, play

from dv_agent.designs.loader import find_design, load_design

HIDDEN = ("witness", "buglist", "patch", "modelcomment", "modeltext", "modelname", "modeltable", "readme", "argument")
SHOWN = ("specification", "rtl", "plan", "schema")


def canary(kind: str) -> str:
    return f"zq{kind}canary"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the design with a canary in every kind of file."""
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    witnesses = home / "witnesses/witnesses.json"
    data: dict[str, Any] = json.loads(witnesses.read_text())
    for test in data["tests"]:
        test["name"] = test["note"] = canary("witness")
    witnesses.write_text(json.dumps(data))
    append(home / "bugs/bugs.yaml", f"# {canary('buglist')}\n")
    for patch in (home / "bugs").glob("*.patch"):
        append(patch, f"# {canary('patch')}\n")
    append(home / "model.py", MODEL)
    append(home / "README.md", canary("readme"))
    append(home / "spec.md", f"\n{canary('specification')}\n")
    append(home / "rtl/bit_length.v", f"// {canary('rtl')}\n")
    edit(home / "plan.yaml", "Whole rows", f"Whole rows {canary('plan')}")
    edit(home / "plan.yaml", "with both sums of the queue waiting", canary("argument"))
    edit(home / "stimulus.yaml", "Reset pulses;", f"Reset pulses {canary('schema')};")
    return home


MODEL = f"""

# {canary("modelcomment")}
_{canary("modelname")} = observe


def observe(trace):
    \"\"\"{canary("modeltext")}\"\"\"
    seen = _{canary("modelname")}(trace)
    seen.tables["{canary("modeltable")}"] = seen.tables["row"]
    return seen
"""


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def everything(modules: list[str]) -> list[list[Call]]:
    """Calls that ask every tool for all that it has, and for what it must not have."""
    sections: list[Call] = [("read_specification", {"section": one}) for one in ("1", "2", "3", "4", "5", "6", "7")]
    rtl: list[Call] = [("read_rtl", {"name": one}) for one in modules]
    files = ("model.py", "bugs.yaml", "witnesses.json", "../model.py", "README.md", "plan.yaml", "bugs/S2.patch", "..")
    forbidden: list[Call] = [("read_rtl", {"name": one}) for one in files]
    forbidden += [("read_specification", {"section": one}) for one in ("../README.md", "bugs", "witnesses")]
    groups = ("row", "pressure", "block", "lanes", "reset")
    holes: list[Call] = [("list_holes", {"covergroup": one}) for one in groups]
    holes += [("explain_hole", {"bin": one}) for one in ("row.lengths.falling", "pressure.packed.x", "row.length.8")]
    waves: list[Call] = [("show_waveform", {"test": 0, "signals": [one]}) for one in ("in_mant", "no_such_pin")]
    traces: list[Call] = [("trace_signal", {"signal": one}) for one in ("in_ready", "out_mant", "total", "observe")]
    claims: list[Call] = [
        ("claim_unreachable", {"bin": "row.updates.7", "argument": LONG}),
        ("report_bug", {"test": 0, "title": "a false alarm", "explanation": LONG}),
    ]
    runs: list[Call] = [("run_tests", {"tests": [WIDE, {"tracks": {"inn": [{"idle": 1}]}}]})]
    return [
        [("read_rtl", {})], sections, rtl[:6], rtl[6:], forbidden, holes, runs, waves + traces, holes, claims,
        [("finish", {"reason": "done"})],
    ]  # fmt: skip


def test_hidden_files_reach_no_message_and_shown_ones_do(home: Path, tmp_path: Path) -> None:
    folder = load_design(home)
    modules = [file.stem for file in sorted((home / "rtl").glob("*.v"))]
    record = tmp_path / "record"
    record.mkdir()
    with open_tool_benches(folder) as benches:
        script = [says(*calls) for calls in everything([*modules, "bit_length.v"])]
        session = play(benches(decoys=1), script, record, context_tokens=200_000)
    assert len(session.server.requests) == len(script)
    sent = "\n".join(json.dumps(request.body) for request in session.server.requests)
    told = "\n".join([sent, (record / "turns.jsonl").read_text(), *map(repr, session.state.last)])
    assert canary("modeltext") in str(folder.model.observe.__doc__)
    assert [kind for kind in HIDDEN if canary(kind) in told] == []
    assert [kind for kind in SHOWN if canary(kind) not in sent] == []
    assert str(tmp_path) not in sent
    errors = [error for _, error in session.uses if error]
    assert sum("unknown module or file" in error for error in errors) == 8
    assert sum("unknown section" in error for error in errors) == 3


def test_no_tracing_of_the_environment_takes_dialogues_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LoopbackServer([lambda handler, body: handler.send_json(200, {})]) as spy:
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", spy.url)
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_pt_0123456789")
        with open_tool_benches(find_design("mxint_softmax")) as benches:
            play(benches(), [says(("read_rtl", {})), says(("finish", {"reason": "x"}))], tmp_path)
        assert spy.requests == []
