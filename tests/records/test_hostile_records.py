"""Whatever stands in a run folder, every command ends soon, with its documented code and one message that says where.

A seeded sample of the table runs by default; ``DV_AGENT_WHOLE_TABLE=1`` runs all of it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hostile_records import READERS, Mutation, mutations

from dv_agent.agents.budget import Budget
from dv_agent.cli.main import main
from dv_agent.designs.loader import find_design
from dv_agent.errors import InputFileError
from dv_agent.eval.evaluation.data_model import DesignIdentity, Entry, Evaluation, Identity, Trial, TrialRecord
from dv_agent.eval.suites.suite import task_checksum
from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.run_index import RunIndex
from dv_agent.studio.views.run_pages import overview, turn_page

FIXTURES = Path(__file__).parent / "fixtures"
SECONDS = 60
SAMPLE = 60
TABLE = [(one, command) for one in mutations() for command in READERS[one.file] if command not in one.spared]
CASES = TABLE if os.environ.get("DV_AGENT_WHOLE_TABLE") else random.Random(11).sample(TABLE, SAMPLE)
WORDS = {
    "report": ("report", "{run}"),
    "rescore": ("rescore", "{run}"),
    "rerun": ("rerun", "{run}", "--test", "0"),
    "resume": ("run", "--resume", "{run}", "--max-cycles", "3000"),
    "replay": ("run", "--model", "replay:{run}", "--out", "{out}"),
    "render": ("prompts", "render", "--run", "{run}"),
    "iterate": ("iterate", "--from", "{run}", "--session", "{out}/session"),
    "board": ("board", "{evaluation}"),
    "verify": ("verify", "{evaluation}"),
}


@pytest.fixture
def evaluation(tmp_path: Path) -> Path:
    """The folder of an evaluation of one trial, whose run a test may spoil."""
    design, budget = find_design("mxint_gelu"), Budget(cycles=2500)
    entry, checksum = Entry(agent="search"), task_checksum(design)
    trial = Trial(design="mxint_gelu", task_version=1, entry=entry, seed=0, budget=budget, simulator="icarus")
    task = DesignIdentity(design="mxint_gelu", task_version=1, checksum=checksum)
    identity = Identity(
        suite="one", suite_version=1, designs=(task,), simulator="icarus", budget=budget, project="0"
    )  # fmt: skip
    asked = Evaluation(identity=identity, command="", entries=(entry,), kill_seeds=0, trials=(trial,))
    folder, room = tmp_path / "evaluation", tmp_path / "evaluation" / "trials" / trial.id
    shutil.copytree(FIXTURES / "mxint_gelu_search", room / "run")
    record = TrialRecord(trial=trial, status="finished", identity=checksum)
    (room / "trial.json").write_text(record.model_dump_json())
    (folder / "evaluation.json").write_text(asked.model_dump_json())
    return folder


@pytest.mark.parametrize(("mutation", "command"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_hostile_record_is_one_message(
    mutation: Mutation, command: str, evaluation: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    run = next(evaluation.glob("trials/*/run"))
    mutation.spoil(run / mutation.file)
    with within(SECONDS):
        if command == "studio":
            said, code = studio(tmp_path / "evaluation"), 2
        else:
            code = called(command, run, evaluation, tmp_path, monkeypatch)
            printed = capsys.readouterr()
            said = printed.out.splitlines()[0] if command == "verify" else printed.err
    assert code == (1 if command == "verify" else 2)
    assert Path(mutation.file).name in said
    assert "Traceback" not in said
    message = said.strip()
    assert message.isprintable()
    assert len(message) < 1_000


def called(command: str, run: Path, evaluation: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """``dv-agent <command>`` in this process; its exit code."""
    words = [one.format(run=run, evaluation=evaluation, out=out) for one in WORDS[command]]
    monkeypatch.setattr(sys, "argv", ["dv-agent", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def studio(runs: Path) -> str:
    """What the page of the run says instead; the list of runs stays."""
    index = RunIndex(AllowedFolders(runs, runs, runs).resolved(), ("mxint_gelu",))
    name = str(next(runs.glob("trials/*/run")).relative_to(runs))
    index.runs()
    with pytest.raises(InputFileError) as caught:
        shown(index, name)
    return str(caught.value)


def shown(index: RunIndex, name: str) -> None:
    """The pages of a run."""
    opened = index.open(name)
    overview(opened)
    turn_page(opened, 0)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Ends what takes longer, a read that waits for a pipe included."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
