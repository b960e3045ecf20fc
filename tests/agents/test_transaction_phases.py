"""`crv` uses the transactions of a schema: a share of its tests, legal, with fields of one range that meet."""

import random

from dv_agent.agents.baselines.crv import crv_test
from dv_agent.agents.baselines.transaction_phases import FEW, transaction_steps
from dv_agent.designs.language.size import check_size
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design

CORE = find_design("rv32_core")


def test_about_half_of_the_tests_on_a_track_with_transactions_are_made_of_them() -> None:
    source = random.Random(3)
    tests = [crv_test(CORE.design, CORE.schema, source) for _ in range(60)]
    made = [bool(test.tracks["in"]) and "random" not in test.tracks["in"][0] for test in tests]
    assert 15 < sum(made) < 45
    words = {word for test, one in zip(tests, made, strict=True) if one for step in test.tracks["in"] for word in step}
    assert words == set(CORE.schema.tracks["in"].transactions)


def test_what_a_design_without_transactions_gets_is_as_it_was() -> None:
    unit = find_design("mxint_gelu")
    assert not any(track.transactions for track in unit.schema.tracks.values())
    assert all("random" in step for _ in range(5) for track in
               crv_test(unit.design, unit.schema, random.Random(1)).tracks.values() for step in track)  # fmt: skip


def test_fields_of_one_range_share_their_few_values_in_a_phase() -> None:
    found = 0
    for seed in range(12):
        steps = transaction_steps(CORE.design, CORE.schema, "in", 10_000, random.Random(seed))
        registers = {
            tuple(value["set"]) for step in steps for fields in step.values() for name, value in fields.items()
            if name in ("rd", "rs1", "rs2")
        }  # fmt: skip
        assert all(len(one) <= FEW[1] for one in registers)
        assert len(registers) <= 3, "one set of registers a phase"
        found += bool(registers)
    assert found > 3


def test_the_phases_keep_to_the_room_that_they_are_given() -> None:
    for seed in range(20):
        steps = transaction_steps(CORE.design, CORE.schema, "in", 9, random.Random(seed))
        assert 0 < check_size(CORE.design, CORE.schema, Test(tracks={"in": steps})).most <= 9
