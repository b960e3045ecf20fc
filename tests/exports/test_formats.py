"""Results in the forms of other tools: each is read again by the library or the tool that reads it elsewhere."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import hjson
import junitparser
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import CommandLine
from ucis.xml.xml_factory import XmlFactory

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.request import RunRequest
from dv_agent.cli.running.display import Display
from dv_agent.coverage.code.group import with_code
from dv_agent.coverage.code.points import CodePoint, CodePoints
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan_file.loader import load_plan
from dv_agent.designs.files.places import design_names
from dv_agent.designs.files.yaml_reader import parse_yaml
from dv_agent.designs.loader import find_design
from dv_agent.errors import InputFileError
from dv_agent.eval.exchange.code_files import cobertura_text, lcov_text
from dv_agent.eval.exchange.recorded_results import RecordedResults, recorded_results
from dv_agent.eval.exchange.testplan_file import plan_from
from dv_agent.eval.exchange.testplan_file import testplan_text as plan_as_hjson
from dv_agent.eval.exchange.ucis_file import read_ucis, ucis_text

DESIGN = "mxint_gelu"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run on RTL with a bug."""
    with pytest.MonkeyPatch.context() as patch:
        room = tmp_path_factory.mktemp("formats")
        patch.chdir(room)
        asked = RunRequest(design=DESIGN, agent="random", bug="G1", max_cycles=1_500, out=room / "runs")
        return launch(asked, Display(quiet=True), lambda record, folder: None).folder.resolve()


@pytest.fixture
def results(record: Path) -> RecordedResults:
    return recorded_results(record, find_design(DESIGN))


@pytest.fixture
def dv_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


def test_junit_has_a_case_for_every_test_and_a_failure_for_every_failed_check(
    record: Path, dv_agent: CommandLine, tmp_path: Path
) -> None:
    assert dv_agent("export", str(record), "tests.xml", "--as", "junit").returncode == 0
    tests = [test for turn in read_run(record).turns for test in turn.tests]
    (suite,) = junitparser.JUnitXml.fromfile(str(tmp_path / "tests.xml"))
    cases = list(suite)
    assert [case.name for case in cases] == [f"test {one.index} {one.test.name}".strip() for one in tests]
    failing = [one for one in tests if one.failures]
    assert suite.failures == len(failing) > 0
    for case, test in zip(cases, tests, strict=True):
        told = [(one.type, (one.text or "").splitlines()) for one in case.result]
        assert told == [(one.check, [str(each) for each in test.failures[:20]]) for one in test.failures[:1]]


