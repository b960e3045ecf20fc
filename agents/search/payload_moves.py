"""Moves of the search agent that change values and packet lengths."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping

from dv_agent.agents.search.move_sites import SPREAD, Focus, MoveSites, Tracks
from dv_agent.designs.language.stimulus import Step
from dv_agent.designs.ports.field_spec import FieldSpec


def value(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Change one value of one beat."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    beats = sites.beats(place[0], tracks[place[0]][place[1]])
    return _change(sites.payload[place[0]], source.choice(beats), beats, source)


def value_everywhere(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Give one field the same new value in all beats of an item, or in all from some beat on."""
    place = sites.choose_item(tracks, source, focus)
    if place is None or not sites.payload[place[0]]:
        return False
    beats, fields = sites.beats(place[0], tracks[place[0]][place[1]]), sites.payload[place[0]]
    name = source.choice(list(fields))
    model = source.choice(beats)
    _change({name: fields[name]}, model, beats, source)
    first = source.randrange(len(beats)) if source.random() < 0.5 else 0
    for beat in beats[first:]:
        beat[name] = copy.copy(model[name])
    return True


def _change(fields: Mapping[str, FieldSpec], beat: Step, beats: list[Step], source: random.Random) -> bool:
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


def beat_count(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Lengthen or shorten a packet, often to its least or greatest length."""
    place = sites.choose_item(tracks, source, focus)
    if place is None or place[0] not in sites.design.packet_ports:
        return False
    track = sites.schema.tracks[place[0]]
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


def stretch(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Repeat one beat until its packet has the greatest length."""
    place = sites.choose_item(tracks, source, focus)
    if place is None or place[0] not in sites.design.packet_ports:
        return False
    beats, most = sites.beats(place[0], tracks[place[0]][place[1]]), sites.schema.tracks[place[0]].beats.max
    if len(beats) >= most:
        del beats[source.randint(1, len(beats)) :]
    index = source.randrange(len(beats))
    beats[index:index] = [copy.deepcopy(beats[index]) for _ in range(most - len(beats))]
    return most > 1


def ramp(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Let one field climb or fall over the beats of a packet, evenly from one value to another."""
    place = sites.choose_item(tracks, source, focus)
    if place is None or not sites.payload[place[0]]:
        return False
    beats, fields = sites.beats(place[0], tracks[place[0]][place[1]]), sites.payload[place[0]]
    name = source.choice(list(fields))
    spec = fields[name]
    first, last = (source.choice((spec.low, spec.high, source.randint(spec.low, spec.high))) for _ in range(2))
    for index, beat in enumerate(beats):
        level = first + (last - first) * index // max(len(beats) - 1, 1)
        beat[name] = level if spec.lanes == 1 else [level] * spec.lanes
    return len(beats) > 1


def template(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Rebuild an item: each field kept, constant, a ramp, two values by turns, or constant but for one beat."""
    place = sites.choose_item(tracks, source, focus)
    if place is None or not sites.payload[place[0]]:
        return False
    beats, fields = sites.beats(place[0], tracks[place[0]][place[1]]), sites.payload[place[0]]
    if place[0] in sites.design.packet_ports and source.random() < 0.5:
        most = sites.schema.tracks[place[0]].beats.max
        beats += [copy.deepcopy(source.choice(beats)) for _ in range(most - len(beats))]
    for name, spec in fields.items():
        for lanes in _lane_groups(spec, source):
            pattern = _pattern(spec, len(beats), source)
            for beat, level in zip(beats, pattern or (), strict=False):
                if spec.lanes == 1:
                    beat[name] = level
                for lane in lanes if spec.lanes > 1 else ():
                    beat[name][lane] = level
    return True


def _lane_groups(spec: FieldSpec, source: random.Random) -> list[list[int]]:
    lanes = list(range(spec.lanes))
    return [lanes] if source.random() < 0.6 else [[lane] for lane in lanes]


def _pattern(spec: FieldSpec, count: int, source: random.Random) -> list[int] | None:
    """A level for each beat, or None to keep what is there."""
    levels = (spec.low, spec.high, source.randint(spec.low, spec.high), source.randint(spec.low, spec.high))
    one, two = source.choice(levels), source.choice(levels)
    kind = source.randrange(5)
    if kind == 0:
        return None
    if kind == 1:
        return [one] * count
    if kind == 2:
        return [one + (two - one) * index // max(count - 1, 1) for index in range(count)]
    if kind == 3:
        return [(one, two)[index % 2] for index in range(count)]
    odd = source.choice((0, count - 1, source.randrange(count)))
    return [two if index == odd else one for index in range(count)]


def shift(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Add one small number to a field in all beats of an item, or in all up to or from some beat on."""
    place = sites.choose_item(tracks, source, focus)
    if place is None or not sites.payload[place[0]]:
        return False
    beats, fields = sites.beats(place[0], tracks[place[0]][place[1]]), sites.payload[place[0]]
    name = source.choice(list(fields))
    spec, step = fields[name], source.choice((-1, 1)) * source.choice(SPREAD)
    cut = source.randrange(len(beats))
    for beat in source.choice((beats, beats[cut:], beats[: cut + 1])):
        old = beat[name]
        if spec.lanes == 1:
            beat[name] = min(max(old + step, spec.low), spec.high)
        else:
            beat[name] = [min(max(one + step, spec.low), spec.high) for one in old]
    return True


def reorder(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Exchange two beats of a packet, turn it round, or exchange two lanes of a field."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    beats, fields = sites.beats(place[0], tracks[place[0]][place[1]]), sites.payload[place[0]]
    wide = [name for name, spec in fields.items() if spec.lanes > 1]
    if wide and source.random() < 0.4:
        name = source.choice(wide)
        one, two = source.sample(range(fields[name].lanes), 2)
        for beat in beats if source.random() < 0.5 else [source.choice(beats)]:
            beat[name][one], beat[name][two] = beat[name][two], beat[name][one]
        return True
    if len(beats) < 2:
        return False
    kind = source.random()
    if kind < 0.3 and fields:
        name = source.choice(list(fields))
        lane = source.randrange(fields[name].lanes)
        beats.sort(key=lambda beat: beat[name] if fields[name].lanes == 1 else beat[name][lane], reverse=kind < 0.15)
    elif kind < 0.4:
        beats.reverse()
    else:
        one, two = source.sample(range(len(beats)), 2)
        beats[one], beats[two] = beats[two], beats[one]
    return True


def copy_beat(sites: MoveSites, tracks: Tracks, source: random.Random, focus: Focus) -> bool:
    """Overwrite one beat, or all beats but one, by another beat of the packet."""
    place = sites.choose_item(tracks, source, focus)
    if place is None:
        return False
    beats = sites.beats(place[0], tracks[place[0]][place[1]])
    if len(beats) < 2:
        return False
    one, two = source.sample(range(len(beats)), 2)
    if source.random() < 0.6:
        beats[one] = copy.deepcopy(beats[two])
    else:
        beats[:] = [beats[one] if index == one else copy.deepcopy(beats[two]) for index in range(len(beats))]
    return True


def _new_value(spec: FieldSpec, old: int, other: int, source: random.Random) -> int:
    """Near the old value (hill climbing), at a corner, copied, or anything."""
    step = source.choice(SPREAD)
    corner = source.choice((spec.low, spec.high, 0, 1, spec.low + 1, spec.high - 1))
    near = old + source.choice((-step, step))
    value = source.choice((near, near, near, corner, other, source.randint(spec.low, spec.high)))
    return min(max(value, spec.low), spec.high)
