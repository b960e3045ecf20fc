"""The check of one test of a reply: from untrusted JSON data to a Test that expands, or a StimulusError."""

from __future__ import annotations

from typing import Any

from dv_agent.agents.llm.json_scanner import JsonFault
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand_counted
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.size import Tally
from dv_agent.designs.language.stimulus import Location, StimulusError, Test, parse_test

LOOPS = ("random", "repeat", "for")


def check_test(data: Any, design: Design, schema: StimulusSchema, room: int, literal: bool = False) -> tuple[Test, int]:
    """Return the test, and the number of items to which it expands.

    Args:
        room: maximum number of items.
        literal: whether loops, sweeps and random blocks are refused.

    Raises:
        StimulusError: the data is no valid test; the message says where, and what was expected.
    """
    fault = find_fault(data)
    if fault:
        raise StimulusError(*fault)
    test = parse_test(data, design)
    if literal:
        _only_literal(test)
    tally = None if room >= design.limits.max_items else Tally(room, "what is left of the items of one reply")
    _, size = expand_counted(design, schema, test, tally)
    return test, size


def _only_literal(test: Test) -> None:
    for track, steps in test.tracks.items():
        for index, step in enumerate(steps):
            # A change of pins has a number under the key `for`, a sweep has steps.
            if found := [key for key in LOOPS if key in step and (key == "random" or "steps" in step)]:
                raise StimulusError(
                    ("tracks", track, index), f"{found[0]!r} is not allowed here: write every value out"
                )


def find_fault(data: Any, where: Location = ()) -> tuple[Location, str] | None:
    """Return the first part of `data` that had no meaning as JSON, and the reason."""
    if isinstance(data, JsonFault):
        return where, data.reason
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, part in parts:
        if isinstance(part, dict | list | JsonFault) and (found := find_fault(part, (*where, key))):
            return found
    return None
