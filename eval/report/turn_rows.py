"""Selection of what a report shows of each turn; all turns get an equal share of the space, so late turns are shown
too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from itertools import accumulate

from dv_agent.eval.report.data.run_data import Call, MessageData, TestData, Track, TurnData
from dv_agent.eval.report.data.text_limits import Clip
from dv_agent.eval.report.data.tool_data import ToolCallData

TURNS = 240
TESTS = 40
STEPS_ROOM = 420_000
STEPS_MOST = 12_000
TALK_ROOM = 800_000
TALK_MOST = 60_000


@dataclass(frozen=True, slots=True)
class Said:
    """A message; `same_as` is an earlier turn with the same message at the same place, which is referred to instead."""

    message: MessageData
    same_as: int | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call; repeated messages in its prompt are left out."""

    call: Call
    messages: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class TestRow:
    """A test; `tracks` is None if there was no space for its steps."""

    __test__ = False

    test: TestData
    tracks: tuple[Track, ...] | None


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A turn; `covered` is the number of bins covered after it, `more` the number of tests that are not listed."""

    turn: TurnData
    covered: int
    tests: tuple[TestRow, ...]
    more: int
    calls: tuple[CallRow, ...]


def turn_rows(turns: tuple[TurnData, ...]) -> tuple[tuple[TurnRow, ...], int]:
    """Return the first and last turns, at most `TURNS`, and the number of turns between them that are not shown."""
    chosen = turns if len(turns) <= TURNS else turns[: TURNS // 2] + turns[-TURNS // 2 :]
    steps = min(STEPS_MOST, STEPS_ROOM // max(len(chosen), 1))
    talk = min(TALK_MOST, TALK_ROOM // max(len(chosen), 1))
    seen: dict[tuple[int, str], int] = {}
    covered = dict(zip(map(id, turns), accumulate(turn.new_bins for turn in turns), strict=True))
    rows = tuple(_turn(turn, covered[id(turn)], steps, talk, seen) for turn in chosen)
    return rows, len(turns) - len(chosen)


def call_rows(calls: tuple[Call, ...], room: int, turn: int, seen: dict[tuple[int, str], int]) -> tuple[CallRow, ...]:
    """Return the calls of a turn in about `room` characters of HTML: replies first, then new messages."""
    shown = []
    for call in calls:
        reply, room = _fit(call.reply, room)
        tools, room = _fit_tools(call.tools, room)
        said = []
        for place, message in enumerate(call.messages):
            before = seen.setdefault((place, message.content.text), turn)
            content, room = (Clip(""), room) if before != turn else _fit(message.content, room)
            said.append(Said(MessageData(message.role, content), None if before == turn else before))
        shown.append(CallRow(replace(call, reply=reply, tools=tools), tuple(said)))
    return tuple(shown)


def _turn(turn: TurnData, covered: int, steps: int, talk: int, seen: dict[tuple[int, str], int]) -> TurnRow:
    tests = sorted(sorted(turn.tests, key=_dullness)[:TESTS], key=lambda test: test.index)
    shown = _with_steps(tests, steps)
    return TurnRow(
        turn=turn,
        covered=covered,
        tests=tuple(TestRow(test, shown.get(test.index)) for test in tests),
        more=len(turn.tests) - len(tests),
        calls=call_rows(turn.calls, talk, turn.turn + 1, seen),
    )


def _dullness(test: TestData) -> tuple[bool, int, int]:
    return not (test.failed_checks or test.error), -len(test.new_bins), test.index


def _with_steps(tests: list[TestData], room: int) -> dict[int, tuple[Track, ...]]:
    """Return test number -> its steps, for the most informative tests that fit."""
    found: dict[int, tuple[Track, ...]] = {}
    share = max(room // 3, 1)
    for test in sorted(tests, key=_dullness):
        tracks = cut_tracks(test.tracks, min(share, room))
        size = sum(_html_size(line) for track in tracks for line in track.steps)
        if not test.tracks or size:
            found[test.index] = tracks
        room -= size
    return found


def cut_tracks(tracks: tuple[Track, ...], room: int) -> tuple[Track, ...]:
    """Return the tracks in about `room` characters of HTML, shared equally among them."""
    share = room // max(len(tracks), 1)
    return tuple(_cut_track(track, share) for track in tracks)


def _cut_track(track: Track, room: int) -> Track:
    for kept, line in enumerate(track.steps):
        room -= _html_size(line) + 1
        if room < 0:
            return Track(track.name, track.steps[:kept], track.more + len(track.steps) - kept)
    return track


def _fit(clip: Clip, room: int) -> tuple[Clip, int]:
    """Return the part of a text that fits, and the space that is left."""
    size = _html_size(clip.text)
    kept = clip if size <= room else clip.cut(len(clip.text) * room // size)
    return kept, max(room - _html_size(kept.text), 0)


def _fit_tools(tools: tuple[ToolCallData, ...], room: int) -> tuple[tuple[ToolCallData, ...], int]:
    """Return the tool calls and their answers, as far as they fit, and the space that is left."""
    kept = []
    for one in tools:
        arguments, room = _fit(one.arguments, room)
        answer, room = (None, room) if one.answer is None else _fit(one.answer, room)
        kept.append(replace(one, arguments=arguments, answer=answer))
    return tuple(kept), room


def _html_size(text: str) -> int:
    return len(escape(text).encode("utf-8", "replace"))
