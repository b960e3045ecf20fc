"""Options that a command would pass over are refused, so that nobody believes that they did something."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command import CODE, environment
from in_process import CommandLine

from dv_agent import __version__
from dv_agent.agents.records.shipped_replies import read_recorded
from dv_agent.agents.runs.kept_options import require_kept
from dv_agent.agents.runs.request import RunRequest
from dv_agent.errors import UsageError
from dv_agent.prompts.unnoticed import Unnoticed

DESIGN = "mxint_gelu"


@pytest.fixture
def dv_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


def test_a_run_that_goes_on_keeps_what_its_record_holds(dv_agent: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--design", DESIGN, "--agent", "random", "--seed", "0", "--simulator", "icarus")
    record = json.loads(dv_agent("run", *words, "--max-cycles", "300", "--json").stdout)["record"]
    before = (Path(record) / "run.json").read_text()
    refused = [
        ("--agent", "search", "has random"), ("--seed", "7", "has 0"), ("--bug", "G1", "has none"),
        ("--track", "hunt", "has closure"), ("--simulator", "native", "has icarus"),
        ("--goal", "code", "has functional"),
        ("--out", "elsewhere", "keeps its own"), ("--prompt-strategy", "plain", "keeps its own"),
        ("--patience", "3", "keeps its own"), ("--temperature", "1", "keeps its own"),
    ]  # fmt: skip
    for option, value, told in refused:
        done = dv_agent("run", "--resume", record, option, value)
        assert done.returncode == 2, option
        assert option in done.stderr
        assert f"the run that goes on {told}" in done.stderr, option
    assert "--bug G1: the run that goes on" in dv_agent("mcp", "--resume", record, "--bug", "G1").stderr
    assert (Path(record) / "run.json").read_text() == before
    monkeypatch.setenv("DV_AGENT_SEED", "7")  # meant for new runs
    more = dv_agent("run", "--resume", record, *words, "--max-cycles", "600", "--json")
    assert more.returncode == 0, more.stderr
    assert json.loads(more.stdout)["run"]["spent"]["cycles"] == 600


def test_a_replay_keeps_the_budget_of_its_record(dv_agent: CommandLine) -> None:
    for option, value in (
        ("--max-cycles", "100"), ("--target", "50"), ("--seed", "99"), ("--timeout", "9"), ("--cache", "replies"),
        ("--base-url", "http://127.0.0.1:9/v1"),
    ):  # fmt: skip
        done = dv_agent("run", "--model", "replay:mxint_softmax", option, value)
        assert done.returncode == 2, option
        assert f"{option}" in done.stderr
        assert "the run that is replayed" in done.stderr


def test_a_run_that_goes_on_is_told_of_no_other_mutants() -> None:
    change = Unnoticed(place="gelu.sv:3", change="> for >=", missing="check")
    header = read_recorded("mxint_softmax").header
    require_kept(RunRequest(DESIGN, unnoticed=(change,)), header, resumed=True)  # from the environment
    asked = RunRequest(DESIGN, unnoticed=(change,), given=frozenset({"mutants"}))
    with pytest.raises(UsageError, match="--mutants: the run that goes on holds what was told"):
        require_kept(asked, header, resumed=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("prompts", "render", "--design", DESIGN, "--turn", "3"), "--turn is one of a run"),
        (("export", "run", "x.json", "--as", "junit", "--design", DESIGN), "--design: nothing of a design"),
        (("export", DESIGN, "x.hjson", "--as", "testplan", "--no-kills"), "--no-kills is for --as cocotb"),
        (("mutate", "--resume", "x", "--count", "300"), "--count: the campaign that goes on keeps its own"),
        (("mutate", "--resume", "x", "--tests", "witnesses"), "--tests: the campaign that goes on keeps its own"),
        (("mutate", "--design", DESIGN, "--survivors-of", "x", "--count", "9"), "those of the earlier campaign"),
        (("verify", "evaluation/nothing"), "no evaluation, hunt, written plan or run is in this folder"),
        (("init", "nowhere.v"), "nowhere.v: no such file"),
        (("init", "evaluation"), "evaluation: a folder, not a file"),
        (("mutate", "--design", DESIGN, "--seed", str(1 << 64)), "Invalid value for '--seed'"),
        (("eval", "accelerators", "--seeds", "1001"), "Invalid value for '--seeds'"),
        (("rescore", "evaluation", "--design", DESIGN), "--design is for a run"),
    ],
)
def test_an_option_without_a_meaning_here_is_refused(
    dv_agent: CommandLine, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation/evaluation.json").write_text("{}")
    done = dv_agent(*words)
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--seed", str(1 << 64), "Invalid value for '--seed'"),
        ("--max-cycles", str(1 << 53), "--max-cycles: too large"),
        ("--max-seconds", "inf", "--max-seconds: "),
        ("--max-usd", "inf", "--max-usd: "),
    ],
)
def test_a_value_that_no_record_can_hold_is_refused_and_leaves_no_folder(
    dv_agent: CommandLine, tmp_path: Path, option: str, value: str, told: str
) -> None:
    done = dv_agent("run", "--design", DESIGN, "--agent", "null", option, value)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert not list(tmp_path.glob("runs/*"))


def test_a_folder_that_was_deleted_under_the_program_is_told(tmp_path: Path) -> None:
    line = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-c", CODE, "--version"], cwd=tmp_path, env=environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "has been deleted; change into another one" in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_takes_nothing_and_breaks_nothing(tmp_path: Path, closed: str) -> None:
    line = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-c", CODE, "--version"], cwd=tmp_path, env=environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("" if " >" in f" {closed}" else f"dv-agent {__version__}\n")
