"""How many items a test has: counted as it is expanded, bounded before, and told when there are too many."""

import random
from typing import Any

import pytest
from shipped_designs import own_names

from dv_agent.agents.baselines.basic import random_test
from dv_agent.designs.language.expansion import expand, expand_counted
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.size import Size, _Measure, check_size
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder, find_design


@pytest.fixture(scope="module")
def kv_pack() -> DesignFolder:
    return find_design("kv_pack")


def beats(folder: DesignFolder, count: Any, value: int = 1) -> dict[str, Any]:
    fields = folder.design.ports["tok"].fields  # type: ignore[union-attr]
    return {**{name: (value if spec.high >= value else 0) for name, spec in fields.items()}, "times": count}


def counted(folder: DesignFolder, *steps: dict[str, Any]) -> int:
    return expand_counted(folder.design, folder.schema, Test(tracks={"tok": steps}))[1]


def test_3120_beats_fit_into_4000_items_however_they_are_written(kv_pack: DesignFolder) -> None:
    assert kv_pack.design.limits.max_items == 4_000
    plain = [{"tokens": [beats(kv_pack, 24)]} for _ in range(130)]
    assert counted(kv_pack, *plain) == 3_120
    assert counted(kv_pack, {"repeat": 130, "steps": [{"tokens": [beats(kv_pack, 24)]}]}) == 3_120
    sweep = {"for": {"k": [1, 130]}, "steps": [{"tokens": [beats(kv_pack, "12 + k - k"), beats(kv_pack, "12")]}]}
    assert counted(kv_pack, sweep) == 3_120
    assert counted(kv_pack, {"random": {"count": 390, "beats": 8}}) == 3_120
    assert counted(kv_pack, {"repeat": 130, "steps": [{"random": {"count": 1, "beats": [24, 24]}}]}) == 3_120


def test_one_item_too_many_is_refused_and_the_count_is_told(kv_pack: DesignFolder) -> None:
    full = {"repeat": 125, "steps": [{"tokens": [beats(kv_pack, 32)]}]}
    assert counted(kv_pack, full) == 4_000
    with pytest.raises(
        StimulusError, match=r"more than 4000 items.*at least 4,001 in all, by track: tok 4,001.*an item is one beat"
    ):
        counted(kv_pack, full, {"idle": 1})
    sweep = {"for": {"k": [1, 130]}, "steps": [{"tokens": [beats(kv_pack, "32 + k - k")]}]}
    with pytest.raises(StimulusError, match=r"4,001 were reached here, by track: tok 4,001; 4,001 to 8,320 in all"):
        counted(kv_pack, sweep)


def test_a_stall_counts_with_the_ready_before_it_and_loops_of_nothing_count(kv_pack: DesignFolder) -> None:
    folder = find_design("lqer_dot")
    steps = ({"ready": 1}, {"stall": 2}, {"stall": 2}, {"ready": 1})
    assert expand_counted(folder.design, folder.schema, Test(tracks={"y": steps}))[1] == 3
    nothing = {"repeat": 50, "steps": [{"random": {"count": 0}}]}
    assert counted(kv_pack, nothing) == 50
    with pytest.raises(StimulusError, match="at least 1,000,000,000"):
        counted(kv_pack, {"repeat": 10**9, "steps": [{"random": {"count": 0}}]})


@pytest.mark.parametrize("name", own_names())
def test_the_count_lies_within_its_bounds_and_a_test_written_out_is_never_larger(name: str) -> None:
    folder = find_design(name)
    for seed in range(3):
        tracks = {
            track: ({"random": {"count": 1 + seed}}, *({"random": {"count": 2, "profile": one}} for one in known))
            for track, schema in folder.schema.tracks.items()
            if (known := [one for one in schema.profiles if one not in ("default", "none")][:2]) or True
        }
        test = Test(seed=seed, tracks=tracks)
        program, count = expand_counted(folder.design, folder.schema, test)
        bounds = check_size(folder.design, folder.schema, test)
        assert bounds.least <= count <= bounds.most
        literal = literal_test(folder.design, folder.schema, program)
        assert expand_counted(folder.design, folder.schema, literal)[1] <= count
        assert sum(map(len, expand(folder.design, folder.schema, literal).tracks.values())) == sum(
            map(len, program.tracks.values())
        )


@pytest.mark.parametrize("name", own_names())
def test_words_and_packets_are_measured_at_once_as_in_the_walk_through_all_kinds_of_steps(name: str) -> None:
    folder, source, quick = find_design(name), random.Random(7), 0
    blocks = random_test(folder.design, folder.schema, source)
    literal = literal_test(folder.design, folder.schema, expand(folder.design, folder.schema, blocks))
    for test in (blocks, literal):
        for track, steps in test.tracks.items():
            measure = _Measure(folder.design, folder.schema.tracks[track], track)
            for step in steps:
                plain = measure.plain(step)
                assert plain in (None, measure.step(step, ("tracks", track, 0), 0))
                quick += plain is not None
    assert quick or not folder.design.packet_ports
    assert check_size(folder.design, folder.schema, Test()) == Size(0, 0)
