"""A run that checked nothing says so, wherever anybody looks, and never exits as if all were well."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from command import environment
from loopback import Behaviour, LoopbackServer, ok
from turn_lines import turn_lines
from typer.testing import CliRunner

from dv_agent.agents.records.reader import read_run
from dv_agent.cli.main import app
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design
from dv_agent.errors import DvAgentError, ExitCode

DESIGN = "mxint_gelu"
SILENT: dict[str, tuple[Behaviour, str]] = {
    "empty": (ok(""), "the reply was empty"),
    "only a field of thoughts": (ok(None, reasoning_content="hmm"), "held thinking only"),
    "thoughts without an end": (ok("<think>hmm"), "held thinking only"),
    "calls as text": (ok('<tool_call>{"name": "run_tests"}</tool_call>'), "calls of tools as text"),
    "cut": (ok("", finish_reason="length"), "finish_reason length"),
    "filtered": (ok("", finish_reason="content_filter"), "finish_reason content_filter"),
    "ended by an error": (ok("half", finish_reason="error"), "finish_reason error"),
    "refused": (ok(None, refusal="I will not."), "the model refused to answer: I will not."),
    "prose": (ok("No tests today."), "no test in the reply"),
    "no such track": (ok('{"tests": [{"tracks": {"nowhere": [{"idle": 1}]}}]}'), "nowhere"),
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def dv(*words: object, typed: str | None = None) -> Result:
    """``dv-agent <words>`` within this process, so that LangChain is loaded once."""
    result = CliRunner().invoke(app, [str(word) for word in words], input=typed)
    if isinstance(result.exception, DvAgentError):
        result.exit_code = result.exception.exit_code
    elif result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run(server: LoopbackServer, *more: str) -> Result:
    model = ("--model", "openai:m", "--base-url", server.url, "--max-calls", "1", "--retry-seconds", "0")
    return dv("run", "--design", DESIGN, *model, "-q", *more)


def only_run() -> Path:
    (found,) = Path("runs").iterdir()
    return found


def header(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "run.json").read_text()))


@pytest.mark.parametrize("name", SILENT)
def test_a_silent_reply_ends_with_its_reason_and_a_code_of_its_own(name: str) -> None:
    behaviour, why = SILENT[name]
    with LoopbackServer([behaviour]) as server:
        done = run(server)
    assert done.exit_code == ExitCode.NOTHING_CHECKED == 6
    assert "all checks passed" not in done.output
    assert why in done.stdout
    assert why in done.stderr
    folder = only_run()
    assert why in header(folder)["nothing_checked"]
    page = (folder / "report.html").read_text()
    assert "nothing was checked: " in page
    assert "all checks passed" not in page
    assert (header(folder)["turns"], header(folder)["tests"]) == (1, 0)


def test_the_reason_stands_in_json_and_outlives_resuming_replaying_and_rescoring() -> None:
    why = "the reply was empty"
    with LoopbackServer([ok("")]) as server:
        said = json.loads(run(server, "--json").stdout)
        assert said["run"]["nothing_checked"] == why
        assert said["run"]["spent"]["usd"] is None
        folder = only_run()
        resumed = dv("run", "--resume", folder, "--max-calls", "2", "-q")
        assert (resumed.exit_code, len(server.requests)) == (6, 2)
        assert why in resumed.stdout
    replayed = dv("run", "--model", f"replay:{folder}", "--out", "again", "-q")
    assert replayed.exit_code == 6
    assert why in replayed.stdout
    rescored = dv("rescore", folder, "--json")
    assert rescored.exit_code == 6
    assert json.loads(rescored.stdout)["nothing_checked"] in rescored.stderr


def test_one_test_is_enough_and_prices_that_nobody_knows_are_null() -> None:
    test = load_witnesses(find_design(DESIGN))[0].data()
    with LoopbackServer([ok(""), ok("Mine:\n" + json.dumps({"tests": [test]}))]) as server:
        done = run(server, "--max-calls", "2")
    assert done.exit_code == 0
    assert "all checks passed in 1 test\n" in done.stdout
    assert "0.0000" not in done.stdout
    head = header(only_run())
    assert (head["nothing_checked"], head["tests"]) == ("", 1)
    lines = [json.loads(line) for line in turn_lines(only_run() / "turns.jsonl")]
    turns = [line for line in lines if line["kind"] == "turn"]
    assert [one["usage"]["usd"] for one in turns] == [None, None]
    assert [one["spent"]["unpriced"] for one in turns] == [1, 2]
    assert (head["spent"]["usd"], head["spent"]["unpriced"], head["unpriced_attempts"]) == (None, 2, 2)
    assert turns[0]["silence"] == "the reply was empty"
    assert "silence" not in turns[1]


def test_a_record_that_wrote_0_for_an_unknown_price_is_read_as_unknown() -> None:
    with LoopbackServer([ok("")]) as server:
        run(server)
    old = header(only_run())
    del old["nothing_checked"]
    old["spent"] = {name: value for name, value in old["spent"].items() if name != "unpriced"} | {"usd": 0.0}
    (only_run() / "run.json").write_text(json.dumps(old))
    read = read_run(only_run()).header
    assert (read.spent.usd, read.spent.known_usd, read.spent.unpriced) == (0.0, None, 1)
    assert read.model_dump(mode="json")["spent"]["usd"] is None


def test_tools_that_end_without_a_test_check_nothing() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "finish", "arguments": {"reason": "done"}}}
    with LoopbackServer([ok(None, finish_reason="tool_calls", tool_calls=[call])]) as server:
        done = run(server, "--agent", "tools", "--max-calls", "9")
        assert len(server.requests) == 1
    assert done.exit_code == 6
    assert "the model called finish before any test" in done.stdout


def test_a_file_without_a_test_checks_nothing(tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"tests": []}')
    done = dv("simulate", tmp_path / "none.json", "--design", DESIGN)
    assert done.exit_code == 6
    assert "holds no test" in done.stderr
    done = dv("simulate", tmp_path / "none.json", "--design", DESIGN, "--json")
    assert done.exit_code == 6
    assert "holds no test" in json.loads(done.stdout)["nothing_checked"]


def test_an_exported_session_that_checked_nothing_says_so() -> None:
    with LoopbackServer([ok("")]) as server:
        model = ("--model", "openai:m", "--base-url", server.url)
        done = dv("iterate", "--design", DESIGN, "--session", "mine", *model, typed="send\nexport\nquit\n")
    assert "NOTHING WAS CHECKED in it: the reply was empty" in done.stdout
    assert done.exit_code == 6
    assert header(only_run())["nothing_checked"] == "the reply was empty"


def test_a_silent_trial_is_told_by_the_evaluation_and_on_its_board() -> None:
    with LoopbackServer([ok("")]) as server:
        model = ("--model", "openai:m", "--base-url", server.url, "--retry-seconds", "0", "--max-calls", "1")
        rest = ("--design", "mxint_softmax", "--seeds", "1", "--no-floors", "--kill-seeds", "0", "--out", "mine")
        done = dv("eval", "accelerators", *model, *rest)
    assert done.exit_code == 0, done.output
    assert "1 trial CHECKED NOTHING" in done.stdout
    assert "the reply was empty" in done.stdout
    (record,) = Path("mine/trials").glob("*/trial.json")
    assert json.loads(record.read_text())["nothing_checked"] == "the reply was empty"
    assert "1 trial checked nothing, since no test was simulated" in Path("mine/leaderboard.html").read_text()


FAULTY = (
    "import dv_agent.cli.main as m\n"
    "def broken(path): raise KeyError('sk-a-secret-0123456789 \\x1b[31m')\n"
    "m.load_dotenv_upward = broken\n"
    "m.main()\n"
)


@pytest.mark.parametrize("shown", [False, True])
def test_a_fault_of_ours_has_its_own_code_and_a_file_with_its_traceback(tmp_path: Path, shown: bool) -> None:
    env = environment({"TMPDIR": str(tmp_path), **({"DV_AGENT_TRACEBACK": "1"} if shown else {})})
    done = subprocess.run(
        [sys.executable, "-c", FAULTY], capture_output=True, text=True, env=env, timeout=60, check=False
    )
    assert done.returncode == ExitCode.INTERNAL == 70
    assert "internal error: KeyError" in done.stderr
    assert ("Traceback" in done.stderr) is shown
    (file,) = tmp_path.glob("dv-agent-crash-*.txt")
    assert str(file) in done.stderr
    assert "Traceback" in file.read_text()
    assert "sk-a-secret" not in file.read_text()
