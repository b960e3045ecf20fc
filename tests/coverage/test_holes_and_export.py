"""What agents and people get to see."""

from __future__ import annotations

import csv
import io
import json

import pytest
from coverage_helpers import plan_of, table

from dv_agent.coverage.database import Coverage, empty_coverage
from dv_agent.coverage.export import Report, report, to_csv, to_json, to_markdown
from dv_agent.coverage.holes import Hole, OpenBins, families, holes
from dv_agent.coverage.sampling.sampler import Sampler

PLAN = plan_of("""
    schema_version: 1
    covergroups:
      - name: g
        on: t
        coverpoints:
          - {name: p, of: a, bins: {x: 1, far: {values: [50], tier: hard}}}
          - {name: q, of: b, hidden: true, bins: {y: 0}, ignore: {d: {values: [3], why: "never, by \\"spec\\""}}}
          - {name: s, of: a, tier: medium, description: "go {value}", transitions: {t: [[1], [2], [3]]}}
        crosses: [{name: c, of: [p, q]}]
      - {name: h, on: cycles, coverpoints: [{name: p, of: a, bins: {x: 1}}]}
""")


@pytest.fixture
def coverage() -> Coverage:
    empty, sampler = empty_coverage(PLAN), Sampler(PLAN)
    first = sampler.sample({"t": table(a=[1, 2, 40], b=[7, 8, 9])}, empty.open_bins)
    return empty.add(first, "turn1-a", 1).add(sampler.sample({"t": table(a=[5], b=[0])}, empty.open_bins), "turn2-a", 2)


def test_holes_tell_what_is_known(coverage: Coverage) -> None:
    found = {hole.bin: hole for hole in holes(PLAN, coverage)}
    assert list(found) == ["g.c.x+y", "g.c.far+y", "h.p.x", "g.s.t", "g.p.far"]
    far, cross, steps = found["g.p.far"], found["g.c.x+y"], found["g.s.t"]
    assert (far.distance, far.nearest_test, far.nearest_turn, far.nearest_row) == (10, "turn1-a", 1, 2)
    assert (cross.distance, cross.residual, cross.name, cross.nearest_test) == (1, 4, "x x y", "turn2-a")
    assert [(part.label, part.hits) for part in cross.parts] == [("p = x", 1), ("q = y", 1)]
    assert (steps.distance, steps.nearest_row, steps.description) == (1, 1, "go 1 then 2 then 3")
    assert [part.hits for part in steps.parts] == [1, 1, 0]


def test_a_hole_that_no_test_could_observe_says_so(coverage: Coverage) -> None:
    hole = next(hole for hole in holes(PLAN, coverage) if hole.bin == "h.p.x")
    assert not hole.observable
    assert all(other.observable for other in holes(PLAN, coverage) if other.bin != hole.bin)
    assert (hole.distance, hole.residual, hole.nearest_test, hole.nearest_row) == (None, None, None, None)


def test_open_bins_are_counted_without_being_described_and_described_as_holes(coverage: Coverage) -> None:
    lazy, found = OpenBins(coverage.plan, coverage), holes(coverage.plan, coverage)
    assert len(lazy) == len(found) > 1
    assert vars(lazy).keys() == {"_plan", "_coverage"}
    assert tuple(lazy) == found
    assert (lazy[0], lazy[-1], lazy[1:]) == (found[0], found[-1], found[1:])


def test_families_keep_plan_order(coverage: Coverage) -> None:
    found = families(PLAN, holes(PLAN, coverage))
    shape = [(one.covergroup, one.item, len(one.holes), one.bins) for one in found]
    assert shape == [("g", "p", 1, 2), ("g", "s", 1, 1), ("g", "c", 2, 2), ("h", "p", 1, 1)]


def test_no_holes_when_all_is_covered() -> None:
    plan = plan_of("""
        schema_version: 1
        covergroups: [{name: g, on: t, coverpoints: [{name: p, of: a, bins: {x: {values: [1], at_least: 2}}}]}]
    """)
    once = empty_coverage(plan).add(Sampler(plan).sample({"t": table(a=[1])}), "a")
    assert [(hole.hits, hole.at_least, hole.distance) for hole in holes(plan, once)] == [(1, 2, 0)]
    assert holes(plan, once.merge(once)) == ()


def test_json_is_stable_and_complete(coverage: Coverage) -> None:
    text = to_json(coverage)
    assert text == to_json(coverage)
    data = json.loads(text)
    assert (data["schema_version"], data["plan_hash"], data["tests"]) == (1, PLAN.hash, 2)
    assert [one["id"] for one in data["bins"]] == [one.id for one in PLAN.bins]
    assert data["bins"][0]["first_test"] == "turn1-a"
    assert data["ignored"] == [{"id": "g.q.d", "why": 'never, by "spec"'}]
    assert Report.model_validate_json(text) == report(coverage)
    assert Hole.model_validate(data["holes"][0]).bin == "g.c.x+y"


def test_csv_has_one_line_a_bin(coverage: Coverage) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(coverage))))
    assert [row["id"] for row in rows] == [one.id for one in PLAN.bins]
    assert (rows[0]["hits"], rows[0]["covered"], rows[1]["covered"]) == ("1", "True", "False")


def test_markdown_shows_all_totals(coverage: Coverage) -> None:
    text = to_markdown(coverage)
    assert "| all | 1/6 |" in text
    assert "| p | 1/2 | 50.00 % |" in text
    assert all(line.startswith("|") for line in text.splitlines() if line)
