"""The native path: Verilator without cocotb, drivers in C++; falls back to cocotb where it cannot be built."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import printable
from dv_agent.designs.files.places import cache_folder
from dv_agent.errors import BuildError, PrerequisiteError
from dv_agent.runners.build.verilator_tool import VerilatorTool, find_verilator
from dv_agent.runners.cocotb.session import HANG_SECONDS
from dv_agent.runners.native.checked_session import CheckedSession
from dv_agent.runners.native.compilation import build_native
from dv_agent.runners.native.several_copies import BuiltCopy
from dv_agent.runners.repeating_session import Repeats
from dv_agent.runners.simulator import NATIVE, Session, Simulator
from dv_agent.runners.verilator import VerilatorSimulator

SHARE = 256
"""One of so many tests is played through cocotb too."""


def say_on_stderr(words: str) -> None:
    """Print one line on stderr."""
    sys.stderr.write(f"{words}\n")


class NativeSimulator:
    """Opens sessions on a Verilated model that plays programs by itself, in a process of its own.

    A design that cannot be built so is simulated through cocotb, on Verilator or else on Icarus, and one line says why.

    Args:
        cache: folder of the build cache; see `cache_folder` for the default.
        hang_seconds: CPU seconds that 256 clock cycles may take before the RTL counts as hung.
        share: one of so many tests of a session is played through cocotb too; 0: none.
        say: takes the line about a fallback.
        judge: what plays the share, writes waveforms, and is the first choice of a fallback; None: cocotb on Verilator.
        quick: see `build_native`.
    """

    def __init__(
        self, cache: Path | None = None, hang_seconds: float = HANG_SECONDS, share: int = SHARE,
        say: Callable[[str], None] = say_on_stderr, judge: Simulator | None = None, quick: bool = False,
    ) -> None:  # fmt: skip
        self._quick = quick
        self._cache, self._hang_seconds, self._share, self._say = cache, hang_seconds, share, say
        self._repeats = Repeats()
        self._tool: VerilatorTool | None = None
        self.judge: Simulator = judge or VerilatorSimulator(cache, hang_seconds)
        self._instead: Simulator | None = None

    @property
    def name(self) -> str:
        """``native``; after a fallback, the simulator that is used instead."""
        return self._instead.name if self._instead else NATIVE

    @property
    def repeated(self) -> int:
        """See `Simulator.repeated`."""
        return self._repeats.count + self.judge.repeated + (self._instead.repeated if self._instead else 0)

    def version(self) -> str:
        """See `Simulator.version`."""
        if self._instead:
            return self._instead.version()
        self._tool = self._tool or find_verilator()
        return self._tool.version

    def with_code(self) -> Simulator:
        """See `Simulator.with_code`: cocotb on Verilator, which counts; a line says so."""
        self._say("native: counts no code coverage; cocotb on verilator simulates instead")
        return self.judge.with_code()

    def counters(self, design: Design) -> tuple[CodeCounter, ...]:
        """See `Simulator.counters`: none."""
        del design
        return ()

    def open(self, design: Design, *, waves: Path | None = None) -> Session:
        """See `Simulator.open`; waveforms are made through cocotb on Verilator.

        Raises:
            BuildError, PrerequisiteError: none that design.yaml allows can build it; the message is the last one's.
        """
        try:
            tool = self._tool = self._tool or find_verilator()
            if waves:
                return self.judge.open(design, waves=waves)
            built = BuiltCopy(build_native(design, self._cache or cache_folder(), tool, self._quick))
        except (BuildError, PrerequisiteError) as error:
            return self._open_instead(design, waves, error)
        self._instead = None
        return CheckedSession(design, built, self._hang_seconds, self._repeats, self.judge, self._share)

    def _open_instead(self, design: Design, waves: Path | None, why: BuildError | PrerequisiteError) -> Session:
        from dv_agent.runners.icarus import IcarusSimulator

        icarus = IcarusSimulator(self._cache, self._hang_seconds)
        try:
            self._instead, session = self.judge, self.judge.open(design, waves=waves)
        except (BuildError, PrerequisiteError):
            if design.simulators and icarus.name not in design.simulators:
                raise
            self._instead, session = icarus, icarus.open(design, waves=waves)
        reason = printable(" ".join(str(why).split()), 200)
        self._say(f"native: not used, cocotb on {self._instead.name} simulates instead: {reason}")
        return session


def judge_of(simulator: Simulator) -> Simulator:
    """Return the simulator that confirms the results of `simulator`: for the native path, cocotb on Verilator."""
    return VerilatorSimulator() if simulator.name == NATIVE else simulator
