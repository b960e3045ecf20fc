"""The text of steps of tests: short, but whole for those under way at the nearest sample of a hole that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dv_agent.designs.language.stimulus import Test
from dv_agent.prompts.text.compact_json import compact_json, json_ends
from dv_agent.prompts.view import Attempt

STEP_MOST = 160
NEAREST_MOST, NEAREST_MORE = 1_000, 2_000
"""Characters of one such step, and of all together what they have beyond `STEP_MOST` each."""

Place = tuple[str, str, int]
"""(digest of a test, track, index of the step)"""


@dataclass(frozen=True, slots=True)
class StepRoom:
    """How many characters the steps have that were under way at the nearest samples."""

    most: Mapping[Place, int] = field(default_factory=dict)

    def holds(self, test: Test, track: str, index: int) -> bool:
        """Return whether it is such a step."""
        return (test.digest, track, index) in self.most

    def text(self, test: Test, track: str, index: int, usual: int = STEP_MOST) -> str:
        """Return a step: in at most `usual` characters, or in as many as it has here; the middle is left out first."""
        most = self.most.get((test.digest, track, index), usual)
        step = test.tracks[track][index]
        return json_ends(step, most) if most > STEP_MOST else compact_json(step, most)


NO_ROOM = StepRoom()


def step_room(nearest: Iterable[Attempt]) -> StepRoom:
    """Return the room of the steps of these attempts: whole, in their order, as long as there is room."""
    found: dict[Place, int] = {}
    left = NEAREST_MORE
    for one in nearest:
        digest = one.test.digest
        for track, index in sorted(one.near.steps.items()):
            if (digest, track, index) in found or index >= len(one.test.tracks.get(track, ())):
                continue
            size = min(len(compact_json(one.test.tracks[track][index], NEAREST_MOST)), STEP_MOST + left)
            found[digest, track, index] = max(size, STEP_MOST)
            left -= max(0, size - STEP_MOST)
    return StepRoom(found)


def places_text(places: Iterable[tuple[str, int]]) -> str:
    """Return places of steps such as ``in[0..3] out[7]``."""
    runs: list[tuple[str, int, int]] = []
    for track, index in sorted(places):
        if runs and runs[-1][0] == track and runs[-1][2] == index - 1:
            runs[-1] = (track, runs[-1][1], index)
        else:
            runs.append((track, index, index))
    return " ".join(
        f"{track}[{first}]" if first == last else f"{track}[{first}..{last}]" for track, first, last in runs
    )
