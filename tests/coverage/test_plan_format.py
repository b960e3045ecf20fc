"""What ``plan.yaml`` can say, and what it comes to mean."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from coverage_helpers import plan_of, points_plan
from hypothesis import given, settings
from strategies import plans

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file import loader
from dv_agent.errors import UnknownNameError

FULL = """
    schema_version: 1
    covergroups:
      - name: reduction
        on: lane
        description: range reduction of one lane
        when: "valid_row == 1"
        weight: 3
        tier: medium
        coverpoints:
          - name: n
            of: "n"
            description: "reduce to {value} ({bin})"
            at_least: 2
            weight: 5
            bins:
              low: -64
              mid: [-8, -1]
              some: {values: [1, 3, [9, 10]]}
              rest: {range: [4, 6], tier: hard, at_least: 7, description: "own {bin}"}
            tiers: {easy: [low, mid]}
            words: {mid: "a middle one"}
            ignore: {dead: {values: [9], why: "cannot be: see spec"}}
            illegal: {bad: {range: [100, 200], why: "beyond the format"}}
          - name: r
            of: "n & 7"
            tier: easy
            auto: {range: [0, 7], tiers: {hard: [7]}}
          - name: runs
            of: "n"
            hidden: true
            auto: {range: [0, 9], size: 4}
            words: {8..9: "the last run"}
          - name: steps
            of: "length"
            transitions:
              long_after_short: [[1], [8]]
              climb: {sequence: [1, [2, 3], {range: [4, 8]}], tier: hard}
        crosses:
          - name: mix
            of: [n, runs]
            description: "{bin}: n {n} while runs {runs}, {value}"
            weight: 2
            at_least: 4
            tiers: {hard: ["low x 0..3", {n: mid}]}
            ignore: [{when: {n: [some, rest], runs: 8..9}, why: "disjoint", choice: true}]
            only: [{n: [low, mid]}, {n: some, runs: [0..3, 8..9]}]
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of(FULL)


def test_ids_follow_the_order_of_the_file(plan: Plan) -> None:
    assert [one.id for one in plan.bins] == [
        "reduction.n.low", "reduction.n.mid", "reduction.n.some", "reduction.n.rest",
        *(f"reduction.r.{i}" for i in range(8)),
        "reduction.steps.long_after_short", "reduction.steps.climb",
        *(f"reduction.mix.{n}+{run}" for n in ("low", "mid") for run in ("0..3", "4..7", "8..9")),
        "reduction.mix.some+0..3",
    ]  # fmt: skip
    assert [(item.name, item.kind, item.start, item.stop) for item in plan.items] == [
        ("n", "value", 0, 4), ("r", "value", 4, 12), ("steps", "transition", 12, 14), ("mix", "cross", 14, 21),
    ]  # fmt: skip
    assert plan.tables == ("lane",)


def test_values_without_the_ignored_ones(plan: Plan) -> None:
    assert [str(one.values[0]) for one in plan.bins[:4]] == ["-64", "-8..-1", "1, 3, 10", "4..6"]
    assert [str(values) for values in plan.bins[13].values] == ["1", "2..3", "4..8"]


@pytest.mark.parametrize(
    ("bin_id", "tier", "at_least", "weight"),
    [
        ("reduction.n.low", "easy", 2, 5),
        ("reduction.n.some", "medium", 2, 5),
        ("reduction.n.rest", "hard", 7, 5),
        ("reduction.r.0", "easy", 1, 1),
        ("reduction.r.7", "hard", 1, 1),
        ("reduction.steps.climb", "hard", 1, 1),
        ("reduction.steps.long_after_short", "medium", 1, 1),
        ("reduction.mix.low+0..3", "hard", 4, 2),
        ("reduction.mix.low+4..7", "medium", 4, 2),
        ("reduction.mix.mid+4..7", "hard", 4, 2),
    ],
)
def test_options_pass_down_and_are_overridden(plan: Plan, bin_id: str, tier: str, at_least: int, weight: int) -> None:
    one = plan.bins[plan.index(bin_id)]
    assert (one.tier, one.at_least, one.weight) == (tier, at_least, weight)
    assert plan.at_least[plan.index(bin_id)] == at_least


