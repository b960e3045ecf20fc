"""Claims of agents that a bin is unreachable, judged by a certificate or by a proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from formal_designs import RTL, need_yosys, write_steps

from dv_agent.agents.tools.claims_and_reports import Claim, ClaimScore, ClaimVerdict
from dv_agent.agents.tools.judgement import judge_claims
from dv_agent.agents.tools.proved_claims import PROVED, proved_claims
from dv_agent.coverage.certificates.data_model import Certificate, Verdict
from dv_agent.coverage.certificates.storage import FILE, input_hashes, write_certificate
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.verification.again.judging_again import other_claims

LOST, DONE = "machine.state.lost", "machine.state.done"


def certify(folder: DesignFolder) -> None:
    """Write a certificate in which `DONE` is called unreachable, so that it is told from a proof."""
    verdict = Verdict(id=DONE, subject="bin", outcome="unreachable", over_signals=True, method="pdr")
    certificate = Certificate(
        design="steps", goal="functional", hashes=input_hashes(folder, plan_of(folder)), tools=("Yosys",),
        assumptions=("none",), complete=True, verdicts=(verdict,),
    )  # fmt: skip
    write_certificate(folder.path / FILE, certificate)


@pytest.fixture
def no_proof(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Yosys is not compiled, so nothing is proved."""
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "nothing"))


@pytest.mark.usefixtures("no_proof")
def test_a_fresh_certificate_decides_a_claim_and_a_stale_one_does_not(tmp_path: Path) -> None:
    folder = write_steps(tmp_path / "steps")
    assert proved_claims(folder, plan_of(folder), [LOST, DONE]) == {}
    certify(folder)
    assert proved_claims(folder, plan_of(folder), [LOST, DONE]) == {DONE: f"{PROVED} ({FILE})"}
    other = write_steps(tmp_path / "other", rtl=RTL.replace("4'd9", "4'd8"))
    (other.path / FILE).write_text((folder.path / FILE).read_text())
    assert proved_claims(other, plan_of(other), [DONE]) == {}


def test_without_a_certificate_a_proof_is_made(tmp_path: Path) -> None:
    need_yosys()
    folder = write_steps(tmp_path / "steps")
    assert proved_claims(folder, plan_of(folder), [LOST, DONE]) == {LOST: f"{PROVED} (induction)"}


def test_a_claim_that_is_proved_is_right(tmp_path: Path) -> None:
    plan = plan_of(write_steps(tmp_path / "steps"))
    claims = [Claim(bin=LOST, argument="no way"), Claim(bin=DONE, argument="no way either")]
    score = judge_claims(claims, [], plan, {DONE: "test 3"}, proved={LOST: f"{PROVED} (induction)"})
    assert [(one.verdict, one.why) for one in score.verdicts] == [
        ("right", f"{PROVED} (induction)"), ("wrong", "test 3 hits it"),
    ]  # fmt: skip
    assert score.precision == 0.5


def score(verdict: str, why: str) -> ClaimScore:
    one = ClaimVerdict(bin=LOST, verdict=verdict, why=why)  # type: ignore[arg-type]
    return ClaimScore(verdicts=(one,), precision=1.0 if verdict == "right" else None)


@pytest.mark.usefixtures("no_proof")
def test_a_proof_that_cannot_be_made_here_leaves_a_record_unverified_not_refused() -> None:
    proved, open_ = score("right", f"{PROVED} (induction)"), score("undecided", "nothing hits it")
    assert other_claims(proved, open_) != other_claims(score("wrong", "test 1 hits it"), open_)
    assert "extra `formal`" in str(other_claims(proved, open_))


def test_a_claim_that_is_said_to_be_proved_and_is_not_is_refused() -> None:
    need_yosys()
    proved, open_ = score("right", f"{PROVED} (induction)"), score("undecided", "nothing hits it")
    assert "not worth what run.json says" in str(other_claims(proved, open_))
