"""Counters become points: merged by their place, named so that a name stays, bounded in number."""

from __future__ import annotations

from typing import Any

import pytest

from dv_agent.coverage.code.group import CodeSampler, with_code
from dv_agent.coverage.code.points import MAX_POINTS, CodePoints, merge_counters
from dv_agent.coverage.plan import build_plan
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.code.counter import CodeCounter
from dv_agent.errors import InputFileError, SimulationError, UsageError


def counter(index: int | None, kind: str = "branch", **more: Any) -> CodeCounter:
    facts = {"file": "rtl/a.sv", "line": 3, "column": 5, "module": "a", "instance": "dut", "comment": "if"}
    return CodeCounter.model_validate({"index": index, "kind": kind, **facts, **more})


def names(points: CodePoints) -> list[str]:
    return [f"{one.kind}.{one.name}" for one in points.points]


def rows(points: CodePoints, *counted: int, size: int = 16) -> list[int]:
    """The points that a test hits whose counters `counted` are not 0."""
    bits = sum(1 << index for index in counted)
    return CodeSampler(points).table(bits.to_bytes(size // 8, "little")).columns["point"].tolist()


def test_instances_and_parameters_share_a_point() -> None:
    points = merge_counters([
        counter(0, instance="dut.x"), counter(1, instance="dut.y", module="a"), counter(None, instance="dut.z"),
    ])  # fmt: skip
    assert names(points) == ["branch.a-3-if"]
    assert (points.points[0].count, points.points[0].instances) == (3, ("dut.x", "dut.y", "dut.z"))
    assert rows(points, 0) == rows(points, 1) == [0]
    assert rows(points, 2) == []


def test_names_do_not_depend_on_the_order_or_numbers_of_counters() -> None:
    parts = [
        counter(4, "expression", comment="(a==0) => 0"), counter(7, "expression", comment="(a==1) => 1"),
        counter(2, comment="if", column=9), counter(3, comment="if", column=4), counter(1, "line", comment="block"),
    ]  # fmt: skip
    shuffled = [one.model_copy(update={"index": 9 - (one.index or 0)}) for one in reversed(parts)]
    assert names(merge_counters(parts)) == names(merge_counters(shuffled)) == [
        "line.a-3-block", "branch.a-3-if-1", "branch.a-3-if-2", "expression.a-3-e1", "expression.a-3-e2",
    ]  # fmt: skip
    assert merge_counters(parts).hash == merge_counters(shuffled).hash


def test_two_files_of_one_name_are_told_apart_by_their_folders() -> None:
    points = merge_counters([counter(0), counter(1, file="lib/a.sv")])
    assert names(points) == ["branch.lib-a.sv-3-if", "branch.rtl-a.sv-3-if"]


def test_a_signal_is_hit_when_some_bit_rose_and_some_bit_fell() -> None:
    bits = [counter(2 * bit + up, "toggle", comment=f"n[{bit}]:{'0->1' if up else '1->0'}")
            for bit in range(4) for up in (0, 1)]  # fmt: skip
    points = merge_counters(bits)
    assert names(points) == ["toggle.a-n"]
    assert rows(points, 1, 3) == []  # bits that only rose
    assert rows(points, 1, 2) == [0]
    each = merge_counters(bits, bits=True)
    assert names(each) == ["toggle.a-n_0_", "toggle.a-n_1_", "toggle.a-n_2_", "toggle.a-n_3_"]
    assert rows(each, 1, 2) == []
    assert rows(each, 2, 3) == [1]


def test_names_hold_only_what_a_bin_may_hold() -> None:
    points = merge_counters([counter(0, "toggle", comment=r"\weird name$.x[3]:0->1", module="m$")])
    assert names(points) == ["toggle.m_-_weird_name_.x"]


def test_of_too_many_points_toggles_are_left_out_first() -> None:
    toggles = (counter(index, "toggle", comment=f"s{index}:0->1") for index in range(MAX_POINTS))
    points = merge_counters([*toggles, counter(MAX_POINTS), counter(MAX_POINTS + 1, "line", comment="block")])
    assert (len(points.points), points.left_out) == (MAX_POINTS, 2)
    assert names(points)[:2] == ["line.a-3-block", "branch.a-3-if"]


def test_a_point_is_excluded_only_if_all_its_counters_are() -> None:
    dead, living = counter(0, instance="dut.x", dead="never"), counter(1, instance="dut.y")
    assert [one.excluded for one in merge_counters([dead, living, counter(2, line=8, dead="off")]).points] == [
        "",
        "off",
    ]
    assert [one.excluded for one in merge_counters([dead, counter(1, dead="no")]).points] == ["never"]


def test_a_hit_of_an_excluded_point_is_loud() -> None:
    points = merge_counters([counter(0), counter(1, line=8, dead="WIDE is 0")])
    assert rows(points, 0) == [0]
    with pytest.raises(SimulationError, match=r"code\.branch\.a-8-if was hit, although it was excluded \(WIDE is 0\)"):
        rows(points, 0, 1)


def test_counters_of_another_build_are_refused() -> None:
    with pytest.raises(SimulationError, match="16 counters of code coverage, not 21"):
        rows(merge_counters([counter(20)]))


def test_a_plan_whose_group_is_called_code_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("schema_version: 1\ncovergroups:\n  - {name: code, on: t, coverpoints: [{name: a, of: x, auto: "
                    "{range: [0, 1]}}]}\n")  # fmt: skip
    with pytest.raises(InputFileError, match="'code' is the covergroup and table of code coverage"):
        with_code(load_plan(file), merge_counters([counter(0)]))


def test_rtl_without_a_living_point_cannot_be_a_goal_alone(tmp_path: Any) -> None:
    empty, dead = build_plan(tmp_path, ()), merge_counters([counter(0, dead="never")])
    assert with_code(empty, dead) is empty
    with pytest.raises(UsageError, match="no point of code coverage"):
        with_code(empty, dead, alone=True)