@pytest.mark.parametrize(
    ("bin_id", "description"),
    [
        ("reduction.n.low", "reduce to -64 (low)"),
        ("reduction.n.mid", "reduce to -8..-1 (a middle one)"),
        ("reduction.n.rest", "own rest"),
        ("reduction.r.3", "n & 7 = 3"),
        ("reduction.steps.climb", "length = 1 then 2..3 then 4..8"),
        ("reduction.mix.low+0..3", "low x 0..3: n low while runs 0..3, n = -64 and runs = 0..3"),
        ("reduction.mix.mid+8..9", "mid x 8..9: n a middle one while runs the last run, n = -8..-1 and runs = 8..9"),
    ],
)
def test_descriptions_are_resolved(plan: Plan, bin_id: str, description: str) -> None:
    assert plan.bins[plan.index(bin_id)].description == description


def test_what_is_kept_out_is_kept_with_its_argument(plan: Plan) -> None:
    assert [(one.id, one.why, one.choice) for one in plan.ignored] == [
        ("reduction.n.dead", "cannot be: see spec", False),
        ("reduction.mix.some+8..9", "disjoint", True),
    ]
    assert [(one.id, str(one.values[0])) for one in plan.illegal] == [("reduction.n.bad", "100..200")]


def test_parts_name_where_their_hits_are_counted(plan: Plan) -> None:
    labels = [(part.label, part.slot) for part in plan.parts[plan.index("reduction.mix.low+4..7")]]
    hidden = len(plan.bins) + plan.hidden.index("reduction.runs.4..7")
    assert labels == [("n = low", 0), ("runs = 4..7", hidden)]
    assert [part.label for part in plan.parts[plan.index("reduction.steps.climb")]] == ["1", "2..3", "4..8"]
    assert plan.parts[0] == ()


def test_unknown_bin_offers_the_nearest(plan: Plan) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean .*reduction\.n\.low"):
        plan.index("reduction.n.lo")
    with pytest.raises(UnknownNameError):
        plan.index("reduction.runs.4..7")


@settings(max_examples=60, deadline=None)
@given(plans())
def test_ids_are_unique_and_round_trip(plan: Plan) -> None:
    assert [plan.index(one.id) for one in plan.bins] == list(range(len(plan.bins)))
    for one in plan.bins:
        assert tuple(one.id.split(".", 2)) == (one.covergroup, one.item, one.name)
        assert re.fullmatch(r"[A-Za-z0-9_.+-]+", one.id)
        assert one.kind != "cross" or tuple(one.name.split("+")) == one.members
        item = plan.items[plan.item_of[plan.index(one.id)]]
        assert (item.covergroup, item.name) == (one.covergroup, one.item)


def test_auto_bins_that_are_wholly_ignored_vanish() -> None:
    plan = points_plan("[{name: p, of: a, auto: {values: [1, 2, [5, 6]]}, ignore: {d: {values: [2, 5], why: w}}}]")
    assert [one.name for one in plan.bins] == ["1", "6"]
    plan = points_plan("[{name: p, of: a, auto: {range: [0, 5], size: 2}, ignore: {d: {values: [0, 2, 3], why: w}}}]")
    assert [(one.name, str(one.values[0])) for one in plan.bins] == [("0..1", "1"), ("4..5", "4..5")]


def test_hash_follows_counts_not_words() -> None:
    def of(text: str) -> str:
        return plan_of(text).hash

    assert of(FULL) == of(FULL.replace("own {bin}", "other words").replace("cannot be", "still cannot be"))
    changes = {
        "[-8, -1]": "[-8, -2]", "weight: 3": "weight: 4", "at_least: 7": "at_least: 8", "n & 7": "n & 15",
        "valid_row == 1": "valid_row", "on: lane": "on: row", "{n: mid}": "{n: low}", "[100, 200]": "[100, 201]",
        "values: [9]": "values: [10]",
    }  # fmt: skip
    assert len({of(FULL.replace(old, new)) for old, new in changes.items()} | {of(FULL)}) == len(changes) + 1


def test_three_coverpoints_cross_in_file_order() -> None:
    points = ", ".join(f"{{name: p{i}, of: a, bins: {{x: 0, y: 1}}}}" for i in range(3))
    plan = points_plan(f"[{points}]", "[{name: c, of: [p2, p0, p1], only: [{p2: y}]}]")
    assert [one.name for one in plan.bins[6:]] == ["y+x+x", "y+x+y", "y+y+x", "y+y+y"]


def test_the_plan_in_the_readme_loads() -> None:
    text = (Path(loader.__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    plan = plan_of(text.split("```yaml\n")[1].split("```")[0])
    assert plan.index("reduction.sat_r.high+7") == len(plan.bins) - 1
