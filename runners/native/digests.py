"""Digests of what a design does in many programs, for comparing copies of it: no rows are kept, one call for all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.program import Program
from dv_agent.errors import OutputError, SimulatorCrash
from dv_agent.runners.build.verilator_tool import find_verilator
from dv_agent.runners.cocotb.session import HANG_SECONDS
from dv_agent.runners.native.compilation import build_native
from dv_agent.runners.native.several_copies import BuiltCopy
from dv_agent.runners.plain_program import plain_program
from dv_agent.runners.repeating_session import LastingSimulator, Repeats

_FILE = "programs.json"
_BYTES = 8  # of a digest
ZEROS, ONES, RANDOM = range(3)
"""What registers hold at power-up that have no initial value."""


class ProgramFile:
    """Programs in the form that the worker reads, converted once for any number of copies of a design."""

    def __init__(self, design: Design, programs: Sequence[Program]) -> None:
        self.count = len(programs)
        self.text = json.dumps([plain_program(design, one) for one in programs], separators=(",", ":"))


class DigestSession:
    """One design in a native worker that returns digests.

    Args:
        fills: the power-up states in which each program is played: `ZEROS`, `ONES`, or `RANDOM` and above.
        built: the worker, if it is built already.

    Raises:
        PrerequisiteError, BuildError: the native path cannot be used.
        SimulatorCrash, SimulatorTimeout, SimulatorLost: the worker does not start.
    """

    def __init__(
        self, design: Design, fills: Sequence[int], cache: Path | None = None, hang_seconds: float = HANG_SECONDS,
        repeats: Repeats | None = None, built: BuiltCopy | None = None,
    ) -> None:  # fmt: skip
        built = built or BuiltCopy(build_native(design, cache or cache_folder(), find_verilator()))
        self._fills = tuple(fills)
        self._worker = LastingSimulator(built.command, {}, built.build.layout, hang_seconds, repeats=repeats)

    def of(self, programs: ProgramFile, skipped: int = 0, count: int | None = None) -> list[bytes]:
        """Return one digest for each program after the first `skipped`, over rows and end in all power-up states.

        Args:
            count: the number of programs; None: all.

        The list is shorter if the RTL crashes or hangs: then the program that would come next is the one that did it.

        Raises:
            SimulatorCrash, SimulatorTimeout, SimulatorLost: see `Session.run`.
        """
        states = len(self._fills)
        left = programs.count - skipped
        wanted = left if count is None else min(count, left)
        request = {"programs": _FILE, "fills": self._fills, "skipped": skipped, "max_cycles": wanted * states}
        played = self._worker.play(request, _BYTES, lambda folder: _write(folder / _FILE, programs.text))
        if "error" in played.reply:
            raise SimulatorCrash(f"the native worker failed\n{played.reply['error']}")
        size = _BYTES * states
        whole = len(played.rows) // size
        return [played.rows[place * size : (place + 1) * size] for place in range(whole)]

    def close(self) -> None:
        """End the worker; may be called twice."""
        self._worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
