"""The second simulator: Verilator through cocotb. It is two-state, so no check for X fails; see docs/verilator.md."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.runners.build.code_counters import COUNTERS, read_counters
from dv_agent.runners.build.verilator import build_verilator, waves_format
from dv_agent.runners.build.verilator_tool import VerilatorTool, find_verilator
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession
from dv_agent.runners.repeating_session import Repeats

VERILATOR = "verilator"
# The same power-up state in every test: zeros, and the same $random.
_POWER_UP = ("+verilator+rand+reset+0", "+verilator+seed+1")
# An error that the RTL reports fails a check; the test goes on, as in other simulators.
_GOES_ON = "+verilator+error+limit+"
_MOST_ERRORS = 1_000_000


def error_limit(design: Design) -> int:
    """Return the number of errors of the RTL that ends a test.

    It is 1 if the RTL uses ``$stop``, which Verilator cannot tell from ``$error`` and would ignore too.
    """
    files = (*design.source_files(), *design.header_files())
    return 1 if any(b"$stop" in file.read_bytes() for file in files if file.is_file()) else _MOST_ERRORS


class VerilatorSimulator:
    """Opens sessions on Verilator.

    Args:
        cache: folder of the build cache; see `cache_folder` for the default.
        hang_seconds: CPU seconds that 256 clock cycles may take before the RTL counts as hung.
        code: count code coverage; see `Run.code`.
    """

    def __init__(self, cache: Path | None = None, hang_seconds: float = HANG_SECONDS, *, code: bool = False) -> None:
        self._cache, self._code = cache, code
        self._hang_seconds = hang_seconds
        self._repeats = Repeats()
        self._tool: VerilatorTool | None = None

    @property
    def name(self) -> str:
        """``verilator``"""
        return VERILATOR

    @property
    def repeated(self) -> int:
        """See `Simulator.repeated`."""
        return self._repeats.count

    def version(self) -> str:
        """See `Simulator.version`."""
        self._tool = self._tool or find_verilator()
        return self._tool.version

    def with_code(self) -> Self:
        """See `Simulator.with_code`."""
        return type(self)(self._cache, self._hang_seconds, code=True)

    def counters(self, design: Design) -> tuple[CodeCounter, ...]:
        """See `Simulator.counters`."""
        if not self._code:
            return ()
        tool = self._tool = self._tool or find_verilator()
        build = build_verilator(design, self._cache or cache_folder(), tool, code=True)
        return read_counters(build.folder / COUNTERS)

    def open(self, design: Design, *, waves: Path | None = None) -> CocotbSession:
        """See `Simulator.open`; also raises `InputFileError` if a source file is missing.

        Without the headers of zlib and lz4 a waveform becomes a VCD file, with that suffix.
        """
        tool = self._tool = self._tool or find_verilator()
        kind = waves_format() if waves else ""
        build = build_verilator(design, self._cache or cache_folder(), tool, kind, self._code and not waves)
        command = [str(build.program), *_POWER_UP, f"{_GOES_ON}{error_limit(design)}"]
        room = (waves.absolute().parent,) if waves else ()
        if waves:
            command += ["--trace", "--trace-file", str(waves.with_suffix(f".{kind}").absolute())]
        return CocotbSession(
            design, command, build.layout, self._hang_seconds, once=waves is not None, repeats=self._repeats,
            writable=room,
        )  # fmt: skip
