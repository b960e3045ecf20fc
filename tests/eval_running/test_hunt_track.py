"""The track `hunt`: one bug or none a trial, in an order that nobody sees; nothing that is sent tells which."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from in_process import CommandLine
from loopback import Body, LoopbackServer, status
from tool_script import LONG, WIDE, Call, follows, told
from turn_lines import turn_lines

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.schema import AgentOptions, RunHeader
from dv_agent.agents.runs.assembly import open_design, open_recorded
from dv_agent.agents.runs.progress import Unwatched
from dv_agent.agents.runs.request import RunRequest
from dv_agent.designs.loader import find_design
from dv_agent.designs.mutants.candidate import Candidate, Edit
from dv_agent.designs.mutants.changed_copy import changed_copy
from dv_agent.designs.mutants.find_candidates import find_candidates
from dv_agent.errors import UsageError
from dv_agent.eval.hunting.case_list import read_cases
from dv_agent.eval.hunting.hunt_score import HuntScore, TrialResult, hunt_score
from dv_agent.eval.hunting.play_hunt import play_hunt
from dv_agent.eval.verification.again.hunt_again import hunt_again

FAILING = {"row": [{"e": 3, "m": [-23, -26]}, {"e": 3, "m": [58, 88]}]}
RISING = {"name": "rising", "tracks": {"in": [{"row": [{"e": 3, "m": 1}]}, FAILING]}}
"""Fails with the bug S1b in its second row, and hardly shrinks."""
CASES = """\
schema_version: 1
cases:
  - {design: mxint_softmax, bug: S1b}
  - {design: mxint_softmax}
