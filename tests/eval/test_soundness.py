"""`designs check` holds for every design, and each part of it can fail."""

import json
import shutil
from pathlib import Path

import pytest
from shipped_designs import own_names, variant_names

from dv_agent.coverage.certificates.dead_bins import dead_bins
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.seeded_bugs import load_bugs
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder, find_design, load_design
from dv_agent.eval.soundness.check import Options, PartResult, check_design, chunk_failures
from dv_agent.eval.soundness.kills import Kill, Survivor, by_value, hunt
from dv_agent.eval.soundness.lint import lint
from dv_agent.eval.soundness.traffic import accepted_beats, over_chunks
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.registry import find_simulator

SMALL = Options(beats=300, mutants=60, jobs=1)
# What costs most is played for one design here, and for all by `make test-full`, whose proofs are held by hash.
COSTLY = frozenset({"lint", "bugs", "mutants"})
# Cycles. Witnesses that take more are played by `make test-full` alone; test_proofs.py holds their hash.
MANY = 200_000


def costly(name: str) -> frozenset[str]:
    """What is not played here of a design."""
    if name == "mxint_gelu":
        return frozenset()
    proof = find_design(name).path / "proof.json"
    played = {one["part"]: one["figures"] for one in json.loads(proof.read_text(encoding="utf-8"))["parts"]}
    return COSTLY | ({"witnesses"} if played["witnesses"]["cycles"] > MANY else frozenset())


# 256 matrices, 48,555 cycles of 2,700 bits: as many seconds as ten other designs, and its proof is held by hash.
PLAYED = [name for name in own_names() if name != "weight_bank"]


def parts(folder: DesignFolder, last: str = "agreement", skip: frozenset[str] = frozenset()) -> dict[str, PartResult]:
    """The answers up to that of `last`; what comes after it is not asked."""
    found: dict[str, PartResult] = {}
    for part in check_design(folder, find_simulator("icarus"), SMALL.model_copy(update={"skip": skip})):
        found[part.part] = part
        if part.part == last:
            break
    return found


def copy(tmp_path: Path) -> Path:
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    return home


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {file.name}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("name", PLAYED)
def test_the_design_is_sound(name: str) -> None:
    skip = costly(name)
    found = parts(find_design(name), skip=skip)
    assert set(found) == {"lint", "witnesses", "tiers", "bugs", "mutants", "certificate", "agreement"} - skip
    assert {name: part.problems for name, part in found.items() if not part.ok} == {}
    if "bugs" in found:
        assert found["bugs"].figures["bugs"] == found["bugs"].figures["killed"]
        assert int(found["bugs"].figures["bugs"]) >= 7
    if "witnesses" in found:
        figures = found["witnesses"].figures
        dead = dead_bins(find_design(name), plan_of(find_design(name)))
        assert figures["bins"] == int(figures["bins_hit"]) + len(dead)
        assert figures.get("bins_dead", 0) == len(dead)
    assert found["agreement"].figures["alarms"] == 0


@pytest.mark.parametrize("name", variant_names())
def test_a_variant_agrees_with_the_rtl_that_it_takes_and_its_tiers_are_those_measured(name: str) -> None:
    # Its witnesses are long: they are played by `make test-full`, and the proof is held by hash.
    skip = COSTLY | {"witnesses"}
    found = parts(find_design(name), skip=skip)
    assert set(found) == {"tiers", "certificate", "agreement"}
    assert {name: part.problems for name, part in found.items() if not part.ok} == {}


def test_a_wrong_model_a_missing_witness_and_a_wrong_tier_are_noticed(tmp_path: Path) -> None:
    home = copy(tmp_path)
    edit(home / "model.py", "108, 117]", "108, 116]")
    witnesses = (home / "witnesses/witnesses.json").read_text().splitlines()
    (home / "witnesses/witnesses.json").write_text("\n".join([*witnesses[:3], *witnesses[4:]]))
    edit(home / "plan.yaml", 'tiers: {medium: ["-8 x 1"', 'tiers: {hard: ["-8 x 1"')
    found = parts(load_design(home))
    assert any("value" in problem for problem in found["agreement"].problems)
    assert any("fails" in problem for problem in found["witnesses"].problems)
    assert any("no witness hits" in problem for problem in found["witnesses"].problems)
    assert any("reduction.power.-8+1: plan says hard" in problem for problem in found["tiers"].problems)


