"""The tests that were first to hit a bin: each listed once, with as much of its stimulus as fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dv_agent.agents.records.reader import RecordLines, typed_lines
from dv_agent.agents.records.schema import TURNS
from dv_agent.agents.turn import TurnRecord
from dv_agent.eval.board.design_board import BinLine, FirstTest, ShownTrack
from dv_agent.eval.evaluation.trial_folder import RUN
from dv_agent.eval.report.data.load_turns import track_data
from dv_agent.eval.report.data.text_limits import Allowance
from dv_agent.eval.report.turn_rows import cut_tracks

ROOM = 1_600
"""Characters of HTML that a test may take; its other steps are counted."""


def first_tests(lines: Sequence[BinLine], rooms: Mapping[str, Path], allowance: Allowance) -> tuple[FirstTest, ...]:
    """Return the tests named in `lines`, in the order of `lines`.

    Args:
        rooms: id of a trial -> its folder.

    Raises:
        InputFileError: a record that is broken.
    """
    bins: dict[tuple[str, int, str], list[str]] = {}
    wanted: dict[str, set[int]] = {}
    for line in lines:
        if first := line.first:
            bins.setdefault((first.trial, first.test, first.name), []).append(line.id)
            wanted.setdefault(first.trial, set()).add(first.test)
    read = {trial: dict(_tests(rooms[trial] / RUN / TURNS, some, allowance)) for trial, some in wanted.items()}
    return tuple(
        FirstTest(trial=trial, test=test, name=name, bins=tuple(some), tracks=read[trial].get(test, ()))
        for (trial, test, name), some in bins.items()
    )


def _tests(path: Path, wanted: set[int], allowance: Allowance) -> Iterator[tuple[int, tuple[ShownTrack, ...]]]:
    """Yield the tracks of the tests with the `wanted` numbers."""
    for line in typed_lines(RecordLines(path)):
        for test in line.record.tests if isinstance(line.record, TurnRecord) else ():
            if test.index in wanted:
                tracks = cut_tracks(track_data(test.test, allowance), ROOM)
                shown = (ShownTrack(name=one.name, steps=one.steps, more=one.more) for one in tracks)
                yield test.index, tuple(shown)
