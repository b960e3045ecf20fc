"""Interrupted, empty, old and broken run folders."""

import json
import shutil
from pathlib import Path

import pytest
from report_runs import copy_run, edit_header, numbered, parse, reply_line, turn_lines, write_lines

from dv_agent.agents.records import reader as record_reader
from dv_agent.agents.records.reader import RecordLines
from dv_agent.errors import InputFileError, OutputError
from dv_agent.eval.report.data.load_run import load_run
from dv_agent.eval.report.data.load_turns import TurnsReader
from dv_agent.eval.report.data.text_limits import Allowance
from dv_agent.eval.report.output import write_report


def text_of(folder: Path) -> str:
    return " ".join(parse(write_report(folder).read_text(encoding="utf-8")).text.split())


def test_a_killed_run_is_reported_up_to_its_last_whole_turn(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    last_whole = turn_lines(folder)[-2]
    lines = (folder / "turns.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "turns.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    (folder / "coverage.json").unlink()
    edit_header(folder, status="running", finished="", stop_reason="", spent={}, bins=0, bins_hit=0)
    text = text_of(folder)
    assert "last line of turns.jsonl was cut in half" in text
    assert "was killed" in text
    assert "There is no coverage.json" in text
    assert f"{last_whole['bins_hit']} / 415" in text
    assert "not recorded" in text
    assert "Finished not finished" in text


def test_a_run_without_any_turn_has_a_report(searched: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(searched / "run.json", folder)
    edit_header(folder, status="running", tests=0)
    text = text_of(folder)
    assert "no turn was finished" in text
    assert "0 / 415" in text
    assert "No test ran" in text


def test_a_run_of_one_empty_test_has_a_report(silent: Path) -> None:
    text = text_of(silent)
    assert "silence" in text
    assert "No steps: reset, then silence." in text


def test_a_reply_whose_turn_was_never_finished_is_shown(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    turns = turn_lines(folder)
    write_lines(folder, [*turns, reply_line(len(turns), "paid for, never simulated", "prompt")])
    text = text_of(folder)
    assert "Asked, but never simulated" in text
    assert "paid for, never simulated" in text


def test_missing_failure_files_leave_the_rest(failed: Path, tmp_path: Path) -> None:
    for name in ("failure.json", "shrunk.json", "test.json", "excerpt.json", "waves.fst"):
        folder = copy_run(failed, tmp_path / name)
        (folder / "failures" / "0" / name).unlink()
        assert "failing test" in text_of(folder)
    folder = copy_run(failed, tmp_path / "none")
    shutil.rmtree(folder / "failures")
    assert "All failing tests" in text_of(folder)


def test_unknown_and_missing_fields_are_no_trouble(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    turns = turn_lines(folder)
    for turn in turns:
        turn["later"] = {"a": 1}
        del turn["spent"]
        for test in turn["tests"]:
            test["later"] = test["test"]["later"] = [1, None]
            test.pop("hits", None)
    write_lines(folder, [*turns, {"kind": "novelty", "x": 1}])
    edit_header(folder, later=[1], versions=None, hashes=None, spent={"joules": 3}, target=None)
    edit_header(folder, budget={"cycles": 5, "joules": 7}, reproducible=None, task_version=None, model="openai:old")
    text = text_of(folder)
    assert "turns.jsonl holds 1 line of a kind" in text
    assert "openai:old" in text
    assert "Reproducible unknown" in text


def test_a_run_of_another_plan_or_of_an_unknown_design_counts_bins_only(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    data = json.loads((folder / "coverage.json").read_text())
    (folder / "coverage.json").write_text(json.dumps(data | {"plan_hash": "0" * 64}))
    text = text_of(folder)
    assert "The plan has changed since this run" in text
    assert f"{turn_lines(folder)[-1]['bins_hit']} / 415" in text
    edit_header(folder, design="nowhere")
    assert "The plan of this design is not at hand" in text_of(folder)
    assert "dv-agent report RUN --design FOLDER" in text_of(folder)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("turns.jsonl", b'{"kind": "turn", "turn": 0, "tests": []}\n{"kind": \n{}\n', 2),
        ("turns.jsonl", b'{"kind": "turn", "turn": 0, "tests": []}\n[1]\n', 2),
        ("turns.jsonl", b'{"kind": "turn", "tests": "many"}\n', 1),
        ("turns.jsonl", b'\xff\xfe{"kind": "turn"}\n', 1),
        ("turns.jsonl", b"[" * 100_000 + b"\n", 1),
        ("run.json", b'{"design": "mxint_softmax",\n "seed": }', 2),
        ("run.json", b'{"design": "mxint_softmax", "seed": "zero"}', None),
        ("run.json", b'{"design": "mxint_softmax", "schema_version": 99}', None),
        ("run.json", b"{}", None),
        ("coverage.json", b'{"plan_hash": 3}', None),
        ("failures/0/excerpt.json", b'{"cycles": 3}', None),
        ("failures/0/failure.json", b"{\n\n!", 3),
    ],
)  # fmt: skip
def test_real_corruption_names_file_and_line(
    name: str, content: bytes, line: int | None, failed: Path, tmp_path: Path
) -> None:
    folder = copy_run(failed, tmp_path / "run")
    (folder / name).write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        write_report(folder)
    assert caught.value.path == folder / name
    assert caught.value.line == line


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"run\.json"):
        write_report(tmp_path)


def test_what_is_kept_of_a_long_record_is_bounded(
    searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_run(searched, tmp_path / "run")
    turns = turn_lines(folder)
    many = []
    for number, turn in enumerate(numbered([turns[0]] * 40)):
        many += [reply_line(number, "r" * 50_000, "p" * 50_000), turn]
    write_lines(folder, many)
    reader = TurnsReader(Allowance(100_000))
    reader.read(RecordLines(folder / "turns.jsonl"))
    kept = sum(len(call.reply.text) + sum(len(one.content.text) for one in call.messages)
               for turn in reader.turns for call in turn.calls)  # fmt: skip
    assert kept <= 100_000
    assert len(reader.turns) == 40
    assert reader.turns[-1].calls[0].reply.size == 50_000
    monkeypatch.setattr(record_reader, "MAX_LINE", 10_000)
    with pytest.raises(InputFileError, match="a line of more than"):
        load_run(folder)


def test_a_report_that_cannot_be_written_says_so(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    (folder / "report.html").unlink(missing_ok=True)
    (folder / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html"):
        write_report(folder)
