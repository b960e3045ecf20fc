"""Attacks on paths and on pages: nothing outside of the folders is read, and whatever a file says is only text."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from report_runs import edit_header, parse, reply_line, turn_lines, write_lines
from studio_server import RUN, Studio, places_in, running

SECRET = "the content of a file that nobody may read"
SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
KEY = "sk-a-key-that-must-not-be-seen-0123456789"


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Iterator[Studio]:
    """A studio over a copy of the run that a test may spoil."""
    shutil.copytree(home / "runs", tmp_path / "home" / "runs")
    (tmp_path / "home" / "secret.txt").write_text(SECRET)
    (tmp_path / "outside").mkdir()
    for name in ("run.json", "turns.jsonl", "leaderboard.html"):
        (tmp_path / "outside" / name).write_text(json.dumps({"id": SECRET, "design": SECRET}))
    with running(places_in(tmp_path / "home")) as found:
        yield found


ESCAPES = [
    "/runs/../secret.txt", "/runs/%2e%2e/secret.txt", "/runs/..%2fsecret.txt", "/runs/%2e%2e%2fsecret.txt",
    "/runs/..%5csecret.txt", "/runs/....//secret.txt", "/runs//etc/passwd", "/runs/%2fetc%2fpasswd", "/runs/etc/passwd",
    f"/runs/{RUN}/../../secret.txt", f"/runs/{RUN}/run.json", f"/runs/{RUN}/turns.jsonl", f"/runs/{RUN}%00/turns/0",
    f"/runs/{RUN}/turns/../../../../secret.txt", f"/runs/./{RUN}", "/runs/%252e%252e%252fsecret.txt", "/runs/~root",
    "/boards/../secret.txt", "/boards/%2e%2e/content", "/boards/..%2f..%2foutside/content",
    "/boards/../outside/content",
    "/assets/../guard.py", "/assets/%2e%2e/guard.py", "/assets/..%2fguard.py", "/assets/studio.css%00.py",
    "/sessions/..%2fruns", "/sessions/%2e%2e/outside", f"/runs/{RUN}/turns/99999999999999999999",
    f"/runs/{RUN}/turns/-1",
    "/runs/file:%2f%2f%2fetc%2fpasswd", "//etc/passwd", "http://127.0.0.1/runs/..", "/runs/%E2%80%AE",
]  # fmt: skip


@pytest.mark.parametrize("target", ESCAPES)
def test_an_address_leads_to_no_file_outside(own: Studio, target: str) -> None:
    answer = own.get(target)
    assert answer.status in (400, 404), answer.text
    assert SECRET not in answer.text
    assert "root:" not in answer.text
    assert "class Guard" not in answer.text


def test_absolute_and_relative_paths_of_other_folders_are_no_names(own: Studio, tmp_path: Path) -> None:
    for name in (str(tmp_path / "outside"), "../../outside", str(own.places.runs / RUN)):
        for target in (f"/runs/{quote(name, safe='')}", f"/runs/{quote(name)}", f"/boards/{quote(name)}/content"):
            answer = own.get(target)
            assert answer.status in (400, 404)
            assert SECRET not in answer.text


def test_a_link_to_a_folder_outside_is_not_there(own: Studio, tmp_path: Path) -> None:
    (own.places.runs / "linked").symlink_to(tmp_path / "outside")
    assert "linked" not in own.get("/runs").text
    for target in ("/runs/linked", "/boards/linked", "/boards/linked/content", "/runs/linked/turns/0"):
        answer = own.get(target)
        assert answer.status == 404
        assert SECRET not in answer.text


@pytest.mark.parametrize("name", ["run.json", "turns.jsonl", "coverage.json", "failures/0/excerpt.json", "report.html"])
def test_a_link_out_of_a_run_is_refused(own: Studio, tmp_path: Path, name: str) -> None:
    file = own.places.runs / RUN / name
    file.unlink(missing_ok=True)
    file.symlink_to(tmp_path / "outside" / "turns.jsonl")
    for target in (f"/runs/{RUN}", f"/runs/{RUN}/turns/0", f"/runs/{RUN}/tests/0", "/runs"):
        answer = own.get(target)
        assert SECRET not in answer.text
    assert own.get(f"/runs/{RUN}").status == 400


def test_a_linked_board_is_refused(own: Studio, tmp_path: Path) -> None:
    board = own.places.runs / "board"
    board.mkdir()
    (board / "leaderboard.html").symlink_to(tmp_path / "outside" / "leaderboard.html")
    answer = own.get("/boards/board/content")
    assert answer.status == 400
    assert SECRET not in answer.text


def test_a_board_is_shown_in_a_frame_that_can_do_nothing(own: Studio) -> None:
    board = own.places.runs / "evaluation of all" / "deep"
    board.mkdir(parents=True)
    (board / "leaderboard.html").write_text(f"<h1>Board</h1>{SCRIPT}")
    assert "evaluation of all/deep" in own.get("/runs").text
    frame = parse(own.get("/boards/evaluation%20of%20all/deep").text).all("iframe")[0]
    assert frame["sandbox"] == ""
    content = own.get(frame["src"])
    policy = content.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "allow" not in policy
    assert "script" not in policy


def test_whatever_a_record_says_is_text(own: Studio) -> None:
    folder = own.places.runs / RUN
    turns = turn_lines(folder)
    test = turns[0]["tests"][0]
    test["test"] |= {"name": SCRIPT[:200], "note": SCRIPT}
    test["failures"][0] |= {"message": SCRIPT, "port": SCRIPT, "check": SCRIPT}
    test["end"] = test["error"] = SCRIPT
    turns[0]["errors"], turns[0]["dropped"] = [SCRIPT], {SCRIPT: 1}
    write_lines(folder, [reply_line(0, SCRIPT, f"{SCRIPT} {{{{ 7 * 7 }}}}"), *turns])
    edit_header(folder, agent=SCRIPT, model={"model": SCRIPT}, strategy=SCRIPT, started=SCRIPT)
    seen = 0
    for target in ("/runs", f"/runs/{RUN}", f"/runs/{RUN}/turns/0"):
        answer = own.get(target)
        assert answer.status == 200
        page = parse(answer.text)
        scripts = [one for name, one in page.tags if name == "script"]
        assert scripts == [{"src": "/assets/studio.js"}]
        assert "img" not in {name for name, _ in page.tags}
        assert all(not key.startswith("on") for _, attributes in page.tags for key in attributes)
        seen += page.text.count(SCRIPT)
    assert seen > 10


def test_a_key_of_the_environment_is_on_no_page(own: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    folder = own.places.runs / RUN
    write_lines(folder, [reply_line(0, f"your key is {KEY}", f"key {KEY}"), *turn_lines(folder)])
    edit_header(folder, agent=KEY)
    board = own.places.runs / "board"
    board.mkdir()
    (board / "leaderboard.html").write_text(KEY)
    for target in ("/", "/runs", f"/runs/{RUN}", f"/runs/{RUN}/turns/0", "/boards/board/content", f"/runs/{KEY}"):
        assert KEY not in own.get(target).text
    assert "[hidden]" in own.get(f"/runs/{RUN}/turns/0").text


def test_a_broken_record_is_one_clear_error(own: Studio) -> None:
    (own.places.runs / RUN / "turns.jsonl").write_text('{"kind": "later"}\nno json\n')
    answer = own.get(f"/runs/{RUN}")
    assert answer.status == 400
    assert "turns.jsonl:2" in answer.text
    (own.places.runs / RUN / "run.json").write_text("[]")
    assert "cannot be read" in own.get("/runs").text
