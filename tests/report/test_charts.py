"""The numbers that the charts draw are those of the record."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_runs import copy_run, turn_lines, write_lines

from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.text.wording import counted
from dv_agent.eval.report.data.load_run import load_run
from dv_agent.eval.report.pictures.curves import ALL, progress, rows
from dv_agent.eval.report.pictures.line_chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, line_chart
from dv_agent.eval.report.pictures.ticks import ticks


def drawn(path: str, end: float, total: int) -> list[tuple[float, float]]:
    """The corners of a step line, back in cycles and bins."""
    start, *moves = re.findall(r"[MHV][-\d. ]+", path)
    x, y = map(float, start[1:].split())
    points = []
    for move in ["H" + str(x), "V" + str(y), *moves]:
        x, y = (float(move[1:]), y) if move[0] == "H" else (x, float(move[1:]))
        if move[0] == "V":
            share = (HEIGHT - BOTTOM - y) / (HEIGHT - BOTTOM - TOP)
            points.append(((x - LEFT) / (WIDTH - LEFT - RIGHT) * end, share * total))
    return points


def test_the_line_over_cycles_goes_through_every_test_of_the_record(searched: Path, design: DesignFolder) -> None:
    plan = plan_of(design)
    (over_cycles, over_turns) = progress(load_run(searched), plan, 0)
    points = drawn(line_chart(over_cycles).lines[0].path, over_cycles.end, 415)
    cycles, hit, expected = 0, 0, {0: 0}
    for turn in turn_lines(searched):
        for test in turn["tests"]:
            cycles, hit = cycles + test["cycles"], hit + len(test.get("new_bins", ()))
            expected[cycles] = hit
        assert hit == turn["bins_hit"]
    last = {count: cycle for cycle, count in reversed(expected.items())}  # the cycle that first reached a count
    wanted = [(cycle, count) for count, cycle in sorted(last.items())] + [(cycles, hit)]
    assert len(points) in {len(wanted), len(wanted) - 1}
    for (x, y), (cycle, count) in zip(points, wanted, strict=False):
        assert x == pytest.approx(cycle, abs=over_cycles.end / 500)
        assert y == pytest.approx(count, abs=0.5)
    assert over_cycles.end == turn_lines(searched)[-1]["spent"]["cycles"]
    assert over_turns.end == len(turn_lines(searched))


def test_tiers_add_up_to_all_bins_after_every_turn(searched: Path, design: DesignFolder) -> None:
    run, plan = load_run(searched), plan_of(design)
    numbers = rows(run.turns, plan)
    assert [row.counts[ALL] for row in numbers] == [turn["bins_hit"] for turn in turn_lines(searched)]
    for row in numbers:
        assert sum(row.counts.values()) == 2 * row.counts[ALL]
    for chart in progress(run, plan, 0):
        assert {curve.name: curve.last for curve in chart.curves} == numbers[-1].counts
        assert sum(curve.total for curve in chart.curves) == 2 * 415


def test_failing_tests_are_marked_where_they_ended(failed: Path) -> None:
    run = load_run(failed)
    over_cycles = progress(run, None, 415)[0]
    cycle, expected = 0, []
    for turn in turn_lines(failed):
        for test in turn["tests"]:
            cycle += test["cycles"]
            expected += [(cycle, test["index"])] if test.get("failures") else []
    assert [(mark.x, mark.test) for mark in over_cycles.marks] == expected
    chart = line_chart(over_cycles)
    assert 1 <= len(chart.crosses) <= len(expected)
    assert f"marked: {counted(len(expected), 'failing test')}" in chart.summary


def test_tokens_have_a_chart_only_where_some_were_used(searched: Path, tmp_path: Path) -> None:
    folder = copy_run(searched, tmp_path / "run")
    turns = turn_lines(folder)
    for number, turn in enumerate(turns):
        turn["spent"]["tokens"] = 1_000 * (number + 1)
    write_lines(folder, turns)
    assert [one.axis for one in progress(load_run(searched), None, 1)] == ["simulated cycles", "turns"]
    tokens = progress(load_run(folder), None, 415)[2]
    assert tokens.end == 1_000 * len(turns)
    counts = dict(tokens.curves[0].points)
    assert counts[1_000] == turns[0]["bins_hit"]


def test_labels_of_lines_that_end_close_together_do_not_overlap(searched: Path, design: DesignFolder) -> None:
    for chart in map(line_chart, progress(load_run(searched), plan_of(design), 0)):
        places = sorted(line.label_y for line in chart.lines)
        assert all(after - before >= 15 for before, after in pairwise(places))
        assert places[0] >= TOP
        assert places[-1] <= HEIGHT - BOTTOM


@given(st.floats(min_value=0, max_value=1e12), st.integers(min_value=3, max_value=10))
def test_ticks_are_few_round_and_inside(highest: float, about: int) -> None:
    found = ticks(highest, about)
    assert found[0] == 0
    assert found[-1] <= highest
    assert len(found) <= about + 1
    assert all(float(tick).is_integer() for tick in found)
    if highest >= 1:
        assert len(found) > 1
