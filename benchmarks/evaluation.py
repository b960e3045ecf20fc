"""An evaluation with one job and with two, and what a trial costs beside its run: ``python benchmarks/evaluation.py``.

The agents `random` and `search`, four seeds, 50,000 cycles, two designs that the simulators have built before; seeded
bugs are not hunted. Each command stands alone on the machine. The overhead of a trial is what the command with one job
took, less the runs' own seconds, less what the same command takes when there is nothing left to do. On a machine that
does other work too, wall time says little: the ratio of processor times says what the second job costs beside. The
sandbox is off meanwhile, because bubblewrap hides what its children use.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dv_agent.eval.evaluation.data_model import TrialRecord

DESIGNS = ("mxint_softmax", "kv_pack")
WORDS = ("--no-floors", "--agent", "random", "--agent", "search", "--kill-seeds", "0", "--quiet")
BARE = {**os.environ, "DV_AGENT_SANDBOX": "off"}
CYCLES, SEEDS, ROUNDS = 50_000, 4, 2


def main() -> None:
    """Build, then measure each round."""
    with tempfile.TemporaryDirectory(prefix="dv-agent-") as room:
        evaluate(Path(room) / "builds", jobs=1, cycles=500, seeds=1)
        for number in range(ROUNDS):
            report(Path(room) / str(number))


def report(folder: Path) -> None:
    """One round."""
    one, one_busy = evaluate(folder / "one", jobs=1)
    again, _ = evaluate(folder / "one", jobs=1)
    two, two_busy = evaluate(folder / "two", jobs=2)
    runs = own_seconds(folder / "one")
    overhead = (one - again - sum(runs)) / len(runs)
    print(f"{len(runs)} trials: one job {one:.1f} s, two jobs {two:.1f} s, ratio {one / two:.2f}")
    print(f"of a processor: {one_busy:.1f} s and {two_busy:.1f} s, {two_busy / one_busy:.2f} of it")
    print(f"nothing left to do: {again:.1f} s; runs' own seconds: {sum(runs):.1f}")
    print(f"overhead a trial: {1000 * overhead:.0f} ms, {100 * overhead * len(runs) / one:.1f} % of the time")


def evaluate(folder: Path, jobs: int, cycles: int = CYCLES, seeds: int = SEEDS) -> tuple[float, float]:
    """Seconds by the wall clock, and of a processor, of a whole command."""
    command = [str(Path(sys.executable).with_name("dv-agent")), "eval", "accelerators", *WORDS]
    command += [word for design in DESIGNS for word in ("--design", design)]
    command += ["--seeds", str(seeds), "--max-cycles", str(cycles), "--jobs", str(jobs), "--out", str(folder)]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=1800, env=BARE)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def own_seconds(folder: Path) -> list[float]:
    """Wall time of each run, as its record says."""
    files = sorted(folder.glob("trials/*/trial.json"))
    return [TrialRecord.model_validate_json(file.read_text()).seconds for file in files]


if __name__ == "__main__":
    main()
