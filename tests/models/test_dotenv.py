"""The nearest .env, and the real environment above it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dv_agent.cli.dotenv_file import load_dotenv_upward
from dv_agent.errors import InputFileError

NAMES = ("DV_T_KEY", "DV_T_OTHER", "DV_T_EMPTY", "DV_T_DOLLAR")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:  # set, then deleted: so that monkeypatch removes what the loader adds
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_the_nearest_file_above_is_read(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / ".env").write_text("DV_T_KEY=far\n")
    (tmp_path / "a" / ".env").write_text("# mine\nexport DV_T_KEY='near'\nDV_T_EMPTY=\nDV_T_DOLLAR=a$HOME${X}b\n")
    (deep / ".env").mkdir()
    assert load_dotenv_upward(deep) == tmp_path / "a" / ".env"
    assert os.environ["DV_T_KEY"] == "near"
    assert os.environ["DV_T_DOLLAR"] == "a$HOME${X}b"
    assert "DV_T_EMPTY" not in os.environ


def test_the_real_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DV_T_KEY", "real")
    (tmp_path / ".env").write_text("DV_T_KEY=file\nDV_T_OTHER=file\n")
    load_dotenv_upward(tmp_path)
    assert (os.environ["DV_T_KEY"], os.environ["DV_T_OTHER"]) == ("real", "file")


def test_no_file(tmp_path: Path) -> None:
    if not any((folder / ".env").is_file() for folder in tmp_path.parents):
        assert load_dotenv_upward(tmp_path) is None


def test_a_file_that_is_no_text_is_refused_without_quoting_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DV_T_KEY=\xff\xfesecret\n")
    with pytest.raises(InputFileError) as caught:
        load_dotenv_upward(tmp_path)
    assert "secret" not in str(caught.value)
