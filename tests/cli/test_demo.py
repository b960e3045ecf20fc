"""The demonstration: a bug is found, shrunk and shown; and the shell completes commands."""

import webbrowser
from pathlib import Path

import pytest
from command import call
from in_process import CommandLine


@pytest.fixture
def dv_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


def test_a_bug_is_found_shrunk_and_its_waveform_opened_in_the_browser(
    dv_agent: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: not opened.append(address))
    done = dv_agent("demo")
    assert done.returncode == 0, done.stderr
    assert "FOUND: " in done.stdout
    assert "shrunk from " in done.stdout
    (record,) = (tmp_path / "runs").iterdir()
    assert opened == [(record / "report.html").as_uri()]
    page = (record / "report.html").read_text()
    assert "<svg" in page
    assert list(record.glob("failures/*/*.fst")) or list(record.glob("failures/*/*.vcd"))


def test_a_bug_that_nobody_seeded_is_named_with_those_that_are_there(dv_agent: CommandLine) -> None:
    done = dv_agent("demo", "--design", "mxint_gelu", "--bug", "G99")
    assert done.returncode == 2
    assert "unknown seeded bug of mxint_gelu 'G99'" in done.stderr


def test_the_shell_is_told_the_commands_that_begin_so(tmp_path: Path) -> None:
    asked = {"_DV_AGENT_COMPLETE": "complete_bash", "COMP_WORDS": "dv-agent res", "COMP_CWORD": "1"}
    done = call(cwd=tmp_path, env=asked, fresh=True)
    assert sorted(done.stdout.split()) == ["rescore"]
