"""The shipped simulator: Icarus Verilog through cocotb."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dv_agent.designs.design import Design, ResponderPort
from dv_agent.designs.program import RESET_TRACK, Program
from dv_agent.designs.trace import End
from dv_agent.errors import SimulatorCrash, SimulatorTimeout, UsageError
from dv_agent.runners.build import Build, build_icarus, cache_folder, icarus_version
from dv_agent.runners.decode import decode
from dv_agent.runners.environment import child_environment, vpi_library
from dv_agent.runners.layout import layout_of
from dv_agent.runners.process import SimulatorProcess
from dv_agent.runners.simulator import Run
from dv_agent.runners.wrapper import TOP

HANG_SECONDS = 5.0
_WAITS = frozenset({"after", "at"})
_ALLOWED = {
    "source": _WAITS | {"send", "idle"},
    "strobe": _WAITS | {"write", "idle"},
    "sink": _WAITS | {"ready", "stall", "accept"},
    "responder": _WAITS | {"serve"},
}


class IcarusSimulator:
    """Opens sessions on Icarus Verilog.

    Args:
        cache: folder of the build cache; see `cache_folder` for the default.
        hang_seconds: CPU seconds that 256 clock cycles may take before the RTL counts as hung.
    """

    def __init__(self, cache: Path | None = None, hang_seconds: float = HANG_SECONDS) -> None:
        self._cache = cache
        self._hang_seconds = hang_seconds
        self._version = ""

    @property
    def name(self) -> str:
        """``icarus``"""
        return "icarus"

    def version(self) -> str:
        """See `Simulator.version`."""
        self._version = self._version or icarus_version()
        return self._version

    def open(self, design: Design, *, waves: Path | None = None) -> IcarusSession:
        """See `Simulator.open`; raises `InputFileError` too, where a source file is missing."""
        build = build_icarus(design, self._cache or cache_folder(), icarus_version())
        return IcarusSession(design, build, self._hang_seconds, waves)


class IcarusSession:
    """One design on Icarus, in one process that lasts; made by `IcarusSimulator.open`."""

    def __init__(self, design: Design, build: Build, hang_seconds: float, waves: Path | None) -> None:
        self._design = design
        self._layout = layout_of(design)
        self._build = build
        self._hang_seconds = hang_seconds
        self._waves = waves
        self._environment = child_environment("dv_agent.runners.child", TOP)
        self._process: SimulatorProcess | None = self._start()

    @property
    def pid(self) -> int | None:
        """Process of the simulator, if it runs."""
        return self._process.pid if self._process else None

    def run(self, program: Program) -> Run:
        """See `Session.run`."""
        plain = plain_program(self._design, program)
        reply, rows, words = self._play(plain)
        if "error" in reply:
            raise SimulatorCrash(f"the drivers failed inside the simulator\n{reply['error']}")
        if not reply.get("died"):
            trace = decode(self._design, self._layout, rows, End(reply["end"]))
            starts = {track: tuple((c, s) for c, s in pairs) for track, pairs in reply["starts"].items()}
            return Run(trace, starts, reply["released"], reply["seconds"])
        end = End.HUNG if reply["hung"] else End.CRASHED
        message = f"{self._verdict(end)}\n{words}".rstrip()
        if not rows and not self._waves:
            self._require_reset(message)
        return Run(decode(self._design, self._layout, rows, end, message))

    def close(self) -> None:
        """See `Session.close`."""
        if self._process:
            if self._waves:
                self._process.finish()
            self._process.kill()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> SimulatorProcess:
        # -n: $stop ends the simulation as $finish does. -none: the RTL's own $dumpvars writes nothing.
        vvp = [shutil.which("vvp") or "vvp", "-n", "-m", vpi_library(), str(self._build.program)]
        waves = ["-fst", f"+waves={self._waves.absolute()}"] if self._waves else ["-none"]
        fork = self._waves is None
        return SimulatorProcess([*vvp, *waves], self._environment, self._build.layout, self._hang_seconds, fork)

    def _play(self, plain: dict[str, Any]) -> tuple[dict[str, Any], bytes, str]:
        if self._process is None or not self._process.alive:
            self.close()
            self._process = self._start()
        reply, rows = self._process.play(plain, self._layout.sample_width)
        return reply, rows, self._process.last_words() if reply.get("died") else ""

    def _verdict(self, end: End) -> str:
        if end == End.HUNG:
            return "the simulator hung: a clock cycle did not end (endless or combinational loop in the RTL)"
        return "the simulator ended in mid-test ($finish, $stop, $fatal or a crash)"

    def _require_reset(self, message: str) -> None:
        """Raise if the design dies even when nothing is driven: then no program is to blame."""
        empty = {"tracks": {}, "memories": {}, "max_cycles": 1}
        reply, _, words = self._play(empty)
        if reply.get("died"):
            kind = SimulatorTimeout if reply["hung"] else SimulatorCrash
            raise kind(f"{self._design.name} does not survive its initial reset\n{words or message}")


def plain_program(design: Design, program: Program) -> dict[str, Any]:
    """`program` as plain data for the simulator process.

    Raises:
        UsageError: a track or an operation that the design has no place for.
    """
    streams = {
        key
        for name, port in design.ports.items()
        if port.kind != "observe"
        for key in ([f"{name}.request", f"{name}.response"] if isinstance(port, ResponderPort) else [name])
    }
    for track, ops in program.tracks.items():
        if track == RESET_TRACK:
            allowed = _WAITS | {"pulse", "idle"}
        elif track in design.ports and design.ports[track].kind in _ALLOWED:
            allowed = _ALLOWED[design.ports[track].kind]
        else:
            raise UsageError(f"{design.name} has no port {track!r} that could be driven")
        if wrong := {op.kind for op in ops} - allowed:
            raise UsageError(f"track {track!r} cannot hold {', '.join(sorted(wrong))}")
        if lost := {op.port for op in ops if op.kind == "after"} - streams:
            raise UsageError(f"track {track!r} waits for {', '.join(sorted(lost))}, which has no transfers")
    tracks = {track: list(ops) for track, ops in program.tracks.items()}
    memories = {name: list(words) for name, words in program.memories.items()}
    return {"tracks": tracks, "memories": memories, "max_cycles": program.max_cycles}
