"""Processor time of a build through cocotb on Verilator: C++ in one file with compiled headers, and by its makefile.

    python benchmarks/verilator_builds.py [DESIGN ...]

The first build of a kind also compiles what all designs share; it is made before anything is measured.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

from dv_agent.designs.loader import find_design
from dv_agent.runners.build import verilator, verilator_runtime
from dv_agent.runners.build.external_tools import CommandResult
from dv_agent.runners.build.verilator_tool import find_verilator

DESIGNS = ("mxint_gelu", "block_quant", "hgsa_loop", "vit_attention")


def counted(
    command: Sequence[str | Path], folder: Path, seconds: float, environment: Mapping[str, str] | None = None,
    writable: Sequence[Path] = (),
) -> CommandResult:  # fmt: skip
    """Run a command without a sandbox, whose processes are not counted with ours."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds
    )
    return CommandResult(done.returncode, done.stdout + done.stderr)


def used() -> float:
    """Processor time of all child processes, in seconds."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def build_seconds(name: str, room: Path, code: bool, most: int) -> float:
    """Processor time of one build, with at most so many bytes of C++ in one file."""
    cache = Path(tempfile.mkdtemp(dir=room))
    (room / verilator.RUNTIME_SHELF).mkdir(exist_ok=True)
    (cache / verilator.RUNTIME_SHELF).symlink_to(room / verilator.RUNTIME_SHELF)
    before = used()
    with patch.object(verilator, "_MOST_IN_ONE_FILE", most):
        verilator.build_verilator(find_design(name).design, cache, find_verilator(), code=code)
    return used() - before


def main() -> None:
    """Print a table."""
    kinds = {"by its makefile": 0, "in one file": verilator._MOST_IN_ONE_FILE}
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(verilator, "run_command", counted), patch.object(verilator_runtime, "run_command", counted),
    ):  # fmt: skip
        for code in (False, True):
            build_seconds(DESIGNS[0], Path(folder), code, 0)
        print(f"{'processor time':<28}{''.join(f'{kind:>17}' for kind in kinds)}{'ratio':>8}")
        for name in sys.argv[1:] or DESIGNS:
            for code in (False, True):
                old, new = (build_seconds(name, Path(folder), code, most) for most in kinds.values())
                print(f"{name + (', code coverage' if code else ''):<28}{old:>15.1f} s{new:>15.1f} s{old / new:>8.1f}")


if __name__ == "__main__":
    main()
