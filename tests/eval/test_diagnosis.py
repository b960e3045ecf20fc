"""A bug report is right if its test fails and the place it names is the seeded change, or next to it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.schema import AgentOptions
from dv_agent.agents.tools.claims_and_reports import BugReport, Place, ReportVerdict
from dv_agent.agents.tools.diagnosis import DISTANCE, SeededChange, too_large
from dv_agent.agents.tools.judgement import judge_reports
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.reader.changes import changed_signals
from dv_agent.designs.reader.cone import cone_of, influence_of
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.registry import find_simulator

FAILURE = CheckFailure(check="value", port="y", field="m", message="m is 96, expected 64")
ADDER = "lqer_dot.finish.adder"


@pytest.fixture(scope="module")
def original() -> DesignFolder:
    return find_design("lqer_dot")


@pytest.fixture(scope="module")
def broken(original: DesignFolder, tmp_path_factory: pytest.TempPathFactory) -> DesignFolder:
    bug = next(bug for bug in load_bugs(original) if bug.id == "Q2")
    return broken_copy(original, bug, tmp_path_factory.mktemp("broken"))


@pytest.fixture(scope="module")
def change(original: DesignFolder, broken: DesignFolder) -> SeededChange:
    cache = cache_folder() / "structures"
    return SeededChange(
        original.design, broken.design, read_rtl(original.design, cache), read_rtl(broken.design, cache)
    )


@pytest.fixture(scope="module")
def old_run() -> RecordedRun:
    return read_run(Path(__file__).parent / "old_reports")


@pytest.fixture(scope="module")
def judged(
    old_run: RecordedRun, broken: DesignFolder, original: DesignFolder
) -> Callable[..., tuple[ReportVerdict, ...]]:
    def judge(*reports: BugReport, run: RecordedRun = old_run) -> tuple[ReportVerdict, ...]:
        return judge_reports(reports, run, broken, original, find_simulator("icarus"))

    return judge


def report(test: int, place: Place | None) -> BugReport:
    return BugReport(test=test, title="a fault", explanation="what is wrong and what is right", place=place)


def test_the_change_is_found_in_the_files_and_in_the_structure(change: SeededChange) -> None:
    assert change.lines == {"align_add.v": frozenset({27, 40, 57})}
    found = changed_signals(change.original_rtl, change.broken_rtl)
    assert found == {(ADDER, "shift_correction"), (f"{ADDER}.align_correction", "shift")}
    assert changed_signals(change.broken_rtl, change.broken_rtl) == frozenset()


def test_influence_counts_assignments_forward_inside_the_cone_only(change: SeededChange) -> None:
    rtl = change.broken_rtl
    start = {(ADDER, "shift_correction")}
    near = influence_of(rtl, start, cone_of(rtl, ("y_m",)), 3)
    assert near[ADDER, "shift_correction"] == 0
    assert near[ADDER, "aligned_correction"] == 1
    assert max(near.values()) == 3
    assert (ADDER, "opposite") not in near
    assert influence_of(rtl, start, cone_of(rtl, ("in_ready",)), 3) == {}


@pytest.mark.parametrize(
    ("place", "distance"),
    [
        (Place(module="align_add", first_line=27, last_line=27), 0),
        (Place(module="align_add", first_line=38, last_line=44), 0),
        (Place(module="align_add", signals=("shift_correction",)), 0),
        (Place(module="align_add", signals=("aligned_correction",)), 1),
        (Place(module="align_add", signals=("opposite", "shift_correction")), 0),
        (Place(module="align_add", signals=("opposite", "takes_over", "shift_correction")), None),
        (Place(module="align_add", signals=("opposite",)), None),
        (Place(module="skid_buffer", signals=("out_data",)), None),
        (Place(module="skid_buffer", first_line=40, last_line=49), None),
        (Place(module="lqer_dot", signals=("y_m",)), None),
        (Place(module="no_such_module", signals=("shift_correction",)), None),
        (Place(module="align_add", first_line=9_000, last_line=9_001), None),
        (Place(module="align_add", signals=("no_such_signal",)), None),
    ],
)
def test_a_place_is_near_the_change_or_it_is_not(change: SeededChange, place: Place, distance: int | None) -> None:
    assert change.distance(place, FAILURE) == distance
    assert distance is None or distance <= DISTANCE


def test_seeded_bugs_are_in_their_own_change_and_not_elsewhere(original: DesignFolder, tmp_path: Path) -> None:
    cache = cache_folder() / "structures"
    rtl = read_rtl(original.design, cache)
    for bug in load_bugs(original)[:2]:
        copy = broken_copy(original, bug, tmp_path)
        one = SeededChange(original.design, copy.design, rtl, read_rtl(copy.design, cache))
        assert one.lines, bug.id
        assert changed_signals(one.original_rtl, one.broken_rtl), bug.id
        for file, lines in one.lines.items():
            module = next(m for m in one.broken_rtl.modules if m.file == file and m.line <= min(lines))
            place = Place(module=module.name, first_line=min(lines), last_line=min(lines))
            assert one.distance(place, FAILURE) == 0, bug.id
        assert one.distance(Place(module="skid_buffer", signals=("out_data",)), FAILURE) is None, bug.id


def test_a_right_an_invented_and_a_too_large_place_are_told_apart(
    judged: Callable[..., tuple[ReportVerdict, ...]],
) -> None:
    right, invented, large = judged(
        report(6, Place(module="align_add", first_line=40, last_line=40, signals=("shift_correction",))),
        report(2, Place(module="skid_buffer", signals=("out_data", "in_ready"))),
        report(7, Place(module="align_add", first_line=1, last_line=90)),
    )
    assert (right.judged, right.words, right.why) == ("right", "failing test, right place", "in the change itself")
    assert (right.place, right.confirmed) == ("align_add line 40 shift_correction", True)
    assert (invented.words, invented.confirmed) == ("failing test, wrong diagnosis", True)
    assert invented.why == f"not within {DISTANCE} assignments of the change, on the way to the failing output"
    assert (large.judged, large.why) == ("no_place", "more than 10 lines or 5 signals are no place")
    assert too_large(Place(module="m", signals=tuple("abcdef")))


def test_a_record_without_places_is_read_and_none_of_its_reports_counts(
    old_run: RecordedRun, judged: Callable[..., tuple[ReportVerdict, ...]]
) -> None:
    old = old_run.header.bug_reports
    assert old is not None
    said = ["failing test, no place named", "the test fails no check", "failing test, no place named"]
    assert [one.words for one in old] == said
    reports = [one for turn in old_run.turns for one in turn.bug_reports]
    assert reports[0].title == "skid buffer swaps two results"
    again = judged(*reports[:2])
    assert [one.words for one in again] == said[:2]


def test_without_a_seeded_bug_no_diagnosis_is_judged(
    old_run: RecordedRun, judged: Callable[..., tuple[ReportVerdict, ...]]
) -> None:
    header = old_run.header.model_copy(update={"agent_options": AgentOptions()})
    own = RecordedRun(old_run.folder, header, old_run.turns, (), 0)
    (verdict,) = judged(report(6, Place(module="align_add", signals=("shift_correction",))), run=own)
    assert (verdict.words, verdict.confirmed) == ("failing test, diagnosis not judged", True)


def test_of_two_reports_on_one_test_the_later_one_counts(judged: Callable[..., tuple[ReportVerdict, ...]]) -> None:
    (verdict,) = judged(report(6, None), report(6, Place(module="align_add", signals=("shift_correction",))))
    assert verdict.judged == "right"
