"""A run as a cocotb project: it needs no dv-agent, passes on the clean RTL, and fails on the bugs that were killed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import CommandLine

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.turn import TestRecord
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.eval.cocotb_project.smallest_set import covering
from dv_agent.eval.cocotb_project.write_project import export_project
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.icarus import IcarusSimulator

DESIGN = "mxint_gelu"
ASK = "DV_AGENT_TEST_EXPORTS"
NOT_HERE = 'raise ImportError("dv-agent is not here")\n'


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="module")
def exported(room: Path) -> dict[str, object]:
    """A short run, exported into ``project``."""
    run = call(room, "run", "--design", DESIGN, "--agent", "random", "--max-cycles", "1500", "--json")
    record = json.loads(run)["record"]
    summary: dict[str, object] = json.loads(call(room, "export", record, "project", "--as", "cocotb", "--json"))
    return summary


def call(room: Path, *words: str) -> str:
    """What ``dv-agent <words>`` prints."""
    code = "from dv_agent.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=room, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def play(room: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in the project, where dv-agent cannot be imported."""
    (room / "shadow").mkdir(exist_ok=True)
    (room / "shadow/dv_agent.py").write_text(NOT_HERE)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words], cwd=room / "project",
        env={**os.environ, "PYTHONPATH": str(room / "shadow"), **variables}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip


def changed_rtl(room: Path, bug: str) -> Path:
    """The RTL of the project with a seeded bug in it."""
    folder = find_design(DESIGN)
    copy = broken_copy(folder, next(one for one in load_bugs(folder) if one.id == bug), room / "copies")
    changed = room / f"rtl_{bug}"
    shutil.copytree(room / "project/rtl", changed)
    for file in copy.design.source_files():
        (place,) = changed.rglob(file.name)
        shutil.copyfile(file, place)
    return changed


def test_an_export_that_is_interrupted_leaves_no_folder_in_its_own_way(room: Path, exported: dict[str, object]) -> None:
    def interrupt(words: str) -> None:
        raise KeyboardInterrupt

    (record,) = (room / "runs").iterdir()
    with pytest.raises(KeyboardInterrupt):
        export_project(
            read_run(record), find_design(DESIGN), IcarusSimulator(), room / "interrupted", hunt=False, tell=interrupt
        )
    assert exported
    assert not (room / "interrupted").exists()


def test_the_project_holds_fewer_tests_that_hit_as_many_bins_and_names_what_they_kill(
    room: Path, exported: dict[str, object]
) -> None:
    assert len(list((room / "project/data").iterdir())) == len(exported["tests"])  # type: ignore[arg-type]
    assert exported["not_kept"] == []
    text = (room / "project/README.md").read_text()
    for bug, number in exported["kills"].items():  # type: ignore[attr-defined]
        assert f"| {bug} | test_{number:04} |" in text
    assert "dv_agent" not in "".join(file.read_text() for file in (room / "project").glob("*.py"))


def test_it_passes_on_the_clean_rtl_without_dv_agent(room: Path, exported: dict[str, object]) -> None:
    done = play(room)
    assert done.returncode == 0, done.stdout
    assert f"{len(exported['tests'])} passed" in done.stdout  # type: ignore[arg-type]


def test_it_fails_on_the_bugs_that_the_run_killed_and_says_where(room: Path, exported: dict[str, object]) -> None:
    assert len(exported["kills"]) >= 2  # type: ignore[arg-type]
    # Of every kill the exporter itself has seen that these checks notice it; here the last is played with pytest.
    for bug, number in [*exported["kills"].items()][-1:]:  # type: ignore[attr-defined]
        done = play(room, "-k", f"test_{number:04}", RTL=str(changed_rtl(room, bug)))
        assert (done.returncode, "1 failed" in done.stdout) == (1, True), done.stdout
        assert "in cycle" in done.stdout
        assert "expected" in done.stdout


@pytest.mark.skipif(ASK not in os.environ, reason=f"{ASK}=1 builds the project with Verilator")
def test_it_passes_on_verilator_too(room: Path, exported: dict[str, object]) -> None:
    del exported
    programs = Path(find_verilator().command).parent
    done = play(room, SIM="verilator", PATH=f"{programs}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stdout


def test_a_run_whose_design_has_changed_since_is_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "mine"
    shutil.copytree(find_design(DESIGN).path, home)
    dv_agent = CommandLine(tmp_path, monkeypatch, capsys)
    ran = dv_agent("run", "--design", "./mine", "--agent", "sweep", "--max-cycles", "300", "--json")
    record = json.loads(ran.stdout)["record"]
    source = home / "rtl/gelu_lane.v"
    source.write_text(source.read_text() + "\n// another one\n")
    done = dv_agent("export", record, "project", "--as", "cocotb", "--design", "./mine")
    assert done.returncode == 2
    assert "made with another rtl" in done.stderr
    assert not (tmp_path / "project").exists()


def test_a_folder_that_holds_something_is_left_alone(
    room: Path, exported: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del exported
    (record,) = (room / "runs").iterdir()
    before = sorted(path.name for path in (room / "project").iterdir())
    done = CommandLine(room, monkeypatch, capsys)("export", str(record), "project", "--as", "cocotb", "--no-kills")
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert sorted(path.name for path in (room / "project").iterdir()) == before


def test_a_design_with_a_bus_is_refused_by_the_name_of_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "timer.v").write_text(BUS)
    dv_agent = CommandLine(tmp_path, monkeypatch, capsys)
    assert dv_agent("init", "timer.v", "--top", "timer").returncode in (0, 1)
    ran = dv_agent(
        "run", "--design", "./timer", "--agent", "random", "--max-cycles", "300", "--goal", "functional", "--json"
    )
    record = json.loads(ran.stdout)["record"]
    done = dv_agent("export", record, "project", "--as", "cocotb", "--design", "./timer")
    assert done.returncode == 2
    assert "of kind apb" in done.stderr


BUS = """
module timer (input clk, input rst, input psel, input penable, input pwrite, input [7:0] paddr, input [31:0] pwdata,
              output [31:0] prdata, output pready, output pslverr);
    reg [31:0] store;
    assign prdata = store;
    assign pready = 1'b1;
    assign pslverr = 1'b0;
    always @(posedge clk)
        if (rst) store <= 0;
        else if (psel && penable && pwrite) store <= pwdata;
endmodule
"""

Hits = st.lists(st.frozensets(st.integers(0, 12)), min_size=1, max_size=12)


@given(Hits, st.data())
def test_the_smallest_set_keeps_every_bin_and_holds_no_test_that_the_others_make_superfluous(
    hits: list[frozenset[int]], data: st.DataObject
) -> None:
    tests = [
        TestRecord(test=Test(tracks={}), index=place, cycles=place % 3, hits=tuple(sorted(one)))
        for place, one in enumerate(hits)
    ]
    kept = data.draw(st.sets(st.sampled_from(range(len(tests)))))
    chosen = covering(tests, kept)
    assert kept <= {*chosen}
    assert set().union(*(hits[one] for one in chosen)) == set().union(*hits)
    for one in {*chosen} - kept:
        assert not hits[one] <= set().union(*(hits[other] for other in chosen if other != one))
