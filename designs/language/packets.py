"""Reading directed items: packets of beats, and single writes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import MAX_WAIT, Beats, StimulusSchema, TrackSchema, grammar_of
from dv_agent.designs.language.stimulus import Location, Step, StimulusError
from dv_agent.designs.language.values import SEVERAL, Scope, fault, integer, read_payload, unknown_keys
from dv_agent.designs.ports.grammar import Item, Member
from dv_agent.designs.program import MAKE, Lanes, Op, lanes_of, plain_payload
from dv_agent.errors import UnknownNameError

BEATS = "beats"
"""Key of a form of a packet: the number of its beats, unless a list gives it."""
MAX_TERMS = 5
"""Most terms of a sum that a message shows."""


class PacketReader:
    """Reads the directed items of one track.

    Args:
        name: a track; on tracks without payload `fields` is empty and `read` is never called.
    """

    def __init__(self, design: Design, schema: StimulusSchema, name: str) -> None:
        self._design, self._schema, self._name = design, schema, name
        grammar = grammar_of(design, name)
        self.fields = grammar.fields
        self.word = grammar.item_word(schema.tracks[name].item)
        self._item = grammar.item
        self._level = None if grammar.item is None else grammar.item.level
        carries = any(one.carries for one in design.streams if one.port == name)
        self._keys = (*self.fields, "gap", "times", *(("with",) if carries else ()))
        self._plain_beat = frozenset((*self.fields, "gap", "times"))
        self._plain_step = frozenset((self.word, "gap"))
        self._least, self._most = schema.tracks[name].beats.min, schema.tracks[name].beats.max

    @cached_property
    def _lanes(self) -> tuple[Lanes, ...]:
        return lanes_of(self.fields)

    def read(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        """Return the operations of ``{"row": [...]}`` or ``{"write": {...}}``.

        Raises:
            StimulusError: a wrong key, value, or packet length.
        """
        if self._item is None:
            return iter(())
        read = self._packet if self._item.packets else self._write
        return read(self._item, step, where, scope)

    def plain(self, step: Step, index: int) -> list[Op] | None:
        """Return the operations of a packet that holds plain numbers only, as nearly all do; None for all else.

        Args:
            index: of the step of the track that they come from.
        """
        if self._item is None or not self._item.packets or not step.keys() <= self._plain_step:
            return None
        beats = step.get(self.word)
        ops: list[Op] = []
        for beat in beats if type(beats) is list else (beats,):
            if type(beat) is not dict or not beat.keys() <= self._plain_beat:
                return None
            payload, gap, times = plain_payload(self._lanes, beat), beat.get("gap", 0), beat.get("times", 1)
            if payload is None or not _is_wait(gap) or type(times) is not int or not 0 <= times <= self._most:
                return None
            op = MAKE(Op, (self._item.op, payload, gap, 0, 0, "", (), index))
            ops.extend([op] * times) if times != 1 else ops.append(op)
            if len(ops) > self._most:  # before the next beat adds as many again
                return None
        gap = step.get("gap", 0)
        if not _is_wait(gap) or len(ops) < self._least:
            return None
        if gap:
            ops[0] = ops[0]._replace(gap=ops[0].gap + gap)
        ops[-1] = ops[-1]._replace(last=1)
        return ops

    def read_form(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        """Return the operations of an item in one of its shorter forms, such as ``{"read": {"addr": 4}}``.

        Raises:
            StimulusError: a wrong key, value, or packet length.
        """
        if self._item is None:
            return
        word = next(word for word in self._item.forms if word in step)
        rest = {key: value for key, value in step.items() if key != word}
        unknown_keys(rest, ("gap", *self._item.options), where)
        whole = whole_item(self._item, word, step[word], (*where, word))
        try:
            yield from self.read({self.word: whole, **rest}, where, scope)
        except StimulusError as error:
            # Say the words that were written, not those that they stand for.
            place = tuple(word if index == len(where) else part for index, part in enumerate(error.location))
            raise StimulusError(place, error.reason.replace("`times`", f"`{BEATS}`"), error.variables) from None

    @property
    def completes(self) -> bool:
        """Whether a write may leave fields out, so that `note` must hear of the operations before it."""
        return self._level is not None

    def note(self, op: Op) -> None:
        """Take note of an operation of the track, for a write that leaves fields out."""
        if self._level is not None and self._item and op.kind == self._item.op:
            self._level = op.value

    def _write(self, item: Item, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        unknown_keys(step, (self.word, "gap", *item.options), where)
        payload = read_payload(self.fields, step[self.word], scope, (*where, self.word), self._level)
        yield self._timed(Op(item.op, payload), item, step, where, scope)

    def _timed(self, op: Op, item: Item, step: Step, where: Location, scope: Scope) -> Op:
        """Return the first operation of an item with the numbers of its step; a gap of its own stays in front."""
        members: dict[Member, int] = {
            option.member: integer(step.get(key, option.least), scope, (*where, key), option.least, MAX_WAIT)
            - option.least
            for key, option in item.options.items()
        }
        gap = integer(step.get("gap", 0), scope, (*where, "gap"), 0, MAX_WAIT)
        return op._replace(gap=op.gap + gap, stall=members.get("stall", 0))

    def _packet(self, item: Item, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        track = self._schema.tracks[self._name]
        unknown_keys(step, (track.item, "gap", *item.options), where)
        beats, place = step[track.item], (*where, track.item)
        if isinstance(beats, dict):
            beats = [beats]
        if not isinstance(beats, list):
            raise StimulusError(place, f"expected a list of {_count(track.beats)}")
        ops: list[Op] = []
        for index, beat in enumerate(beats):
            ops.extend(self._beat(item, beat, (*place, index), scope, track.beats.max))
            if len(ops) > track.beats.max:
                found, hint = _too_many(track, beats[: index + 1], scope)
                break
        else:
            found, hint = str(len(ops)), ""
        if not track.beats.min <= len(ops) <= track.beats.max:
            raise fault(place, f"a {track.item} has {_count(track.beats)}, found {found}", beats, scope, hint)
        ops[0] = self._timed(ops[0], item, step, where, scope)
        # `_replace` takes twice the time.
        yield from (Op(op.kind, op.value, op.gap, 0, op.stall, op.port, op.strobes, op.step) for op in ops[:-1])
        yield ops[-1]

    def _beat(self, item: Item, beat: Any, where: Location, scope: Scope, most: int) -> list[Op]:
        unknown_keys(beat, self._keys, where)
        data = {key: value for key, value in beat.items() if key in self.fields}
        op = Op(
            item.op,
            read_payload(self.fields, data, scope, where),
            gap=integer(beat.get("gap", 0), scope, (*where, "gap"), 0, MAX_WAIT),
            strobes=self._strobes(beat["with"], (*where, "with"), scope) if "with" in beat else (),
        )
        return [op] * min(integer(beat.get("times", 1), scope, (*where, "times"), 0, MAX_WAIT), most + 1)

    def _strobes(self, data: Any, where: Location, scope: Scope) -> tuple[tuple[str, int], ...]:
        known = {one.port: one.fields for one in self._design.streams if one.rides}
        if not isinstance(data, dict):
            raise StimulusError(where, "expected an object: strobe port -> fields")
        strobes = []
        for name, fields in data.items():
            if name not in known:
                raise StimulusError(
                    (*where, str(name)[:40]), str(UnknownNameError("strobe port", str(name)[:40], known))
                )
            strobes.append((name, read_payload(known[name], fields, scope, (*where, name))))
        return tuple(strobes)


def _count(beats: Beats) -> str:
    """Return how many beats a packet has, such as ``1 to 8 beats``."""
    if beats.min == beats.max:
        return f"exactly {beats.min} {'beat' if beats.min == 1 else 'beats'}"
    return f"{beats.min} to {beats.max} beats"


def _too_many(track: TrackSchema, beats: list[Any], scope: Scope) -> tuple[str, str]:
    """Return how many beats were found, and what `times` counts; `beats`: those up to the one too many."""
    most = track.beats.max
    if not any("times" in beat for beat in beats):
        return f"more than {most}", ""
    counts = [integer(beat.get("times", 1), scope, (), 0, MAX_WAIT) for beat in beats]
    shown = [*map(str, counts[:2]), "...", str(counts[-1])] if len(counts) > MAX_TERMS else [*map(str, counts)]
    found = f"{' + '.join(shown)} = {sum(counts)}" if len(counts) > 1 else str(counts[0])
    why = "so it can only be 1" if most == 1 else f"over all of them at most {most}"
    return found, f"; `times` counts beats of this {track.item}, {why}; {SEVERAL}"


def _is_wait(data: Any) -> bool:
    return type(data) is int and 0 <= data <= MAX_WAIT


def whole_item(item: Item, word: str, given: Any, where: Location) -> Any:
    """Return the item that the form `word` stands for: an object of all fields, or a list of beats.

    Raises:
        StimulusError: an unknown or missing field, or lists of different lengths.
    """
    form = item.forms[word]
    open_fields = [name for name in item.fields if name not in form.fixed]
    unknown_keys(given, (*open_fields, BEATS) if item.packets else tuple(open_fields), where)
    missing = [name for name in open_fields if name not in given and name not in form.defaults]
    if missing:
        raise StimulusError(where, f"field {missing[0]!r} is missing; expected {', '.join(open_fields)}")
    whole = {**form.defaults, **given, **form.fixed}
    return _beats(item, whole, where) if item.packets else whole


def _beats(item: Item, whole: dict[str, Any], where: Location) -> list[dict[str, Any]]:
    lists = {name: value for name in item.per_beat if isinstance(value := whole[name], list)}
    if not lists:
        return [{**{name: whole[name] for name in item.fields}, "times": whole.get(BEATS, 1)}]
    count = len(next(iter(lists.values())))
    for name, values in lists.items():
        if len(values) != count or whole.get(BEATS, count) != count:
            raise StimulusError((*where, name), f"expected {whole.get(BEATS, count)} values, one for each beat")
    same = {name: whole[name] for name in item.fields if name not in lists}
    return [same | {name: values[place] for name, values in lists.items()} for place in range(count)]
