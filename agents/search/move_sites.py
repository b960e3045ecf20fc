"""Where moves of the search agent apply: the payload tracks of a test, and positions near the focus."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.schema import NO_PROFILE, StimulusSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.ports.field_spec import FieldSpec

Tracks = dict[str, list[Step]]
Focus = Mapping[str, int]
_HOLDERS = frozenset({dict, list, tuple})
SPREAD = (1, 1, 1, 2, 3, 5, 8, 13)
"""Sizes of a small change: usually one, sometimes large."""


@dataclass(frozen=True)
class MoveSites:
    """The tracks of a design, grouped by the moves that apply to them."""

    design: Design
    schema: StimulusSchema

    @cached_property
    def payload(self) -> dict[str, Mapping[str, FieldSpec]]:
        """Return the fields of every track that carries values."""
        return {name: one.fields for name, one in self.design.grammars.items() if one.item}

    @cached_property
    def _words(self) -> dict[str, str]:
        """Return the keyword of an item on every track that carries values."""
        grammars = self.design.grammars
        return {name: grammars[name].item_word(self.schema.tracks[name].item) for name in self.payload}

    @cached_property
    def timed(self) -> tuple[str, ...]:
        """Return the tracks of ports that define timing only."""
        grammars = self.design.grammars
        return tuple(name for name in self.schema.tracks if name in grammars and not grammars[name].item)

    def is_item(self, name: str, step: Step) -> bool:
        """Return whether a literal step carries values."""
        return self._words.get(name) in step

    def is_single(self, name: str) -> bool:
        """Return whether the items of a track are single writes with one gap, not packets with a gap for each beat."""
        return name not in self.design.packet_ports

    def numbers(self, name: str) -> dict[str, int]:
        """Return the numbers that say when the items of a track happen, each with its least value."""
        item = self.design.grammars[name].item
        return {"gap": 0, **({key: option.least for key, option in item.options.items()} if item else {})}

    def beats(self, name: str, step: Step) -> list[Step]:
        """Return the objects of an item that hold field values; editing them changes the item."""
        found = step[self._words[name]]
        return found if isinstance(found, list) else [found]

    def size(self, test: Test) -> int:
        """Return beats, gaps and other steps on the payload tracks: an estimate of the cost of a test."""
        return sum(self.step_size(name, step) for name in self.payload for step in test.tracks.get(name, ()))

    def step_size(self, name: str, step: Step) -> int:
        """Return what a step of a payload track adds to the size of a test."""
        found: Any = step.get(self._words[name])
        if found is None:
            return 1
        beats: list[Step] = found if type(found) is list else [found]
        gaps: int = step.get("gap", 0)
        for beat in beats:
            if "gap" in beat:
                gaps += beat["gap"]
        return len(beats) + gaps // 8

    def with_gap_of(self, name: str, steps: tuple[Step, ...], other: Step) -> tuple[Step, ...]:
        """Return `steps` with the gap before the first item as long as that of `other`."""
        if not steps or not self.is_item(name, steps[0]) or not self.is_item(name, other):
            return steps
        first = copy.deepcopy(steps[0])
        new, old = (first, other) if self.is_single(name) else (self.beats(name, first)[0], self.beats(name, other)[0])
        new.pop("gap", None)
        if old.get("gap"):
            new["gap"] = old["gap"]
        return (first, *steps[1:])

    def literal(self, test: Test) -> Test:
        """Return `test` with its random blocks and loops expanded."""
        return literal_test(self.design, self.schema, expand(self.design, self.schema, test))

    def drawn(self, name: str, count: int, source: random.Random) -> list[Step]:
        """Return `count` random items of one track, under any profile, as literal steps."""
        profile = source.choice([*self.schema.tracks[name].profiles, "default"])
        block: dict[str, Any] = {"count": count}
        if profile not in ("default", NO_PROFILE):
            block["profile"] = profile
        fresh = self.literal(Test(seed=source.getrandbits(48), tracks={name: ({"random": block},)}))
        return list(fresh.tracks.get(name, ()))

    def choose_item(self, tracks: Tracks, source: random.Random, focus: Focus) -> tuple[str, int] | None:
        """Return track and index of an item, at or near the focus with probability 4/5; None if there is no item."""
        items = {
            name: [index for index, step in enumerate(tracks.get(name, ())) if self.is_item(name, step)]
            for name in self.payload
        }
        names = [name for name, found in items.items() if found]
        if not names:
            return None
        name = source.choice(names)
        if name in focus and source.random() < 0.8:
            wanted = focus[name] + source.choice((0, 0, 0, 0, -1, -1, -2, 1))
            return name, min(items[name], key=lambda index: abs(index - wanted))
        return name, source.choice(items[name])


def unshared_copy(steps: Iterable[Step]) -> list[Step]:
    """Return a deep copy in which no two places share an object, as after reading a record.

    Tests are built from parts of other tests, so one step may occur in several places; `copy.deepcopy` would keep this
    sharing, and an edit of one place would then change the others.
    """
    return [_rebuilt_object(step) for step in steps]


def _rebuilt_object(value: Step) -> Step:
    return {key: _rebuilt(one) if type(one) in _HOLDERS else one for key, one in value.items()}


def _rebuilt(value: Any) -> Any:
    if type(value) is dict:
        return _rebuilt_object(value)
    return [_rebuilt(one) if type(one) in _HOLDERS else one for one in value]


def near_focus(length: int, focus: int | None, source: random.Random) -> int:
    """Return a position in ``0..length``, at or next to the focus with probability 7/10."""
    if focus is not None and source.random() < 0.7:
        return min(max(focus + source.choice((0, 0, -1, 1)), 0), max(length, 0))
    return source.randint(0, max(length, 0))
