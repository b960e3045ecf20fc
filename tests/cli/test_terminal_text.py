"""Hostile text on a real terminal: what servers, records, designs and files say is shown, never obeyed."""

from __future__ import annotations

import ast
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from dv_agent.cli.terminal import complain, overwrite, safe_console, say, say_json
from dv_agent.designs.loader import find_design
from dv_agent.designs.text.visible import visible

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b1m\u202eevil\u2066\x00\x7f\r\udcff[bold]x[/bold]"
FORBIDDEN = ("\x07", "\x9b", "\x00", "\x7f", "\u202e", "\u2066", "]0;owned\x07", "\x1b]", "\x1b[31m")
CLI = Path(__file__).parents[2] / "dv_agent" / "cli"


def on_terminal(*words: str, cwd: Path) -> str:
    """All that a command writes on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dv_agent.cli.main", *words], cwd=cwd, stdin=subprocess.DEVNULL, stdout=theirs,
        stderr=theirs, env={**os.environ, "TERM": "xterm", "PYTHONUTF8": "1"},
    )  # fmt: skip
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 1 << 16):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
        process.wait(60)
    return b"".join(parts).decode(errors="surrogateescape")


def assert_harmless(text: str) -> None:
    assert [one for one in FORBIDDEN if one in text] == []


def test_every_hidden_character_is_shown() -> None:
    assert visible(HOSTILE).startswith("[U+001B]]0;owned[U+0007][U+001B][31mred[U+009B]1m[U+202E]evil[U+2066][U+0000]")
    assert visible("tab\t line\n \u00e9 \u4e2d \U0001f600") == "tab\t line\n \u00e9 \u4e2d \U0001f600"
    assert visible("\U000e0041\u200b\ufeff\u00ad") == "[U+E0041][U+200B][U+FEFF][U+00AD]"


def test_the_doors_let_nothing_through(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    complain(HOSTILE)
    say_json({HOSTILE: [HOSTILE]})
    out, err = capsys.readouterr()
    assert_harmless(out + err)
    assert json.loads(out.split("\n", 1)[1]) == {HOSTILE: [HOSTILE]}
    overwrite(HOSTILE)
    assert_harmless(capsys.readouterr().err.removeprefix("\r\x1b[K"))


def test_richs_console_obeys_neither_text_nor_markup() -> None:
    file = io.StringIO()
    console = safe_console(file)
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    for one in (HOSTILE, Text(HOSTILE), table):
        console.print(one, soft_wrap=True)
    assert_harmless(file.getvalue())
    assert "[bold]x[/bold]" in file.getvalue()


def test_no_command_prints_past_the_door() -> None:
    wrong = []
    for file in sorted(CLI.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if file.name == "terminal.py" or not isinstance(node, ast.Call):
                continue
            words = ast.unparse(node.func)
            if words in ("print", "Console", "typer.echo", "typer.secho", "sys.stdout.write", "sys.stderr.write"):
                wrong.append(f"{file.name}:{node.lineno} {words}")
    assert wrong == []


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A design whose texts are hostile, a record, and files with hostile names."""
    home = tmp_path_factory.mktemp("hostile")
    design = home / "d"
    shutil.copytree(find_design("mxint_gelu").path, design)
    written = json.dumps(HOSTILE.replace("\udcff", ""))
    lines = (design / "design.yaml").read_text().splitlines()
    (design / "design.yaml").write_text("\n".join(f"title: {written}" if x.startswith("title:") else x for x in lines))
    (home / "run").mkdir()
    header = {"design": HOSTILE[:-20], "id": HOSTILE[:-20]}
    (home / "run" / "run.json").write_text(json.dumps(header))
    (home / "a\x1b[31m\x07\u202e.yaml").write_text("a: [")
    return home


@pytest.mark.parametrize(
    "words",
    [
        ("designs", "show", "./d"),
        ("designs", "show", "./\x1b[31m\x07\u202e"),
        ("rescore", "run"),
        ("report", "no\x1b]0;owned\x07\u202e"),
        ("prompts", "show", "a\x1b[31m\x07\u202e.yaml"),
        ("run", "--config", "a\x1b[31m\x07\u202e.yaml"),
        ("run", "--design", "x\x1b[31m\x07\u202e"),
        ("run", "--design", "mxint_gelu", "--model", "\x1b[31m\x07\u202e:x"),
    ],
)
def test_nothing_hostile_reaches_the_terminal(home: Path, words: tuple[str, ...]) -> None:
    text = on_terminal(*words, cwd=home)
    assert text
    assert_harmless(text)
    assert "Traceback" not in text