def test_a_bug_that_nothing_exposes_or_that_does_not_apply_is_noticed(tmp_path: Path) -> None:
    home = copy(tmp_path)
    edit(home / "bugs/bugs.yaml", "handover.next_row.smaller_after_one_beat", "row.length.1")
    edit(home / "bugs/bugs.yaml", "lanes.quotient.least", "lanes.quotient.nothing")
    edit(home / "bugs/S7_saturation_e7.patch", "\n-", "\n-nothing like this")
    problems = "\n".join(parts(load_design(home), last="bugs")["bugs"].problems)
    assert "bug S10: exposed_by names no bin of the plan: lanes.quotient.nothing" in problems
    assert "bug S7: " in problems
    assert "does not match" in problems


def test_a_bug_that_only_shows_x_is_no_kill_by_value() -> None:
    folder = find_design("lqer_dot")
    plan, simulator = plan_of(folder), find_simulator("icarus")
    (bug,) = (one for one in load_bugs(folder) if one.id == "Q10")
    others = {one.name: one for one in load_witnesses(folder)}
    corrected = others.pop("witness 52")
    assert isinstance(hunt(folder, plan, bug, [*others.values()], simulator), Kill)
    assert isinstance(hunt(folder, plan, bug, [*others.values()], simulator, counts=by_value), Survivor)
    found = hunt(folder, plan, bug, [corrected], simulator, counts=by_value)
    assert isinstance(found, Kill)
    assert found.failure.check == "value"


def test_a_kill_by_value_comes_before_anything_unknown() -> None:
    def failed(check: str, cycle: int | None, seen: int | None = None) -> CheckFailure:
        return CheckFailure(check=check, cycle=cycle, seen=seen, message="")

    assert not by_value([])
    assert not by_value([failed("unknown", 3)])
    assert not by_value([failed("level", 3)])
    assert by_value([failed("level", 3, 1)])
    assert by_value([failed("unknown", 9), failed("value", 3, 1)])
    assert not by_value([failed("unknown", 3), failed("value", 9, 1)])
    assert by_value([failed("lost", None)])
    assert not by_value([failed("lost", None), failed("unknown", 9)])


def test_lint_finds_what_a_tool_says(tmp_path: Path) -> None:
    home = copy(tmp_path)
    edit(
        home / "rtl/bit_length.v",
        "endmodule",
        "wire [3:0] odd; assign odd = 1'b1 + 4'd2; assign nowhere = 1;\nendmodule",
    )
    results = {one.tool: one for one in lint(load_design(home).design)}
    assert not results["iverilog"].ok
    assert "bit_length" in results["iverilog"].messages


MEMORY = """
module store(input wire clk, input wire [11:0] at, input wire [31:0] word, output wire [31:0] out, output wire open);
  reg [31:0] words[0:4095];
  always @(posedge clk) words[at] <= word;
  assign out = words[at];
endmodule
"""


def test_a_large_memory_stays_a_memory_in_lint_and_a_fault_beside_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "store.v").write_text(MEMORY)
    (tmp_path / "design.yaml").write_text(
        "{schema_version: 1, name: store, top: store, sources: [store.v], reset: null, ports: {pins: {kind: pins, "
        "fields: {at: {signal: at, width: 12}, word: {signal: word, width: 32}}}}}"
    )
    found = {one.tool: one for one in lint(load_design(tmp_path).design)}["yosys"]
    assert found.skipped or "no driver" in found.messages


def test_a_design_may_count_cycles_in_place_of_beats() -> None:
    folder = find_design("mxint_gelu")
    with find_simulator("icarus").open(folder.design) as session:
        trace = session.run(expand(folder.design, folder.schema, load_witnesses(folder)[0])).trace
    counted = DesignFolder(folder.design.model_copy(update={"effort": "cycles"}))
    assert accepted_beats(folder, trace) == len(trace.accepted["in"])
    assert accepted_beats(counted, trace) == trace.cycles


def test_traffic_does_not_depend_on_the_number_of_processes() -> None:
    folder = find_design("mxint_softmax")
    one, two = (list(over_chunks(folder, "icarus", 5, 12_000, jobs, chunk_failures)) for jobs in (1, 2))
    assert one == two
    assert sum(beats for _, beats, _, _ in one) >= 12_000
    assert all(failures == [] for *_, failures in one)
