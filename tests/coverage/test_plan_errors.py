"""Every mistake in a plan is named with its line and what was expected."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from coverage_helpers import plan_of, points_plan, table
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import plan_from

from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.coverage.sampling.columns import check_tables
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.designs.files.documents import Document
from dv_agent.errors import InputFileError

# Each line of this plan is replaced by one that is wrong; the number is the line that must be named.
GOOD = """schema_version: 1
covergroups:
  - name: g
    on: t
    when: "a > 0"
    coverpoints:
      - name: p
        of: "a"
        bins:
          low: 0
          high: [1, 5]
        ignore:
          dead: {values: [7], why: w}
      - name: q
        of: "b"
        auto: {range: [0, 3]}
      - name: s
        of: "b"
        transitions:
          up: [[0], [1]]
    crosses:
      - name: x
        of: [p, q]
        tiers: {hard: [high x 0]}
        ignore:
          - {when: {p: low}, why: w}
"""
CASES = [
    ("schema_version: 1", "schema_version: 2", 1, "expected 1, found 2"),
    ("schema_version: 1", "version: 1", 1, "unknown key 'version'; did you mean schema_version"),
    ("  - name: g", "  - nam: g", 3, "unknown key 'nam'; did you mean name"),
    ("    on: t", "    weight: 1", 3, "missing key 'on'"),
    ("    on: t", "    on: 5", 4, "expected a name"),
    ("    on: t", "    on: t\n    tier: severe", 5, "unknown tier 'severe'"),
    ("    on: t", "    on: t\n    weight: -1", 5, "an integer from 0"),
    ("    on: t", "    on: t\n    description: ''", 5, "expected a text"),
    ('"a > 0"', '"a >"', 5, "expected a value"),
    ('"a > 0"', '"a > 9999999999999999999"', 5, "constants in a plan"),
    ('of: "a"', 'of: "a ? b"', 8, "unexpected character '?'"),
    ('of: "a"', "of: 3", 8, "expected a text"),
    ('of: "a"', 'of: "a"\n        at_least: 0', 9, "an integer from 1"),
    ('of: "a"', 'of: "a"\n        description: "{bim}"', 11, "unknown placeholder 'bim'; did you mean bin"),
    ('of: "a"', 'of: "a"\n        hidden: 1', 9, "expected true or false"),
    ('of: "a"', 'of: "a"\n        tiers: {hard: [lou]}', 9, "unknown bin 'lou'; did you mean low"),
    ('of: "a"', 'of: "a"\n        tiers: {hrd: [low]}', 9, "unknown tier 'hrd'; did you mean hard"),
    ('of: "a"', 'of: "a"\n        tiers: {hard: [low], easy: [low]}', 9, "bin 'low' is already hard"),
    ('of: "a"', 'of: "a"\n        words: {lou: least}', 9, "unknown bin 'lou'; did you mean low"),
    ('of: "a"', 'of: "a"\n        words: {low: 0}', 9, "expected a text"),
    ("low: 0", "low: {values: 0}", 10, "a list with at least one entry"),
    ("low: 0", "low: {range: 0}", 10, "expected [low, high]"),
    ("low: 0", "low: {range: [0, 0], values: [0]}", 10, "either `values` or `range`"),
    ("low: 0", "low: {tier: hard}", 10, "either `values` or `range`"),
    ("low: 0", "low: {values: [0], tier: no}", 10, "unknown tier 'no'"),
    ("low: 0", "low: zero", 10, "a value, a range [low, high] or {values: [...]}"),
    ("low: 0", "low: 1.5", 10, "found 1.5"),
    ("low: 0", "low: true", 10, "found True"),
    ("low: 0", "low: 4611686018427387904", 10, "an integer from -4611686018427387903"),
    ("low: 0", "'lo w': 0", 10, "bin name 'lo w'"),
    ("low: 0", "low: 7", 10, "bin 'low': all its values are ignored"),
    ("low: 0", "dead: 0", 13, "duplicate bin name 'dead'"),
    ("low: 0", "high: 0", 11, "duplicate key 'high'"),
    ("high: [1, 5]", "high: [5, 1]", 11, "range [5, 1] is empty"),
    ("high: [1, 5]", "high: [1, 2, 3]", 11, "a value, a range"),
    ("high: [1, 5]", "high: [0, 5]", 11, "bins 'low' and 'high' overlap: both hold 0"),
    (", why: w}\n      - name: q", "}\n      - name: q", 13, "missing key 'why'"),
    ("why: w}\n      - name: q", "why: w, choice: 1}\n      - name: q", 13, "choice: expected true or false"),
    ("        ignore:", "        illegal: {i: {range: [9, 9], choice: true}}\n        ignore:", 12, "key 'choice'"),
    ("dead: {values: [7], why: w}", "dead: 7", 13, "expected {values: [...], why: ...}"),
    ("      - name: q", "      - name: p", 14, "duplicate coverpoint 'p'"),
    ("        auto: {range: [0, 3]}\n", "", 14, "coverpoint 'q' has no bins"),
    ("auto: {range: [0, 3]}", "bins: {}", 16, "a mapping with at least one entry"),
    ("auto: {range: [0, 3]}", "auto: 3", 16, "auto: expected a mapping, found 3"),
    ("auto: {range: [0, 3]}", "auto: {values: [1], size: 2}", 16, "`size` needs a `range`"),
    ("auto: {range: [0, 3]}", "auto: {range: [0, 4000000000000000000]}", 16, "a plan holds at most 20000"),
    ("auto: {range: [0, 3]}", "auto: {range: [0, 10000]}", 22, "cross of 2 x 10001 = 20002 bins"),
    ("auto: {range: [0, 3]}", "auto: {range: [0, 19998]}\n        hidden: true", 14, "grows beyond 20000 bins"),
    ("up: [[0], [1]]", "up: [[0]]", 20, "2 to 64 positions, this has 1"),
    ("up: [[0], [1]]", "up: [[0], []]", 20, "a list with at least one entry"),
    ("up: [[0], [1]]", "up: {tier: hard}", 20, "missing key 'sequence'"),
    ("        transitions:", "        bins: {z: 1}\n        transitions:", 19, "either transitions or bins"),
    ("up: [[0], [1]]", "up: [0, 1]\n        ignore: {u: {sequence: [0, [1, 2]], why: w}}", 21, "overlaps the"),
    ("up: [[0], [1]]", "up: [[0], [1]]\n        hidden: true", 17, "hidden and stands in no cross"),
    ("      - name: x", "      - name: p", 22, "duplicate name 'p'"),
    ("of: [p, q]", "of: [p, qq]", 23, "unknown coverpoint 'qq'; did you mean q"),
    ("of: [p, q]", "of: [p, s]", 23, "coverpoint 's' holds transitions"),
    ("of: [p, q]", "of: [p, p]", 23, "crossed with itself"),
    ("of: [p, q]", "of: [p]", 23, "a cross has 2 to 8 coverpoints, this has 1"),
    ("[high x 0]", "[high x 9]", 24, "unknown bin of this cross 'high+9'; did you mean high+"),
    ("[high x 0]", "[{p: low}]", 24, "no bin of this cross matches"),
    ("[high x 0]", "[high x 0], easy: [{q: 0}]", 24, "bin 'high+0' is already hard"),
    ("[high x 0]", "[low x 0]", 24, "unknown bin of this cross 'low+0'"),
    ("{p: low}, why: w", "{p: low}", 26, "missing key 'why'"),
    ("{p: low}, why: w", "{r: low}, why: w", 26, "unknown coverpoint of this cross 'r'"),
    ("{p: low}, why: w", "{p: [low, hgh]}, why: w", 26, "unknown bin of p 'hgh'; did you mean high"),
    ("{p: low}, why: w", "{p: [low, high]}, why: w", 22, "cross 'x' has no bins left"),
    ("{p: low}, why: w", "{}, why: w", 26, "a mapping with at least one entry"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), CASES, ids=[f"{case[1].strip()[:40]}" for case in CASES])
def test_mistake(old: str, new: str, line: int, message: str) -> None:
    assert GOOD.count(old) >= 1
    with pytest.raises(InputFileError) as caught:
        plan_of(GOOD.replace(old, new, 1))
    assert message in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"plan.yaml:{line}: ")


def test_the_plan_without_mistakes_loads() -> None:
    assert len(plan_of(GOOD).bins) == 2 + 4 + 1 + 4


def test_duplicate_covergroup() -> None:
    text = GOOD
    with pytest.raises(InputFileError, match="duplicate covergroup 'g'") as caught:
        plan_of(text + text.split("covergroups:\n")[1])
    assert caught.value.line == 27


def test_illegal_bins_may_not_overlap() -> None:
    with pytest.raises(InputFileError, match="bins 'i' and 'j' overlap: both hold 2"):
        points_plan("[{name: p, of: a, bins: {x: 0}, illegal: {i: {values: [2], why: w}, j: {range: [1, 3], why: w}}}]")


def test_tier_said_twice_for_a_bin() -> None:
    with pytest.raises(InputFileError, match="already says its own tier"):
        points_plan("[{name: p, of: a, bins: {x: {values: [0], tier: hard}}, tiers: {easy: [x]}}]")
    with pytest.raises(InputFileError, match="stands in both lists"):
        points_plan("[{name: p, of: a, auto: {values: [0], tiers: {hard: [0]}}, tiers: {easy: [0]}}]")


_JUNK: list[Any] = [None, True, -1, 0, 1.5, 10**30, "", "p", "a +", "x" * 600, [], [[]], [1], [2, 1], {}, {"p": 1}]


def places(data: Any, loc: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all parts of plain data but the root."""
    keys = data.keys() if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    return [path for key in keys for path in [(*loc, key), *places(data[key], (*loc, key))]]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_but_a_plan_or_an_input_file_error_comes_out(data: st.DataObject) -> None:
    plain = Document(Path("plan.yaml"), GOOD).data
    for _ in range(data.draw(st.integers(1, 2))):
        *path, last = data.draw(st.sampled_from(places(plain)))
        parent = plain
        for key in path:
            parent = parent[key]
        parent[last] = deepcopy(data.draw(st.sampled_from(_JUNK)))
    try:
        plan = plan_from(plain)
    except InputFileError as error:
        assert error.line is not None
    else:
        assert plan.bins


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        load_plan(tmp_path / "plan.yaml")


