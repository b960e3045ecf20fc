"""Columns of plans about consequences: what left after a reset, and the number of a transfer since the reset."""

from __future__ import annotations

from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.eval.soundness.hit_rates import HitRates
from dv_agent.runners.registry import find_simulator

GELU = find_design("mxint_gelu")
BEAT = {"m": [3, -4], "e": 1}
TEST = Test(
    tracks={
        "in": ({"block": [BEAT]}, {"block": [BEAT]}, {"at": 20}, *({"block": [BEAT]},) * 3),
        "reset": ({"at": 12}, {"pulse": 1}, {"at": 40}, {"pulse": 2}),
    }
)


def test_a_reset_knows_what_left_after_it_and_a_transfer_its_number_since_the_reset() -> None:
    with find_simulator("icarus").open(GELU.design) as session:
        tables = cycle_tables(GELU.design, session.run(expand(GELU.design, GELU.schema, TEST)).trace)
    assert tables["reset"].columns["out_after"].tolist() == [3, 0]
    assert "in_after" not in tables["reset"].columns
    assert [tables["reset"].columns[f"{port}_before"].tolist() for port in ("in", "out")] == [[2, 3], [2, 3]]
    assert tables["transfer_out"].columns["number"].tolist() == [0, 1, 0, 1, 2]


def test_a_transfer_knows_what_it_carries_and_what_the_held_one_in_front_of_it_carried() -> None:
    stalled = {"in": ({"block": [BEAT]}, {"block": [{"m": [-3, 4], "e": 1}]}), "out": ({"stall": 20}, {"ready": 9})}
    with find_simulator("icarus").open(GELU.design) as session:
        trace = session.run(expand(GELU.design, GELU.schema, Test(tracks=stalled))).trace
    columns = cycle_tables(GELU.design, trace)["transfer_out"].columns
    assert [columns[name].tolist() for name in ("back_to_back", "behind")] == [[0, 1], [0, columns["stall"][0]]]
    assert columns["stall"][0] > 10
    assert columns["m"].tolist() == trace.accepted["out"].columns["m"].tolist()
    assert columns["prev_m"].tolist() == [[0, 0], columns["m"][0].tolist()]


def test_a_reset_knows_the_state_that_it_drops_and_the_packets_that_ended_before_it() -> None:
    beat = {"x": 1, "w": 1, "a0": 1, "a1": 1, "ex": 0, "ew": 0, "ea": 0}
    test = Test(
        tracks={
            "cfg": ({"write": {"b0": 1, "b1": 1, "eb": 0, "lr_en": 1}},),
            "in": ({"at": 2}, {"vector": [beat, beat]}, {"vector": [beat]}, {"at": 20}, {"vector": [beat]}),
            "reset": ({"at": 10}, {"pulse": 2}),
        }
    )
    dot = find_design("lqer_dot")
    with find_simulator("icarus").open(dot.design) as session:
        table = cycle_tables(dot.design, session.run(expand(dot.design, dot.schema, test)).trace)["reset"]
    names = ("dbg_tail", "dropped_dbg_tail", "visited_dbg_tail", "in_ended", "y_before")
    assert [table.columns[name].tolist() for name in names] == [[3], [4], [0b1110001], [2], [0]]


def test_most_seeds_decide_on_a_tier() -> None:
    rates = HitRates(
        command="", simulator="native", seed=0, seeds=5,
        hits={"a": (9, 99, 999), "b": (9, 9, 9), "c": (0, 0, 9), "d": (0, 0, 1)},
        reached={"a": (3, 5, 5), "b": (2, 5, 5), "c": (0, 0, 3), "d": (0, 0, 1)},
    )  # fmt: skip
    assert [rates.tier(name) for name in "abcd"] == ["easy", "medium", "medium", "hard"]
    assert rates.unhit == ("d",)
    one = HitRates(command="", simulator="native", seed=0, hits={"a": (1, 1, 1), "b": (0, 0, 1), "c": (0, 0, 0)})
    assert [one.tier(name) for name in "abc"] == ["easy", "medium", "hard"]
