"""The runs and boards that there are, read when they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from dv_agent.agents.records.reader import read_header
from dv_agent.agents.records.schema import COVERAGE, FAILURES, TURNS, RunHeader
from dv_agent.agents.runs.goal import recorded_plan
from dv_agent.coverage.plan import Plan
from dv_agent.designs.loader import DesignFolder, find_recorded_design
from dv_agent.errors import InputFileError, UnknownNameError, UsageError
from dv_agent.eval.report.data.load_run import load_run
from dv_agent.eval.report.data.run_data import RunData
from dv_agent.studio.allowed_folders import BOARD_MARK, RUN_MARK, AllowedFolders, chosen, listed

KEPT = 4
SHOWN = 200
_BIG = 20_000_000


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in the list; figures of a run that was killed are those that its header has."""

    name: str
    design: str
    agent: str
    model: str
    strategy: str
    started: str
    status: str
    bins_hit: int
    bins: int
    failing: int
    turns: int
    tests: int


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One board in the list; `written` is a time in ISO 8601."""

    name: str
    written: str


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """A run with what its design says today; `plan` is None where the design is not at hand."""

    name: str
    run: RunData
    folder: DesignFolder | None
    plan: Plan | None


class RunIndex:
    """Reads runs and boards below one folder, and keeps the last few runs in memory until their files change.

    Args:
        designs: what may be loaded for a run; a record that names another one, by a path say, is shown without it.
    """

    def __init__(self, places: AllowedFolders, designs: tuple[str, ...]) -> None:
        self._root, self._designs = places.runs, designs
        self._kept: OrderedDict[tuple[str, tuple[int, ...]], OpenedRun] = OrderedDict()
        self._lock = Lock()

    def runs(self) -> tuple[tuple[RunLine, ...], int]:
        """The newest `SHOWN` runs, and how many more there are."""
        found = listed(self._root, RUN_MARK)
        newest = sorted(found, key=lambda name: (name.rsplit("/", 1)[-1], name), reverse=True)
        return tuple(self._lines((name, found[name]) for name in newest[:SHOWN])), max(len(newest) - SHOWN, 0)

    def boards(self) -> tuple[BoardLine, ...]:
        """All boards, the newest first."""
        found = listed(self._root, BOARD_MARK)
        lines = [BoardLine(name, _written(path / BOARD_MARK)) for name, path in found.items()]
        return tuple(sorted(lines, key=lambda line: line.written, reverse=True))

    def board(self, name: str) -> str:
        """The page of a board, as it stands there.

        Raises:
            UsageError: no such board, or it cannot be shown.
        """
        path = chosen("board", self._root, BOARD_MARK, name, BOARD_MARK) / BOARD_MARK
        if path.stat().st_size > _BIG:
            raise InputFileError(path, f"larger than {_BIG:,} bytes; open it as a file")
        return path.read_text(encoding="utf-8", errors="replace")

    def open(self, name: str) -> OpenedRun:
        """A run, read anew only if its files have changed.

        Raises:
            UsageError: no such run, or it cannot be read.
        """
        path = chosen("run", self._root, RUN_MARK, name)
        key = name, _stamps(path)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _opened(name, path, self._designs)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _lines(self, folders: Iterator[tuple[str, Path]]) -> Iterator[RunLine]:
        for name, path in folders:
            try:
                yield _line(name, read_header(path))
            except InputFileError:
                yield RunLine(name, "", "", "", "", "", "cannot be read", 0, 0, 0, 0, 0)


def _line(name: str, header: RunHeader) -> RunLine:
    return RunLine(
        name=name,
        design=header.design,
        agent=header.agent,
        model=header.model_name,
        strategy=header.strategy,
        started=header.started,
        status=header.status,
        bins_hit=header.bins_hit,
        bins=header.bins,
        failing=header.failing_tests,
        turns=header.turns,
        tests=header.tests,
    )


def _opened(name: str, path: Path, designs: tuple[str, ...]) -> OpenedRun:
    run = load_run(path)
    try:
        if run.header.design not in designs:
            raise UnknownNameError("design", run.header.design, designs)
        folder = find_recorded_design(run.header.design)
        return OpenedRun(name, run, folder, recorded_plan(path, run.header, folder))
    except UsageError:
        return OpenedRun(name, run, None, None)


def _stamps(path: Path) -> tuple[int, ...]:
    files = [path / name for name in (RUN_MARK, TURNS, COVERAGE, FAILURES)]
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


def _written(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
