"""`dv-agent iterate` in words: where a session is, what a save holds, what is dropped, how a wrong line is mended."""

from pathlib import Path
from typing import Any

import pytest
from session_help import reply, rows
from typer.testing import CliRunner

from dv_agent.cli.iterating.session_folder import session_folder
from dv_agent.cli.main import app
from dv_agent.errors import UsageError
from dv_agent.prompts.strategy import load_strategy

TELLING = f"""\
option tests 3
template parts/ask
ASK FOR {{{{ tests }}}}
.
render diff
strategy plain
undo
edit ask
BY HAND
.
save mine
paste
{reply(rows(1))}
.
render diff
render diff sent
compare
tree
option tests 4
strategy plain
save template parts/ask
"""
WRONG = (
    ("save mine", "strategies/mine.yaml is there already; choose another name, or add --replace"),
    ("save mine replace", "there is no folder 'replace'"),
    ("save mine replace", "usage: save NAME [FOLDER] [--replace] [--description TEXT]"),
    ("save mine strategies again", "usage: save NAME [FOLDER] [--replace] [--description TEXT]"),
    ("save", "usage: save NAME [FOLDER] [--replace]"),
    ("save --replace", "usage: save NAME [FOLDER] [--replace]"),
    ("save mine --over", "usage: save NAME [FOLDER] [--replace] [--description TEXT], or save template"),
    ("save mine --description", "usage: save NAME [FOLDER] [--replace] [--description TEXT]"),
    ("save template", "usage: save template NAME [FOLDER] [--replace]"),
    ("save template parts/ask new/ now", "usage: save template NAME [FOLDER] [--replace]"),
    ("save template parts/ask elsewhere", "there is no folder 'elsewhere'"),
    ("export 1 elsewhere", "there is no folder 'elsewhere'; for a new one write elsewhere/"),
    ("render diff now", "usage: render [all | diff [sent] | system | user | PART]"),
    ("render ask sent", "usage: render [all | diff [sent] | system | user | PART]"),
    ("compare 1 1", "both are node 1"),
    ("option tests many", "tests: 'many' is not allowed; expected a whole number from 1 to 64"),
    ("option reasoning often", "expected true or false"),
    ("option holes.show near,far", "expected a list of grouped, near, stuck"),
    ("option holes", "")  ,
    ("sampling temperature 3", "temperature: this value is not allowed; expected a number from 0 to 2, or none"),
    ("sampling timeout 0", "timeout: this value is not allowed; expected a number, more than 0"),
    ("sampling reasoning_effort much", "expected one of minimal, low, medium, high, or none"),
)  # fmt: skip


def inside(script: str, *words: str) -> Any:
    return CliRunner().invoke(app, ["iterate", *words], input=script)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def after(out: str, line: str) -> str:
    """What was printed for the first command `line`."""
    return out.split(f"> {line}\n", 1)[1].split("mxint_softmax ", 1)[0]


def test_a_session_says_where_it_is_and_each_command_says_what_it_holds(home: Path) -> None:
    done = inside(TELLING, "--design", "mxint_softmax", "--session", "mine")
    assert (done.exit_code, done.stderr) == (0, "")
    out = done.stdout
    assert "session in sessions/mine" in out.split("\n", maxsplit=1)[0]
    assert (home / "sessions/mine/session.json").is_file()
    assert "+ASK FOR 3" in after(out, "render diff")
    assert "dropped: tests=3, template ask edited; `undo` brings it back" in after(out, "strategy plain")
    saved = after(out, "save mine")
    assert "written: strategies/mine.yaml, the strategy of node 0: default with tests=3, template ask edited" in saved
    assert "not in it: 1 edit by hand" in saved
    assert load_strategy(home / "strategies/mine.yaml").description == "default with tests=3, template ask edited"
    unchanged, sent = out.split("> render diff\n")[2].split("> render diff sent\n")
    assert "no change made at this node" in unchanged
    assert "+++ user message, now" in sent
    assert "since node 0: node 0 against node 1" in after(out, "compare")
    assert "dropped: tests=4, template ask edited" in out.split("> option tests 4\n")[1]
    assert "strategies/templates/parts/ask.jinja, the template of node 1, as shipped" in out
    again = inside("undo\nrender ask\n", "--session", "./sessions/mine", "--strategy", "default")
    assert (again.exit_code, "dropped" in again.stdout) == (0, False)  # `plain` had no changes
    lines = "".join(f"{line}\n" for line, _ in WRONG)
    wrong = inside(lines, "--session", "mine", "--keep-going")
    told = wrong.stderr.strip().split("\n")
    expected = [words for _, words in WRONG if words]
    assert len(told) == len(expected)
    for line, words in zip(told, expected, strict=True):
        assert words in line
    assert not {"replace", "elsewhere", "new"} & {path.name for path in home.iterdir()}


def test_a_strategy_named_on_opening_tells_what_it_drops(home: Path) -> None:
    assert inside("option tests 3\n", "--design", "mxint_softmax", "--session", "other/s").exit_code == 0
    done = inside("undo\noption tests\n", "--session", "other/s", "--strategy", "plain")
    assert "--strategy plain dropped: tests=3; undo brings it back" in done.stdout
    assert "  now      3" in done.stdout
    assert not (home / "sessions").exists()


def test_a_bare_name_is_one_below_sessions_and_never_shadows_an_older_session(home: Path) -> None:
    assert session_folder("mine") == Path("sessions/mine")
    assert session_folder("./mine") == Path("mine")
    assert session_folder(str(home / "x")) == home / "x"
    assert session_folder(None) is None
    (home / "old").mkdir()
    (home / "old/session.json").write_text("{}")
    with pytest.raises(UsageError, match=r"write --session \./old"):
        session_folder("old")
    assert session_folder("./old") == Path("old")
    with pytest.raises(UsageError, match="needs a name"):
        session_folder(" ")
