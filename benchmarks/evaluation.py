"""An evaluation with one job, with two, and with two workers of Dask: ``python benchmarks/evaluation.py``.

What a trial costs beside its run is said too. The agents `random` and `search`, four seeds, 50,000 cycles, two designs
that the simulators have built before; seeded bugs are not hunted. Dask is compared with two jobs on the native path,
on four designs, with 200,000 cycles. Each command stands alone on the machine. The overhead of a trial is what the
command with one job took, less the runs' own seconds, less what the same command takes when there is nothing left to
do. On a machine that does other work too, wall time says little: the ratio of processor times says what the second job
costs beside. The sandbox is off meanwhile, because bubblewrap hides what its children use.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

from dv_agent.eval.evaluation.data_model import TrialRecord

DESIGNS = ("mxint_softmax", "kv_pack")
WORDS = ("--no-floors", "--agent", "random", "--agent", "search", "--kill-seeds", "0", "--quiet")
BARE = {**os.environ, "DV_AGENT_SANDBOX": "off"}
NATIVE = ("--simulator", "native", "--design", "lqer_dot", "--design", "hgsa_loop")
CYCLES, SEEDS, ROUNDS = 50_000, 4, 2


def main() -> None:
    """Build, then measure each round."""
    with tempfile.TemporaryDirectory(prefix="dv-agent-") as room:
        evaluate(Path(room) / "builds", jobs=1, cycles=500, seeds=1)
        for number in range(ROUNDS):
            report(Path(room) / str(number))
        evaluate(Path(room) / "native", jobs=1, cycles=500, seeds=1, more=NATIVE)
        for number in range(ROUNDS):
            report_dask(Path(room) / f"dask_{number}")


def report_dask(folder: Path) -> None:
    """Two jobs and two workers of Dask, natively; the cluster's own start and end do not count by the clock."""
    jobs, jobs_busy = evaluate(folder / "jobs", jobs=2, cycles=200_000, more=NATIVE)
    before = busy()
    with cluster(folder) as address:
        dask, _ = evaluate(folder / "dask", jobs=2, cycles=200_000, more=(*NATIVE, "--scheduler", address))
    dask_busy = busy() - before
    print(f"natively: two jobs {jobs:.1f} s, two workers of Dask {dask:.1f} s, ratio {dask / jobs:.2f}")
    print(f"of a processor: {jobs_busy:.1f} s and {dask_busy:.1f} s, {dask_busy / jobs_busy:.2f} of it", flush=True)


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Yield the address of a scheduler with two workers of one thread."""
    file, common = folder / "scheduler.json", ("--host", "127.0.0.1", "--no-dashboard")
    worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny")
    processes = []
    try:
        for words in (("distributed.cli.dask_scheduler", "--port", "0"), worker, worker):
            command = [sys.executable, "-m", *words, *common, "--scheduler-file", str(file)]
            processes.append(subprocess.Popen(command, env=BARE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        with Client(scheduler_file=str(file), timeout=60) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGINT)
            process.wait(60)


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


def evaluate(
    folder: Path, jobs: int, cycles: int = CYCLES, seeds: int = SEEDS, more: tuple[str, ...] = ()
) -> tuple[float, float]:
    """Seconds by the wall clock, and of a processor, of a whole command."""
    command = [str(Path(sys.executable).with_name("dv-agent")), "eval", "accelerators", *WORDS]
    command += [word for design in DESIGNS for word in ("--design", design)]
    command += ["--seeds", str(seeds), "--max-cycles", str(cycles), "--out", str(folder), *more]
    command += [] if "--scheduler" in more else ["--jobs", str(jobs)]
    start, before = time.perf_counter(), busy()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=1800, env=BARE)
    return time.perf_counter() - start, busy() - before


def busy() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def own_seconds(folder: Path) -> list[float]:
    """Wall time of each run, as its record says."""
    files = sorted(folder.glob("trials/*/trial.json"))
    return [TrialRecord.model_validate_json(file.read_text()).seconds for file in files]


if __name__ == "__main__":
    main()
