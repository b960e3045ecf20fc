"""The test language: what a step becomes, and what is refused with the place of the fault."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_design import DESIGN as SMALL
from small_design import SCHEMA as TEXT
from small_design import small_design, small_schema

from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.schema import load_schema
from dv_agent.designs.language.stimulus import StimulusError, Test, parse_test
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.program import Op, Program, pack

DESIGN, SCHEMA = small_design(), small_schema()


def program(data: Any) -> Program:
    return expand(DESIGN, SCHEMA, parse_test(data, DESIGN))


def ops(track: str, *steps: dict[str, Any], seed: int = 0) -> tuple[Op, ...]:
    return program({"tracks": {track: list(steps)}, "seed": seed}).tracks[track]


def test_a_packet_becomes_its_beats() -> None:
    row = {"row": [{"m": [1, -1], "e": -8}, {"m": 2, "e": 1, "gap": 4, "times": 2}], "gap": 3}
    assert ops("in", {"idle": 2}, row) == (
        Op("idle", 2, step=0),
        Op("send", 0x8FF01, gap=3, last=0, step=1),
        Op("send", 0x10202, gap=4, last=0, step=1),
        Op("send", 0x10202, gap=4, last=1, step=1),
    )


def test_a_field_that_is_called_like_a_timing_of_other_tracks_is_drawn_from_its_whole_range() -> None:
    field = {"signal": "in_ready_word", "width": 8}
    port = {"kind": "strobe", "enable": "we", "fields": {"ready": field, "stall": {**field, "signal": "in_stall_word"}}}
    design = Design.model_validate({**SMALL, "ports": {"cfg": port}, "folder": Path("small")})
    schema = load_schema(Document(Path("stimulus.yaml"), "schema_version: 1\ntracks: {cfg: {}, reset: {}}"), design)
    test = parse_test({"tracks": {"cfg": [{"random": {"count": 200}}]}}, design)
    values = [op.value for op in expand(design, schema, test).tracks["cfg"]]
    assert len({value & 255 for value in values}) > 80
    assert len({value >> 8 for value in values}) > 80


def test_a_sweep_computes_values_from_its_variables() -> None:
    sweep = {"for": {"i": [0, 2], "j": {"values": [5]}}, "steps": [{"row": [{"m": ["i*2", "j-i"], "e": "0-i"}]}]}
    fields = DESIGN.ports["in"].fields  # type: ignore[union-attr]
    expected = [pack(fields, {"m": (i * 2, 5 - i), "e": (-i,)}) for i in range(3)]
    assert [op.value for op in ops("in", sweep)] == expected


def test_a_strobe_rides_on_a_beat() -> None:
    (op,) = ops("in", {"row": [{"m": 0, "e": 0, "with": {"cfg": {"a": 5}}}]})
    assert op.strobes == (("cfg", 5),)


def test_other_tracks() -> None:
    assert ops("out", {"stall": 2}, {"accept": 3}) == (Op("stall", 2), Op("accept", 3, step=1))
    assert ops("cfg", {"write": {"a": 7}, "gap": 1}) == (Op("write", 7, gap=1),)
    assert ops("ld", {"serve": 2, "latency": 9, "stall": 1}) == (Op("serve", 2, gap=9, stall=1),)
    assert ops("reset", {"after": {"port": "out", "accepted": 2}}, {"pulse": 3}) == (
        Op("after", 2, port="out"),
        Op("pulse", 3, step=1),
    )


def test_a_sink_or_responder_stalls_until_a_cycle_or_a_transfer_and_can_be_written_back() -> None:
    until = ({"stall": {"at": 120}}, {"stall": {"after": {"port": "in", "accepted": 3}}})
    for track in ("out", "ld"):
        assert ops(track, *until) == (Op("at", 120, stall=1), Op("after", 3, port="in", stall=1, step=1))
        back = literal_test(DESIGN, SCHEMA, program({"tracks": {track: [*until, {"at": 130}]}}))
        assert back.tracks == {track: (*until, {"at": 130})}
    sweep = {"for": {"k": [1, 2]}, "steps": [{"stall": {"at": "70*k"}}, {"accept": 1}]}
    assert [op.value for op in ops("out", sweep)] == [70, 1, 140, 1]


def test_memory_is_given_or_drawn() -> None:
    assert program({"tracks": {}, "memory": {"ld": [-1, 2]}}).memories == {"ld": (255, 2)}
    drawn = program({"tracks": {}, "seed": 3}).memories["ld"]
    assert len(drawn) == 16
    assert len(set(drawn)) > 1


def test_a_bare_list_is_the_only_sources_track() -> None:
    assert program([{"idle": 1}]).tracks == {"in": (Op("idle", 1),)}


@given(st.integers(0, 1 << 40))
def test_random_blocks_stay_in_their_ranges_and_repeat_with_their_seed(seed: int) -> None:
    block = {"random": {"count": 5, "m": {"weights": [[-128, 1], [[3, 9], 2]]}, "e": {"set": [1, 4]}, "beats": [2, 3]}}
    first = ops("in", block, seed=seed)
    assert first == ops("in", block, seed=seed)
    assert sum(op.last for op in first) == 5
    for op in first:
        lanes = {op.value & 255, op.value >> 8 & 255}
        assert lanes <= {128, *range(3, 10)}
        assert op.value >> 16 in (1, 4)


def test_each_random_block_draws_its_own_values() -> None:
    block = {"random": {"count": 20}}
    one = ops("in", block)
    assert ops("in", block, block)[: len(one)] == one
    assert ops("in", {"repeat": 2, "steps": [block]})[len(one) :] != one
    assert ops("in", block, seed=1) != one


def test_profiles_and_loop_variables_reach_random_blocks() -> None:
    sweep = {
        "for": {"k": [1, 2]},
        "steps": [{"random": {"count": 1, "profile": "dense", "beats": "k", "m": ["0-k", "k"]}}],
    }
    made = ops("in", sweep)
    assert [op.last for op in made] == [1, 0, 1]
    assert {op.value >> 16 for op in made} <= {8, 7}
    assert {op.gap for op in made} == {0}


HUGE = [
    {"repeat": 10**9, "steps": [{"idle": 1}]},
    {"for": {"i": [0, 60000], "j": [0, 60000]}, "steps": [{"idle": 1}]},
    {"random": {"count": 10**9}},
    {"repeat": 999, "steps": [{"repeat": 999, "steps": [{"idle": 1}]}]},
    {"repeat": 10**30, "steps": [{"idle": 1}]},
    {"repeat": 900, "steps": [{"repeat": 900, "steps": [{"random": {"count": 0}}]}]},
    {"repeat": 900, "steps": [{"repeat": 900, "steps": [{"repeat": 0, "steps": [{"idle": 1}]}]}]},
]


@pytest.mark.parametrize("step", HUGE)
def test_a_huge_test_is_refused_before_it_is_expanded(step: dict[str, Any]) -> None:
    with pytest.raises(StimulusError, match=r"more than 1000 items|is outside"):
        ops("in", step)


WRONG: list[tuple[str, Any, str]] = [
    ("in", {"rows": []}, r"tracks\.in\[0\]: unknown step 'rows'; did you mean row"),
    ("in", {"row": [{"m": [1, 200], "e": 0}]}, r"tracks\.in\[0\]\.row\[0\]\.m\[1\]: 200 is outside -128\.\.127"),
    ("in", {"row": [{"m": [1], "e": 0}]}, r"expected 2 lanes, found 1"),
    ("in", {"row": [{"m": 1}]}, r"field 'e' is missing"),
    ("in", {"row": [{"m": 1, "e": 0, "f": 1}]}, r"unknown key 'f'"),
    ("in", {"row": []}, r"a row has 1 to 4 beats, found 0"),
    (
        "in",
        {"row": [{"m": 1, "e": 0, "times": 5}]},
        r"found 5; `times` counts beats of this row, over all of them at most 4; a step",
    ),
    ("in", {"row": [{"m": 1, "e": 0, "times": 9}]}, r'found 9; .* is \{"repeat": 3, "steps": \[STEP\]\}'),
    (
        "in",
        {"row": [{"m": 1, "e": 0, "times": n} for n in (3, 0, 2)]},
        r"1 to 4 beats, found 3 \+ 0 \+ 2 = 5; `times` counts",
    ),
    ("in", {"row": [{"m": 1, "e": 0}] * 5}, r"1 to 4 beats, found more than 4$"),
    ("in", {"row": [{"m": 1, "e": 0, "times": 10**9}]}, r"times: 1000000000 is outside"),
    (
        "in",
        {"row": [{"m": 1, "e": 0}], "times": 2},
        r'unknown key \'times\'; .*; a step several times is \{"repeat": 3',
    ),
    ("in", {"idle": 2, "times": 2}, r'unknown key \'times\'; .*; a step several times is \{"repeat": 3'),
    ("in", {"beat": {"m": 1, "e": 0}}, r"unknown step 'beat'; .*known: after, at, for, idle, random, repeat, row"),
    ("in", {}, r"a step without a word; known: after, at, for, idle, random, repeat, row"),
    ("in", {"row": [{"m": 1.5, "e": 0}]}, r"expected an integer"),
    ("in", {"row": [{"m": True, "e": 0}]}, r"expected an integer"),
    ("in", {"row": [{"m": "i", "e": 0}]}, r"unknown name 'i'"),
    ("in", {"row": [{"m": 0, "e": 0, "with": {"cgf": {}}}]}, r"unknown strobe port 'cgf'; did you mean cfg"),
    ("in", {"idle": 1, "at": 3}, r"a step is one thing"),
    ("in", {"idle": 0}, r"0 is outside"),
    ("in", "idle", r"expected a step, an object"),
    ("in", {"random": {"count": 3, "q": 1}}, r"unknown key 'q'"),
    ("in", {"random": {"count": 3, "m": [5, 1]}}, r"range \[5, 1\] is empty"),
    ("in", {"random": {"count": 3, "m": {"set": []}}}, r"is not a distribution"),
    ("in", {"random": {"count": 3, "profile": "sparse"}}, r"unknown profile 'sparse'"),
    ("in", {"random": {"count": 3, "profile": ["dense"]}}, r"expected the name of a profile"),
    ("in", {"repeat": 2}, r"expected a list of steps"),
    ("in", {"for": {}, "steps": [{"idle": 1}]}, r"expected 1 to 4 variables"),
    ("in", {"after": {"port": "debug", "accepted": 1}}, r"unknown port 'debug'"),
    ("out", {"row": []}, r"unknown step 'row'"),
    ("reset", {"stall": 1}, r"unknown step 'stall'"),
    ("bus", {"idle": 1}, r"unknown track 'bus'"),
    ("in", {"stall": {"at": 3}}, r"unknown step 'stall'"),
    ("out", {"stall": {"at": -3}}, r"stall.at: -3 is outside 0"),
    ("out", {"stall": {"until": 3}}, r"unknown step 'until'"),
    ("out", {"stall": {"at": 3, "after": {}}}, r"a step is one thing"),
    ("out", {"stall": {"at": 3}, "ready": 2}, r"a step is one thing"),
    ("out", {"stall": {"after": 5}}, r"stall.after: expected"),
    ("ld", {"stall": 5}, r'expected {"at": CYCLE}'),
    ("ld", {"serve": 2, "stall": {"at": 5}}, r"stall: expected an integer"),
    ("ld", {"serve": 2, "stall": 1, "gap": 5}, r"unknown key 'gap'"),
]


@pytest.mark.parametrize(("track", "step", "message"), WRONG)
def test_a_faulty_step_is_refused_with_its_place(track: str, step: Any, message: str) -> None:
    with pytest.raises(StimulusError, match=message):
        ops(track, step)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "expected an object"),
        ({"track": {}}, "unknown key"),
        ({"tracks": []}, "expected an object"),
        ({"tracks": {"in": {}}}, "expected a list of steps"),
        ({"seed": -1}, "expected an integer from 0"),
        ({"seed": True}, "expected an integer from 0"),
        ({"name": 4}, "expected text"),
        ({"memory": []}, "expected an object"),
    ],
)
def test_a_faulty_frame_is_refused(data: Any, message: str) -> None:
    with pytest.raises(StimulusError, match=message):
        parse_test(data, DESIGN)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-300, 300), st.floats(allow_nan=True), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["row", "m", "e", "random", "count", "repeat", "steps", "for", "i", "at", "after", "gap", "stall"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(st.sampled_from(["in", "out", "cfg", "ld", "reset"]), st.lists(JSON, max_size=4))
def test_any_json_expands_or_is_refused(track: str, steps: list[Any]) -> None:
    try:
        result = program({"tracks": {track: steps}})
    except StimulusError as error:
        assert str(error)
        return
    assert sum(map(len, result.tracks.values())) <= 1000


def test_the_digest_names_the_stimulus_only() -> None:
    one = parse_test({"tracks": {"in": [{"idle": 1}]}, "name": "a"}, DESIGN)
    two = parse_test({"name": "b", "tracks": {"in": [{"idle": 1}], "out": []}}, DESIGN)
    assert one.digest == two.digest
    assert one.digest != parse_test({"tracks": {"in": [{"idle": 2}]}}, DESIGN).digest


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3), st.booleans()), min_size=1, max_size=4), st.data())
def test_packing_keeps_every_field(shapes: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    fields = {f"f{i}": FieldSpec(signal=f"s{i}", width=w, lanes=n, signed=s) for i, (w, n, s) in enumerate(shapes)}
    values = {
        name: tuple(data.draw(st.integers(spec.low, spec.high)) for _ in range(spec.lanes))
        for name, spec in fields.items()
    }
    packed, seen = pack(fields, values), {}
    for name, spec in fields.items():
        lanes = []
        for _ in range(spec.lanes):
            raw = packed & ((1 << spec.width) - 1)
            lanes.append(raw - (1 << spec.width) if raw > spec.high else raw)
            packed >>= spec.width
        seen[name] = tuple(lanes)
    assert seen == values
    assert packed == 0


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "m": st.lists(st.integers(-128, 127), min_size=2, max_size=2) | st.integers(-128, 127),
                "e": st.integers(-8, 7),
            },
            optional={"gap": st.integers(0, 9), "times": st.integers(0, 3)},
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 5),
)
def test_plain_numbers_and_expressions_of_the_same_value_are_the_same_packet(beats: list[Any], gap: int) -> None:
    """Plain numbers are read in one go, expressions one by one."""

    def outcome(row: list[Any]) -> Any:
        try:
            return ops("in", {"idle": 1}, {"row": row, "gap": gap})
        except StimulusError as error:
            return str(error)

    assert outcome(beats) == outcome([{**beat, "e": f"{beat['e']} + 0"} for beat in beats])


def test_a_packet_far_too_long_is_refused_before_all_its_beats_are_made() -> None:
    """However many beats are repeated however often, no more are held than two packets have."""
    design = Design.model_validate({**SMALL, "limits": {"max_items": 100_000}, "folder": Path("small")})
    schema = load_schema(Document(Path("stimulus.yaml"), TEXT.replace("max: 4", "max: 65536")), design)
    test = Test(tracks={"in": ({"row": [{"m": 0, "e": 0, "times": 65_536}] * 100},)})
    tracemalloc.start()
    try:
        with pytest.raises(StimulusError, match=r"found 65536 \+ 65536 = 131072; `times` counts"):
            expand(design, schema, test)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


SWEEP = {"for": {"i": [0, 3], "j": {"values": [7, 200]}}}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (
            {"row": [{"m": ["j", "i"], "e": 0}]},
            r"m\[0\]: 200 is outside -128\.\.127 at j = 200; 1 of .* is at fault, so the whole test is refused$",
        ),
        (
            {"row": [{"m": "j - i", "e": 0}]},
            r"200 is outside .* at i = 0, j = 200; 4 of the 8 combinations of i, j are at fault, so",
        ),
        (
            {"for": {"i": [60, 63]}, "steps": [{"row": [{"m": "2*i + 2", "e": 0}]}]},
            r"128 is .* at i = 63; 1 of the 4 values of i is",
        ),
        (
            {"for": {"k": [0, 1]}, "steps": [{"row": [{"m": "j + k + 300", "e": 0}]}]},
            r"k = 0; all 4 combinations of j, k are at fault",
        ),
        ({"row": [{"m": 200, "e": 0}]}, r"200 is outside -128\.\.127$"),
        ({"row": [{"m": "1 // i", "e": 0}]}, r" at i = 0; 1 of the 4 values of i is"),
        ({"row": [{"m": 0, "e": 0, "times": "i"}]}, r"found 0 at i = 0; 1 of the 4 values of i is"),
        ({"random": {"count": 2, "e": [0, "j"]}}, r"200 is outside -8\.\.7 at j = 200; 1 of the 2 values"),
        (
            {"random": {"count": 2, "e": {"set": [0, "i + j"]}, "m": [0, "i"]}},
            r"200 is outside .* at i = 0, j = 200; 7 of the 8 combinations of i, j are",
        ),
    ],
)
def test_a_fault_in_a_sweep_is_told_with_the_values_of_the_variables(step: dict[str, Any], reason: str) -> None:
    with pytest.raises(StimulusError, match=reason):
        program({"tracks": {"in": [{**SWEEP, "steps": [step]}]}})


def test_what_takes_long_to_count_is_refused_without_the_number_of_faults() -> None:
    sweep = {"for": {"i": [0, 60_000]}, "steps": [{"stall": "1 - i"}]}
    with pytest.raises(StimulusError, match=r"0 is outside 1\.\.\d+ at i = 1; the whole test is refused$"):
        program({"tracks": {"out": [sweep]}})
    block = {"random": {"count": [0, 900], "ready": "i - 4"}}
    with pytest.raises(StimulusError, match=r"at i = 0; the whole test is refused$"):
        program({"tracks": {"out": [{"for": {"i": [0, 60]}, "steps": [block]}]}})
