"""`sweep`: a directed test list built from the stimulus schema with nested loops. No randomness, seed or feedback.

It drives every value of every small field and strides through large ones, each field alone, lane by lane, and every
pair of small fields; then packet lengths, gaps, stalls, strobes during traffic, memory responses, and a reset at every
early cycle. It reads only tracks, fields, ranges and limits. It ends after the last test or when the budget is used up.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dv_agent.agents.baselines.boundary_values import backgrounds, packet, spread, walk
from dv_agent.agents.proposal import Proposal
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import RESET_TRACK
from dv_agent.prompts.view import View

BATCH = 16
_CHUNK = 128  # most packets of one test
_STREAM = 25  # how often a track of single beats repeats its load, so that packets beside it do not starve
_WAITS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, 48, 64, 100)
_RESETS = 64  # first cycles that a reset is tried at


class SweepAgent:
    """Proposes the tests of the list in order, `batch` tests a turn."""

    name = "sweep"

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch
        self._script: tuple[Test, ...] | None = None

    def propose(self, view: View) -> Proposal:
        """Return the next tests of the list."""
        if self._script is None:
            self._script = tuple(script(view.design, view.schema))
        start = view.turn * self._batch
        end = start + self._batch
        return Proposal(tests=self._script[start:end], done=end >= len(self._script))


def script(design: Design, schema: StimulusSchema) -> Iterator[Test]:
    """Yield all tests, the short ones that cover most first."""
    desk = _ScriptWriter(design, schema)
    yield Test(name="silence")
    yield from desk.lengths()
    yield from desk.fields()
    yield from desk.strobes()
    yield from desk.stalls()
    yield from desk.answers()
    yield from desk.resets()
    yield from desk.pairs()


@dataclass(frozen=True, slots=True)
class _ScriptWriter:
    """Writes the groups of tests for one design."""

    design: Design
    schema: StimulusSchema

    def lengths(self) -> Iterator[Test]:
        """Every packet length on every source, with every gap before packets and between their beats."""
        for name in self.design.packet_ports:
            beats = self.schema.tracks[name].beats
            lengths = spread(beats.min, beats.max, 16)
            for gap in _WAITS:
                steps = [self._packet(name, number, length, gap) for number, length in enumerate(lengths * 2)]
                yield self._test(f"lengths of {name}, gap {gap}", {name: steps})
                inner = [self._packet(name, number, length, 0, gap) for number, length in enumerate(lengths * 2)]
                if gap and beats.max > 1:
                    yield self._test(f"lengths of {name}, gap {gap} inside", {name: inner})

    def fields(self) -> Iterator[Test]:
        """Every field of every source alone, all lanes at once and each by itself, over three backgrounds."""
        for name, fields in self._packets():
            for field, spec in fields.items():
                for lane in (None, *range(spec.lanes if spec.lanes > 1 else 0)):
                    values = walk(spec, 256 if lane is None else 16)
                    for background in backgrounds(fields):
                        for part in self._chunks(name, values):
                            steps = [self._one(name, background, {field: (lane, value)}) for value in part]
                            yield self._test(f"{name}.{field} {part[0]}..{part[-1]}", {name: steps})

    def pairs(self) -> Iterator[Test]:
        """Every pair of fields of every source, small ones whole, large ones in strides."""
        for name, fields in self._packets():
            for (one, spec), (other, spec2) in itertools.combinations(fields.items(), 2):
                values = list(itertools.product(walk(spec, 32), walk(spec2, 32)))
                for part in self._chunks(name, values):
                    background = backgrounds(fields)[0]
                    steps = [self._one(name, background, {one: (None, a), other: (None, b)}) for a, b in part]
                    yield self._test(f"{name}.{one} x {other}", {name: steps})

    def strobes(self) -> Iterator[Test]:
        """Every value of every strobe field before traffic, and a strobe at every early cycle of it."""
        for name in self.design.write_ports:
            payload, word = self.design.grammars[name].fields, self._word(name)
            pause = self.design.grammars[name].pause
            for field, spec in payload.items():
                for value in walk(spec, 16):
                    for background in backgrounds(payload):
                        write: Step = {word: {**background, field: value}, "gap": 0}
                        yield self._test(f"{name}.{field} = {value}", {**self._traffic(), name: [write]})
            for cycle in range(_RESETS):
                fields = backgrounds(payload)[cycle % 3]
                writes: list[Step] = [{pause: cycle + 1}, *({word: fields, "gap": gap} for gap in (0, 1, cycle))]
                yield self._test(f"{name} at {cycle}", {**self._traffic(), name: writes})

    def stalls(self) -> Iterator[Test]:
        """Every pattern of ready and stall wherever a test says when it is ready, under traffic."""
        for name in (name for name, one in self.design.grammars.items() if {"ready", "stall"} <= one.ops):
            for ready, stall in itertools.product((1, 2, 3, 5, 8), (*_WAITS[1:], 200)):
                phases = [{"ready": ready}, {"stall": stall}]
                pattern: Step = {"repeat": min(40, 2_000 // (ready + stall)), "steps": phases}
                yield self._test(f"{name} ready {ready} stall {stall}", {**self._traffic(), name: [pattern]})

    def answers(self) -> Iterator[Test]:
        """Every latency and stall of every responder, and memories of one value or of a ramp."""
        for name, memory in self.design.memories.items():
            spec = memory.word
            words = self.schema.tracks[name].memory_words
            ramps = [[value] * min(words, 16) for value in walk(spec, 8)] + [list(walk(spec, 16))[:words]]
            for (latency, stall), ramp in zip(
                itertools.product(_WAITS[:11], (0, 1, 2, 3, 5, 8)), itertools.cycle(ramps), strict=False
            ):
                serve: Step = {"serve": 200, "latency": latency, "stall": stall}
                yield self._test(f"{name} latency {latency} stall {stall}", {**self._traffic(), name: [serve]},
                                 {name: ramp})  # fmt: skip

    def resets(self) -> Iterator[Test]:
        """A reset at every early cycle of the traffic, of one cycle and of two."""
        for cycle, width in itertools.product(range(_RESETS if self.design.reset else 0), (1, 2)):
            pulse: list[Step] = [{"idle": cycle + 1}, {"pulse": width}]
            yield self._test(f"reset of {width} at {cycle}", {**self._traffic(), RESET_TRACK: pulse})

    def _traffic(self) -> dict[str, list[Step]]:
        """Return a fixed load on all packet tracks: every length in turn, values in strides."""
        traffic: dict[str, list[Step]] = {}
        for name in self.design.packet_ports:
            beats = self.schema.tracks[name].beats
            lengths = spread(beats.min, beats.max, 8)
            lengths *= 2 if len(lengths) > 1 else 16
            steps = [self._packet(name, number, length) for number, length in enumerate(lengths)]
            single = beats.max == 1 and len(self.design.packet_ports) > 1
            traffic[name] = [{"repeat": _STREAM, "steps": steps}] if single else steps
        return traffic

    def _test(self, name: str, tracks: dict[str, list[Step]], memory: dict[str, list[int]] | None = None) -> Test:
        """Return a test; packet tracks not given in `tracks` carry the fixed load, so that no track starves."""
        whole = {**self._traffic(), **tracks}
        return Test(name=name, tracks={name: tuple(steps) for name, steps in whole.items()}, memory=memory or {})

    def _packets(self) -> Iterator[tuple[str, Mapping[str, FieldSpec]]]:
        for name in self.design.packet_ports:
            yield name, self.design.grammars[name].fields

    def _word(self, name: str) -> str:
        return self.design.grammars[name].item_word(self.schema.tracks[name].item)

    def _chunks(self, name: str, values: list[Any]) -> Iterator[list[Any]]:
        """Split `values` into parts that fit into one test, one packet for each value."""
        size = max(1, min(_CHUNK, self.design.limits.max_items // (2 * self.schema.tracks[name].beats.max)))
        for start in range(0, len(values), size):
            yield values[start : start + size]

    def _packet(self, name: str, number: int, length: int, gap: int = 0, inner: int = 0) -> Step:
        beats = [packet(self.design.grammars[name].fields, number * 8 + place) for place in range(length)]
        beats = [beats[0], *({**beat, "gap": inner} for beat in beats[1:])] if inner else beats
        return {self._word(name): beats, "gap": gap}

    def _one(self, name: str, background: dict[str, int], values: dict[str, tuple[int | None, int]]) -> Step:
        """Return the shortest packet with identical beats: `values` (lane or all lanes, value) over `background`."""
        least, fields = self.schema.tracks[name].beats.min, self.design.grammars[name].fields
        beat: dict[str, Any] = dict(background)
        for field, (lane, value) in values.items():
            beat[field] = value if lane is None else _at(fields[field], background[field], lane, value)
        return {self._word(name): [{**beat, "times": least}]}


def _at(spec: FieldSpec, background: int, lane: int, value: int) -> list[int]:
    return [value if place == lane else background for place in range(spec.lanes)]
