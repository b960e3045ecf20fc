"""What `verify` costs beside the evaluation that it makes again: ``python benchmarks/verifying.py [DESIGN]``.

An evaluation of one design, one seed of `random` and of `search` with 200,000 cycles each, seeded bugs hunted, and then
`dv-agent verify` of it; on Icarus and on the native path. An evaluation before them, which does not count, builds what
simulators need; two measurements of each. Processor seconds of all processes; the sandbox is off meanwhile, because
bubblewrap hides what its children use. Prints a table.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 2
_ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl
BARE = {**os.environ, "DV_AGENT_SANDBOX": "off"}
WORDS = ("--no-floors", "--agent", "random", "--agent", "search", "--seeds", "1", "--kill-seeds", "1", "--quiet")


def main() -> None:
    """Measure and print."""
    ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1)
    design = sys.argv[1] if len(sys.argv) > 1 else "mxint_softmax"
    print("| design | simulator | evaluation, s | verify, s | verify / evaluation |\n|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="dv-agent-") as room:
        for simulator in ("icarus", "native"):
            for number in range(ROUNDS + 1):
                folder = str(Path(room) / f"{simulator}_{number}")
                chosen = ("--design", design, "--simulator", simulator, "--max-cycles", "200000")
                evaluated = seconds_of("eval", "accelerators", *WORDS, *chosen, "--out", folder)
                if number:
                    made_again = seconds_of("verify", folder)
                    ratio = made_again / evaluated
                    print(f"| {design} | {simulator} | {evaluated:.1f} | {made_again:.1f} | {ratio:.2f} |", flush=True)


def seconds_of(*words: str) -> float:
    """Processor seconds of a whole command, with all of its processes."""
    before = busy()
    command = [str(Path(sys.executable).with_name("dv-agent")), *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=900, env=BARE)
    with contextlib.suppress(ChildProcessError):
        while True:  # the copies of a simulator that outlived their parent
            os.wait()
    return busy() - before


def busy() -> float:
    """Processor seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
