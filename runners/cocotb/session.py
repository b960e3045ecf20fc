"""A session on any simulator that cocotb drives: one process for all tests, unless it is killed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.designs.trace import End, RtlMessage, Trace
from dv_agent.errors import BuildError, SimulatorCrash, SimulatorTimeout
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.wrapper import TOP
from dv_agent.runners.checks.rtl_messages import RtlMessages, startup_faults
from dv_agent.runners.cocotb.environment import child_environment
from dv_agent.runners.cocotb.row_forms import RowForm, TextRows
from dv_agent.runners.plain_program import plain_program
from dv_agent.runners.repeating_session import LastingSimulator, Played, Repeats
from dv_agent.runners.simulator import Recorded, Run
from dv_agent.runners.trace_decoder import decode

HANG_SECONDS = 5.0
BEFORE_ALL = -1_000_000  # the cycle of what was reported in the initial reset


class CocotbSession:
    """One design in one simulator process that plays all programs.

    Args:
        command: the command line that starts the simulator.
        layout: the file that describes the pins to it.
        hang_seconds: see `SimulatorProcess`.
        once: play a single program, without forking, and let the simulator end by itself (it writes a waveform).
        repeats: counts the simulations that were repeated.
        writable: see `SimulatorProcess`.
        environment: environment variables of the simulator; None: those of cocotb.
        rows: makes the form in which the simulator records, from the bits of a sample.

    Raises:
        SimulatorCrash, SimulatorTimeout, SimulatorLost: the simulator did not start.
    """

    def __init__(
        self, design: Design, command: Sequence[str], layout: Path, hang_seconds: float, once: bool = False,
        repeats: Repeats | None = None, writable: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None, rows: Callable[[int], RowForm] = TextRows,
    ) -> None:  # fmt: skip
        self._design = design
        self._layout = layout_of(design)
        self._rows = rows(self._layout.sample_width)
        self._once = once
        self._simulator = LastingSimulator(
            command,
            child_environment("dv_agent.runners.cocotb.child", TOP) if environment is None else environment,
            layout,
            hang_seconds,
            once=once,
            repeats=repeats,
            writable=writable,
        )
        self._messages = RtlMessages(design, TOP)
        self._at_start = self._said_at_start()

    def _said_at_start(self) -> tuple[RtlMessage, ...]:
        """Return what the RTL reported in the initial reset, which holds for every test.

        Raises:
            BuildError: an ``initial`` block reported it: the RTL does not agree with its parameters.
        """
        messages = self._messages.read(self._simulator.said_at_start, last=BEFORE_ALL)
        if not messages:
            return ()
        files = zip(self._design.compiled_names(), self._design.source_files(), strict=True)
        texts = {name: file.read_text(encoding="utf-8", errors="replace") for name, file in files}
        if faults := startup_faults(messages, texts):
            self.close()
            said = "\n".join(f"{one.file}:{one.line}: {one.text}" for one in faults[:3])
            raise BuildError(
                f"{self._design.name}: the RTL refuses its configuration before the first cycle; see `parameters` and "
                f"`defines` in design.yaml\n{said}"
            )
        return messages

    @property
    def pid(self) -> int | None:
        """Process id of the simulator, if it runs."""
        return self._simulator.pid

    def run(self, program: Program) -> Run:
        """See `Session.run`."""
        plain = plain_program(self._design, program)
        played = self._simulator.play(plain, self._rows.size)
        reply, samples = played.reply, self._rows.samples(played.rows)
        if played.death:
            end = End.HUNG if played.death.hung else End.CRASHED
            message = f"{self._verdict(end)}\n{played.words}".rstrip()
            if not played.rows and not self._once:
                self._require_reset(message)
            return Run(self._with_reports(decode(self._design, self._layout, samples, end, message), played))
        if "error" in reply:
            raise SimulatorCrash(f"the drivers failed inside the simulator\n{reply['error']}")
        trace = self._with_reports(decode(self._design, self._layout, samples, End(reply["end"])), played)
        starts = {track: tuple(map(tuple, pairs)) for track, pairs in reply["starts"].items()}
        recorded = Recorded(self._rows, played.rows)
        return Run(trace, starts, reply["released"], recorded, reply["seconds"], bytes.fromhex(reply.get("code", "")))

    def _with_reports(self, trace: Trace, played: Played) -> Trace:
        """Return `trace` with the errors that the RTL reported, those of the initial reset first."""
        marks = [(int(cycle), int(size)) for cycle, size in played.reply.get("printed", ())]
        found = self._messages.read(played.printed, marks, trace.cycles if played.death else None)
        return replace(trace, reported=self._at_start + found) if self._at_start or found else trace

    def close(self) -> None:
        """See `Session.close`."""
        self._simulator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _verdict(self, end: End) -> str:
        if end == End.HUNG:
            return "the simulator hung: a clock cycle did not end (endless or combinational loop in the RTL)"
        return "the simulator ended in mid-test ($finish, $stop, $fatal or a crash)"

    def _require_reset(self, message: str) -> None:
        """Raise if the simulation ends or hangs even when nothing is driven: then the program is not the cause."""
        empty = {"tracks": {}, "memories": {}, "max_cycles": 1}
        played = self._simulator.play(empty, self._rows.size)
        if played.death:
            kind = SimulatorTimeout if played.death.hung else SimulatorCrash
            raise kind(f"{self._design.name} does not survive its initial reset\n{played.words or message}")
