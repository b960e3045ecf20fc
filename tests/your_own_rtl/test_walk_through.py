"""docs/your-own-rtl.md, followed literally: the block in it, then its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from command import call
from prerequisites import need

PAGE = Path(__file__).parents[2] / "docs" / "your-own-rtl.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)


def _without_numbers(text: str) -> str:
    """Counts of a run depend on the version; what is counted does not."""
    return re.sub(r"\b[0-9][0-9,]*\b", "N", re.sub(r" +", " ", text))


def test_the_page_holds_what_its_commands_do(tmp_path: Path) -> None:
    need("verilator")
    (tmp_path / "rtl").mkdir()
    (rtl,) = blocks("systemverilog")
    (tmp_path / "rtl" / "word_fifo.sv").write_text(rtl, encoding="utf-8")
    first, then, *_ = blocks("sh")
    assert first == "dv-agent init rtl/*.sv --top word_fifo\n"
    done = call("init", "rtl/word_fifo.sv", "--top", "word_fifo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (shown,) = blocks("text")
    told = _without_numbers(done.stdout)
    for line in shown.splitlines()[1:]:
        assert _without_numbers(line.split("...")[0].rstrip()) in told, line
    (yaml,) = blocks("yaml")
    assert yaml in (tmp_path / "word_fifo" / "design.yaml").read_text(encoding="utf-8")
    run, show, _ = then.splitlines()
    ran = call(*shlex.split(run)[1:-4], "--max-cycles", "2000", "--out", "runs", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "code coverage among them" in ran.stderr
    assert call(*shlex.split(show)[1:], cwd=tmp_path).returncode == 0
