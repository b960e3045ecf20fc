"""The part `certificate` of ``designs check``: hashes only, no proof is made again and nothing must be installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from formal_designs import write_steps

from dv_agent.coverage.certificates.data_model import RULES, Certificate, CheckedBySimulation, Verdict
from dv_agent.coverage.certificates.storage import FILE, certificate_errors, input_hashes, write_certificate
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.eval.soundness.check import Options, PartResult, check_design
from dv_agent.runners.registry import find_simulator

OTHERS = frozenset({"lint", "witnesses", "tiers", "bugs", "mutants", "agreement"})


def part(folder: DesignFolder) -> PartResult:
    (found,) = check_design(folder, find_simulator("icarus"), Options(skip=OTHERS))
    return found


def made(folder: DesignFolder) -> Certificate:
    verdict = Verdict(
        id="machine.steps.back", subject="ignored", outcome="unreachable", over_signals=True, method="pdr"
    )
    return Certificate(
        design="steps", goal="functional", hashes=input_hashes(folder, plan_of(folder)), tools=("Yosys",),
        assumptions=("none",), complete=True, verdicts=(verdict,),
    )  # fmt: skip


def test_a_design_without_a_certificate_passes(tmp_path: Path) -> None:
    found = part(write_steps(tmp_path / "steps"))
    assert (found.part, found.ok, found.figures) == ("certificate", True, {"certificate": "none"})


def test_a_fresh_certificate_passes_with_its_counts(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "steps")
    write_certificate(folder.path / FILE, made(folder))
    assert {"schema_version": 1, "rules": RULES}.items() <= json.loads((folder.path / FILE).read_text()).items()
    assert part(folder).ok
    assert part(folder).figures["unreachable"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hashes": {}}, "rtl changed"),
        ({"rules": 0}, "rules changed"),
        ({"complete": False}, "not complete"),
        ({"checked": CheckedBySimulation(wrong=("witness 3 differs",))}, "witness 3 differs"),
    ],
)
def test_a_certificate_that_does_not_hold_fails_the_part(tmp_path: Path, change: dict[str, object], words: str) -> None:
    folder = write_steps(tmp_path / "steps")
    write_certificate(folder.path / FILE, made(folder).model_copy(update=change))
    assert words in " ".join(part(folder).problems)


def test_an_exclusion_with_a_witness_fails_the_part(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "steps")
    fresh = made(folder)
    hit = fresh.verdicts[0].model_copy(update={"outcome": "witness", "witness": "witness 2", "method": ""})
    write_certificate(folder.path / FILE, fresh.model_copy(update={"verdicts": (hit,)}))
    assert "excluded, but witness 2 hits it" in " ".join(part(folder).problems)


@pytest.mark.parametrize("name", design_names())
def test_a_committed_certificate_is_fresh(name: str) -> None:
    folder = find_design(name)
    assert certificate_errors(folder, plan_of(folder)) == ()
