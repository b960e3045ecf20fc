"""`dv-agent iterate`: a whole sitting from a script, killed in mid-send, at a terminal, and told wrong things."""

import hashlib
import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from command import CODE, environment
from loopback import LoopbackServer, ok, status
from session_help import FAULTY, LENGTHS, WIDE, reply, rows
from typer.testing import CliRunner

from dv_agent.cli.main import app
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design

KEY = {"OPENAI_API_KEY": "sk-loopback"}
TESTS = [test.data() for test in load_witnesses(find_design("mxint_softmax"))]


def iterate(cwd: Path, script: str, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``dv-agent iterate`` with `script` on its stdin."""
    return subprocess.run(
        [sys.executable, "-c", CODE, "iterate", *words], cwd=cwd, env=environment({**KEY, **(env or {})}), input=script,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def inside(script: str, *words: str) -> Any:
    """The same in this process."""
    return CliRunner().invoke(app, ["iterate", *words], input=script)


def model(server: LoopbackServer) -> tuple[str, ...]:
    return ("--model", "openai:test", "--base-url", server.url, "--max-tokens", "2000")


STORY = """\
# open, look, change the words, look again
render
template parts/ask
ASK FOR {{ tests }} TESTS
.
option tests 3
render ask
send
new
branch careful
option feedback none
edit ask
ONE TEST, BY HAND
.
send
goto 1
branch bold
strategy plain
send
compare careful bold
tree
goto careful
save mine strategies
quit
"""


def test_the_whole_story_from_a_script_and_on_after_quitting(tmp_path: Path) -> None:
    with LoopbackServer([ok(WIDE), ok(LENGTHS), ok(reply(rows(4), rows(5))), ok(FAULTY)]) as server:
        done = iterate(tmp_path, STORY, "--design", "mxint_softmax", "--session", "./s", *model(server))
        assert (done.returncode, done.stderr) == (0, "")
        out = done.stdout
        assert "mxint_softmax 0> render\n" in out
        assert "render ask\nASK FOR 3 TESTS\n" in out
        assert re.search(r"asking openai:test: [\d,]+ tokens in \(estimated\), at most 2,000 out, unknown price", out)
        assert re.search(r"node 1: 1 test, \+\d+ bins \(\d+/415\), [\d,]+ cycles, all checks passed", out)
        assert "node 1 covered" in out
        assert "mxint_softmax 3 on careful> goto 1\n" in out
        assert "since node 1: node 3 on careful against node 5 on bold" in out
        assert "tests: 3 against 4\n" in out or "tests: 3 against 8\n" in out
        assert "prompt edited" in out
        assert "written: strategies/mine.yaml" in out
        sent = [request.body["messages"][-1]["content"] for request in server.requests]
        assert [text.rstrip().split("\n")[-1] for text in sent[:2]] == ["ASK FOR 3 TESTS", "ONE TEST, BY HAND"]
        more = iterate(tmp_path, "tree\nsend\ntests\nexport\ncost\n", "--session", "./s", "--max-calls", "60")
        assert (more.returncode, more.stderr) == (0, "")
        assert re.search(
            r"^\* +3  \d+ bins  \+\d+  default-edited, openai:test, prompt edited$", more.stdout, re.MULTILINE
        )
        assert "not understood: tests[0]" in more.stdout
        assert "spent: 4 calls, 440 tokens" in more.stdout
        assert "bounds: 200,000 cycles, 60 calls" in more.stdout
        assert len(server.requests) == 4
    (run,) = (tmp_path / "runs").iterdir()
    assert f"record: runs/{run.name}" in more.stdout
    assert json.loads((run / "run.json").read_text())["turns"] == 3
    shown = CliRunner().invoke(app, ["prompts", "show", str(tmp_path / "strategies/mine.yaml")])
    assert (shown.exit_code, "ASK FOR {{ tests }} TESTS" in shown.stdout) == (0, True)


def test_a_person_pastes_and_ab_compares_variants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
    with LoopbackServer([ok(WIDE), ok(LENGTHS)]) as server:
        (tmp_path / "reply.md").write_text(reply(rows(1)))
        script = (
            f"paste {tmp_path}/reply.md\npaste\n{reply(rows(2))}\n.\n"
            "ab 2 . strategy=plain,tests=4 @0\nreply 2\nholes hard\nholes\n"
        )
        done = inside(script, "--design", "mxint_softmax", "--session", str(tmp_path / "s"), *model(server))
        assert done.exit_code == 0, done.stderr
        assert done.stdout.count("pasted by hand, no call") == 2
        assert len(server.requests) == 4  # `.` and `@0` are the same here: the same trial of the same is asked once
    assert re.search(r"strategy=plain,tests=4 +\d+\.\d ± \d+\.\d  \(\d+ \d+\)  nodes 4, 6", done.stdout)
    assert "- aim at what is open" in done.stdout
    assert "... and " in done.stdout


def reply_to(body: dict[str, Any]) -> str:
    """A function of the prompt alone, with enough tests that a kill may fall between them."""
    draw = random.Random(hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest())
    time.sleep(0.1)
    return json.dumps({"tests": draw.sample(TESTS, 6)})


def log(folder: Path) -> list[dict[str, Any]]:
    path = folder / "session.jsonl"
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.is_file() else []


def outcome(folder: Path) -> list[Any]:
    turns = [line["turn"] for line in log(folder) if line["kind"] == "turn"]
    return [[test["test"], test["hits"]] for turn in turns for test in turn["tests"]]


def test_a_session_killed_in_mid_send_pays_for_no_reply_twice_and_ends_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
    sends, kills, folder = 2, 0, tmp_path / "killed"
    with LoopbackServer([ok(reply_to)]) as server:
        words = ("--design", "mxint_softmax", *model(server))
        whole = inside("send\n" * sends, *words, "--session", str(tmp_path / "whole"))
        assert (whole.exit_code, len(server.requests)) == (0, sends)
        while len([line for line in log(folder) if line["kind"] == "call"]) < sends:
            assert kills < sends
            process = subprocess.Popen(
                [sys.executable, "-c", CODE, "iterate", *words, "--session", "./killed"], cwd=tmp_path,
                env=environment(KEY), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                text=True,
            )  # fmt: skip
            assert process.stdin is not None
            process.stdin.write("send\n")
            process.stdin.flush()
            wait_until(lambda calls=kills: len([line for line in log(folder) if line["kind"] == "call"]) > calls)
            process.kill()  # the reply is recorded; its tests are under way
            process.communicate()
            kills += 1
        taken = inside("", "--session", str(folder))
        assert taken.exit_code == 0, taken.stderr
        assert len(server.requests) == 2 * sends
    assert "took up the reply of node 2" in taken.stdout or log(folder)[-1]["kind"] == "turn"
    assert outcome(folder) == outcome(tmp_path / "whole")
    assert [line["kind"] for line in log(folder)] == ["call", "turn"] * sends


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


class Terminal:
    """``dv-agent iterate`` in a pseudo-terminal."""

    def __init__(self, cwd: Path, words: Sequence[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, "iterate", *words], cwd=cwd, env=environment({**KEY, "TERM": "xterm", **env}),
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until `text` has come since the last call."""
        begun, end = "", time.monotonic() + 60
        while text not in begun:
            assert time.monotonic() < end, begun[-2000:]
            if select.select([self._master], [], [], 0.2)[0]:
                raw = os.read(self._master, 65536).decode(errors="replace")
                if "\x1b[6n" in raw:
                    self.type("\x1b[1;1R")  # where the cursor is, as a terminal answers
                begun += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", raw)
        self.seen += begun

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def test_at_a_terminal_with_an_editor_completion_history_and_control_c(tmp_path: Path) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\np.write_text(p.read_text() + 'AND A LINE MORE\\n')\n"
    )

    def slow(body: dict[str, Any]) -> str:
        time.sleep(0.5)
        return WIDE

    def very_slow(body: dict[str, Any]) -> str:
        time.sleep(4)
        return LENGTHS

    with LoopbackServer([ok(slow), ok(very_slow)]) as server:
        words = ("--design", "mxint_softmax", "--session", "./s", *model(server))
        with Terminal(tmp_path, words, {"EDITOR": f"{sys.executable} {editor}"}) as terminal:
            terminal.wait_for("mxint_softmax 0>")
            terminal.type("edit ask\r")
            terminal.wait_for("the prompt changed")
            terminal.wait_for("0>")
            terminal.type("rend\t")
            terminal.wait_for("er")  # completed
            terminal.type(" ask\r")
            terminal.wait_for("AND A LINE MORE")
            terminal.wait_for("0>")
            terminal.type("nonsense\r")
            terminal.wait_for("unknown command 'nonsense'")
            terminal.wait_for("0>")
            terminal.type("send\r")
            terminal.wait_for("all checks passed")
            terminal.wait_for("1>")
            terminal.type("send\r")
            while len(server.requests) < 2:
                time.sleep(0.02)
            terminal.process.send_signal(signal.SIGINT)
            terminal.wait_for("the call was given up")
            terminal.wait_for("1>")
            terminal.type("\x1b[A\x1b[A\x1b[A\r")  # up in the history, past `send` and `nonsense`
            terminal.wait_for("# Propose the next tests")
            terminal.type("quit\r")
            assert terminal.process.wait(60) == 0
    assert server.requests[0].body["messages"][-1]["content"].endswith("AND A LINE MORE\n")
    assert [line["kind"] for line in log(tmp_path / "s")][:3] == ["draft", "call", "turn"]
    assert "+edit ask" in (tmp_path / "s/history").read_text()


