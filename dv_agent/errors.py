"""Every error that dv-agent raises on purpose, and the exit code of each.

::

    DvAgentError                      exit code
    ├── UsageError                    2   wrong option, unknown name
    │   ├── InputFileError            2   bad file: where, what, what was expected
    │   │   └── FilesError            2   several faults of the files of one folder, told together
    │   ├── UnknownNameError          2   unknown name; suggests the nearest names
    │   └── OutputError               2   a folder or disk that cannot be written
    ├── PrerequisiteError             3   missing program or package, with the command that installs it
    ├── SimulationError               4
    │   ├── BuildError                4   the simulator refused the RTL
    │   ├── SimulatorCrash            4   the simulator process died
    │   ├── SimulatorTimeout          4   the simulator process hung and was killed
    │   └── SimulatorLost             4   it was killed from outside, in every try
    ├── ModelFailure                  5   the language model failed after all retries
    └── Cancelled                     130 the user cancelled the operation

A failed check of the design under test is a result (exit code 1), and a bad
reply of a language model is feedback for its next turn: neither is an error.
Every error can be pickled, because checks run in worker processes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """The exit codes of the program; documented in docs/exit-codes.md."""

    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    PREREQUISITE = 3
    SIMULATION = 4
    MODEL = 5
    NOTHING_CHECKED = 6
    INTERNAL = 70
    INTERRUPTED = 130


class DvAgentError(Exception):
    """The base of all errors of dv-agent, with a message for the user and an exit code."""

    exit_code = ExitCode.USAGE


class UsageError(DvAgentError):
    """The error that the command line or an argument requests something that is not possible."""


class InputFileError(UsageError):
    """The error that an input file cannot be used.

    Args:
        path: the file.
        message: what is wrong and what was expected.
        line: 1-based line of the fault, when known.
    """

    def __init__(self, path: Path | str, message: str, line: int | None = None) -> None:
        self.path, self.line, self.message = Path(path), line, message
        where = f"{path}:{line}" if line else str(path)
        super().__init__(f"{where}: {message}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.message, self.line)


class FilesError(InputFileError):
    """The error that files of one folder have several faults; the message holds one line for each, file by file.

    Args:
        folder: the folder of the files.
        faults: the faults, at least one.
    """

    def __init__(self, folder: Path | str, faults: Iterable[InputFileError]) -> None:
        self.faults = tuple(faults)
        lines = "".join(f"\n  {_within(one, Path(folder))}" for one in self.faults)
        super().__init__(folder, f"{len(self.faults)} faults in its files{lines}")
        self.line = self.faults[0].line

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path, self.faults)


def _within(fault: InputFileError, folder: Path) -> str:
    """Return the message of a fault with the name of its file as it is called inside `folder`."""
    path = fault.path.relative_to(folder) if fault.path.is_relative_to(folder) else fault.path
    return f"{path}{f':{fault.line}' if fault.line else ''}: {fault.message}"


def all_faults(folder: Path | str, faults: Iterable[InputFileError]) -> InputFileError | None:
    """Return one error for all `faults`: None without any, a single one as it is."""
    every = [one for fault in faults for one in (fault.faults if isinstance(fault, FilesError) else (fault,))]
    if not every:
        return None
    return every[0] if len(every) == 1 else FilesError(folder, every)


class UnknownNameError(UsageError):
    """The error that a name is unknown; the message suggests the nearest known names."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        self._reduced = kind, name, names
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._reduced


class OutputError(UsageError):
    """The error that results cannot be written (read-only folder, full disk)."""


class PrerequisiteError(DvAgentError):
    """The error that a required program or package is not installed.

    Args:
        what: what is missing.
        install: the command that installs it.
    """

    exit_code = ExitCode.PREREQUISITE

    def __init__(self, what: str, install: str) -> None:
        self.what, self.install = what, install
        super().__init__(f"{what}\n  install it with: {install}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.what, self.install)


class SimulationError(DvAgentError):
    """The error that the simulator, not the design under test, failed."""

    exit_code = ExitCode.SIMULATION


class BuildError(SimulationError):
    """The error that the simulator refused the RTL; the message is the simulator's, shortened."""


class SimulatorCrash(SimulationError):
    """The error that the simulator process died during a test."""


class SimulatorTimeout(SimulationError):
    """The error that the simulator process sent no reply in time and was killed."""


class SimulatorLost(SimulationError):
    """The error that the simulator was killed from outside, in every try: nothing is known about the design."""


class ModelFailure(DvAgentError):
    """The error that the language model gave no answer after all retries.

    Args:
        message: what happened and what to do.
        attempts: what was tried and what it cost (`dv_agent.agents.models.chat_model.CallUsage`).
    """

    exit_code = ExitCode.MODEL

    def __init__(self, message: str, attempts: tuple[object, ...] = ()) -> None:
        self.message, self.attempts = message, attempts
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.attempts)


class Cancelled(DvAgentError):
    """The error that the user cancelled an operation; results from before are kept."""

    exit_code = ExitCode.INTERRUPTED
