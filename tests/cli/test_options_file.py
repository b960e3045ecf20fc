"""Options in a YAML file: names stay words, numbers are numbers, and nothing in between is guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import typer

from dv_agent.cli.main import app
from dv_agent.cli.running.options_file import read_config
from dv_agent.errors import InputFileError


class FakeContext:
    """What `read_config` needs of a context."""

    command = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]
    default_map: dict[str, Any] | None = None


def options(tmp_path: Path, text: str) -> dict[str, Any]:
    (tmp_path / "run.yaml").write_text(text)
    context = FakeContext()
    read_config(cast("typer.Context", context), tmp_path / "run.yaml")
    return context.default_map or {}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("agent: null", "null"), ("agent: random", "random"), ("design: 0x10", "0x10"), ("design: 1e3", "1e3"),
        ("design: 2026-01-31", "2026-01-31"), ("bug: 07", "07"), ("bug: yes", "yes"), ("design: 'null'", "null"),
        ("max-cycles: 0300", 300), ("max-cycles: 0o17", 15), ("max_cycles: 0x10", 16), ("target: 80", 80),
        ("target: 1e1", 10.0), ("stop-on-failure: true", "true"), ("out: 12", "12"), ("seed: '7'", 7),
    ],
)  # fmt: skip
def test_an_option_gets_what_its_kind_expects(tmp_path: Path, line: str, value: object) -> None:
    assert list(options(tmp_path, line).values()) == [value]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("max-cycles: yes", "expected a number, not 'yes'"),
        ("max-cycles: true", "expected a number, not 'true'"),
        ("max-cycles: 5:00", "expected a number, not '5:00'"),
        ("max-cycles: 1_000", "expected a number, not '1_000'"),
        ("max-cycles: 1.5", "expected a number, not '1.5'"),
        ("max-cycles: 2026-01-31", "expected a number"),
        ("target: on", "expected a number, not 'on'"),
        ("max-cycles: null", "no value"),
        ("max-cycles:", "no value"),
        ("agent:", "no value"),
        ("agent: ~", "no value"),
        ("design: null", "no value"),
        ("cache: null", "no value"),
        ("seed: [1]", "expected a single value"),
        ("design: {a: 1}", "expected a single value"),
        ("max-cycles: 1\nmax_cycles: 2", "given twice"),
        ("seed: 1\nseed: 2", "duplicate key"),
        ("seed: &a 1", "anchors"),
    ],
)
def test_anything_else_is_refused_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputFileError, match=message) as caught:
        options(tmp_path, line)
    assert caught.value.line == line.count("\n") + 1
