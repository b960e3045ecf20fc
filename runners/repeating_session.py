"""A simulator that starts a new process and repeats the program if its process was killed.

A process that was killed from outside tells nothing about the design: its program is played again in a fresh process,
and only that result counts. The same program gives the same rows, so the result does not depend on the repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dv_agent.errors import SimulatorCrash, SimulatorLost
from dv_agent.runners.cocotb.deaths import Cause, Death, death_of
from dv_agent.runners.cocotb.process import SimulatorProcess

TRIES = 4
"""How often a program is played, or a process started, before `SimulatorLost` is raised."""


class Repeats:
    """The number of simulations repeated because the first result was not caused by the design."""

    def __init__(self) -> None:
        self.count = 0


@dataclass(frozen=True, slots=True)
class Played:
    """The result of a program.

    Attributes:
        reply: the reply of the simulator; not valid if `death` is not None.
        rows: the recorded rows.
        death: how the process ended, if the design caused that.
        words: the last output of the process, if it died.
        printed: what was printed while the program was played; the beginning of it.
    """

    reply: dict[str, Any]
    rows: bytes
    death: Death | None
    words: str
    printed: str = ""


class LastingSimulator:
    """Starts simulator processes when they are needed, one at a time.

    Args:
        command, environment, layout, hang_seconds: see `SimulatorProcess`.
        once: a process plays a single program, without forking, and ends by itself (it writes a waveform).
        repeats: counts the repetitions.
        writable: folders that a process may write into, besides its own.

    Raises:
        SimulatorCrash, SimulatorTimeout, SimulatorLost: no process reaches the first clock cycle.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], layout: Path, hang_seconds: float,
        *, once: bool = False, repeats: Repeats | None = None, writable: Sequence[Path] = (),
    ) -> None:  # fmt: skip
        self._command, self._environment, self._layout = tuple(command), environment, layout
        self._hang_seconds, self._once, self._repeats = hang_seconds, once, repeats or Repeats()
        self._writable = tuple(writable)
        self._process: SimulatorProcess | None = self._start()

    @property
    def pid(self) -> int | None:
        """Process id of the simulator, if it runs."""
        return self._process.pid if self._process else None

    @property
    def said_at_start(self) -> str:
        """What the process that runs had printed before its first program; empty after that."""
        return self._process.printed() if self._process else ""

    def play(self, plain: dict[str, Any], width: int, prepare: Callable[[Path], None] | None = None) -> Played:
        """Play a program, again if necessary, until the result is caused by the design.

        Args:
            width: bits of a sample.
            prepare: puts files into the working folder of the process, before each try.

        Raises:
            SimulatorLost: it was killed from outside in every try.
            SimulatorCrash, SimulatorTimeout: no process starts any more.
        """
        seen: list[tuple[Death | None, bytes]] = []
        while True:
            played = self._try(plain, width, prepare)
            result = played.death, played.rows
            if _is_result(played.death, result in seen):
                self._repeats.count += sum(one != result for one in seen)
                return played
            seen.append(result)
            self.close()
            if len(seen) == TRIES or (played.death and played.death.no_memory):
                self._repeats.count += len(seen) - 1
                raise _lost(played, len(seen))

    def close(self) -> None:
        """End the process; may be called twice."""
        if self._process:
            self._process.kill()
        self._process = None

    def _try(self, plain: dict[str, Any], width: int, prepare: Callable[[Path], None] | None) -> Played:
        if self._process is None or not self._process.alive:
            self.close()
            self._process = self._start()
        if prepare:
            prepare(self._process.folder)
        reply, rows = self._process.play(plain, width)
        if self._once and not reply.get("died"):
            # The waveform, for which it was started, is complete only if the process ended by itself.
            reply = self._process.finish() or reply
        words = self._process.last_words() if reply.get("died") else ""
        printed = self._process.printed() if reply.get("died") or reply.get("printed") else ""
        return Played(reply, rows, death_of(reply, words), words, printed)

    def _start(self) -> SimulatorProcess:
        lost = crashed = 0
        while True:
            try:
                return SimulatorProcess(
                    self._command, self._environment, self._layout, self._hang_seconds, not self._once, self._writable
                )
            except SimulatorLost:
                lost += 1
                if lost == TRIES:
                    raise
            except SimulatorCrash:  # an end that repeats is caused by the design
                crashed += 1
                if crashed > 1:
                    raise


def _is_result(death: Death | None, repeated: bool) -> bool:
    """Return whether the design caused this end; `repeated`: an earlier process ended in the same way."""
    if death is None or death.cause is Cause.DESIGN:
        return True
    return death.cause is Cause.DOUBTFUL and repeated


def _lost(played: Played, tries: int) -> SimulatorLost:
    death = played.death
    times = "" if death is None or death.no_memory else f", in {tries} tries"
    return SimulatorLost(
        f"the simulator {death}{times}: that is this machine's doing, not the design's\n{played.words}".rstrip()
    )
