"""Every design's proof holds for its files as they are; stale or edited proofs are noticed."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from dv_agent.coverage.certificates.dead_bins import dead_bins
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.files.places import design_names
from dv_agent.designs.loader import find_design, load_design
from dv_agent.errors import InputFileError
from dv_agent.eval.soundness.proof import Proof, proof_errors
from dv_agent.eval.suites.suite import task_checksum


@pytest.mark.parametrize("name", design_names())
def test_the_committed_proof_is_fresh_and_whole(name: str) -> None:
    folder = find_design(name)
    assert proof_errors(folder) == ()
    proof = Proof.model_validate_json((folder.path / "proof.json").read_text(encoding="utf-8"))
    parts = [part.part for part in proof.parts if part.part != "certificate"]  # proofs may be older than that part
    assert parts == ["lint", "witnesses", "tiers", "bugs", "mutants", "agreement"]
    assert all(part.ok for part in proof.parts)
    figures = {part.part: part.figures for part in proof.parts}
    assert figures["agreement"]["alarms"] == 0
    assert int(figures["agreement"]["beats"]) >= 1_000_000
    dead = len(dead_bins(folder, plan_of(folder)))
    assert figures["witnesses"]["bins"] == int(figures["witnesses"]["bins_hit"]) + dead
    assert figures["bugs"]["bugs"] == figures["bugs"]["killed"]
    assert int(figures["mutants"]["noticed_by_checks"]) >= 20


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("rtl/row_accumulator.v", "rtl"),
        ("model.py", "model"),
        ("spec.md", "specification"),
        ("stimulus.yaml", "schema"),
        ("plan.yaml", "plan"),
        ("witnesses/witnesses.json", "witnesses"),
        ("bugs/bugs.yaml", "bugs"),
    ],
)
def test_any_change_makes_a_proof_stale(tmp_path: Path, file: str, kind: str) -> None:
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    with (home / file).open("a", encoding="utf-8") as text:
        text.write("\n")
    assert [error for error in proof_errors(load_design(home)) if f": {kind} changed" in error]


def test_words_on_columns_are_no_part_of_a_task_or_a_proof(tmp_path: Path) -> None:
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    before, checksum = fingerprint(load_design(home)), task_checksum(load_design(home))
    text = (home / "plan.yaml").read_text(encoding="utf-8")
    (home / "plan.yaml").write_text(text.replace("  m: mantissa", "  m: the mantissa"), encoding="utf-8")
    after = fingerprint(load_design(home))
    assert {kind for kind in before if before[kind] != after[kind]} == {"columns"}
    assert task_checksum(load_design(home)) == checksum
    (home / "plan.yaml").write_text(text.replace("covergroups:", "# here\ncovergroups:"), encoding="utf-8")
    assert fingerprint(load_design(home))["plan"] != before["plan"]
    assert task_checksum(load_design(home)) != checksum


def test_the_hash_of_a_model_covers_the_shared_modules_that_it_imports(tmp_path: Path) -> None:
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    before = fingerprint(load_design(home))["model"]
    model = home / "model.py"
    assert "from dv_agent.designs.packet_columns import" in model.read_text(encoding="utf-8")
    alone = hashlib.sha256(f"model.py {len(model.read_bytes())}\n".encode() + model.read_bytes()).hexdigest()
    assert before != alone
    model.write_text("def observe(trace): ...\n", encoding="utf-8")
    alone = hashlib.sha256(f"model.py {len(model.read_bytes())}\n".encode() + model.read_bytes()).hexdigest()
    assert fingerprint(load_design(home))["model"] == alone


def test_a_missing_or_broken_proof_is_noticed(tmp_path: Path) -> None:
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    (home / "proof.json").write_text(json.dumps({"schema_version": 1}))
    with pytest.raises(InputFileError, match=r"proof\.json"):
        proof_errors(load_design(home))
    (home / "proof.json").unlink()
    assert "no proof.json" in proof_errors(load_design(home))[0]
