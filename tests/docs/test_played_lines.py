"""Every command line of README and docs is played as it stands, in a folder that has what the pages speak of."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from command import environment
from documented_lines import ROOT, documented_lines
from loopback import LoopbackServer, ok
from prerequisites import need
from test_command_lines import EXCEPTIONS, TABLE

PAGES = {page: [one.text for one in lines] for page, lines in groupby(documented_lines(), lambda one: one.page)}
SECONDS = 600
FIFO = """
module fifo (input clk, input rst, input [7:0] in_data, input in_valid, output in_ready,
             output [7:0] out_data, output out_valid, input out_ready);
  reg [7:0] kept; reg full;
  assign in_ready = !full || out_ready; assign out_valid = full; assign out_data = kept;
  always @(posedge clk)
    if (rst) full <= 0;
    else if (in_valid && in_ready) begin kept <= in_data; full <= 1; end
    else if (out_ready) full <= 0;
endmodule
"""
SETTINGS = {
    "OPENAI_API_KEY": "a-key-of-tests", "DV_AGENT_MAX_CYCLES": "30000", "BROWSER": "true", "BASE": "main",
    "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@t",
}  # fmt: skip
PREPARE = """
set -e
dv-agent init rtl/fifo.v --top fifo
cp -r fifo my_fifo; cp -r fifo BEFORE; cp -r fifo AFTER; mkdir hw; cp -r fifo hw/fifo
git init -q -b main . && git add . && git commit -qm base && git update-ref refs/remotes/origin/main HEAD
dv-agent run --design fifo --goal both --max-cycles 2000 --out runs/fifo
dv-agent run --design mxint_softmax --goal both --max-cycles 30000 --out runs/softmax
mkdir tests boards runs/evals && cp -r runs/fifo/* tests/record
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server that answers with one short test."""
    with LoopbackServer([ok('[{"tracks": {}}]')]) as answering:
        yield answering.url


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, server: str) -> Path:
    """A folder with designs, records, and files that the pages name."""
    room = tmp_path_factory.mktemp("prepared")
    for name, text in {"rtl/fifo.v": FIFO, "script.txt": "render all\n", "story.txt": "send\n"}.items():
        (room / name).parent.mkdir(exist_ok=True)
        (room / name).write_text(text)
    blocks = [block for page in PAGES for block in _blocks(page)]
    for name in ("mine.json",):
        (room / name).write_text(next(block for block in blocks if block.startswith('{"tracks": {"in":  [{"block"')))
    (room / "rtl" / "word_fifo.sv").write_text(next(block for block in blocks if "module word_fifo" in block))
    done = shell(PREPARE, room, server)
    assert done.returncode == 0, done.stdout + done.stderr
    return room


def _blocks(page: str) -> list[str]:
    return re.findall(r"^```\w+\n(.*?)^```$", (ROOT / page).read_text(), re.S | re.M)


def shell(line: str, room: Path, server: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = environment({**SETTINGS, "OPENAI_BASE_URL": server, "PATH": path})
    return subprocess.run(
        ["sh", "-c", line], cwd=room, env=settings, capture_output=True, text=True, timeout=SECONDS, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def played(line: str, room: Path, server: str) -> str:
    """The line with the records, designs and the server that are there."""
    line = TABLE["as"].get(line, line)
    of = "fifo" if "fifo" in line else "softmax"
    (record,) = (room / "runs" / of).iterdir()
    line = re.sub(r"\bruns/(\.\.\.|\d{8}T\d{6}Z_\w+(-\w+)*)|\bRUN\b", record.relative_to(room).as_posix(), line)
    return re.sub(r"http://127\.0\.0\.1:\d+/v1", server, re.sub(r"\bDESIGN\b", "mxint_gelu", line))


@pytest.mark.skipif(not os.environ.get("DV_AGENT_TEST_DOCS"), reason="half an hour: DV_AGENT_TEST_DOCS=1 plays them")
@pytest.mark.parametrize("page", PAGES)
def test_the_command_lines_of_a_page_do_what_they_say(page: str, prepared: Path, server: str, tmp_path: Path) -> None:
    need("verilator")
    room = tmp_path / "room"
    shutil.copytree(prepared, room, symlinks=True)
    wrong = []
    for text in PAGES[page]:
        if text in EXCEPTIONS:
            continue
        line = played(text, room, server)
        done = shell(line, room, server)
        if done.returncode != TABLE["exit"].get(text, 0):
            wrong.append(f"$ {line}\n{done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    assert not wrong, "\n\n".join(wrong)
