"""Time and memory to make a board of recorded trials: ``python benchmarks/board_rebuild.py [FOLDER] [--trials 1000]``.

The runs of a scripted model are recorded once, by the real loop on the session that plays the reference model, on
mxint_softmax and kv_pack; the trials are then made of links to them, a row and a seed each. The board is made in
processes of their own: without any cache, with caches that were just written, and with all four files. FOLDER keeps the
trials.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dv_agent import __version__
from dv_agent.agents.baselines.basic import RandomAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.seeded_bugs import Bug, load_bugs
from dv_agent.designs.loader import find_design
from dv_agent.eval.evaluation.data_model import (
    BugOutcome,
    DesignIdentity,
    Entry,
    Evaluation,
    Identity,
    KillSheet,
    Trial,
    TrialRecord,
)
from dv_agent.runners.reference.session import ReferenceSession

DESIGNS = ("mxint_softmax", "kv_pack")
ROWS, RECORDED = 20, 5
BUDGET = Budget(cycles=200_000)
CHECKSUM = "0" * 64
MEASURED = """
import resource, sys, time
from pathlib import Path
from dv_agent.eval.board.assembly import make_board
from dv_agent.eval.board.files.output import write_board
folder, cache, files = Path(sys.argv[1]), sys.argv[2] == "cache", sys.argv[3] == "files"
start = time.perf_counter(), time.process_time()
board = make_board([folder], use_cache=cache)
if files:
    write_board(board, folder)
scored = sum(row.scored for row in board.rows)
used = time.perf_counter() - start[0], time.process_time() - start[1]
print(*used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, scored)
"""


def main() -> None:
    """Make the trials where they are missing, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--trials", type=int, default=1_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dv-agent-") as room:
        folder = options.folder or Path(room) / "evaluation"
        if not (folder / "evaluation.json").is_file():
            make_trials(folder, options.trials // (ROWS * len(DESIGNS)))
        os.environ["DV_AGENT_CACHE"] = str(Path(room) / "cache")  # of the processes that make boards
        size = sum(path.stat().st_size for path in folder.rglob("turns.jsonl"))
        print(f"{len(list(folder.glob('trials/*')))} trials, {size / 1e6:.0f} MB of turns.jsonl")
        for name, words in (
            ("no cache", ("none", "board")),
            ("writing caches", ("cache", "board")),
            ("from caches", ("cache", "board")),
            ("from caches, four files", ("cache", "files")),
        ):
            seconds, busy, megabytes, scored = measured(folder, *words)
            print(f"{name:24} {seconds:6.1f} s, {busy:.1f} s of a processor, {megabytes:.0f} MB, {scored:.0f} scored")


def measured(folder: Path, *words: str) -> tuple[float, ...]:
    """Seconds by the wall clock and of a processor, megabytes at most, and trials scored, of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(folder), *words], capture_output=True, text=True, check=True, timeout=3600
    )
    return tuple(map(float, done.stdout.split()))


def make_trials(folder: Path, seeds: int) -> None:
    """A folder of an evaluation; each run stands in it many times, under another row or seed."""
    entries = tuple(
        Entry(agent="llm", model=ModelSettings(model=f"scripted:{row}"), strategy="default") for row in range(ROWS)
    )
    trials = []
    for name in DESIGNS:
        pool = [record_run(name, seed, folder / "recorded" / f"{name}{seed}") for seed in range(RECORDED)]
        kills = KillSheet(
            tests="", outcomes=tuple(_outcome(bug, at) for at, bug in enumerate(load_bugs(find_design(name))))
        )
        for row, entry in enumerate(entries):
            for seed in range(seeds):
                trial = Trial(design=name, task_version=1, entry=entry, seed=seed, budget=BUDGET, simulator="reference")
                target = folder / "trials" / trial.id
                shutil.copytree(pool[(row + seed) % RECORDED], target / "run", copy_function=os.link)
                (target / "kills.json").write_text(kills.model_dump_json())
                record = TrialRecord(trial=trial, status="finished", identity=CHECKSUM)
                (target / "trial.json").write_text(record.model_dump_json())
                trials.append(trial)
    identity = Identity(
        suite="benchmark", suite_version=1, simulator="reference", budget=BUDGET, project=__version__,
        designs=tuple(DesignIdentity(design=name, task_version=1, checksum=CHECKSUM) for name in DESIGNS),
    )  # fmt: skip
    evaluation = Evaluation(identity=identity, command="", entries=entries, trials=tuple(trials))
    (folder / "evaluation.json").write_text(evaluation.model_dump_json())


def _outcome(bug: Bug, place: int) -> BugOutcome:
    killed = place % 2 == 0
    return BugOutcome(bug=bug.id, difficulty=bug.difficulty, killed=killed, check="value", test=0, cycles=1_000)


def record_run(name: str, seed: int, folder: Path) -> Path:
    """A run of random tests that ends when it finds nothing more; its header names a model, so all figures are made."""
    design = find_design(name)
    plan = plan_of(design)
    header = RunHeader(
        id=folder.name, started="2026-11-20T12:00:00+00:00", design=name, task_version=1, agent="llm", seed=seed,
        model=ModelSettings(model="scripted:model"), budget=BUDGET, target=100.0, simulator="reference", hashes={},
        versions={}, reproducible=True,
    )  # fmt: skip
    folder.mkdir(parents=True)
    bench = Testbench(design, plan, ReferenceSession(design.design, design.model))
    record = RunRecord(folder, header)
    run(RandomAgent(seed), bench, RunState(empty_coverage(plan)), BUDGET, Limits(patience=10), record)
    print(json.dumps({"run": folder.name, "tests": record.header.tests, "bins_hit": record.header.bins_hit}))
    return folder


if __name__ == "__main__":
    main()
