"""Icarus and Verilator give the same traces.

DV_AGENT_EQUIVALENCE_TESTS sets how many random tests are compared, and compares all designs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from runner_fixtures import adder, beats, lowreset, pipe, program, walker
from shipped_designs import own_names

from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End
from dv_agent.eval.soundness.traffic import chunk_tests
from dv_agent.runners.equivalence import compare, run_differences
from dv_agent.runners.icarus import IcarusSimulator
from dv_agent.runners.simulator import Run
from dv_agent.runners.verilator import VerilatorSimulator

RANDOM_TESTS = int(os.environ.get("DV_AGENT_EQUIVALENCE_TESTS", "20"))
# Each costs a build of seconds, so these few stand for the others: rows, writes, a memory, no clock, two clocks; `make
# test-full` compares all. Proofs, held by hash, say of every design that Icarus and native agree with its model.
FEW = ("mxint_gelu", "hgsa_loop", "hass_spe", "rv32_decoder", "async_fifo")
COMPARED = own_names() if "DV_AGENT_EQUIVALENCE_TESTS" in os.environ else FEW
WITNESSES = 45
"""Most witnesses of a design that are compared here; its proof and benchmarks/native_equality.py play all of them."""


def programs_of(folder: DesignFolder) -> Iterator[Program]:
    """Witnesses from the whole list, then random tests."""
    witnesses = load_witnesses(folder)
    chosen = witnesses[:: len(witnesses) // WITNESSES + 1]
    for test in [*chosen, *islice(chunk_tests(folder, 1, 0), RANDOM_TESTS)]:
        yield expand(folder.design, folder.schema, test)


@pytest.mark.parametrize("name", COMPARED)
def test_witnesses_and_random_tests_give_the_same_traces(
    simulator: IcarusSimulator, verilator: VerilatorSimulator, name: str
) -> None:
    folder = find_design(name)
    done = compare(folder.design, programs_of(folder), simulator, verilator)
    counts = f"{done.programs} programs, {done.cycles} cycles, {done.values} values, {done.unknown} unknown"
    print(f"{name}: {counts}")  # noqa: T201
    assert done.programs == len(list(programs_of(folder))) > RANDOM_TESTS
    # Payload without valid is unknown from the start of a test until its memory was written; nothing else ever is.
    assert done.unexplained == 0
    assert done.values > 50 * done.unknown
    assert not done.differences, "\n".join(str(difference) for difference in done.differences[:10])


@pytest.mark.parametrize(
    ("design", "played"),
    [
        (pipe(), program(in_=beats(*range(30), gap=1), out=(Op("stall", 9),), reset=(Op("idle", 20), Op("pulse", 3)))),
        (adder(), program(in_=tuple(Op("send", x, strobes=(("cfg", x ^ 85),)) for x in range(40)))),
        (
            walker(),
            Program(
                {"in": (Op("send", 0x35), Op("send", 0xF2)), "ld": (Op("serve", 4, gap=2, stall=1),)},
                500,
                {"ld": tuple(range(16))},
            ),
        ),
        (lowreset(), program(in_=tuple(Op("send", (1 << 163) | 3**x) for x in range(90)))),
    ],
    ids=lambda value: value.name if isinstance(value, Design) else "",
)
def test_every_kind_of_port_gives_the_same_traces(
    simulator: IcarusSimulator, verilator: VerilatorSimulator, design: Design, played: Program
) -> None:
    done = compare(design, [played], simulator, verilator)
    assert not done.differences, "\n".join(str(difference) for difference in done.differences[:10])
    assert done.cycles > 20


def test_differences_are_found(simulator: IcarusSimulator) -> None:
    with simulator.open(pipe()) as session:
        one = session.run(program(in_=beats(1, 2, 3)))
    assert not list(run_differences(0, one, one))
    data = one.trace.signals["in_data"].copy()
    data[7] ^= 1
    other = Run(replace(one.trace, signals={**one.trace.signals, "in_data": data}, end=End.LIMIT), {}, 0)
    assert {found.what for found in run_differences(4, one, other)} == {"in_data", "end", "steps"}
    assert "program 4: in_data at 7: " in str(list(run_differences(4, one, other))[-1])
    hidden = np.zeros(one.trace.cycles, np.bool_)
    hidden[7] = True
    unknown = Run(replace(other.trace, unknown={"in_data": hidden}, end=one.trace.end), one.step_starts)
    assert not list(run_differences(0, one, unknown))


def test_an_unknown_value_that_no_low_valid_explains_is_counted(simulator: IcarusSimulator) -> None:
    clean = compare(pipe(), [program(in_=beats(*range(8)))], simulator, simulator)
    assert (clean.unexplained, clean.differences) == (0, ())
    assert clean.unknown > 0
    # This design shows a register that has no reset.
    stray = compare(lowreset(), [program(in_=(Op("send", 1),))], simulator, simulator)
    assert stray.unexplained > 0
