"""Transactions: steps that a schema names, which stand for several steps of a track."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shipped_designs import own_names
from small_design import SCHEMA, small_design

from dv_agent.designs.files.documents import Document
from dv_agent.designs.language.expansion import expand, expand_counted
from dv_agent.designs.language.json_schema import language_definitions
from dv_agent.designs.language.schema import StimulusSchema, load_schema
from dv_agent.designs.language.size import check_size
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import find_design
from dv_agent.errors import DvAgentError
from dv_agent.prompts.dut.tracks import track_texts

PAIR = """\
  cfg:
    transactions:
      pair:
        description: Two writes.
        fields: {a: [0, 6], wait: {set: [1, 2, 9]}}
        steps: [{write: {a: a}}, {idle: wait}, {write: {a: a + 1}}]
"""


def schema(text: str = PAIR) -> StimulusSchema:
    return load_schema(Document(Path("stimulus.yaml"), SCHEMA.replace("  cfg: {}\n", text)), small_design())


def played(*steps: dict[str, Any], seed: int = 0) -> list[tuple[str, int]]:
    program = expand(small_design(), schema(), Test(tracks={"cfg": steps}, seed=seed))
    return [(op.kind, op.value) for op in program.tracks["cfg"]]


def test_a_transaction_is_its_steps_with_the_values_of_its_fields() -> None:
    assert played({"pair": {"a": 3, "wait": 2}}) == [("write", 3), ("idle", 2), ("write", 4)]
    loop = {"for": {"i": [1, 2]}, "steps": [{"pair": {"a": "2*i", "wait": 1}}]}
    assert played(loop) == [("write", 2), ("idle", 1), ("write", 3), ("write", 4), ("idle", 1), ("write", 5)]


def test_what_is_left_out_or_a_distribution_is_drawn_within_the_range_and_by_the_seed() -> None:
    drawn = played({"pair": {"a": [4, 6]}, "times": 60})
    assert {value for kind, value in drawn[::3]} == {4, 5, 6}
    assert {value for kind, value in drawn[1::3]} == {1, 2, 9}
    assert all(later == first + 1 for (_, first), (_, later) in zip(drawn[::3], drawn[2::3], strict=True))
    assert played({"pair": {}, "times": 60}) == played({"pair": {}, "times": 60})
    assert played({"pair": {}, "times": 60}) != played({"pair": {}, "times": 60}, seed=1)


def test_its_size_is_that_of_its_steps() -> None:
    for times in (0, 1, 7):
        test = Test(tracks={"cfg": ({"pair": {}, "times": times},)})
        bounds, (_, count) = check_size(small_design(), schema(), test), expand_counted(small_design(), schema(), test)
        assert bounds.least == count == bounds.most == max(1, 3 * times)
    with pytest.raises(StimulusError, match="more than 1000 items"):
        played({"pair": {}, "times": 10**9})


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"pair": {"a": 7}}, "cfg[0].pair.a: 7 is outside 0..6"),
        ({"pair": {"a": [0, 9]}}, "cfg[0].pair.a"),
        ({"for": {"i": [0, 3]}, "steps": [{"pair": {"a": "9*i"}}]}, "pair.a: 9 is outside 0..6 at i = 1"),
        ({"pair": {"b": 1}}, "unknown key 'b'"),
        ({"pair": 3}, "expected an object with any of: a, wait"),
        ({"pair": {}, "gap": 1}, "unknown key 'gap'"),
        ({"pair": {}, "times": -1}, "cfg[0].times"),
        ({"pair": {"a": "i"}}, "unknown name 'i'"),
        ({"pair": {}, "write": {"a": 1}}, "cfg[0]"),
    ],
)
def test_a_wrong_step_is_told_with_its_place(step: dict[str, Any], words: str) -> None:
    with pytest.raises(StimulusError) as told:
        played(step)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("pair:", "write:", "'write' is a word of this track already"),
        ("pair:", "idle:", "'idle' is a word of this track already"),
        ("pair:", "random:", "'random' is a word of this track already"),
        ("[0, 6]", "{many: 3}", "is not a distribution"),
        ("[{write: {a: a}}, ", "[{pair: {a: a}}, ", "a transaction holds no other one"),
        ("[{write: {a: a}}, ", "[{repeat: 2, steps: [{pair: {}}]}, ", "a transaction holds no other one"),
        ("[{write: {a: a}}, ", "[{writ: {a: a}}, ", "unknown step 'writ'; did you mean write"),
        (
            "[{write: {a: a}}, ",
            "[{for: {i: [0, 1]}, steps: [{write: {a: i}}, 3]}, ",
            "expected an object with one of after",
        ),
        ("[{write: {a: a}}, ", "[{write: {a: a}}, {idle: 1, at: 9}, ", "a step is one thing; found idle and at"),
        ("[{write: {a: a}}, ", "[{repeat: wait, steps: [{write: {a: a}}]}, ", "expected a number, found 'wait'"),
        ("[{write: {a: a}}, {idle: wait}, {write: {a: a + 1}}]", "[]", "steps"),
    ],
)
def test_a_wrong_schema_is_told_with_its_line(old: str, new: str, words: str) -> None:
    with pytest.raises(DvAgentError) as told:
        schema(PAIR.replace(old, new))
    assert words in str(told.value)
    assert "stimulus.yaml:" in str(told.value)


def test_prompts_and_the_json_schema_name_it() -> None:
    (text,) = (one for one in track_texts(small_design(), schema()) if one.name == "cfg")
    assert [one.name for one in text.transactions] == ["pair"]
    assert "[0,6]" in text.transactions[0].fields
    assert '{"idle":"wait"}' in text.transactions[0].steps
    steps = language_definitions(small_design(), schema())["step_cfg"]["anyOf"]
    assert any("pair" in one.get("properties", {}) for one in steps)
    literal = language_definitions(small_design(), schema(), literal=True)["step_cfg"]["anyOf"]
    assert not any("pair" in one.get("properties", {}) for one in literal)


@pytest.mark.parametrize("name", own_names())
def test_every_transaction_of_a_shipped_design_is_made_at_both_ends_of_its_fields(name: str) -> None:
    folder = find_design(name)
    for track, one in folder.schema.tracks.items():
        for word, transaction in one.transactions.items():
            draws = transaction.draws()
            for given in (
                {field: draw.low for field, draw in draws.items()},
                {field: draw.high for field, draw in draws.items()},
            ):
                test = Test(tracks={track: ({word: given, "times": 2}, {word: {}})})
                assert expand(folder.design, folder.schema, test).tracks[track], word
