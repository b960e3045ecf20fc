"""Each file beside design.yaml may be missing, which has a meaning; what is wrong in them is told at once."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
from bare_designs import PORTS, bare, loaded
from click.testing import Result
from typer.testing import CliRunner

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.testbench import Testbench
from dv_agent.cli.main import app, main
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.defaults.schema_from_ports import corner_values
from dv_agent.designs.language.expansion import expand, expand_counted
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import load_design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.errors import FilesError, InputFileError
from dv_agent.runners.icarus import IcarusSimulator

NAMES = tuple(PORTS)


def dv(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_the_default_schema_has_whole_ranges_and_packets_where_there_is_a_last(tmp_path: Path) -> None:
    fifo, arbiter = (loaded(tmp_path, name).schema for name in ("fifo", "arbiter"))
    assert (fifo.tracks["s"].beats.min, fifo.tracks["s"].beats.max, fifo.tracks["s"].item) == (1, 16, "packet")
    assert arbiter.tracks["a"].beats.max == 1
    design = load_design(tmp_path / "fifo").design
    program = expand(design, fifo, Test(seed=3, tracks={"s": ({"random": {"count": 400, "gap": 0}},)}))
    values = [op.value for op in program.tracks["s"]]
    assert (min(values), max(values)) == (0, 255)
    lengths = np.diff([place for place, op in enumerate(program.tracks["s"]) if op.last], prepend=-1)
    assert {int(one) for one in lengths} == set(range(1, 17))


def test_corner_values_of_signed_and_wide_fields_stay_in_range() -> None:
    for width in (1, 2, 5, 8, 32, 63, 64):
        for signed in (False, True):
            spec = FieldSpec(signal="x", width=width, signed=signed)
            found = corner_values(spec)
            assert {spec.low, spec.high} <= set(found)
            assert all(spec.low <= one <= spec.high for one in found)
            assert len(found) <= 24


RANDOM = ("--simulator", "icarus", "--agent", "random")


@pytest.mark.parametrize("name", NAMES)
def test_a_run_needs_nothing_but_rtl_and_says_what_it_checked(tmp_path: Path, name: str) -> None:
    home = bare(tmp_path, name)
    done = dv("run", "--design", home, *RANDOM, "--max-cycles", 4000, "--out", tmp_path / "runs")
    assert "no check failed in" in done.stdout
    assert "all checks passed" not in done.stdout
    assert re.search(r"^checked: .*the simulation neither hangs", done.stdout, re.MULTILINE)
    assert "not checked: outputs were compared with nothing: there is no model.py" in done.stdout
    (record,) = (tmp_path / "runs").iterdir()
    header = json.loads((record / "run.json").read_text())
    assert header["unchecked"] == ["outputs were compared with nothing: there is no model.py"]
    assert header["bins_hit"] >= 0.5 * header["bins"] > 5
    page = (record / "report.html").read_text()
    assert "not checked: outputs were compared with nothing" in page
    assert "no check failed" in page
    assert "all checks passed" not in page.lower()
    again = json.loads(dv("rerun", record, "--test", 0, "--design", home, "--json").stdout)
    assert again["as_recorded"] is True


def test_json_says_what_was_checked(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    words = ("run", "--design", home, *RANDOM, "--max-cycles", 500, "--out", tmp_path / "runs", "--json")
    run = json.loads(dv(*words).stdout)["run"]
    assert "valid and payload stay until accepted on m" in run["checked"]
    assert "nothing is refused for ever on s" in run["checked"]
    assert len(run["unchecked"]) == 1


def test_with_a_model_that_agrees_all_checks_passed(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    (home / "model.py").write_text(
        "from dv_agent.designs.observation import Expected, Observation\n"
        "def observe(trace):\n"
        "    got = trace.accepted['s']\n"
        "    return Observation({'m': Expected(got.epoch, got.columns, got.cycle)}, {})\n"
    )
    done = dv("run", "--design", home, *RANDOM, "--max-cycles", 1000, "--out", tmp_path / "runs")
    assert "all checks passed in" in done.stdout
    assert "not checked" not in done.stdout
    # The automatic plan samples tables that this model does not give.
    assert "s_payload" in done.stdout


def test_tables_of_the_trace_alone_tell_beats_and_packets(tmp_path: Path) -> None:
    folder = loaded(tmp_path, "fifo")
    beats = [{"data": value} for value in (7, 8, 9)]
    steps = ({"packet": beats}, {"packet": beats[:1], "gap": 5})
    with IcarusSimulator().open(folder.design) as session:
        result = Testbench(folder, plan_of(folder), session).run(Test(tracks={"s": steps}))
    tables = folder.model.observe(result.trace).tables
    assert tables["beat_s"].columns["data"].tolist() == [7, 8, 9, 7]
    assert tables["beat_s"].columns["place"].tolist() == [0, 1, 2, 0]
    assert tables["packet_s"].columns["length"].tolist() == [3, 1]
    assert tables["packet_s"].columns["gap_before"].tolist() == [-1, 5]
    assert tables["packet_m"].columns["length"].tolist() == [3, 1]
    hit = {result_bin for result_bin, count in zip((one.id for one in plan_of(folder).bins), result.sample.hits,
                                                   strict=True) if count}  # fmt: skip
    assert {"s_packets.length.3_to_4", "s_packets.length.1", "s_payload.data.low"} <= hit


def test_a_field_that_is_called_like_a_column_keeps_a_name_of_its_own(tmp_path: Path) -> None:
    ports = {**PORTS["arbiter"], "y": {"kind": "sink", "valid": "y_valid", "ready": "y_ready",
                                       "fields": {"epoch": {"signal": "y_data", "width": 5}}}}  # fmt: skip
    folder = load_design(bare(tmp_path, "arbiter", ports=ports))
    with IcarusSimulator().open(folder.design) as session:
        test = Test(tracks={"a": ({"beat": [{"data": 3}]},)})
        result = Testbench(folder, plan_of(folder), session).run(test)
    assert folder.model.observe(result.trace).tables["beat_y"].columns["field_epoch"].tolist() == [3]


def test_an_empty_specification_is_none(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    (home / "spec.md").write_text(" \n\n")
    assert load_design(home).specification == ""


def test_everything_wrong_is_told_at_once_file_by_file(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo")
    (home / "stimulus.yaml").write_text("schema_version: 1\ntracks:\n  s: {beats: {min: 0}}\n  z: {item: 3}\n")
    (home / "plan.yaml").write_text(
        "schema_version: 1\ncovergroups:\n"
        "  - {name: a, on: cycle, coverpoints: [{name: x, of: '1 +', bins: {one: 1}}]}\n"
        "  - {name: b, on: cycle, coverpoints: [{name: y, of: s_valid}, {name: z, of: s_valid, bins: {q: [2, 1]}}]}\n"
    )
    (home / "model.py").write_text("def observe(trace:\n")
    (home / "spec.md").write_bytes(b"\xff\xfe")
    with pytest.raises(FilesError) as caught:
        plan_of(load_design(home))
    told = str(caught.value)
    for part in ("stimulus.yaml:3: tracks.s.beats.min", "stimulus.yaml:4: tracks.z.item", "plan.yaml:3: ",
                 "plan.yaml:4: coverpoint 'y' has no bins", "plan.yaml:4: q", "model.py:1: not Python",
                 "spec.md: not UTF-8"):  # fmt: skip
        assert part in told, told
    assert told.startswith(f"{home}: 7 faults in its files\n")


def test_a_broken_design_yaml_does_not_hide_the_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                            capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    home = bare(tmp_path, "fifo", top="9", limits={"quiet_cycles": 1, "max_cycles": "x"})
    (home / "plan.yaml").write_text("schema_version: 2\ncovergroups: []\n")
    (home / "stimulus.yaml").write_text("schema_version: 1\ntracks: 4\n")
    monkeypatch.setattr("sys.argv", ["dv-agent", "designs", "show", str(home)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    told = capsys.readouterr().err
    for part in ("design.yaml:5: top", "limits.quiet_cycles: too small", "limits.max_cycles: expected a whole number",
                 "plan.yaml:1: schema_version", "stimulus.yaml:2: tracks"):  # fmt: skip
        assert part in told, told


def test_one_fault_is_told_as_it_always_was(tmp_path: Path) -> None:
    home = bare(tmp_path, "fifo", sources=["gone.v"])
    with pytest.raises(InputFileError, match=r"design.yaml:\d+: no file 'gone.v'") as caught:
        load_design(home)
    assert not isinstance(caught.value, FilesError)


def test_random_tests_of_every_bare_design_are_within_its_limits(tmp_path: Path) -> None:
    for name in NAMES:
        folder = load_design(bare(tmp_path, name, limits={"max_items": 60}))
        source = random.Random(1)
        tests = [random_test(folder.design, folder.schema, source) for _ in range(30)]
        items = [expand_counted(folder.design, folder.schema, test)[1] for test in tests]
        assert max(items) <= 60
        assert min(items) > 0
