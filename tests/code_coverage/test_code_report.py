"""The report shows the RTL coloured by what tests reached, and --json counts the points by kind."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command import call
from test_points import counter

from dv_agent.coverage.code.by_kind import code_counts
from dv_agent.coverage.code.group import with_code
from dv_agent.coverage.code.points import merge_counters
from dv_agent.coverage.database import Coverage, empty_coverage
from dv_agent.coverage.plan import Plan, build_plan
from dv_agent.eval.report.code_lines import code_section

GAUGE = Path(__file__).parent / "gauge"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> tuple[Path, dict[str, dict[str, int]]]:
    """A run on a copy of the design, which a test may change; and the counts that it printed."""
    room = tmp_path_factory.mktemp("run")
    shutil.copytree(GAUGE, room / "gauge")
    words = ("run", "--design", "./gauge", "--goal", "code", "--agent", "random", "--max-cycles", "120", "--json")
    done = json.loads(call(*words, cwd=room).stdout)
    assert done["run"]["bins"] == sum(one.covergroup == "code" for one in plan.bins)
    return room / done["record"], done["code"]


def test_json_counts_points_by_kind(recorded: tuple[Path, dict[str, dict[str, int]]], plan: Plan) -> None:
    _, counts = recorded
    assert list(counts) == ["line", "branch", "expression", "toggle"]
    assert counts["line"]["excluded"] == counts["toggle"]["excluded"] == 2
    assert sum(one["points"] for one in counts.values()) == sum(one.covergroup == "code" for one in plan.bins)
    assert all(0 < one["hit"] <= one["points"] for one in counts.values())


def test_lines_are_coloured_and_say_what_is_missing(recorded: tuple[Path, dict[str, dict[str, int]]]) -> None:
    page = (recorded[0] / "report.html").read_text()
    rows = re.findall(r'<tr class="is-(\w+)"><th scope="row" class="n">(\d+)</th>', page)[:63]
    states = {int(number): state for state, number in rows}
    assert [states[number] for number in (1, 29, 35, 37)] == ["plain", "hit", "dead", "miss"]
    assert "line, excluded: WIDE != 0 is always false: WIDE = 0" in page
    assert "else if (in_kind == 2&#39;d3 &amp;&amp; in_reading == 8&#39;d77)" in page


def test_rtl_that_has_changed_is_not_shown(recorded: tuple[Path, dict[str, dict[str, int]]]) -> None:
    record, _ = recorded
    design = record.parent.parent / "gauge"
    source = design / "rtl/limiter.sv"
    before = source.read_text()
    source.write_text(f"// one line more\n{before}")
    done = call("report", str(record), "--design", str(design), cwd=record.parent)
    page = (record / "report.html").read_text()
    assert done.returncode == 0, done.stderr
    assert "The RTL has changed since this run" in page
    assert "else if (in_kind" not in page
    assert "rtl/limiter.sv" in page
    source.write_text(before)


def covered(plan: Plan, *names: str) -> Coverage:
    coverage = empty_coverage(plan)
    hits = coverage.hits.copy()
    hits[[plan.index(name) for name in names]] = 1
    return replace(coverage, tests=1, hits=hits, observable=np.ones(len(plan.bins), dtype=np.bool_))


def test_a_line_is_partly_reached_if_some_of_its_points_are(tmp_path: Path) -> None:
    points = merge_counters([
        counter(0, lines=((3, 4),)), counter(1, comment="else", column=6, lines=((5, 5),)), counter(2, line=7),
        counter(3, "line", line=8, comment="block", lines=((8, 8),), dead="never"),
    ])  # fmt: skip
    coverage = covered(with_code(build_plan(tmp_path, ()), points), "code.branch.a-3-if")
    section = code_section(coverage, {"rtl/a.sv": "\n".join(f"<line {number}>" for number in range(1, 10))})
    assert section is not None
    (file,) = section.files
    states = ["plain", "plain", "part", "hit", "miss", "plain", "miss", "dead", "plain"]
    assert [line.state for line in file.lines] == states
    assert (file.hit, file.points, file.lines[2].hit, file.lines[2].points) == (1, 3, 1, 2)
    assert file.lines[2].missing == ("branch: the condition is false",)
    assert file.lines[7].missing == ("line, excluded: never",)
    assert section.excluded == (("line.a-8-block", "rtl/a.sv:8", "never"),)
    assert code_counts(coverage)["line"].model_dump() == {"points": 0, "hit": 0, "excluded": 1}


def test_without_code_coverage_there_is_no_section(tmp_path: Path) -> None:
    coverage = empty_coverage(build_plan(tmp_path, ()))
    assert code_section(coverage, {}) is None
    assert code_counts(coverage) == {}
