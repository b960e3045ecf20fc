"""A name in a record is only a name: nothing in a foreign folder becomes a path, an import or an address for a key."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.records.recorded_names import check_recorded_address
from dv_agent.cli.main import app
from dv_agent.designs.loader import find_design, find_recorded_design
from dv_agent.errors import InputFileError, UsageError

MARK = "imported.txt"


def call(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dv_agent.cli.main", *words], cwd=cwd, capture_output=True, text=True, timeout=120,
        env={**os.environ, **environment}, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def refused(*words: str, cwd: Path) -> str:
    """The one clear error of a command, which is given in this process."""
    with contextlib.chdir(cwd):
        error = CliRunner().invoke(app, words).exception
    assert isinstance(error, UsageError | InputFileError)
    return str(error)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a stranger: a run, and beside it a design whose model leaves a mark when it is imported."""
    home = tmp_path_factory.mktemp("foreign")
    design = home / "run" / "d"
    shutil.copytree(find_design("mxint_gelu").path, design)
    model = design / "model.py"
    model.write_text(f"open({str(home / MARK)!r}, 'w').close()\n" + model.read_text())
    done = call("run", "--design", "mxint_gelu", "--agent", "null", "--out", "made", "-q", cwd=home)
    assert done.returncode == 0, done.stderr
    (made,) = (home / "made").iterdir()
    shutil.copytree(made, home / "run", dirs_exist_ok=True)
    return home


def with_header(home: Path, **changes: Any) -> None:
    path = home / "run" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


WAYS = {
    "rescore": ("rescore", "run"),
    "rerun": ("rerun", "run", "--test", "0"),
    "resume": ("run", "--resume", "run"),
    "replay": ("run", "--model", "replay:run"),
    "render": ("prompts", "render", "--run", "run"),
    "iterate": ("iterate", "--from", "run", "--session", "s"),
}
NAMES = ("run/d", "./run/d", "../foreign/run/d", "run\\d", "", ".", "..", "d", "no such\n", "x" * 100, "\x1b[31m")


@pytest.mark.parametrize("way", WAYS)
def test_a_design_in_a_record_is_never_a_path(own: Path, way: str) -> None:
    with_header(own, design="run/d")
    told = refused(*WAYS[way], cwd=own)
    assert "design: 'run/d' is no name" in told
    assert not (own / MARK).exists()


def test_no_report_is_written_of_a_record_whose_design_is_a_path(own: Path) -> None:
    with_header(own, design="run/d")
    done = call("report", "run", cwd=own)
    assert done.returncode == 2
    assert "design: 'run/d' is no name" in done.stderr
    assert not (own / MARK).exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_name_of_a_known_design_is_refused(own: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own)
    with pytest.raises(UsageError, match="--design FOLDER"):
        find_recorded_design(name)
    assert not (own / MARK).exists()


def test_a_folder_that_the_user_names_is_used(own: Path) -> None:
    home = own / "mine"
    shutil.copytree(find_design("mxint_gelu").path, home / "mine_gelu")
    text = (home / "mine_gelu" / "design.yaml").read_text()
    (home / "mine_gelu" / "design.yaml").write_text(text.replace("name: mxint_gelu", "name: mine_gelu", 1))
    made = call("run", "--design", "./mine_gelu", "--agent", "null", "-q", cwd=home)
    assert made.returncode == 0, made.stderr
    (run,) = (home / "runs").iterdir()
    done = call("rescore", str(run), cwd=home)
    assert done.returncode == 2
    assert "say --design ./mine_gelu" in done.stderr
    for way in (("rescore", str(run)), ("run", "--resume", str(run)), ("prompts", "render", "--run", str(run))):
        done = call(*way, "--design", "./mine_gelu", cwd=home)
        assert done.returncode == 0, done.stderr
    known = call("rescore", str(run), cwd=home, DV_AGENT_DESIGNS=str(home))
    assert known.returncode == 0, known.stderr
    other = call("rescore", str(run), "--design", "mxint_gelu", cwd=home)
    assert other.returncode == 2
    assert "is a run on mine_gelu, not on mxint_gelu" in other.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agent_options": {"bug": "../../etc"}}, "agent_options.bug: '../../etc' is no name"),
        ({"agent_options": {"bug": 5}}, "agent_options.bug: expected a text"),
        ({"agent_options": {"bug": ["a"]}}, "agent_options.bug: expected a text"),
        ({"simulator": ""}, "names a simulator '', which is no name"),
        ({"simulator": "/bin/sh -c"}, "names a simulator '/bin/sh', which is no name"),
        ({"simulator": "python 3"}, "unknown simulator 'python'"),
    ],
)
def test_other_names_are_names_too(own: Path, changes: dict[str, Any], message: str) -> None:
    before = (own / "run" / "run.json").read_text()
    try:
        with_header(own, design="mxint_gelu", **changes)
        told = refused("rescore", "run", cwd=own)
    finally:
        (own / "run" / "run.json").write_text(before)
    assert message in told


def test_a_key_is_not_sent_to_an_address_that_only_a_record_names() -> None:
    check: Callable[[str | None, str | None], None] = lambda address, named: check_recorded_address(  # noqa: E731
        ModelSettings(model="openai:m", base_url=address), named
    )
    for address in ("http://127.0.0.1:8000/v1", "http://localhost:1/v1", "http://[::1]:1/v1", None):
        check(address, None)
    for address in ("http://evil.example/v1", "http://127.0.0.1.evil.example/v1", "http://10.0.0.1/v1"):
        with pytest.raises(UsageError, match="if that is right, say so: --base-url"):
            check(address, None)
        with pytest.raises(UsageError, match="your key would be sent there"):
            check(address, "http://other.example/v1")
        check(address, address)
