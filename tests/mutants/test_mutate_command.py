"""``dv-agent mutate`` as a process: what it prints, bad input, and that nothing survives Ctrl-C."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import pytest
from campaigns import COUNT, Campaign, Heard, edited
from command import call
from command import start as begin
from killing import below
from loopback import LoopbackServer, ok
from mutant_designs import tally

from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import load_design
from dv_agent.errors import BuildError, DvAgentError, InputFileError, UsageError
from dv_agent.eval.board.trials.metrics import figures_of
from dv_agent.eval.mutants.campaign import Wish, resume, start
from dv_agent.eval.mutants.data_model import Difference, Outcome
from dv_agent.eval.mutants.feedback import unnoticed_of
from dv_agent.eval.mutants.page import render
from dv_agent.eval.mutants.result_folder import OUTCOMES, read_result
from dv_agent.eval.mutants.summary import as_json
from dv_agent.eval.scoring.score import MutantCount
from dv_agent.eval.scoring.score_trial import score_records

SMALL = ("--count", "4", "--further-cycles", "500", "--jobs", "1")


def lines(folder: Path) -> int:
    file = folder / OUTCOMES
    return file.read_bytes().count(b"\n") if file.is_file() else 0


def test_ctrl_c_ends_everything_and_resume_goes_on(tmp_path: Path, build_cache: Path) -> None:
    home, folder = tally(tmp_path / "tally"), tmp_path / "out"
    env = {"DV_AGENT_CACHE": str(build_cache)}
    process = begin("mutate", "--design", str(home), *SMALL, "--out", str(folder), cwd=tmp_path, env=env)
    until = time.monotonic() + 100
    while lines(folder) < 1:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
    family = below(process.pid)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in words
    assert "Traceback" not in words
    while alive := [pid for pid in family if Path(f"/proc/{pid}/cmdline").exists() and is_running(pid)]:
        assert time.monotonic() < until, alive
        time.sleep(0.05)
    found = lines(folder)
    assert 1 <= found < 4
    again = ("--resume", str(folder), "--design", str(home), "--json", "--jobs", "1")
    done = call("mutate", *again, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["left"], len(read_result(folder).outcomes)) == (0, 4)
    assert answer == as_json(read_result(folder))
    assert "<h1>tally" in (folder / "report.html").read_text()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--count", "0"), "--count 0 tries nothing"),
        (("--tests", "nowhere"), "neither 'witnesses' nor random:BEATS, nor a run"),
        (("--resume", "."), "is no folder that `dv-agent mutate` wrote"),
        (("--simulator", "abacus"), "unknown simulator 'abacus'"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = call("mutate", "--design", str(tally(tmp_path / "tally")), *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def refusal(home: Path, room: Path, tests: str = "witnesses") -> DvAgentError:
    """What a campaign on a broken design ends with."""
    with pytest.raises(DvAgentError) as found:
        start(load_design(home), Wish("icarus", (tests,), 3, further_cycles=0), room, 1, Heard())
    return found.value


def test_no_tests_failing_tests_and_unreadable_rtl_are_told(tmp_path: Path) -> None:
    home = tally(tmp_path / "one")
    (tmp_path / "empty").mkdir()
    assert "no test in there" in str(refusal(home, tmp_path, str(tmp_path / "empty")))
    (home / "witnesses" / "witnesses.json").unlink()
    assert "the witnesses of tally: no test in there" in str(refusal(home, tmp_path))
    home = tally(tmp_path / "two")
    edited(home, "tally.v", "in_v + before", "in_v - before")
    assert "fails a check on the clean RTL" in str(refusal(home, tmp_path))
    home = tally(tmp_path / "three")
    edited(home, "tally.v", "endmodule", "assign = ;\nendmodule")
    assert isinstance(refusal(home, tmp_path), BuildError)
    assert not (tmp_path / "runs").exists()


def test_a_broken_record_is_one_error_with_its_place(finished: Campaign, tmp_path: Path) -> None:
    home = tmp_path / "copy"
    home.mkdir()
    for file in Path(finished.result.folder).iterdir():
        (home / file.name).write_bytes(file.read_bytes())
    whole = (home / OUTCOMES).read_bytes()
    for text, message in (
        (b'{"mutant": "m9999", "verdict": "killed"}\n', "names the mutant m9999"),
        (b'{"mutant": "m0000", "verdict": "alive"}\n', "not a line of this version"),
        (b"[]\n", "expected an object"),
    ):
        (home / OUTCOMES).write_bytes(whole + text)
        with pytest.raises(InputFileError, match=message):
            read_result(home)
    (home / "mutate.json").write_text("{}")
    with pytest.raises(InputFileError, match="design"):
        resume(None, lambda name: finished.design, home, 1, Heard())
    with pytest.raises(UsageError, match="is no folder"):
        read_result(tmp_path)


def test_the_page_escapes_rtl_and_tests_and_shows_every_mutant(finished: Campaign) -> None:
    first = finished.result.selection.mutants[0]
    nasty = first.model_copy(update={"diff": f"{first.diff}+// <script>alert(1)</script> \x1b[31m & \u202e\n"})
    selection = finished.result.selection.model_copy(
        update={"mutants": (nasty, *finished.result.selection.mutants[1:])}
    )
    page = render(finished.result.model_copy(update={"selection": selection}))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert all(f"<code>{mutant.id}</code>" in page for mutant, _ in finished.result.pairs())
    assert page.count('<details class="mutant"') == COUNT + len(selection.mutants) - len(selection.to_run)
    assert '<span class="minus">-' in page


def test_an_agent_is_told_what_would_not_be_noticed_and_its_run_records_it(finished: Campaign, tmp_path: Path) -> None:
    home = tmp_path / "mutants"
    shutil.copytree(finished.result.folder, home)
    (home / OUTCOMES).unlink()
    with pytest.raises(UsageError, match="no change of the RTL is different but unnoticed"):
        unnoticed_of(home, finished.design)
    first, second = finished.result.selection.to_run[:2]
    survivors = [
        Outcome(mutant=first.id, verdict="unnoticed", missing="check", difference=Difference(cycle=3, signals=("y",))),
        Outcome(mutant=second.id, verdict="unnoticed", missing="stimulus", hint="x" * 500),
    ]
    (home / OUTCOMES).write_text("".join(f"{one.model_dump_json()}\n" for one in survivors))
    told = unnoticed_of(home, finished.design)
    assert [one.missing for one in told] == ["stimulus", "check"]
    assert told[1].place == f"{first.change.source}:{first.change.line}"
    assert told[1].diff.startswith("-")
    other = load_design(tally(tmp_path / "other"))
    edited(other.path, "tally.v", "in_v + before", "before + in_v")
    with pytest.raises(UsageError, match="the RTL of tally changed since"):
        unnoticed_of(home, load_design(other.path))
    words = ("run", "--design", str(finished.design.path), "--mutants", str(home))
    done = call(*words, "--agent", "search", cwd=tmp_path)
    assert done.returncode == 2
    assert "only the agent llm reads a prompt" in done.stderr
    with LoopbackServer([ok("nothing to test")]) as server:
        model = ("--model", "openai:x", "--base-url", server.url, "--max-calls", "1", "-q")
        call(*words, *model, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-none"})
        sent = json.dumps([request.body for request in server.requests])
    assert "Changes of the RTL that would not be noticed" in sent
    assert told[1].place in sent
    (run,) = (tmp_path / "runs").iterdir()
    kept = json.loads((run / "run.json").read_text())["prompting"]["unnoticed"]
    assert [one["missing"] for one in kept] == ["stimulus", "check"]


def test_the_score_of_a_trial_counts_mutants_that_played_its_tests(finished: Campaign, tmp_path: Path) -> None:
    room = tmp_path / "trial"
    words = ("run", "--design", str(finished.design.path), "--agent", "random", "--max-cycles", "300")
    assert call(*words, "--out", str(tmp_path / "runs"), cwd=tmp_path).returncode == 0
    (made,) = (tmp_path / "runs").iterdir()
    shutil.copytree(made, room / "run")
    plan = plan_of(finished.design)
    assert score_records(room, plan).mutants is None
    wish = Wish("icarus", (str(room / "run"),), 3, further_cycles=0)
    result = start(finished.design, wish, tmp_path, 2, Heard(), into=room / "mutants")
    killed = sum(one.verdict == "killed" for one in result.outcomes)
    counted = sum(outcome.verdict != "equivalent" for _, outcome in result.pairs())
    score = score_records(room, plan)
    assert score.mutants == MutantCount(killed=killed, counted=counted)
    assert figures_of(score)["mutants"] == 100 * killed / counted
    settings = json.loads((room / "mutants" / "mutate.json").read_text())
    (room / "mutants" / "mutate.json").write_text(json.dumps(settings | {"turns_digest": "00"}))
    with pytest.raises(InputFileError, match="not played the tests of this trial"):
        score_records(room, plan)
