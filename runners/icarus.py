"""The default simulator: Icarus Verilog through cocotb."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Self

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.errors import UsageError
from dv_agent.runners.build.icarus import build_icarus, build_icarus_lanes, icarus_version
from dv_agent.runners.cocotb.environment import vpi_library
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession
from dv_agent.runners.repeating_session import Repeats

NO_CODE = "Icarus counts no code coverage: --goal code needs --simulator verilator"


class IcarusSimulator:
    """Opens sessions on Icarus Verilog.

    Args:
        cache: folder of the build cache; see `cache_folder` for the default.
        hang_seconds: CPU seconds that 256 clock cycles may take before the RTL counts as hung.
        lanes: build several instances, so that a copy of the process plays several tests; not worth it for few tests.
    """

    def __init__(self, cache: Path | None = None, hang_seconds: float = HANG_SECONDS, lanes: bool = True) -> None:
        self._cache, self._lanes = cache, lanes
        self._hang_seconds = hang_seconds
        self._repeats = Repeats()
        self._version = ""

    @property
    def name(self) -> str:
        """``icarus``"""
        return "icarus"

    @property
    def repeated(self) -> int:
        """See `Simulator.repeated`."""
        return self._repeats.count

    def version(self) -> str:
        """See `Simulator.version`."""
        self._version = self._version or icarus_version()
        return self._version

    def with_code(self) -> Self:
        """See `Simulator.with_code`."""
        raise UsageError(NO_CODE)

    def counters(self, design: Design) -> tuple[CodeCounter, ...]:
        """See `Simulator.counters`: none."""
        return ()

    def open(self, design: Design, *, waves: Path | None = None) -> CocotbSession:
        """See `Simulator.open`; also raises `InputFileError` if a source file is missing."""
        build = (build_icarus_lanes if self._lanes and not waves else build_icarus)(
            design, self._cache or cache_folder(), self.version()
        )
        # -n: $stop ends the simulation as $finish does. -none: the RTL's own $dumpvars writes nothing.
        command = [shutil.which("vvp") or "vvp", "-n", "-m", vpi_library(), str(build.program)]
        room = (waves.absolute().parent,) if waves else ()
        command += ["-fst", f"+waves={waves.absolute()}"] if waves else ["-none"]
        return CocotbSession(
            design, command, build.layout, self._hang_seconds, once=waves is not None, repeats=self._repeats,
            writable=room,
        )  # fmt: skip
