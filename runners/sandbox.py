"""Simulators and compilers under bubblewrap, where that is installed and works.

RTL can open files and start programs, and may come from a stranger. Inside, there is no network, everything but the
work folder is read-only, other processes are not seen, and all ends with its parent. Results are the same without it.
``DV_AGENT_SANDBOX`` says ``auto`` (the default), ``off``, or ``required``.
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
_BLOCK = 512  # bytes that POSIX counts ``ulimit -f`` in
_SIGNALLED = 128  # bubblewrap ends with this plus the number of the signal that ended its program
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
    """`command` inside of walls, or as it is where there are none.

    Args:
        writable: folders that it may write into; they exist.
        most_bytes: the largest file that it may write.
        seen: None, or that it gets an empty /tmp of its own, which a writer of waveforms needs, and sees these paths
            nevertheless.

    Raises:
        PrerequisiteError: walls are required and cannot be had.
        UsageError: `SETTING` says something else.
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
    """Whether `sandboxed` puts up walls.

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
    """Why there can be no walls on this machine; empty if there can. Tried once."""
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
    """The number of the signal that ended a program, from the exit code of its process, with or without walls."""
    if code < 0:
        return -code
    return code - _SIGNALLED if code > _SIGNALLED and is_in_force() else None


def _private(writable: Sequence[Path]) -> Iterator[str]:
    """Sockets of services stand in /run; no network is cut off by hiding them."""
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
