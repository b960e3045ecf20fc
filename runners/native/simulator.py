"""The native path: a Verilated model with drivers in C++, which plays a program in one call. See docs/native.md."""

from __future__ import annotations

from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.runners.build.cache import cache_folder
from dv_agent.runners.build.verilator_tool import VerilatorTool, find_verilator
from dv_agent.runners.cocotb.session import HANG_SECONDS, CocotbSession
from dv_agent.runners.native.compilation import build_native
from dv_agent.runners.repeating_session import Repeats


class NativeSimulator:
    """Opens sessions on a Verilated model without cocotb."""

    def __init__(self, cache: Path | None = None, hang_seconds: float = HANG_SECONDS) -> None:
        self._cache = cache
        self._hang_seconds = hang_seconds
        self._repeats = Repeats()
        self._tool: VerilatorTool | None = None

    @property
    def name(self) -> str:
        """``native``"""
        return "native"

    @property
    def repeated(self) -> int:
        """See `Simulator.repeated`."""
        return self._repeats.count

    def version(self) -> str:
        """See `Simulator.version`."""
        self._tool = self._tool or find_verilator()
        return self._tool.version

    def open(self, design: Design, *, waves: Path | None = None) -> CocotbSession:
        """See `Simulator.open`."""
        tool = self._tool = self._tool or find_verilator()
        build = build_native(design, self._cache or cache_folder(), tool)
        command = [str(build.program), str(build.layout)]
        return CocotbSession(design, command, build.layout, self._hang_seconds, repeats=self._repeats)
