"""Phases of transactions of the agent `crv`: those that a schema names, in random order, with fields that meet.

A transaction is part of the interface that a schema offers to everybody, as tracks, fields and ranges are. In half of
the phases all fields of one range, such as the registers of an instruction, take the same few values.
"""

from __future__ import annotations

import json
import random
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.distribution import Distribution
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.size import check_size
from dv_agent.designs.language.stimulus import Step, Test

SHARE = 0.5
"""Share of the tracks with transactions that are phases of transactions; the others are random blocks."""
FEW = (2, 6)
_COUNT = (12, 120)  # transactions in one phase, log-uniform
_PHASES = (1, 3)


def transaction_steps(
    design: Design, schema: StimulusSchema, name: str, room: int, source: random.Random
) -> tuple[Step, ...]:
    """Return a few phases of transactions of a track, of at most `room` items in all."""
    found = list[Step]()
    words = sorted(schema.tracks[name].transactions)
    sizes = {word: check_size(design, schema, Test(tracks={name: ({word: {}},)})).most for word in words}
    for _ in range(source.randint(*_PHASES)):
        chosen = words if source.random() < 0.5 else source.sample(words, source.randint(1, len(words)))
        few = _few_values(schema, name, source) if source.random() < 0.5 else {}
        low, high = _COUNT
        for _ in range(int(low * (high / low) ** source.random())):
            word = source.choice(chosen)
            room -= sizes[word]
            if room < 0:
                return tuple(found)
            found.append({word: {field: few[field, word] for field in _fields(schema, name, word) if few}})
    return tuple(found)


def _fields(schema: StimulusSchema, name: str, word: str) -> dict[str, Distribution]:
    return schema.tracks[name].transactions[word].draws()


def _few_values(schema: StimulusSchema, name: str, source: random.Random) -> dict[tuple[str, str], Any]:
    """Return (field, transaction) -> the few values that it takes; fields of one distribution take the same."""
    found, known = dict[tuple[str, str], Any](), dict[str, Any]()
    count = source.randint(*FEW)
    for word, one in sorted(schema.tracks[name].transactions.items()):
        for field, draw in one.draws().items():
            key = json.dumps(one.fields[field], sort_keys=True)
            if key not in known:
                known[key] = {"set": sorted({draw.draw(source) for _ in range(count)})}
            found[field, word] = known[key]
    return found
