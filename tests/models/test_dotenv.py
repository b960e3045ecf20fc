"""The nearest .env: keys and harmless settings, nothing else; and the real environment above it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.dotenv.allowed_names import ADDRESSES, KEYS, NAMES, SETTINGS, may_be_set
from dv_agent.agents.models.dotenv.file import dotenv_note, load_dotenv_upward
from dv_agent.agents.models.providers import endpoint_of
from dv_agent.errors import InputFileError, UsageError

TOOK = ("DV_AGENT_DOTENV", "DV_AGENT_DOTENV_SET", "DV_AGENT_DOTENV_IGNORED")
LEFT = (
    "PATH", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "LD_LIBRARY_PATH", "LIBPYTHON_LOC", "HTTP_PROXY",
    "https_proxy", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "COCOTB_RESOLVE_X",
    "COCOTB_LOG_LEVEL", "HOME", "DV_AGENT_DESIGNS", "DV_AGENT_CACHE", "DV_AGENT_OUT", "DV_AGENT_CHILD",
    "DV_AGENT_SANDBOX",
    "DV_AGENT_DOTENV_SET",
    "EDITOR", "VISUAL", "XDG_CACHE_HOME", "TMPDIR", "OPENAI_ORG_ID", "LANGSMITH_ENDPOINT", "LANGCHAIN_TRACING_V2",
    "GIT_SSH_COMMAND", "VERILATOR_ROOT", "IVERILOG_VPI_MODULE_PATH", "MAKEFLAGS", "PERL5LIB", "openai_api_key",
)  # fmt: skip


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, *ADDRESSES, *NAMES, *SETTINGS, *TOOK):  # set, then deleted: monkeypatch removes what is added
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_the_nearest_file_above_is_read(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / ".env").write_text("GROQ_API_KEY=far\n")
    (tmp_path / "a" / ".env").write_text(
        "# mine\nexport GROQ_API_KEY='near'\nXAI_API_KEY=\nOPENAI_API_KEY=a$HOME${X}b\n"
    )
    (deep / ".env").mkdir()
    assert load_dotenv_upward(deep) == tmp_path / "a" / ".env"
    assert os.environ["GROQ_API_KEY"] == "near"
    assert os.environ["OPENAI_API_KEY"] == "a$HOME${X}b"
    assert "XAI_API_KEY" not in os.environ


def test_the_real_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "real")
    (tmp_path / ".env").write_text("GROQ_API_KEY=file\nXAI_API_KEY=file\n")
    load_dotenv_upward(tmp_path)
    assert (os.environ["GROQ_API_KEY"], os.environ["XAI_API_KEY"]) == ("real", "file")


def test_nothing_but_keys_and_harmless_settings_is_taken_and_the_rest_is_told(tmp_path: Path) -> None:
    before = {name: os.environ.get(name) for name in LEFT}
    good = {"GROQ_API_KEY": "k", "DV_AGENT_SEED": "7", "DV_AGENT_MODEL": "groq:x", "DV_AGENT_DESIGN": "mxint_gelu"}
    lines = [f"{name}=/tmp/evil" for name in LEFT if name != "DV_AGENT_DOTENV_SET"]
    (tmp_path / ".env").write_text("\n".join([*lines, *(f"{name}={value}" for name, value in good.items())]))
    load_dotenv_upward(tmp_path)
    assert {name: os.environ.get(name) for name in LEFT if "DOTENV" not in name} == {
        name: value for name, value in before.items() if "DOTENV" not in name
    }
    assert {name: os.environ[name] for name in good} == good
    note = dotenv_note()
    assert note is not None
    assert (set(note.taken), set(note.ignored)) == (set(good), set(LEFT) - {"DV_AGENT_DOTENV_SET"})
    assert f"settings from {tmp_path}/.env: " in str(note)
    assert "ignored, since a .env may not set them: PATH, PYTHONPATH" in str(note)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DV_AGENT_DESIGN", "mxint_gelu", True), ("DV_AGENT_DESIGN", "./evil", False),
        ("DV_AGENT_DESIGN", "a\\b", False),
        ("DV_AGENT_PROMPT_STRATEGY", "digest", True), ("DV_AGENT_PROMPT_STRATEGY", "evil.yaml", False),
        ("DV_AGENT_MODEL", "openai:gpt-5", True), ("DV_AGENT_MODEL", "replay:runs", False),
        ("OPENAI_API_KEY", "a/b", True), ("OPENAI_API_KEY", "a\0b", False),
    ],
)  # fmt: skip
def test_a_setting_that_may_be_a_path_is_only_a_name_in_a_file(name: str, value: str, allowed: bool) -> None:
    assert may_be_set(name, value) == allowed


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE", "DV_AGENT_BASE_URL"])
@pytest.mark.parametrize("key", ["OPENAI_API_KEY", "DV_AGENT_API_KEY"])
def test_an_address_of_a_file_never_meets_a_key_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, key: str
) -> None:
    address = "http://127.0.0.1:9/v1"
    (tmp_path / ".env").write_text(f"{variable}={address}/\n")
    given = address if variable == "DV_AGENT_BASE_URL" else None
    settings = ModelSettings(model="openai:m", base_url=given)
    monkeypatch.setenv(key, "real")
    load_dotenv_upward(tmp_path)
    with pytest.raises(UsageError, match=f"{tmp_path}/.env sets {variable}, an address, but the key {key}"):
        endpoint_of(settings).key()
    monkeypatch.delenv(key)
    (tmp_path / ".env").write_text(f"{variable}={address}\n{key}=own\n")
    load_dotenv_upward(tmp_path)
    assert endpoint_of(settings).key() == "own"
    monkeypatch.setenv(variable, address)  # no longer that of a file
    (tmp_path / ".env").write_text("")
    monkeypatch.setenv(key, "real")
    load_dotenv_upward(tmp_path)
    assert endpoint_of(settings).key() == "real"


def test_the_command_says_which_file_it_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PYTHONPATH=/evil\nHTTP_PROXY=http://127.0.0.1:9\nDV_AGENT_SEED=3\n")
    words = ["run", "--design", "mxint_gelu", "--agent", "null", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "dv_agent.cli.main", *words], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={name: value for name, value in os.environ.items() if not name.startswith("DV_AGENT_DOTENV")}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if ".env" in line]
    assert told == [
        f"dv-agent: settings from {tmp_path}/.env: DV_AGENT_SEED; "
        "ignored, since a .env may not set them: PYTHONPATH, HTTP_PROXY"
    ]
    assert '"seed": 3' in done.stdout


def test_no_file(tmp_path: Path) -> None:
    if not any((folder / ".env").is_file() for folder in tmp_path.parents):
        assert load_dotenv_upward(tmp_path) is None
        assert dotenv_note() is None


def test_a_file_that_is_no_text_is_refused_without_quoting_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"GROQ_API_KEY=\xff\xfesecret\n")
    with pytest.raises(InputFileError) as caught:
        load_dotenv_upward(tmp_path)
    assert "secret" not in str(caught.value)
