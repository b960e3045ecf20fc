"""Certificates of code coverage: unreachable points are proved, and excluded as long as the certificate holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from formal_designs import RTL, need_yosys, write_steps
from prerequisites import need
from typer.testing import CliRunner

from dv_agent.agents.runs.goal import open_goal
from dv_agent.cli.main import app
from dv_agent.coverage.certificates.data_model import Certificate
from dv_agent.coverage.certificates.storage import CODE_FILE, read_certificate
from dv_agent.coverage.code.points import CodePoint
from dv_agent.designs.loader import DesignFolder
from dv_agent.runners.verilator import VerilatorSimulator

DEAD = {"code.line.steps-26-case", "code.branch.steps-23-if", "code.toggle.steps-unused"}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[DesignFolder, Certificate]:
    """The design `steps` with the certificate of its code."""
    need("verilator")
    need_yosys()
    folder = write_steps(tmp_path_factory.mktemp("code"))
    options = ["--goal", "code", "--search-cycles", "3000"]
    done = CliRunner().invoke(app, ["designs", "certify", str(folder.path), *options])
    assert done.exit_code == 0, done.output
    return folder, read_certificate(folder.path / CODE_FILE)


def excluded(folder: DesignFolder) -> dict[str, CodePoint]:
    plan, _ = open_goal(folder, "code", VerilatorSimulator())
    assert plan.code
    return {f"code.{one.kind}.{one.name}": one for one in plan.code.points if one.excluded}


def test_what_no_test_can_reach_is_proved_and_all_else_has_a_witness(
    certified: tuple[DesignFolder, Certificate],
) -> None:
    _, certificate = certified
    assert certificate.sound
    assert {one.id for one in certificate.verdicts if one.outcome == "unreachable"} == DEAD
    assert certificate.counts()["unknown"] == 0
    assert certificate.checked.hits > 50


def test_proved_points_are_no_bins_and_say_why(certified: tuple[DesignFolder, Certificate]) -> None:
    found = excluded(certified[0])
    assert set(found) == DEAD
    assert all(f"({CODE_FILE})" in one.excluded and "induction" in one.excluded for one in found.values())


def test_a_certificate_of_other_rtl_excludes_nothing(
    certified: tuple[DesignFolder, Certificate], tmp_path: Path
) -> None:
    # Now the state LOST can be reached.
    folder = write_steps(tmp_path / "other", rtl=RTL.replace("count == 4'd9", "count == 4'd11"))
    (folder.path / CODE_FILE).write_text((certified[0].path / CODE_FILE).read_text())
    assert excluded(folder) == {}