"""


def hunter(body: Body) -> list[Call]:
    """Runs two tests, reports the failing one, or raises an alarm on none, and ends."""
    results = told(body)
    if not results:
        return [("list_holes", {}), ("run_tests", {"tests": [WIDE, RISING]})]
    report: dict[str, Any] = {"title": "The sum is wrong", "explanation": LONG, "module": "row_accumulator"}
    report |= {"test": 1, "signals": ["shift_cap" if "FAILED" in results[-1] else "acc"]}
    return [("report_bug", report), ("finish", {"reason": "done"})]


def test_a_bug_is_found_with_its_place_and_an_alarm_on_clean_rtl_counts(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    (tmp_path / "cases.yaml").write_text(CASES)
    with LoopbackServer([follows(hunter)]) as server:
        words = ("hunt", "cases.yaml", "--seed", "3", "--model", "openai:x", "--base-url", server.url, "--json")
        done = dv_agent_command(*words)
        assert done.returncode == 0, done.stderr
        asked = len(server.requests)
        again = dv_agent_command(*words)
        assert again.stdout == done.stdout
        assert len(server.requests) == asked
        other = dv_agent_command(*words[:3], "4", *words[4:])
    assert other.returncode == 2 or read_cases(tmp_path / "cases.yaml", 3) == read_cases(tmp_path / "cases.yaml", 4)
    found = json.loads(done.stdout)
    score = found["score"]
    assert (score["bugs"], score["found"], score["shown"], score["clean"], score["alarmed"]) == (1, 1, 1, 1, 1)
    assert (score["calls"], score["wrong"]) == (2, 1)
    assert 0 < score["cycles"] < 50_000
    said = json.dumps([request.body for request in server.requests])
    assert [
        word for word in ("S1b", "bugs.yaml", "witness", "covergroup", "holes by", "claim_unreachable") if word in said
    ] == []
    first = [request.body for request in server.requests if not told(request.body)]
    assert first[0]["messages"] == first[1]["messages"]
    assert first[0]["tools"] == first[1]["tools"]
    assert {"find_cycles", "search_rtl", "report_bug"} <= {one["function"]["name"] for one in first[0]["tools"]}
    refused = [text for request in server.requests for text in told(request.body) if "unknown tool" in text]
    assert refused
    assert all("bins" not in text for request in server.requests for text in told(request.body))
    assert dv_agent_command("verify", "runs/hunt").stdout == "made again: 0 doubts\n"
    for path, old, new, why in FORGED:
        changed = forged(tmp_path / "runs/hunt", path, old, new)
        again = dv_agent_command("verify", "runs/hunt")
        assert (again.returncode, why in again.stdout) == (1, True), again.stdout + again.stderr
        (changed[0]).write_text(changed[1])
    assert dv_agent_command("verify", "runs/hunt").returncode == 0


def too_long(body: Body) -> list[Call]:
    """Uses up all cycles with a test that fails, wants more, reads, and reports only then."""
    results = told(body)
    if not results:
        return [("run_tests", {"tests": [RISING, WIDE]})]
    if len(results) == 1:
        return [("run_tests", {"tests": [WIDE]}), ("explain_failure", {"test": 0})]
    report = {"title": "The sum is wrong", "explanation": LONG, "module": "row_accumulator", "signals": ["shift_cap"]}
    return [("report_bug", {"test": 0, **report}), ("finish", {"reason": "done"})]


def test_a_bug_that_used_up_all_cycles_is_still_looked_into_and_reported(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    (tmp_path / "cases.yaml").write_text("schema_version: 1\ncases: [{design: mxint_softmax, bug: S1b}]\n")
    with LoopbackServer([follows(too_long), status(401), follows(too_long)]) as server:
        words = ("hunt", "cases.yaml", "--model", "openai:x", "--base-url", server.url, "--max-cycles", "600", "--json")
        assert dv_agent_command(*words).returncode not in (0, 2)
        done = dv_agent_command(*words)  # goes on where no cycle is left
        assert done.returncode == 0, done.stderr
        results = told(server.requests[-1].body)
    assert "Budget left: 0 cycles" in results[0]
    assert [text for text in results if "No cycle is left, so no test can run" in text] == results[:2]
    assert "value on out, transfer 1, " in results[2]
    score = json.loads(done.stdout)["score"]
    assert (score["found"], score["shown"], score["cycles"]) == (1, 1, 600)
    run = read_run(tmp_path / "runs/hunt/000/run")
    assert (run.header.stop_reason, run.header.spent.cycles) == ("agent_done", 600)
    assert [len(turn.tests) for turn in run.turns] == [2, 0]
    assert dv_agent_command("verify", "runs/hunt").stdout == "made again: 0 doubts\n"
    again = dv_agent_command("run", "--model", "replay:runs/hunt/000/run", "--out", "again", "-q")
    assert again.returncode == 1, again.stderr
    (replayed,) = (tmp_path / "again").iterdir()
    assert read_run(replayed).header.bug_reports == run.header.bug_reports
    cut_behind_the_last_test(run.folder)
    assert "although a failed check was left to be reported" in dv_agent_command("verify", "runs/hunt").stdout


def cut_behind_the_last_test(run: Path) -> None:
    """Make a record say that the run ended when its cycles were used up, before any report."""
    lines = [*turn_lines(run / "turns.jsonl")]
    place = next(place for place, line in enumerate(lines) if json.loads(line)["kind"] == "turn")
    (run / "turns.jsonl").write_text("".join(f"{line}\n" for line in lines[: place + 1]))
    header = json.loads((run / "run.json").read_text())
    spent = json.loads(lines[place])["spent"]
    header |= {"stop_reason": "budget:cycles", "spent": spent, "turns": 1, "bug_reports": []}
    (run / "run.json").write_text(json.dumps(header))


def test_a_model_that_reports_nothing_when_all_cycles_are_used_up_is_not_asked_for_ever(
    tmp_path: Path, dv_agent_command: CommandLine
) -> None:
    (tmp_path / "cases.yaml").write_text(CASES)

    def stubborn(body: Body) -> list[Call]:
        return [("run_tests", {"tests": [RISING, WIDE]})]

    with LoopbackServer([follows(stubborn)]) as server:
        words = ("hunt", "cases.yaml", "--model", "openai:x", "--base-url", server.url, "--max-cycles", "600")
        assert dv_agent_command(*words, "--max-calls", "100").returncode == 0
    trials = json.loads((tmp_path / "runs/hunt/hunt.json").read_text())["trials"]
    for number, trial in enumerate(trials):
        header = read_run(tmp_path / f"runs/hunt/{number:03}/run").header
        assert header.stop_reason == "budget:cycles"
        assert header.spent.calls == (1 + 3 * 16 if trial["bug"] else 1)  # on clean RTL nothing can be reported


FORGED = (
    ("score.json", '"alarmed": 1', '"alarmed": 0', "score.json is not the score of these trials"),
    ("{clean}/run/run.json", '"outcome": "no_failure"', '"outcome": "right"', "not worth what run.json says"),
    ("hunt.json", '"bug": "S1b"', '"bug": "S2"', "made on other RTL"),
    ("{clean}/run/turns.jsonl", "it follows from", "it came from", "is recorded"),
)
"""(file, what stands there, a forgery, what verify says)"""


def forged(hunt: Path, name: str, old: str, new: str) -> tuple[Path, str]:
    """Forge a file of a hunt; return it with what stood there."""
    trials = json.loads((hunt / "hunt.json").read_text())["trials"]
    clean = next(one["number"] for one in trials if not one["bug"])
    path = hunt / name.format(clean=f"{clean:03}")
    text = path.read_text()
    assert old in text, name
    path.write_text(text.replace(old, new, 1))
    return path, text


def test_the_order_of_the_cases_is_a_function_of_the_seed(tmp_path: Path) -> None:
    cases = "\n".join(f"  - {{design: mxint_softmax, bug: {bug}}}" for bug in ("S1b", "S2", "S5", "S7", "S8", "S9"))
    path = tmp_path / "cases.yaml"
    path.write_text(f"schema_version: 1\ncases:\n{cases}\n  - {{design: mxint_softmax}}\n")
    orders = {tuple(one.bug for one in read_cases(path, seed)) for seed in range(8)}
    assert len(orders) == 8
    assert read_cases(path, 5) == read_cases(path, 5)
    for wrong, why in (("bug: S77", "did you mean"), ("bug: S2, mutants: m, mutant: m0001", "a bug and a mutant")):
        path.write_text(f"schema_version: 1\ncases: [{{design: mxint_softmax, {wrong}}}]\n")
        with pytest.raises(UsageError, match=why):
            read_cases(path, 0)


def test_a_bug_that_is_not_found_counts_as_more_than_any_other() -> None:
    def result(**more: Any) -> TrialResult:
        return TrialResult(number=0, design="d", **{"clean": False, **more})

    quick = result(found=True, shown=True, calls=2, cycles=900, reports=1)
    slow = result(found=True, shown=True, calls=8, cycles=4_000, reports=2, wrong=1)
    lost = result(shown=True, reports=1, wrong=1)
    assert hunt_score([quick, slow, lost, result(clean=True)]) == HuntScore(
        bugs=3, found=2, shown=3, clean=1, alarmed=0, calls=8, cycles=4_000, wrong=2
    )
    assert hunt_score([quick, lost]).calls is None


@pytest.mark.parametrize(
    ("source", "start"), [("../model.py", 0), ("/etc/passwd", 0), ("model.py", 0), ("rtl/bit_length.v", 10**9)]
)
def test_a_change_that_is_none_of_the_rtl_is_refused(source: str, start: int, tmp_path: Path) -> None:
    change = Candidate(
        kind="operator", module="m", source=source, line=1, change="x", edits=(Edit(start=start, end=start, text="x"),)
    )
    with pytest.raises(UsageError):
        changed_copy(find_design("mxint_softmax"), change, tmp_path / "room")


def test_a_fresh_mutant_stands_in_the_record_and_is_made_again_from_it(tmp_path: Path) -> None:
    folder = find_design("mxint_gelu")
    change = find_candidates(folder.design)[0]
    header = RunHeader(design="mxint_gelu", agent_options=AgentOptions(change=change), track="hunt")
    kept = RunHeader.model_validate_json(header.model_dump_json())
    broken = open_recorded(kept, None, tmp_path / "again")
    texts = [(old.read_bytes(), new.read_bytes()) for old, new in zip(
        folder.design.source_files(), broken.design.source_files(), strict=True)]  # fmt: skip
    assert sum(old != new for old, new in texts) == 1
    assert open_design("mxint_gelu", None, tmp_path / "first", change).design.sources == broken.design.sources


def test_the_floor_reports_ten_lines_once_a_random_test_fails(tmp_path: Path, dv_agent_command: CommandLine) -> None:
    (tmp_path / "cases.yaml").write_text(
        "schema_version: 1\ncases:\n  - {design: mxint_gelu, bug: G1}\n  - {design: mxint_gelu}\n"
    )
    words = ("hunt", "cases.yaml", "--model", "floor:random", "--max-cycles", "9000", "--json")
    done = dv_agent_command(*words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["hunter"] == "tools floor:random"
    assert (found["score"]["bugs"], found["score"]["shown"], found["score"]["alarmed"]) == (1, 1, 0)
    assert [one["reports"] for one in found["trials"] if not one["clean"]] == [1]
    assert dv_agent_command("verify", "runs/hunt").stdout == "made again: 0 doubts\n"
    run = tmp_path / "runs/hunt" / next(f"{one['number']:03}" for one in found["trials"] if not one["clean"]) / "run"
    lines = [line.replace("is drawn at random", "is well known") for line in turn_lines(run / "turns.jsonl")]
    (run / "turns.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert "is not what floor:random says" in dv_agent_command("verify", "runs/hunt").stdout


class StopsAfter(nullcontext[object]):
    """Ends a run behind so many turns."""

    def __init__(self, turns: int) -> None:
        super().__init__(None)
        self._asked = iter([False] * 2 * turns)

    def asked(self) -> bool:
        return next(self._asked, True)


def test_a_floor_that_was_stopped_goes_on_with_the_tests_that_it_would_have_run(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text("schema_version: 1\ncases: [{design: mxint_gelu}]\n")
    trials, settings = read_cases(tmp_path / "cases.yaml", 0), {"model": "floor:random"}
    request = RunRequest(
        agent="tools", track="hunt", model=settings, max_calls=3, max_cycles=50_000, simulator="icarus"
    )

    def play(home: str, turns: int) -> list[str]:
        play_hunt(
            trials, request, "tools floor:random", tmp_path / home, Unwatched(), lambda: StopsAfter(turns),
            lambda one, most: None, True,
        )  # fmt: skip
        run = read_run(tmp_path / home / "000/run")
        return [test.test.digest for turn in run.turns for test in turn.tests]

    begun, whole = play("stopped", 1), play("whole", 9)
    assert begun == whole[: len(begun)] != whole
    assert play("stopped", 9) == whole
    assert len(set(whole)) == 24
    assert hunt_again(tmp_path / "stopped") == ()
