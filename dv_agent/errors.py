"""Every error that dv-agent raises on purpose, and the exit code of each.

::

    DvAgentError                      exit code
    ├── UsageError                    2   wrong option, unknown name
    │   ├── InputFileError            2   bad file: where, what, what was expected
    │   ├── UnknownNameError          2   carries the nearest names
    │   └── OutputError               2   a folder or disk that cannot be written
    ├── PrerequisiteError             3   missing program or package, with the line that installs it
    ├── SimulationError               4
    │   ├── BuildError                4   the simulator refused the RTL
    │   ├── SimulatorCrash            4   the simulator process died
    │   ├── SimulatorTimeout          4   the simulator process hung and was killed
    │   └── SimulatorLost             4   it was killed from outside, again and again
    ├── ModelFailure                  5   the language model failed after all retries
    └── Cancelled                     130 a person gave up what was under way

A failed check of the design under test is a result (exit code 1), and a bad
reply of a language model is feedback for its next turn: neither is an error.
Every error survives pickling, because checks run in worker processes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What the process tells its caller; documented in docs/exit-codes.md."""

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
    """Root of the tree: a message for people, an exit code for programs."""

    exit_code = ExitCode.USAGE


class UsageError(DvAgentError):
    """The command line or an argument asks for something that cannot be done."""


class InputFileError(UsageError):
    """A file that a person wrote cannot be used.

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


class UnknownNameError(UsageError):
    """A name that nothing answers to; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        self._reduced = kind, name, names
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._reduced


class OutputError(UsageError):
    """Results cannot be written (read-only folder, full disk)."""


class PrerequisiteError(DvAgentError):
    """Something that must be installed is missing.

    Args:
        what: what is missing.
        install: the line that installs it.
    """

    exit_code = ExitCode.PREREQUISITE

    def __init__(self, what: str, install: str) -> None:
        self.what, self.install = what, install
        super().__init__(f"{what}\n  install it with: {install}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.what, self.install)


class SimulationError(DvAgentError):
    """The simulator, not the design under test, is at fault."""

    exit_code = ExitCode.SIMULATION


class BuildError(SimulationError):
    """The simulator refused the RTL; the message is its own, shortened."""


class SimulatorCrash(SimulationError):
    """The simulator process died in mid-test."""


class SimulatorTimeout(SimulationError):
    """The simulator process gave no answer in time and was killed."""


class SimulatorLost(SimulationError):
    """The machine took the simulator away, in every try: nothing is known about the design."""


class ModelFailure(DvAgentError):
    """The language model gave no answer after all retries.

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
    """A person gave up what was under way; what was done before stands."""

    exit_code = ExitCode.INTERRUPTED
