"""Accumulating, merging, saving and loading coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coverage_helpers import points_plan, table
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import event_tables, plans

from dv_agent.coverage.database import Coverage, empty_coverage, new_bins
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.coverage.storage import load_coverage, save_coverage, to_file
from dv_agent.designs.observation import Table
from dv_agent.errors import InputFileError, OutputError, UsageError

POINTS = (
    "[{name: p, of: a, bins: {x: 1, y: {values: [2], at_least: 2}, z: 9}},"
    " {name: q, of: b, hidden: true, bins: {w: 0}, illegal: {bad: {values: [66], why: w}}}]"
)
PLAN = points_plan(POINTS, "[{name: c, of: [p, q]}]")


def cover(plan: Plan, *tests: tuple[int, str, dict[str, list[int]]]) -> Coverage:
    coverage, sampler = empty_coverage(plan), Sampler(plan)
    for turn, name, columns in tests:
        coverage = coverage.add(sampler.sample({"t": table(**columns)}, range(len(plan.bins))), name, turn)
    return coverage


def test_counts_add_up_and_bins_close_at_at_least() -> None:
    one = cover(PLAN, (1, "a", {"a": [1, 2], "b": [5, 5]}))
    two = one.add(Sampler(PLAN).sample({"t": table(a=[2, 2], b=[0, 66])}), "b", 2)
    assert two.hits.tolist() == [1, 3, 0, 0, 1, 0]
    assert (one.hidden_hits.tolist(), two.hidden_hits.tolist(), two.illegal_hits.tolist()) == ([0], [1], [1])
    assert (one.tests, two.tests) == (1, 2)
    assert [one.id for one in new_bins(one, two)] == ["g.p.y", "g.c.y+w"]
    assert new_bins(two, two) == ()
    assert one.open_bins.tolist() == [1, 2, 3, 4, 5]


def test_the_first_and_the_nearest_test_are_remembered() -> None:
    coverage = cover(
        PLAN,
        (2, "late", {"a": [1, 8], "b": [9, 9]}),
        (1, "early", {"a": [1, 5], "b": [7, 7]}),
        (3, "same", {"a": [8, 1], "b": [9, 9]}),
    )
    assert coverage.first_test(0) == (1, "early")
    assert coverage.first_test(2) is None
    assert (coverage.nearest_test(2), coverage.distance[2], coverage.nearest_row[2]) == ((2, "late"), 1, 1)
    assert coverage.nearest_test(0) == (1, "early")
    assert empty_coverage(PLAN).nearest_test(0) is None


def test_coverage_cannot_be_changed() -> None:
    coverage = cover(PLAN, (1, "a", {"a": [1], "b": [0]}))
    with pytest.raises(ValueError, match="read-only"):
        coverage.hits[0] = 5


def test_different_plans_do_not_merge() -> None:
    with pytest.raises(UsageError, match="different plans"):
        empty_coverage(PLAN).merge(empty_coverage(points_plan("[{name: p, of: a, bins: {x: 1}}]")))


@settings(max_examples=60, deadline=None)
@given(plans(), st.lists(event_tables(), min_size=3, max_size=3), st.data())
def test_merge_laws(plan: Plan, tables: list[dict[str, Table]], data: st.DataObject) -> None:
    sampler, empty = Sampler(plan), empty_coverage(plan)
    parts = []
    for one in tables:
        targets = data.draw(st.sets(st.integers(0, len(plan.bins) - 1)))
        # Names may repeat: a test that is sampled twice must not break the laws.
        name, turn = data.draw(st.sampled_from("xy")), data.draw(st.integers(0, 1))
        parts.append(empty.add(sampler.sample(one, sorted(targets)), name, turn))
    a, b, c = parts
    left = a.merge(b).merge(c)
    forms = [to_file(one) for one in (left, a.merge(b.merge(c)), c.merge(a).merge(b), left.merge(empty))]
    assert all(form == forms[0] for form in forms)
    assert left.hits.tolist() == (a.hits + b.hits + c.hits).tolist()
    assert left.observable.tolist() == (a.observable | b.observable | c.observable).tolist()
    assert left.distance.tolist() == np.minimum.reduce([a.distance, b.distance, c.distance]).tolist()
    assert set(left.first.tolist()) | set(left.nearest.tolist()) <= {-1, *range(len(left.names))}


@settings(max_examples=60, deadline=None)
@given(plans(), st.lists(event_tables(), min_size=1, max_size=5), st.data())
def test_adding_a_test_gives_what_merging_it_gives(
    plan: Plan, tables: list[dict[str, Table]], data: st.DataObject
) -> None:
    sampler, empty = Sampler(plan), empty_coverage(plan)
    added = merged = empty
    for one in tables:
        # Later than all before, or earlier, or the same test again.
        name, turn = data.draw(st.sampled_from("xyz")), data.draw(st.integers(0, 2))
        sample = sampler.sample(one, sorted(data.draw(st.sets(st.integers(0, len(plan.bins) - 1)))))
        added, merged = added.add(sample, name, turn), merged.merge(empty.add(sample, name, turn))
        assert to_file(added) == to_file(merged)
        assert added.names == merged.names


@settings(max_examples=30, deadline=None)
@given(plan=plans(), tables=event_tables())
def test_a_file_restores_everything(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, tables: dict[str, Table]
) -> None:
    path = tmp_path_factory.mktemp("coverage") / "coverage.json"
    coverage = empty_coverage(plan).add(Sampler(plan).sample(tables, range(len(plan.bins))), "one", 4)
    save_coverage(coverage, path)
    loaded = load_coverage(plan, path)
    assert to_file(loaded) == to_file(coverage)
    assert to_file(loaded.merge(coverage)) == to_file(coverage.merge(coverage))
    assert [file.name for file in path.parent.iterdir()] == ["coverage.json"]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "coverage.json"
    save_coverage(cover(PLAN, (1, "a", {"a": [1, 2], "b": [0, 66]})), path)
    return path


def test_another_plan_is_refused(saved: Path) -> None:
    with pytest.raises(InputFileError, match="recorded against another plan"):
        load_coverage(points_plan(POINTS.replace("z: 9", "z: 8"), "[{name: c, of: [p, q]}]"), saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 9}, "schema_version 9 is newer than 1"),
        ({"bins": {"g.p.nope": {"hits": 1}}}, "does not have: g.p.nope"),
        ({"bins": {"g.p.x": {"hits": -1}}}, "bins.g.p.x.hits: too small; expected at least 0"),
        ({"bins": {"g.p.x": {"first": 7}}}, "must be indices"),
        ({"names": [[2, "b"], [1, "a"]]}, "names: expected ascending"),
        ({"hidden": {"h": 1}}, "does not have: h"),
    ],
)
def test_bad_files_are_refused(saved: Path, change: dict[str, Any], message: str) -> None:
    saved.write_text(json.dumps(json.loads(saved.read_text()) | change))
    with pytest.raises(InputFileError) as caught:
        load_coverage(PLAN, saved)
    assert message in str(caught.value)


def test_a_torn_file_names_its_line(saved: Path) -> None:
    saved.write_text(saved.read_text()[:40])
    with pytest.raises(InputFileError, match="not valid JSON") as caught:
        load_coverage(PLAN, saved)
    assert caught.value.line is not None


def test_a_folder_that_is_missing_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        save_coverage(empty_coverage(PLAN), tmp_path / "no" / "coverage.json")
