"""Two scripted models on recorded runs: a planted difference is found, a null difference is not declared."""

import json
import random
from pathlib import Path

import pytest
from board_trials import BUDGET, CHECKSUM, Suite, covering, scripted, write_evaluation, write_trial

from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.leaderboard import Comparison
from dv_agent.eval.evaluation.data_model import Entry, Evaluation, Trial, TrialRecord

ONE, OTHER = Entry(agent="scripted", options={"name": "one"}), Entry(agent="scripted", options={"name": "other"})
SEEDS, POOL, REPEATS = 2, 8, 20


def compared(folder: Path, toys: Suite) -> Comparison:
    (found,) = (one for one in make_board([folder], find=toys.find).comparisons if one.metric == "coverage")
    return found


def test_a_planted_difference_is_found(toys: Suite) -> None:
    entries = [(ONE, scripted(covering(0.75), 40)), (OTHER, scripted(covering(0.5), 40))]
    found = compared(write_evaluation(toys, "planted", entries), toys)
    better = 1 if found.one == ONE.digest else -1
    assert found.separated
    assert better * found.mean == pytest.approx(25, abs=10)
    assert found.low is not None
    assert found.high is not None
    assert min(better * found.low, better * found.high) > 0


@pytest.fixture(scope="module")
def pool(toys: Suite, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Runs of one and the same scripted model, by design."""
    room, found = tmp_path_factory.mktemp("pool"), {}
    for name, design in toys.designs.items():
        found[name] = []
        for number in range(POOL):
            trial = Trial(design=name, task_version=1, entry=ONE, seed=number, budget=BUDGET, simulator="reference")
            write_trial(room / trial.id, design, trial, scripted(covering(0.6), 40))
            found[name].append(room / trial.id / "run")
    return found


def dealt(toys: Suite, pool: dict[str, list[Path]], repeat: int, folder: Path) -> Path:
    """An evaluation of two entries whose runs are dealt from the pool at random."""
    source, trials = random.Random(repeat), []
    for design, runs in pool.items():
        chosen = source.sample(runs, 2 * SEEDS)
        for place, run in enumerate(chosen):
            trial = Trial(design=design, task_version=1, entry=(ONE, OTHER)[place % 2], seed=place // 2, budget=BUDGET,
                          simulator="reference")  # fmt: skip
            trials.append(trial)
            room = folder / "trials" / trial.id
            room.mkdir(parents=True)
            (room / "run").symlink_to(run)
            record = TrialRecord(trial=trial, status="finished", identity=CHECKSUM)
            (room / "trial.json").write_text(record.model_dump_json())
    evaluation = Evaluation(identity=toys.identity(), command="", entries=(ONE, OTHER), trials=tuple(trials))
    (folder / "evaluation.json").write_text(evaluation.model_dump_json())
    return folder


def test_a_null_difference_is_not_declared_more_often_than_the_level_allows(
    toys: Suite, pool: dict[str, list[Path]], tmp_path: Path
) -> None:
    found = [compared(dealt(toys, pool, repeat, tmp_path / str(repeat)), toys) for repeat in range(REPEATS)]
    declared = sum(one.separated for one in found)
    # At p = 2 / 64 a repeat, more than 3 of 20 happen once in 250 such tests.
    assert declared <= 3
    assert len({one.mean for one in found}) > 10
    assert json.loads((tmp_path / "0" / "evaluation.json").read_text())["identity"]["suite"] == "toys"
