"""Running the build tools of a simulation, with a time limit and shortened messages."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.designs.text.wording import counted
from dv_agent.errors import BuildError, PrerequisiteError, SimulatorLost
from dv_agent.runners.cocotb.deaths import Cause, Death
from dv_agent.runners.sandbox import ended_by, sandboxed

SHOWN_LINES = 10
VERSION_SECONDS = 30.0
TRIES = 4


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a program: its exit code, and its output on stdout and stderr together."""

    code: int
    output: str


def require(name: str, what: str, install: str) -> str:
    """Return the path of a program.

    Raises:
        PrerequisiteError: it is not on the PATH.
    """
    path = shutil.which(name)
    if path is None:
        raise PrerequisiteError(f"{what} is not on the PATH", install)
    return path


def run_command(
    command: Sequence[str], folder: Path, seconds: float, environment: Mapping[str, str] | None = None,
    writable: Sequence[Path] = (),
) -> CommandResult:  # fmt: skip
    """Run a build tool in `folder`; the tool and all processes that it started are killed after `seconds`.

    A tool that is killed from outside is run again, because that tells nothing about the RTL.

    Args:
        writable: folders that it may write into, the first one for its temporary files, which the caller removes; see
            `sandboxed`. None: it only reads.

    Raises:
        BuildError: it took longer.
        SimulatorLost: it was killed in every try.
    """
    surroundings = {**(os.environ if environment is None else environment)}
    if writable:
        surroundings |= dict.fromkeys(("TMP", "TMPDIR", "TEMP"), str(writable[0].absolute()))
    name = Path(command[0]).name
    for _ in range(TRIES):
        try:
            done = _run_once(sandboxed(command, writable), folder, seconds, surroundings)
        except subprocess.TimeoutExpired:
            raise BuildError(f"{name} gave no result within {seconds:.0f} s") from None
        death = Death(signal=ended_by(done.code) or 0)
        if death.cause is not Cause.OUTSIDE:
            return done
    raise SimulatorLost(f"{name} {death}, in {TRIES} tries: that is this machine's doing")


def _run_once(command: Sequence[str], folder: Path, seconds: float, environment: Mapping[str, str]) -> CommandResult:
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return CommandResult(process.returncode, output)


def printed_version(command: Sequence[str]) -> str:
    """Return the first line that `command` prints, stripped; empty if it prints none or cannot be run."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace",
            timeout=VERSION_SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip().partition("\n")[0].strip()


def shorten(lines: Iterable[str]) -> str:
    """Return the first `SHOWN_LINES` lines, and a note of how many lines were left out."""
    lines = list(lines)
    shown = lines[:SHOWN_LINES]
    if len(lines) > len(shown):
        shown.append(f"... ({counted(len(lines) - len(shown), 'more line')})")
    return "\n".join(shown)