def test_ucis_holds_the_hits_of_every_bin_and_pyucis_opens_it(results: RecordedResults, tmp_path: Path) -> None:
    path = tmp_path / "coverage.xml"
    path.write_text(ucis_text(results))
    coverage = results.coverage
    assert read_ucis(path, coverage.plan) == {
        one.id: int(hits) for one, hits in zip(coverage.plan.bins, coverage.hits, strict=True)
    }
    assert coverage.hits.any()
    XmlFactory.read(str(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_ucis_file_never_has_another_file_read(results: RecordedResults, tmp_path: Path, encoding: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("17")
    head, rest = ucis_text(results).split("?>", 1) if "?>" in ucis_text(results) else ("", ucis_text(results))
    entity = f'<!DOCTYPE x [<!ENTITY other SYSTEM "{secret.as_uri()}">]>'
    path = tmp_path / "hostile.xml"
    path.write_bytes((head + ("?>" if head else "") + entity + rest).encode(encoding))
    with pytest.raises(InputFileError, match=r"document type|UTF-8"):
        read_ucis(path, results.coverage.plan)


def test_a_ucis_file_hides_no_entity_in_another_encoding(results: RecordedResults, tmp_path: Path) -> None:
    path = tmp_path / "hostile.xml"
    path.write_text(
        "<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE x +AFsAPAAh-ENTITY o 'x'+AD4AXQA+-" + ucis_text(results)
    )
    with pytest.raises(InputFileError, match="another encoding"):
        read_ucis(path, results.coverage.plan)


def test_a_ucis_file_of_another_tool_is_told_apart(
    results: RecordedResults, dv_agent: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "other.xml").write_text(ucis_text(results).replace('"element"', '"cg_bus"'))
    (tmp_path / "page.xml").write_text("<html><body>no coverage</body></html>")
    (tmp_path / "broken.xml").write_text("<UCIS><instanceCoverages name='a'>")
    for name, told in {
        "other.xml": "holds block, cg_bus", "page.xml": "is no UCIS XML", "broken.xml": "is no UCIS XML",
    }.items():  # fmt: skip
        done = dv_agent("designs", "from-ucis", DESIGN, name)
        assert (done.returncode, done.stdout) == (2, ""), name
        assert told in done.stderr
    (tmp_path / "mine.xml").write_text(ucis_text(results))
    assert "bins are covered" in dv_agent("designs", "from-ucis", DESIGN, "mine.xml").stdout
    assert dv_agent("designs", "from-ucis", DESIGN, "missing.xml").returncode == 2


def with_points(results: RecordedResults) -> RecordedResults:
    """The same run, as if Verilator had counted three points of its RTL."""
    common = {"file": "gelu_lane.v", "column": 1, "module": "gelu_lane"}
    points = CodePoints(
        points=(
            CodePoint(kind="line", name="a", line=10, text="block", lines=((10, 12), (14, 14)), **common),
            CodePoint(kind="line", name="b", line=13, text="block", lines=((13, 13),), **common),
            CodePoint(kind="line", name="dead", line=20, text="block", excluded="a parameter", **common),
            CodePoint(kind="branch", name="if", line=13, text="if", **common),
            CodePoint(kind="branch", name="else", line=13, text="else", **common),
        )
    )  # fmt: skip
    plan = with_code(results.coverage.plan, points)
    hits = np.zeros(len(plan.bins), np.int64)
    hits[plan.index("code.line.a")], hits[plan.index("code.branch.else")] = 4, 3
    return replace(results, coverage=replace(empty_coverage(plan), hits=hits))


def test_lcov_counts_tests_by_line_and_branch_without_dead_points(results: RecordedResults) -> None:
    lines = lcov_text(with_points(results)).splitlines()
    (source,) = [one for one in find_design(DESIGN).design.source_files() if one.name == "gelu_lane.v"]
    assert lines == [
        "TN:", f"SF:{source.resolve()}", "BRDA:13,0,0,0", "BRDA:13,0,1,3", "BRF:2", "BRH:1",
        "DA:10,4", "DA:11,4", "DA:12,4", "DA:13,0", "DA:14,4", "LF:5", "LH:4", "end_of_record",
    ]  # fmt: skip


def test_cobertura_says_the_same(results: RecordedResults) -> None:
    root = ET.fromstring(cobertura_text(with_points(results)))  # noqa: S314  # our own
    hits = {int(one.get("number", "0")): int(one.get("hits", "0")) for one in root.iter("line")}
    assert hits == {10: 4, 11: 4, 12: 4, 13: 0, 14: 4}
    assert float(root.get("branch-rate", "0")) == 0.5


def test_a_run_without_code_coverage_is_told_how_to_count_it(record: Path, dv_agent: CommandLine) -> None:
    for form in ("lcov", "cobertura"):
        done = dv_agent("export", str(record), "code", "--as", form)
        assert done.returncode == 2
        assert "--goal code" in done.stderr


@pytest.mark.parametrize("name", [one for one in design_names() if one in ("mxint_gelu", "hgsa_loop")])
def test_a_plan_comes_back_from_its_testplan_as_it_was(name: str, tmp_path: Path) -> None:
    folder = find_design(name)
    text = plan_as_hjson(folder)
    data = hjson.loads(text)
    plan = plan_of(folder)
    assert [one["name"] for one in data["covergroups"]] == [one.name for one in plan.covergroups]
    assert len(data["testpoints"]) == len(plan.items)
    assert {one["stage"] for one in data["testpoints"]} <= {"V1", "V2", "V3"}
    (tmp_path / "testplan.hjson").write_text(text)
    again, missing = plan_from(tmp_path / "testplan.hjson")
    (tmp_path / "plan.yaml").write_text(again)
    assert missing == ()
    assert load_plan(tmp_path / "plan.yaml").hash == plan.hash


def test_a_testplan_of_somebody_else_becomes_comments_that_name_what_is_to_be_written(
    dv_agent: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "uart.hjson").write_text(
        """{
  name: "uart"
  // as lowRISC writes them
  testpoints: [{
    name: smoke
    desc: '''Send a byte.
          Receive it.'''
    stage: V1
    tests: ["uart_smoke"]
  }]
  covergroups: [{name: "fifo_level_cg", desc: "Levels: of both: FIFOs # all"}]
}"""
    )
    done = dv_agent("designs", "from-testplan", "uart.hjson")
    assert done.returncode == 0
    assert "#   fifo_level_cg: to be written as a covergroup\n#   Levels: of both: FIFOs # all\n" in done.stdout
    assert "1 covergroup (fifo_level_cg)" in done.stderr


@given(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=30)] * 4)
def test_no_text_of_a_testplan_becomes_a_part_of_the_plan(name: str, group: str, words: str, stage: str) -> None:
    with TemporaryDirectory() as room:
        file = Path(room) / "strange.hjson"
        covergroup = {"name": group, "desc": words, "stage": stage}
        file.write_text(json.dumps({"name": name, "covergroups": [covergroup, {"name": "a\nb: 1"}]}))
        text, missing = plan_from(file)
    assert parse_yaml(text).data == {"schema_version": 1, "covergroups": None}
    assert missing == (group, "a\nb: 1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[1, 2", "is no HJSON"),
        ("[" * 5_000, "is no HJSON"),
        ("name: x", "is no testplan"),
        ("{covergroups: 3}", "expected a list"),
        ('{covergroups: [{desc: "x"}]}', "expected a name"),
        ('{covergroups: [{name: "a", dv_agent: {on: "t"}}]}', "missing key 'coverpoints'"),
        ('{covergroups: [{name: "a\\nb: 1", dv_agent: {on: "t", coverpoints: []}}]}', "name"),
    ],
)
def test_a_broken_testplan_is_named_with_what_is_wrong(
    text: str, told: str, dv_agent: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "bad.hjson").write_text(text)
    done = dv_agent("designs", "from-testplan", "bad.hjson")
    assert (done.returncode, done.stdout) == (2, "")
    assert "bad.hjson" in done.stderr
    assert told in done.stderr


def test_a_missing_package_is_named_with_the_line_that_installs_it(
    record: Path, dv_agent: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "junitparser", None)
    done = dv_agent("export", str(record), "tests.xml", "--as", "junit")
    assert done.returncode == 3
    assert "dv-agent[formats]" in done.stderr


def test_the_answer_as_json_names_the_file(record: Path, dv_agent: CommandLine, tmp_path: Path) -> None:
    done = dv_agent("export", str(record), "tests.xml", "--as", "junit", "--json")
    assert json.loads(done.stdout)["form"] == "junit"
    assert (tmp_path / "tests.xml").is_file()
