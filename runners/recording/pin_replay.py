"""Replay of recorded pin values on a design, to check that it behaves exactly as recorded; see `replay_wrapper`."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.files.places import cache_folder
from dv_agent.designs.trace import End
from dv_agent.errors import OutputError, SimulationError
from dv_agent.runners.build.icarus import build_icarus, icarus_version
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.replay_wrapper import ROWS, SAME, replay_wrapper_text
from dv_agent.runners.build.wrappers.wrapper import TOP
from dv_agent.runners.cocotb.environment import child_environment, vpi_library
from dv_agent.runners.cocotb.session import HANG_SECONDS
from dv_agent.runners.repeating_session import LastingSimulator, Repeats

_ZERO, _ONE, _X = b"01X"


@dataclass(frozen=True, slots=True)
class PinRecording:
    """The samples of one test, packed.

    Attributes:
        count: number of cycles.
        masked: number of first rows that are each followed by a row that marks the bits that were X.
        data: contents of the file ``rows``, see `dv_agent.runners.build.wrappers.replay_wrapper`.
        end: how the test ended.
    """

    count: int
    masked: int
    data: bytes
    end: End


def recording_of(design: Design, rows: bytes, end: End) -> PinRecording | None:
    """Return the samples of a run of `design`, packed; see `pack_rows`."""
    return pack_rows(rows, layout_of(design).sample_width, end)


def pack_rows(rows: bytes, width: int, end: End) -> PinRecording | None:
    """Pack samples as a simulator recorded them.

    Args:
        rows: `width` characters of ``01XZ`` a cycle.

    Returns:
        The packed samples; None if they cannot be compared with: no cycle, or a bit that was Z.
    """
    count = len(rows) // width
    text = np.frombuffer(rows, np.uint8, count * width).reshape(count, width)
    ones, unknown = text == _ONE, text == _X
    if not count or not (ones | unknown | (text == _ZERO)).all():
        return None
    strange = np.flatnonzero(unknown.any(axis=1))
    masked = int(strange[-1]) + 1 if len(strange) else 0
    values, masks = _packed(ones), _packed(unknown[:masked])
    first = np.stack([values[:masked], masks], axis=1)
    return PinRecording(count, masked, first.tobytes() + values[masked:].tobytes(), end)


def _packed(bits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return uint8[rows, bytes], most significant bit first, padded at the front."""
    padding = -bits.shape[1] % 8
    return np.packbits(np.pad(bits, ((0, 0), (padding, 0))), axis=1)


class PinReplaySession:
    """One design on Icarus Verilog that replays recordings, in one process for all of them.

    Raises:
        PrerequisiteError: Icarus is not installed.
        BuildError: Icarus refused the RTL.
        SimulatorCrash, SimulatorTimeout, SimulatorLost: the build succeeded, but the simulator does not start.

    Args:
        repeats: counts the comparisons that were repeated.
    """

    def __init__(
        self, design: Design, cache: Path | None = None, hang_seconds: float = HANG_SECONDS,
        repeats: Repeats | None = None,
    ) -> None:  # fmt: skip
        build = build_icarus(design, cache or cache_folder(), icarus_version(), replay_wrapper_text)
        command = [shutil.which("vvp") or "vvp", "-n", "-m", vpi_library(), str(build.program), "-none"]
        environment = child_environment("dv_agent.runners.cocotb.child", TOP)
        self._simulator = LastingSimulator(command, environment, build.layout, hang_seconds, repeats=repeats)

    def same(self, recording: PinRecording) -> bool:
        """Return whether every pin has its recorded value in every cycle, and X where X was recorded.

        RTL that hangs or crashes meanwhile is not the same.

        Raises:
            SimulatorCrash, SimulatorTimeout: the simulator does not start any more.
            SimulatorLost: the simulator was killed from outside, in every try.
        """
        program = {"replay": {"count": recording.count, "masked": recording.masked}, "max_cycles": 0}
        played = self._simulator.play(program, 0, lambda folder: _lay_out(folder, recording))
        if "error" in played.reply:
            raise SimulationError(f"the comparison failed inside the simulator\n{played.reply['error']}")
        return played.death is None and bool(played.reply.get("verdict") == SAME)

    def close(self) -> None:
        """End the simulator; may be called twice."""
        self._simulator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _lay_out(folder: Path, recording: PinRecording) -> None:
    try:
        (folder / ROWS).write_bytes(recording.data)
    except OSError as error:
        raise OutputError(f"cannot write {folder / ROWS}: {error.strerror}") from None
