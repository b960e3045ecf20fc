"""Trials on a Dask cluster over loopback: the same results, and a worker that is killed loses nothing.

Twenty seconds: with DV_AGENT_TEST_DASK=1 only.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from command import call, environment, start
from evaluations import PATIENCE, Bench, attempts, results

pytestmark = pytest.mark.skipif(os.environ.get("DV_AGENT_TEST_DASK") != "1", reason="DV_AGENT_TEST_DASK=1 asks for it")


class Cluster:
    """A scheduler and two workers of one thread, each a process."""

    def __init__(self, folder: Path, env: dict[str, str], stack: ExitStack) -> None:
        self._file, self._env, self._stack = folder / "scheduler.json", env, stack
        self._start("distributed.cli.dask_scheduler", "--port", "0")
        wait_for(self._file)
        self.workers = [self._start("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny") for _ in range(2)]

    @property
    def address(self) -> str:
        return str(json.loads(self._file.read_text())["address"])

    def _start(self, module: str, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--scheduler-file", str(self._file), "--host", "127.0.0.1",
             "--no-dashboard", *words],
            env=environment(self._env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


@pytest.fixture
def cluster(whole: Bench, tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(tmp_path, whole.env, stack)


def wait_for(path: Path) -> None:
    ends = time.monotonic() + 240
    while not path.exists():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_cluster_gives_the_results_of_one_process_even_if_a_worker_is_killed(whole: Bench, cluster: Cluster) -> None:
    whole.eval("dask", "--scheduler", cluster.address)
    assert results(whole.folder / "dask") == results(whole.folder / "one")
    assert attempts(whole.folder / "dask") == [1] * 6
    process = start(*whole.words("lost", "--scheduler", cluster.address, "--json"), cwd=whole.folder, env=whole.env)
    ends = time.monotonic() + 240
    while len(list((whole.folder / "lost").glob("trials/*/trial.json"))) < 2:
        assert time.monotonic() < ends
        time.sleep(0.02)
    cluster.workers[0].send_signal(signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, stderr
    assert '"finished": 6' in stdout
    assert results(whole.folder / "lost") == results(whole.folder / "one")
    again = sorted(attempts(whole.folder / "lost"))
    assert again in ([1] * 6, [1] * 5 + [2])


def test_a_scheduler_that_does_not_answer_is_one_clear_message(whole: Bench) -> None:
    done = call(*whole.words("nobody", "--scheduler", "tcp://127.0.0.1:9"), cwd=whole.folder, env=whole.env)
    assert done.returncode == 2
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr
