"""The RTL of a design as it was at a git revision, and which of its lines have changed since."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from dv_agent.designs.benchmark.rtl_copy import rtl_copy
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import read_text
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import OutputError, PrerequisiteError, UsageError

GIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class BaseRtl:
    """The design at the base.

    Attributes:
        commit: the revision, in full.
        changed: source or header -> lines of the base, from 1, that differ now; an insertion counts for the lines
            around it.
        now: the same for the lines of today.
    """

    folder: DesignFolder
    commit: str
    changed: dict[str, frozenset[int]]
    now: dict[str, frozenset[int]]


def base_rtl(folder: DesignFolder, ref: str, room: Path) -> BaseRtl:
    """Return the design with the RTL of `ref`, headers included; schema, model and plan are those of today.

    Raises:
        UsageError: the design is in no git repository, there is no such revision, or a source was not there.
        PrerequisiteError: git is missing.
    """
    design = folder.design
    commit = _git(design.base, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
    if not commit:
        if not _git(design.base, "rev-parse", "--git-dir"):
            raise UsageError(f"{design.base} is in no git repository: --base needs the RTL of an earlier revision")
        raise UsageError(f"--base: git knows no revision {ref[:80]!r} in {design.base}")
    copy = rtl_copy(folder, room)
    changed: dict[str, frozenset[int]] = {}
    now: dict[str, frozenset[int]] = {}
    for name in (*design.sources, *_headers(design)):
        before = _git(design.base, "show", f"{commit}:./{name}")
        if not before and name in design.sources:
            raise UsageError(f"--base: {name} was not there at {ref[:80]}; new files have no base")
        lines = _changed_lines(before, read_text(design.base / name))
        try:
            (copy.design.folder / name).write_text(before, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{copy.design.folder / name}: {error.strerror}") from None
        if lines[0] or lines[1]:
            changed[name], now[name] = lines
    return BaseRtl(copy, commit, changed, now)


def _headers(design: Design) -> list[str]:
    """Return the headers below the base of the design, which a copy of it has too, relative to that."""
    base = design.base.resolve()
    places = (one.resolve() for one in design.header_files())
    return [place.relative_to(base).as_posix() for place in places if place.is_relative_to(base)]


def _changed_lines(before: str, after: str) -> tuple[frozenset[int], frozenset[int]]:
    old, new = before.splitlines(), after.splitlines()
    was: set[int] = set()
    here: set[int] = set()
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            was |= {*range(a + 1, b + 1)} or {a, a + 1}
            here |= {*range(c + 1, d + 1)} or {c, c + 1}
    return frozenset(was), frozenset(here)


def _git(folder: Path, *words: str) -> str:
    """Return what git prints; empty if it fails."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, timeout=GIT_SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        raise PrerequisiteError("git is not on the PATH", "apt-get install git") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"git {words[0]} in {folder}: {error}") from None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""
