"""Killing the simulators below a process that runs, and what of a record does not depend on time."""

import contextlib
import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from turn_lines import turn_lines

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGHUP)


def below(pid: int) -> list[int]:
    """All processes below `pid`."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            children += [int(word) for word in file.read_text().split()]
    return [one for child in children for one in (child, *below(child))]


def simulators(pid: int) -> list[int]:
    """The processes of vvp below `pid`: each original, and its copies."""
    found = []
    for one in below(pid):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{one}/comm").read_text() == "vvp\n":
                found.append(one)
    return found


def strike(pid: int, draw: random.Random) -> bool:
    """Send a signal to one simulator below `pid`, or to its whole group; False where there is none."""
    there = simulators(pid)
    if not there:
        return False
    victim, number = draw.choice(there), draw.choice(SIGNALS)
    try:
        if draw.random() < 0.3:
            os.killpg(os.getpgid(victim), signal.SIGKILL)
        else:
            os.kill(victim, number)
    except ProcessLookupError:
        return False
    return True


def harass(process: subprocess.Popen[str], draw: random.Random, most: int, pause: float) -> int:
    """Kill simulators of `process` at random moments, `most` times or until it ends; returns how many were hit."""
    hit = 0
    while process.poll() is None and hit < most:
        time.sleep(draw.uniform(0, pause))
        hit += strike(process.pid, draw)
    return hit


def timeless(data: Any) -> Any:
    """`data` without times, ids, and the count of repeated simulations."""
    passing = {"seconds", "started", "finished", "id", "repeated_simulations", "kill_seconds", "versions"}
    if isinstance(data, dict):
        return {key: timeless(value) for key, value in data.items() if key not in passing}
    return [timeless(one) for one in data] if isinstance(data, list) else data


def outcome_of(run: Path) -> list[Any]:
    """All that a record says, in its order."""
    lines = [json.loads(line) for line in turn_lines(run / "turns.jsonl")]
    files = [json.loads((run / name).read_text()) for name in ("run.json", "coverage.json")]
    return [timeless(one) for one in (*files, *lines)]
