"""Copies with a seeded bug in one worker play as each does in its own; cocotb has the last word on kills."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from evaluations import Bench
from prerequisites import need
from test_hunting import ICARUS, clean_records, random_tests

from dv_agent.designs.benchmark.rtl_copy import rtl_copy
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import find_design
from dv_agent.eval.execution.seeded_bugs.bug_hunt import Hunter
from dv_agent.eval.execution.seeded_bugs.kill_judge import KillJudge
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.native.digests import ONES, RANDOM, ZEROS, DigestSession, ProgramFile
from dv_agent.runners.native.several_copies import CopyBuilds
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.registry import find_simulator

FILLS = (ZEROS, ONES, RANDOM)


@pytest.fixture(autouse=True)
def _native() -> None:
    need("verilator")


def test_each_copy_in_one_worker_does_what_it_does_in_a_worker_of_its_own(bench: Bench, tmp_path: Path) -> None:
    folder = find_design("tally")
    programs = [expand(folder.design, folder.schema, test) for test in random_tests(folder, 8)]
    file = ProgramFile(folder.design, programs)
    bugs = [broken_copy(folder, bug, tmp_path).design for bug in load_bugs(folder)]
    clean = rtl_copy(folder, tmp_path / "clean").design
    file_of_clean = clean.source_files()[0]
    text = file_of_clean.read_text().replace("before", "earlier")  # a keyword of SystemVerilog
    file_of_clean.write_text(text.replace("endmodule", "  reg more;\n  always_comb more = 0;\nendmodule"))
    copies = CopyBuilds([*bugs, clean], cache_folder(), find_verilator())
    found = []
    for design in (*bugs, clean):
        built = copies.of(design)
        assert built.place is not None
        assert [one.name for one in built.build.program.parent.iterdir() if one.is_dir()] == []
        with DigestSession(design, FILLS, built=built) as together:
            found.append(together.of(file))
    for design, digests in ((bugs[-1], found[-2]), (folder.design, found[-1])):
        with DigestSession(design, FILLS) as alone:
            assert alone.of(file) == digests
    assert len({tuple(digests) for digests in found}) > 2


def test_copies_of_which_one_is_refused_have_workers_of_their_own(bench: Bench, tmp_path: Path) -> None:
    folder = find_design("tally")
    good, bad = (rtl_copy(folder, tmp_path / name).design for name in ("good", "bad"))
    bad.source_files()[0].write_text("module nothing", encoding="utf-8")
    copies = CopyBuilds([bad, good], cache_folder(), find_verilator())
    assert copies.of(good).place is None


def test_a_native_hunt_finds_the_kills_of_icarus(bench: Bench) -> None:
    folder = find_design("tally")
    tests, store = random_tests(folder, 20), RecordingStore()
    records = clean_records(folder, tests, store)
    with Hunter(folder, ICARUS, screen_from=1_000_000) as hunter:
        plain = hunter.hunt(records, store)
    with Hunter(folder, find_simulator("native"), screen_from=0) as hunter:
        found = hunter.hunt(records, RecordingStore())
    for one, other in zip(plain.outcomes, found.outcomes, strict=True):
        if one.check != "unknown":  # two states know no X
            assert other == one
    assert {True, False} == {one.killed for one in found.outcomes}


def test_what_cocotb_does_not_see_is_no_kill(bench: Bench) -> None:
    folder = find_design("tally")
    program = expand(folder.design, folder.schema, random_tests(folder, 1)[0])
    claimed = CheckFailure(check="value", port="out", cycle=12, message="made up")
    with ExitStack() as stack:
        cycles, failure = KillJudge(folder.design, folder.model, stack).verdict(program, [claimed])
    assert cycles > 0
    assert failure is None