WRONG = (
    ("frobnicate", "unknown command 'frobnicate'"),
    ("option holes.detailled 3", "did you mean holes.detailed"),
    ("template parts/ask\n{% if %}\n.", "template parts/ask, line 1"),
    ("goto 9", "there is no node 9"),
    ("goto left", "unknown label 'left'"),
    ("edit nothing\nx\n.", "has no part 'nothing'"),
    ("paste nowhere.md", "no such file"),
    ("send now", "usage: send"),
    ("send", "no model is set"),
    ("ab 2 nonsense", "is no variant"),
    ("ab x .", "usage: ab N VARIANT"),
    ("sampling temperature", "usage: sampling NAME VALUE"),
    ("strategy ../../nothing.yaml", "no such file"),
    ("strategy nothing", "unknown prompt strategy"),
    ("save ../x", "is no name of a strategy"),
    ("option 'tests", "No closing quotation"),
    ("undo", "nothing to undo"),
    ("export", "nothing to export"),
    ("reply", "no turn was played"),
)


def test_a_wrong_line_is_one_message_and_ends_a_script_unless_it_is_to_go_on(tmp_path: Path) -> None:
    words = ("--design", "mxint_softmax", "--session", str(tmp_path / "s"))
    done = inside(f"{WRONG[0][0]}\nrender\n", *words)
    assert (done.exit_code, "role" in done.stdout) == (2, False)
    script = "".join(f"{line}\n" for line, _ in WRONG) + "render\n"
    done = inside(script, *words, "--keep-going")
    assert (done.exit_code, "  role\n" in done.stdout) == (2, True)
    told = done.stderr.strip().split("\n")
    assert len(told) == len(WRONG)
    for line, (_, message) in zip(told, WRONG, strict=True):
        assert message in line
    assert log(tmp_path / "s") == []