def test_missing_column_names_the_line_of_the_plan() -> None:
    plan = plan_of(GOOD)
    for columns, line, name in [({"b": [1]}, 5, "a"), ({"a": [1], "bb": [1]}, 15, "b")]:
        tables = {"t": table(**columns)}
        for bind in (
            lambda tables=tables: Sampler(plan).sample(tables),
            lambda tables=tables: check_tables(plan, tables),
        ):
            with pytest.raises(InputFileError, match=f"unknown column of table 't' '{name}'") as caught:
                bind()
            assert caught.value.line == line


def test_missing_table_is_an_error_only_on_demand() -> None:
    plan = plan_of(GOOD)
    check_tables(plan, {})
    with pytest.raises(InputFileError, match="covergroup 'g': unknown table 't'; did you mean tt") as caught:
        check_tables(plan, {"tt": table(a=[1], b=[1])}, complete=True)
    assert caught.value.line == 4
    check_tables(plan, {"t": table(a=[1], b=[1])}, complete=True)


def test_a_column_with_lanes_needs_a_lane() -> None:
    plan = points_plan("[{name: p, of: m, bins: {x: 0}}]")
    with pytest.raises(InputFileError, match=r"did you mean m1 or m0"):
        Sampler(plan).sample({"t": table(m=[[1, 2]])})
