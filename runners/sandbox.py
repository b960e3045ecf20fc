"""The sandbox: simulators and compilers run under bubblewrap, if it is installed and works.

RTL can open files and start programs, and may come from an unknown author. In the sandbox there is no network, all
but the work folder is read-only, other processes are not visible, and all processes end with their parent. Results
are the same without it. ``DV_AGENT_SANDBOX`` is ``auto`` (the default), ``off``, or ``required``.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from dv_agent.errors import PrerequisiteError, UsageError

SETTING = "DV_AGENT_SANDBOX"
INSTALL = "apt-get install bubblewrap"
MODES = ("auto", "off", "required")
_PROBE_SECONDS = 10.0
_TMP = "/tmp"  # noqa: S108  # where tmpfile() of the C library goes, whatever TMPDIR says
_BLOCK = 512  # bytes; the unit of ``ulimit -f`` in POSIX
_SIGNALLED = 128  # exit code of bubblewrap: this plus the number of the signal that ended its program
_WALLS = (
    "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-net", "--unshare-pid", "--unshare-ipc",
    "--unshare-uts", "--die-with-parent", "--cap-drop", "ALL",
)  # fmt: skip


def sandboxed(
    command: Sequence[str],
    writable: Sequence[Path],
    most_bytes: int | None = None,
    seen: Sequence[Path] | None = None,
) -> list[str]:
    """Return the command line that runs `command` in the sandbox, or outside if the sandbox is not in force.

    Args:
        writable: existing folders that it may write into.
        most_bytes: the largest file that it may write, in bytes; also without the sandbox.
        seen: if not None, it gets an empty /tmp of its own, which a writer of waveforms needs, in which these paths
            are still visible.

    Raises:
        PrerequisiteError: the sandbox is required and does not work.
        UsageError: `SETTING` has another value.
    """
    bounded = list(command)
    if most_bytes is not None:
        allowed, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        most_bytes = most_bytes if allowed == resource.RLIM_INFINITY else min(most_bytes, allowed)
        bounded = ["/bin/sh", "-c", f'ulimit -f {most_bytes // _BLOCK}; exec "$@"', "sh", *command]
    if not is_in_force():
        return bounded
    return [
        shutil.which("bwrap") or "bwrap",
        *_WALLS,
        *_private(writable),
        *_own_tmp(seen),
        *_binds(writable),
        "--",
        *bounded,
    ]


def is_in_force() -> bool:
    """Return whether `sandboxed` uses the sandbox.

    Raises:
        PrerequisiteError, UsageError: as `sandboxed`.
    """
    mode = os.environ.get(SETTING, "") or MODES[0]
    if mode not in MODES:
        raise UsageError(f"{SETTING} is {mode[:40]!r}; expected {', '.join(MODES)}")
    if mode == "off":
        return False
    missing = why_not()
    if missing and mode == "required":
        raise PrerequisiteError(f"{SETTING}=required, but {missing}", INSTALL)
    return not missing


@lru_cache(maxsize=1)
def why_not() -> str:
    """Return why the sandbox does not work on this machine; empty if it does. Tried once."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap (bwrap) is not installed"
    try:
        done = subprocess.run(
            [program, *_WALLS, "--", "/bin/sh", "-c", "exit 0"], capture_output=True, text=True, errors="replace",
            timeout=_PROBE_SECONDS, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not work here: {type(error).__name__}"
    return f"bubblewrap does not work here: {done.stderr.strip()[:200]}" if done.returncode else ""


def ended_by(code: int) -> int | None:
    """Return the number of the signal that ended a program, from the exit code of its process, sandboxed or not."""
    if code < 0:
        return -code
    return code - _SIGNALLED if code > _SIGNALLED and is_in_force() else None


def _private(writable: Sequence[Path]) -> Iterator[str]:
    """Yield the arguments that hide /run: the sockets of services there are reachable even without network."""
    used = (*writable, Path.cwd(), Path(os.__file__))
    if not any(path.resolve().is_relative_to("/run") for path in used):
        yield from ("--tmpfs", "/run")


def _own_tmp(seen: Sequence[Path] | None) -> Iterator[str]:
    if seen is None:
        return
    yield from ("--tmpfs", _TMP)
    for path in dict.fromkeys(one.absolute() for one in seen):
        if path.is_relative_to(_TMP) and path.exists():
            yield from ("--ro-bind", str(path), str(path))


def _binds(writable: Sequence[Path]) -> Iterator[str]:
    for folder in writable:
        place = str(folder.resolve())
        yield from ("--bind", place, place)