def test_errors_of_models_and_folders_have_their_own_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-loopback")
    folder = str(tmp_path / "s")
    with LoopbackServer([status(500)]) as server:
        words = ("--design", "mxint_softmax", "--session", folder, *model(server), "--retry-seconds", "0.1")
        assert inside("send\n", *words).exit_code == 5
    unreachable = inside("send\n", "--session", folder)
    assert (unreachable.exit_code, "gave no reply" in unreachable.stderr) == (5, True)
    monkeypatch.delenv("OPENAI_API_KEY")
    keyless = inside("sampling base_url none\nsend\n", "--session", folder)
    assert (keyless.exit_code, "OPENAI_API_KEY" in keyless.stderr) == (3, True)
    (tmp_path / "s/session.jsonl").write_text("{\n")
    broken = iterate(tmp_path, "tree\n", "--session", "./s")
    assert (broken.returncode, "session.jsonl:1: not a line of this version" in broken.stderr) == (2, True)
    assert "Traceback" not in broken.stderr


def test_a_failed_check_is_exit_code_one(tmp_path: Path) -> None:
    (tmp_path / "reply.json").write_text(json.dumps({"tests": TESTS[:12]}))
    words = ("--design", "mxint_softmax", "--bug", "S1b", "--session", str(tmp_path / "s"))
    done = inside(f"paste {tmp_path}/reply.json\n", *words)
    assert (done.exit_code, done.stderr) == (1, "")
    assert re.search(r"FAILED \w+ on out: ", done.stdout)


def test_what_a_model_says_cannot_move_the_cursor(tmp_path: Path) -> None:
    nasty = reply({"name": "\x1b[2Jgone", "tracks": {"in": [{"row": [{"m": 1, "e": 0}]}]}}) + "\x1b]0;title\x07"
    (tmp_path / "reply.md").write_text(nasty)
    words = ("--design", "mxint_softmax", "--session", str(tmp_path / "s"))
    done = inside(f"paste {tmp_path}/reply.md\nreply\ntests\nrender user\n", *words)
    assert done.exit_code == 0, done.stderr
    assert not {"\x1b", "\x07"} & set(done.stdout)
