"""Expanding a test to its program: loops are unrolled, random values drawn, all values checked.

The size of a test is computed before anything is expanded, so that a test of 10^9
repeats is refused without being expanded.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from dv_agent.designs.design import Design
from dv_agent.designs.language.loops.combinations_at_fault import Again, with_count
from dv_agent.designs.language.loops.variables import loop_values
from dv_agent.designs.language.packets import PacketReader
from dv_agent.designs.language.random_blocks import (
    BlockDrawer,
    field_draws,
    memory_words,
    read_block,
    repetitions,
    resolve,
)
from dv_agent.designs.language.schema import MAX_WAIT, StimulusSchema, TrackSchema, grammar_of, stream_keys
from dv_agent.designs.language.size import PAIRS, Tally, check_size
from dv_agent.designs.language.stimulus import Location, Step, StimulusError, Test
from dv_agent.designs.language.values import Scope, fault, integer, one_of, unknown_keys
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.program import Op, Program
from dv_agent.errors import UnknownNameError

_COUNTS_ITSELF = ("repeat", "for", "random")


def expand(design: Design, schema: StimulusSchema, test: Test, max_cycles: int | None = None) -> Program:
    """Check the whole of `test` and expand it to a program. The same test always gives the same program.

    Args:
        max_cycles: cycles after which it is cut, if this is less than the limit of the design.

    Raises:
        StimulusError: with the place of the fault and what was expected.
    """
    return expand_counted(design, schema, test, max_cycles=max_cycles)[0]


def expand_counted(
    design: Design, schema: StimulusSchema, test: Test, room: Tally | None = None, max_cycles: int | None = None
) -> tuple[Program, int]:
    """Expand as `expand`; also return the number of items, as `dv_agent.designs.language.size` defines them.

    Args:
        room: limit on the items, in place of the design's.
    """
    tracks: dict[str, tuple[Op, ...]] = {}
    for name in test.tracks:
        if name not in schema.tracks:
            raise StimulusError(("tracks", name), str(UnknownNameError("track", name, schema.tracks)))
    tally = room or Tally(design.limits.max_items)
    tally.whole = check_size(design, schema, test)
    for name, steps in test.tracks.items():
        expander = _TrackExpander(design, schema, name, test.seed, tally)
        ops: list[Op] = []
        for index, step in enumerate(steps):
            expander.step_index = index
            where: Location = ("tracks", name, index)
            ops.extend(expander.plain(step, where) or expander.step(step, where, {}))
        tracks[name] = tuple(ops)
    most = design.limits.max_cycles if max_cycles is None else min(max_cycles, design.limits.max_cycles)
    return Program(tracks=tracks, max_cycles=most, memories=memory_words(design, schema, test)), tally.count


_Reader = Callable[[Step, Location, Scope], Iterator[Op]]


@dataclass
class _TrackExpander:
    """Expands the steps of one track; counts random blocks, so that each has its own random stream."""

    design: Design
    schema: StimulusSchema
    name: str
    seed: int
    tally: Tally
    step_index: int = 0
    blocks: int = 0
    previous: str = ""
    loops: Mapping[str, Collection[int]] = field(default_factory=dict)
    grammar: Grammar = field(init=False)
    track: TrackSchema = field(init=False)
    packets: PacketReader = field(init=False)
    words: dict[str, _Reader] = field(init=False)

    def __post_init__(self) -> None:
        self.grammar = grammar_of(self.design, self.name)
        self.track = self.schema.tracks[self.name]
        self.packets = PacketReader(self.design, self.schema, self.name)
        self.words = self._words()

    def plain(self, step: Step, where: Location) -> list[Op] | None:
        """Return the operations of a packet that holds plain numbers only; None for all else."""
        ops = self.packets.plain(step, self.step_index) if type(step) is dict else None
        if ops:
            self.tally.add(self.name, where, len(ops))
            self.previous = ops[-1].kind
        return ops

    def step(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        """Yield the operations of one step, in order."""
        if plain := self.plain(step, where):
            yield from plain
            return
        key = (
            self.packets.word if self._is_item(step) else self.grammar.word_of(step) or one_of(step, self.words, where)
        )
        loop = key in _COUNTS_ITSELF or key in self.track.transactions
        before, counts = self.tally.count, not loop
        notes = self.packets.note if self.packets.completes else None
        if not counts and not notes:
            yield from self.words[key](step, where, scope)
            if self.tally.count == before:  # it made no operation, but took processing time
                self.tally.add(self.name, where)
            return
        for op in self.words[key](step, where, scope):
            if counts and (self.previous, op.kind) not in PAIRS:
                self.tally.add(self.name, where)
            self.previous = op.kind
            if notes:
                notes(op)
            yield op if op.step == self.step_index else Op(*op[:-1], self.step_index)
        if self.tally.count == before and loop:  # it made no operation, but took processing time
            self.tally.add(self.name, where)

    def _is_item(self, step: Step) -> bool:
        """Return whether it is a single write whose options are keywords of other steps, such as ``for``."""
        item = self.grammar.item
        others = [key for key in step if key in self.words and key != self.packets.word]
        return bool(item and self.packets.word in step and others and all(key in item.options for key in others))

    def _words(self) -> dict[str, _Reader]:
        words: dict[str, _Reader] = {
            "after": self._after,
            "at": self._at,
            "random": self._random,
            "repeat": self._repeat,
            "for": self._for,
        }
        words.update(dict.fromkeys((word.key for word in self.grammar.words), self._number))
        words.update({"stall": self._stall} if self.grammar.stalls else {})
        words.update(dict.fromkeys(self.track.transactions, self._transaction))
        if self.grammar.item:
            words[self.packets.word] = self.packets.read
            words.update(dict.fromkeys(self.grammar.item.forms, self.packets.read_form))
        return words

    def _number(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        for word in self.grammar.words:
            if word.key in step:
                unknown_keys(step, (word.key, *word.options), where)
                most = MAX_WAIT if word.limit == "cycles" else self.design.limits.max_items
                value = integer(step[word.key], scope, (*where, word.key), 1, most)
                members = {
                    member: integer(step.get(key, 0), scope, (*where, key), 0, MAX_WAIT)
                    for key, member in word.options.items()
                }
                yield Op(word.key, value, gap=members.get("gap", 0), stall=members.get("stall", 0))

    def _after(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        unknown_keys(step, ("after",), where)
        data = step["after"]
        if not isinstance(data, dict) or set(data) != {"port", "accepted"}:
            raise StimulusError((*where, "after"), 'expected {"port": NAME, "accepted": COUNT}')
        known = stream_keys(self.design)
        if data["port"] not in known:
            raise StimulusError((*where, "after", "port"), str(UnknownNameError("port", str(data["port"])[:40], known)))
        yield Op(
            "after", integer(data["accepted"], scope, (*where, "after", "accepted"), 1, 1 << 31), port=data["port"]
        )

    def _at(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        unknown_keys(step, ("at",), where)
        yield Op("at", integer(step["at"], scope, (*where, "at"), 0, self.design.limits.max_cycles))

    def _stall(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        """Hold ready low for so many cycles, or while the track waits for a cycle or a transfer."""
        until = step["stall"]
        if not isinstance(until, dict):
            if not any(word.key == "stall" for word in self.grammar.words):
                raise StimulusError(
                    (*where, "stall"), 'expected {"at": CYCLE} or {"after": {...}} as a step of its own'
                )
            yield from self._number(step, where, scope)
            return
        unknown_keys(step, ("stall",), where)
        inner = (*where, "stall")
        wait = self._at if one_of(until, ("at", "after"), inner) == "at" else self._after
        yield from (op._replace(stall=1) for op in wait(until, inner, scope))

    def _repeat(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        for _ in range(integer(step["repeat"], scope, (*where, "repeat"), 0, self.design.limits.max_items)):
            yield from self._inner(step, where, scope)

    def _for(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        loops = loop_values(step["for"], (*where, "for"))
        outer, self.loops = self.loops, {**self.loops, **loops}
        for values in itertools.product(*loops.values()):
            yield from self._inner(step, where, {**scope, **dict(zip(loops, values, strict=True))})
        self.loops = outer

    def _transaction(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        name = next(word for word in self.track.transactions if word in step)
        unknown_keys(step, (name, "times"), where)
        one = self.track.transactions[name]
        source = random.Random(f"{self.seed}/{self.name}/{name}/{self.blocks}")
        self.blocks += 1
        fields = field_draws(one, step[name], scope, (*where, name))
        draws = {key: drawn.drawer(source) for key, drawn in fields.items()}
        outer, self.loops = self.loops, {key: loop for key, loop in self.loops.items() if key not in draws}
        for _ in range(repetitions(step, scope, where, self.design.limits.max_items)):
            values = {key: draw() for key, draw in draws.items()}
            yield from self._inner({"steps": one.steps}, (*where, name), {**scope, **values})
        self.loops = outer

    def _inner(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        for index, inner in enumerate(step["steps"]):
            place = (*where, "steps", index)
            try:
                yield from self.step(inner, place, scope)
            except StimulusError as error:
                raise with_count(error, self.loops, self._again(inner, place, scope), self.tally.limit) from None

    def _again(self, step: Step, where: Location, scope: Scope) -> Again:
        """Return the expansion of a step with other values of the loop variables, which leaves this one alone."""

        def again(variables: Scope, tally: Tally) -> Iterator[Op]:
            apart = _TrackExpander(self.design, self.schema, self.name, self.seed, tally)
            return apart.step(step, where, {**scope, **variables})

        return again

    def _random(self, step: Step, where: Location, scope: Scope) -> Iterator[Op]:
        unknown_keys(step, ("random",), where)
        written, block = step["random"], resolve(step["random"], scope, (*where, "random"))
        seed = integer(block.get("seed", self.seed), {}, (*where, "random", "seed"), 0, (1 << 63) - 1)
        source = random.Random(f"{seed}/{self.name}/{self.blocks}")
        self.blocks += 1
        try:
            draws = read_block(self.design, self.track, self.name, block, (*where, "random"))
        except StimulusError as error:
            part = written.get(str(error.location[-1]), ())
            raise fault(error.location, error.reason, part, scope) from None
        drawer = BlockDrawer(self.grammar, draws, source, self.step_index)
        ops, items = drawer.times(draws["count"].draw(source), self.tally.limit - self.tally.count)
        if items:
            self.tally.add(self.name, where, items)
        if ops:
            self.previous = ops[-1].kind
        yield from ops
