"""Moves of the search agent that change values and packet lengths."""

from __future__ import annotations

import copy
import random

from dv_agent.agents.ground import SPREAD, Focus, Ground, Tracks
from dv_agent.designs.design import FieldSpec
from dv_agent.designs.stimulus import Step


def value(ground: Ground, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Change one value of one beat."""
    place = ground.choose_item(tracks, source, focus)
    if place is None:
        return False
    beats = ground.beats(place[0], tracks[place[0]][place[1]])
    return _change(ground.payload[place[0]], source.choice(beats), beats, source)


def value_everywhere(ground: Ground, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Give one field the same new value in all beats of an item, or in all from some beat on."""
    place = ground.choose_item(tracks, source, focus)
    if place is None or not ground.payload[place[0]]:
        return False
    beats, fields = ground.beats(place[0], tracks[place[0]][place[1]]), ground.payload[place[0]]
    name = source.choice(list(fields))
    model = source.choice(beats)
    _change({name: fields[name]}, model, beats, source)
    first = source.randrange(len(beats)) if source.random() < 0.5 else 0
    for beat in beats[first:]:
        beat[name] = copy.copy(model[name])
    return True


def _change(fields: dict[str, FieldSpec], beat: Step, beats: list[Step], source: random.Random) -> bool:
    if not fields:
        return False
    name = source.choice(list(fields))
    spec, old = fields[name], beat[name]
    if spec.lanes == 1:
        beat[name] = _new_value(spec, old, source.choice(beats)[name], source)
    elif source.random() < 0.2:
        beat[name] = [_new_value(spec, old[0], old[-1], source)] * spec.lanes
    else:
        lane = source.randrange(spec.lanes)
        old[lane] = _new_value(spec, old[lane], source.choice(source.choice(beats)[name]), source)
    return True


def beat_count(ground: Ground, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Lengthen or shorten a packet, often to its least or greatest length."""
    place = ground.choose_item(tracks, source, focus)
    if place is None or place[0] not in ground.design.source_names:
        return False
    track = ground.schema.tracks[place[0]]
    beats = tracks[place[0]][place[1]][track.item]
    low, high = track.beats.min, track.beats.max
    target = source.choice((low, high, len(beats) - 1, len(beats) + 1, source.randint(low, high)))
    target = min(max(target, low), high)
    if target == len(beats):
        return False
    while len(beats) > target:
        beats.pop(source.randrange(len(beats)))
    while len(beats) < target:
        index = source.randrange(len(beats))
        beats.insert(index, copy.deepcopy(beats[index]))
    return True


def stretch(ground: Ground, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Repeat one beat until its packet has the greatest length."""
    place = ground.choose_item(tracks, source, focus)
    if place is None or place[0] not in ground.design.source_names:
        return False
    beats, most = ground.beats(place[0], tracks[place[0]][place[1]]), ground.schema.tracks[place[0]].beats.max
    if len(beats) >= most:
        del beats[source.randint(1, len(beats)) :]
    index = source.randrange(len(beats))
    beats[index:index] = [copy.deepcopy(beats[index]) for _ in range(most - len(beats))]
    return most > 1


def ramp(ground: Ground, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Let one field climb or fall over the beats of a packet, evenly from one value to another."""
    place = ground.choose_item(tracks, source, focus)
    if place is None or not ground.payload[place[0]]:
        return False
    beats, fields = ground.beats(place[0], tracks[place[0]][place[1]]), ground.payload[place[0]]
    name = source.choice(list(fields))
    spec = fields[name]
    first, last = (source.choice((spec.low, spec.high, source.randint(spec.low, spec.high))) for _ in range(2))
    for index, beat in enumerate(beats):
        level = first + (last - first) * index // max(len(beats) - 1, 1)
        beat[name] = level if spec.lanes == 1 else [level] * spec.lanes
    return len(beats) > 1


def _new_value(spec: FieldSpec, old: int, other: int, source: random.Random) -> int:
    """Near the old value (hill climbing), at a corner, copied, or anything."""
    step = source.choice(SPREAD)
    corner = source.choice((spec.low, spec.high, 0, 1, spec.low + 1, spec.high - 1))
    near = old + source.choice((-step, step))
    value = source.choice((near, near, near, corner, other, source.randint(spec.low, spec.high)))
    return min(max(value, spec.low), spec.high)
