"""`crv`: generic constrained-random stimulus built from the stimulus schema, with no knowledge of the design.

Packets are legal. For each phase of a test, each field, packet length, gap and stall first gets a distribution:
the whole range, corner values with more weight, values near zero, or one fixed value; a stream of numbers often
walks, so that each value goes on from the one before (`dv_agent.agents.baselines.walks`). On a track whose schema
names transactions, half of the tests are made of those. Coverage is not fed back, and only tracks, fields, ranges,
limits and transactions are read, not the profiles written for a design. It may use what every agent may use, under
the same budget (see docs/evaluation.md).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from dv_agent.agents.baselines.transaction_phases import SHARE, transaction_steps
from dv_agent.agents.baselines.walks import drawn_walk
from dv_agent.agents.proposal import Proposal
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, TrackSchema, streams_of_numbers
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.grammar import Grammar
from dv_agent.designs.program import RESET_TRACK
from dv_agent.prompts.view import View

BATCH = 16
_BEATS = (12, 400)  # beats in one phase of packets, log-uniform
_PHASES = (1, 3)
_RESET_SHARE = 0.15
_WALKS = 0.75  # share of the phases in which a stream of numbers walks
_PLAIN = 50  # maximum items in a block of a track of unknown kind, where only the count can be set
# Distributions of gaps and stalls in cycles, as a bus engineer would write them, each with its weight.
_WAITS: tuple[tuple[Any, int], ...] = (
    (0, 4),
    ({"weights": [[0, 70], [[1, 3], 30]]}, 3),
    ([0, 8], 2),
    ({"weights": [[0, 90], [[10, 60], 10]]}, 2),
    ([1, 30], 1),
)
_READY: tuple[tuple[dict[str, Any] | None, int], ...] = (
    (None, 3),  # always ready
    ({"count": [20, 120], "ready": [1, 4], "stall": [1, 4]}, 3),
    ({"count": [20, 200], "ready": 1, "stall": [0, 12]}, 2),
    ({"count": [2, 20], "ready": [1, 60], "stall": [20, 120]}, 2),
)
_ANSWERS: tuple[tuple[dict[str, Any] | None, int], ...] = (
    (None, 3),  # immediately
    ({"count": [50, 300], "latency": [0, 4], "stall": [0, 2]}, 3),
    ({"count": [50, 300], "latency": [0, 20], "stall": 0}, 2),
    ({"count": [50, 300], "latency": 0, "stall": [0, 10]}, 2),
)


class CrvAgent:
    """Proposes constrained-random tests; the sequence depends only on `seed` and the turn."""

    name = "crv"

    def __init__(self, seed: int, batch: int = BATCH) -> None:
        self._seed, self._batch = seed, batch

    def propose(self, view: View) -> Proposal:
        """Return `batch` tests."""
        source = random.Random(f"crv/{self._seed}/{view.turn}")
        return Proposal(tests=tuple(crv_test(view.design, view.schema, source) for _ in range(self._batch)))


def crv_test(design: Design, schema: StimulusSchema, source: random.Random) -> Test:
    """Return one test: a few phases on every track that is driven."""
    room = design.limits.max_items // len(schema.tracks)
    tracks: dict[str, tuple[Step, ...]] = {}
    memory: dict[str, Any] = {}
    for name, track in schema.tracks.items():
        if track.transactions and source.random() < SHARE:
            tracks[name] = transaction_steps(design, schema, name, room, source)
        else:
            blocks = _blocks_of(design, name)(design, name, track, room, source)
            tracks[name] = tuple({"random": block} for block in blocks)
        if name in design.memories:
            memory[name] = _shape(design.memories[name].word, source)
    return Test(seed=source.getrandbits(48), tracks={name: steps for name, steps in tracks.items() if steps},
                memory=memory)  # fmt: skip


Blocks = list[dict[str, Any]]


def _packet_blocks(design: Design, name: str, track: TrackSchema, room: int, source: random.Random) -> Blocks:
    low, high = track.beats.min, track.beats.max
    phases = source.randint(*_PHASES)
    blocks = []
    for _ in range(phases):
        beats = source.choices([(low, high), (low, low), (high, high), (low, min(low + 1, high))], [5, 1, 1, 1])[0]
        wanted = 2 * _log_uniform(*_BEATS, source) / sum(beats)
        count = max(1, min(round(wanted), room // (phases * high)))
        fields = _shapes(design.grammars[name], source)
        for running in streams_of_numbers(design, track, name):
            if source.random() < _WALKS:
                fields[running] = drawn_walk(source)
        blocks.append({"count": count, "beats": list(beats), "gap": _wait(source), **fields})
    return blocks


def _write_blocks(design: Design, name: str, _track: TrackSchema, room: int, source: random.Random) -> Blocks:
    # Configure once, now and then during the traffic, or all the time.
    count, gap = source.choices([(1, 0), (8, [0, 200]), (60, [0, 20])], [3, 4, 1])[0]
    fields = _shapes(design.grammars[name], source) | _options(design.grammars[name])
    first = {"count": min(16, room // 2), "gap": 0, **fields}
    rest = {"count": min(count, room // 2), "gap": gap, **fields}
    return [first, rest] if source.random() < 0.5 else [rest]


def _options(grammar: Grammar) -> dict[str, Any]:
    """Return distributions of the numbers that an item has beside its gap: mostly the least."""
    options = grammar.item.options if grammar.item else {}
    return {key: {"weights": [[one.least, 3], [[one.least + 1, one.least + 8], 1]]} for key, one in options.items()}


def _ready_blocks(_design: Design, _name: str, _track: TrackSchema, room: int, source: random.Random) -> Blocks:
    return _bounded(source.choices(*zip(*_READY, strict=True))[0], room // 2)


def _answer_blocks(_design: Design, _name: str, _track: TrackSchema, room: int, source: random.Random) -> Blocks:
    return _bounded(source.choices(*zip(*_ANSWERS, strict=True))[0], room)


def _reset_blocks(_design: Design, _name: str, _track: TrackSchema, _room: int, source: random.Random) -> Blocks:
    if source.random() >= _RESET_SHARE:
        return []
    return [{"count": [1, 3], "wait": [1, 300], "width": [1, 3]}]


def _plain_blocks(_design: Design, _name: str, _track: TrackSchema, room: int, source: random.Random) -> Blocks:
    """Return blocks for a track of unknown kind, from its profile."""
    return [{"count": source.randint(1, min(_PLAIN, room))}]


_MakeBlocks = Callable[[Design, str, TrackSchema, int, random.Random], Blocks]


def _blocks_of(design: Design, name: str) -> _MakeBlocks:
    """Return the function that makes the blocks of a track, chosen by what the track can do."""
    if name == RESET_TRACK:
        return _reset_blocks
    grammar = design.grammars[name]
    if grammar.item:
        return _packet_blocks if grammar.packets else _write_blocks
    if name in design.memories:
        return _answer_blocks
    return _ready_blocks if grammar.timing_keys == ("ready", "stall") else _plain_blocks


def _bounded(block: dict[str, Any] | None, most: int) -> Blocks:
    if block is None:
        return []
    low, high = block["count"]
    return [{**block, "count": [min(low, most), min(high, most)]}]


def _shapes(grammar: Grammar, source: random.Random) -> dict[str, Any]:
    """Return the distributions of all fields during one phase; a field with a default of its own keeps it."""
    shapes = {name: _shape(spec, source) for name, spec in grammar.fields.items()}
    return {**shapes, **grammar.defaults}


def _shape(spec: FieldSpec, source: random.Random) -> Any:
    """Return the distribution of a field during one phase."""
    low, high = spec.low, spec.high
    if high - low < 4:
        return source.choices([[low, high], source.randint(low, high)], [2, 1])[0]
    corners = {"set": sorted({low, low + 1, max(low, -1), max(low, 0), max(low, 0) + 1, high - 1, high})}
    near = max(1, (high - low) >> source.randint(2, 5))
    shapes = [
        [low, high],
        {"weights": [[corners, 40], [[low, high], 60]]},
        [max(low, -near), min(high, near)],
        corners,
        source.randint(low, high),
    ]
    return source.choices(shapes, [4, 4, 2, 1, 1])[0]


def _wait(source: random.Random) -> Any:
    return source.choices([shape for shape, _ in _WAITS], [weight for _, weight in _WAITS])[0]


def _log_uniform(low: int, high: int, source: random.Random) -> float:
    return float(low * (high / low) ** source.random())
