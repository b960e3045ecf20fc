"""Designs behind buses are played natively cycle by cycle as on Icarus through cocotb."""

from __future__ import annotations

from typing import Any

import pytest
import test_memories
from bus_designs import apb_regs, axi_mover, axi_ram, copier, random_tests, schema, wbp_regs
from native_equality import strict_native

from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import TrackSchema
from dv_agent.designs.language.stimulus import Test
from dv_agent.runners.equivalence import run_differences
from dv_agent.runners.icarus import IcarusSimulator

COUNT = 25
COMPLETERS: list[tuple[Design, dict[str, Any]]] = [
    (apb_regs(parameters={"WAIT": 2}), {}), (wbp_regs(), {}), (axi_ram(), {"stall": [0, 4]}),
]  # fmt: skip
MEMORIES = [copier(0), copier(2), axi_mover(4)]


@pytest.mark.parametrize(("one", "keys"), COMPLETERS, ids=lambda part: getattr(part, "name", ""))
def test_accesses_and_resets_are_those_of_cocotb(one: Design, keys: dict[str, Any]) -> None:
    require_same(one, random_tests(COUNT, 20, **keys), 50)


@pytest.mark.parametrize("one", MEMORIES, ids=lambda one: f"{one.name}{one.parameters}")
def test_memories_answer_as_those_of_cocotb(one: Design) -> None:
    tests = [*test_memories.random_tests(COUNT), test_memories.STALLED]
    require_same(one, tests, 50, bus=TrackSchema(memory_words=test_memories.WORDS))


def require_same(one: Design, tests: list[Test], reads: int, **tracks: TrackSchema) -> None:
    """Play all tests on both; a difference of any signal that is not X, of an end or a step fails."""
    rules, seen, resets = schema(one, **tracks), 0, 0
    with strict_native().open(one) as native, IcarusSimulator().open(one) as icarus:
        for number, test in enumerate(tests):
            program = expand(one, rules, test)
            run = native.run(program)
            assert [*run_differences(number, run, icarus.run(program))] == []
            seen += len(run.trace.accepted["bus.reads"])
            resets += int(run.trace.epoch.max() > 0)
    assert seen > reads
    assert resets > 0
