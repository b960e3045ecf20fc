"""Replies that are plain lists of numbers: what they mean, and what becomes of everything else."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dv_agent.agents.llm.plain_numbers.number_reply import parse_numbers
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.defaults.schema_from_ports import schema_from_ports
from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.files.places import design_names
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import StimulusSchema, load_schema
from dv_agent.designs.loader import find_design, load_design
from dv_agent.designs.plain_numbers.default_form import form_of
from dv_agent.errors import InputFileError, UnknownNameError, UsageError
from dv_agent.prompts.strategy import Strategy, find_recorded_strategy, find_strategy, with_values

STRIDE = find_design("stride_detector")
WORDS = find_design("rv32_decoder")
FORM: dict[str, Any] = {
    "item": "command",
    "fields": {"op": {"low": 0, "high": 7}, "value": [1, 9], "again": [0, 3]},
    "tracks": {"in": [{"address": [{"value": "100 * op + value", "times": 1}]}, {"idle": "again + 1"}]},
}


def addresses(text: str, finish: str = "stop") -> tuple[list[int], dict[str, int], tuple[str, ...]]:
    """The addresses that a reply drives into the stride detector, what was dropped, and what is told of it."""
    parsed = parse_numbers(text, STRIDE.design, STRIDE.schema, finish)
    values = [step["address"][0]["value"] for test in parsed.tests for step in test.tracks["in"] if "address" in step]
    return values, parsed.dropped, parsed.errors


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[1, 2, 3]", [1, 2, 3]),
        ("1, -2\n3", [1, -2, 3]),
        ("Here are 3 numbers: [0x10, -5, 0b11] as you asked.", [16, -5, 3]),
        ("plan of 4 lines\n```\n[7, 8]\n```\nthat was it", [7, 8]),
        ("```python\n[1]\n```\nor rather\n```json\n[2, 3]\n```", [2, 3]),
        ("[[1, 2], [3]]", [1, 2, 3]),
        ("[1, 2] and then [3, 4]", [1, 2, 3, 4]),
        ("<think>[9, 9]</think>[5]", [5]),
        ("[007, 1_000, +4]", [7, 1000, 4]),
        ('["12", `13`, *14*]', [12, 13, 14]),
        ("[1, 2, 3", [1, 2, 3]),
    ],
)
def test_lists_are_read_in_the_forms_that_models_write(text: str, values: list[int]) -> None:
    assert addresses(text) == (values, {}, ())


@pytest.mark.parametrize(
    ("text", "values", "dropped", "told"),
    [
        ("[1, 2147483648, 3]", [1, 3], {"invalid": 1}, "value is 2147483648, and may be -2147483648..2147483647"),
        ("[1, 2.5, 3]", [1, 3], {"syntax": 1}, "'2.5' is no number"),
        ("[1, ..., 9]", [1, 9], {"syntax": 1}, "'...' is no number"),
        ("[1, ten, 9]", [1, 9], {"syntax": 1}, "'ten' is no number"),
        ("[1, 0x, 1__2]", [1], {"syntax": 2}, "'0x' is no number"),
        ("[1, " + "9" * 400 + "]", [1], {"syntax": 1}, "is no number"),
        ("I cannot do that.", [], {"empty": 1}, "no list of numbers in the reply; expected [a, b, c, ...]"),
        ("", [], {"empty": 1}, "no list of numbers"),
        ("[]", [], {"empty": 1}, "no list of numbers"),
        ('{"tests": []}', [], {"empty": 1}, "no list of numbers"),
    ],
)
def test_what_is_no_stimulus_is_dropped_with_a_reason_and_never_changed(
    text: str, values: list[int], dropped: dict[str, int], told: str
) -> None:
    found = addresses(text)
    assert found[:2] == (values, dropped)
    assert told in "\n".join(found[2])


def test_the_last_number_of_a_reply_that_lost_its_end_is_not_read() -> None:
    values, dropped, told = addresses("[1, 2, 34", "length")
    assert (values, dropped) == ([1, 2], {"truncated": 1})
    assert "lost its end" in told[0]
    assert addresses("[1, 2, 34]", "length")[0] == [1, 2, 34]


def test_long_replies_are_bounded_and_long_lists_of_faults_too() -> None:
    values, dropped, _ = addresses(f"[{', '.join(map(str, range(7000)))}]")
    assert values == list(range(5000))
    assert dropped == {"surplus": 1}
    values, dropped, told = addresses(f"[{', '.join(['x1', '5'] * 300)}]")
    assert (len(values), dropped, len(told)) == (300, {"syntax": 300}, 41)
    assert told[-1] == "... and 260 more"
    assert addresses("9" * 500_000)[1]["oversize"] == 100_000


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="[](){},; \n0123456789abcxXfF-+.\"'`*\u00b2\u0663\x1b", max_size=80))
def test_any_text_is_read_without_an_exception_and_told_in_printable_signs(text: str) -> None:
    _, dropped, told = addresses(text)
    assert all(line.isprintable() for line in told)
    assert bool(dropped) == bool(told)


def schema(numbers: Any) -> StimulusSchema:
    """The schema of the stride detector with a form of plain numbers."""
    data = {**STRIDE.schema.model_dump(exclude_none=True), "numbers": numbers}
    return load_schema(Document(Path("stimulus.yaml"), str(data).replace("True", "true")), STRIDE.design)


def test_a_form_names_words_ranges_and_the_steps_of_an_item() -> None:
    parsed = parse_numbers("[[low, 5, 0], [high, 1, 2], [7, 9, 3]]", STRIDE.design, schema(FORM))
    assert parsed.errors == ()
    assert parsed.tests[0].tracks["in"] == (
        {"address": [{"value": 5, "times": 1}]}, {"idle": 1},
        {"address": [{"value": 701, "times": 1}]}, {"idle": 3},
        {"address": [{"value": 709, "times": 1}]}, {"idle": 4},
    )  # fmt: skip
    flat = parse_numbers("[low, 5, 0, high, 1, 2, 7, 9, 3]", STRIDE.design, schema(FORM))
    assert flat.tests[0].tracks == parsed.tests[0].tracks
    assert not flat.errors


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[1, 5, 0], [0, 5, 0]]", "item 1 [1, 5, 0]: op is 1, and may be low, high"),
        ("[[0, 5], [0, 5, 0]]", "item 1 [0, 5]: it has 2 numbers, and 3 make one: op, value, again"),
        ("[[0, 5, 0], [middle, 5, 0]]", "item 2 [middle, 5, 0]: 'middle' is no number"),
        ("[0, 5, 0, 0, 5]", "item 2 [0, 5]: it has 2 numbers, and 3 make one"),
    ],
)
def test_an_item_that_does_not_fit_its_form_is_dropped_whole(text: str, told: str) -> None:
    parsed = parse_numbers(text, STRIDE.design, schema(FORM))
    assert len(parsed.tests[0].tracks["in"]) == 2
    assert told in parsed.errors[0]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({**FORM, "tracks": {"inn": [{"idle": 1}]}}, "'inn'"),
        ({**FORM, "fields": {}}, "at least 1"),
        ({**FORM, "fields": {"a": [3, 1]}}, "low <= high"),
        ({**FORM, "fields": {"a": [0, 1 << 70]}}, "63 bits"),
        ({**FORM, "fields": {"a": 5}}, "fields"),
        ({**FORM, "more": 1}, "more"),
    ],
)
def test_a_broken_form_is_told_with_its_file(numbers: Any, told: str) -> None:
    with pytest.raises(InputFileError, match=r"stimulus\.yaml") as caught:
        schema(numbers)
    assert told in str(caught.value)


def test_steps_that_break_a_rule_drop_the_test_with_the_place() -> None:
    form = {"fields": {"a": [0, 9]}, "tracks": {"in": [{"idle": "a"}]}}
    parsed = parse_numbers("[0, 1]", STRIDE.design, schema(form))
    assert parsed.tests == ()
    assert parsed.errors == ("tracks.in[0].idle: 0 is outside 1..100000",)
    unknown = {"fields": {"a": [0, 9]}, "tracks": {"in": [{"idle": "b"}]}}
    assert "unknown" in parse_numbers("[1]", STRIDE.design, schema(unknown)).errors[0]


def test_slices_of_one_signal_are_one_word() -> None:
    parsed = parse_numbers("[0x40310533, 0xFFFFFFFF, 0x100000000]", WORDS.design, WORDS.schema)
    assert dict(parsed.tests[0].tracks["in"][0]["set"]) == {
        "opcode": 0x33, "rd": 10, "funct3": 0, "rs1": 2, "rs2": 3, "funct7": 0x20,
    }  # fmt: skip
    assert len(parsed.tests[0].tracks["in"]) == 2
    assert "word is 0x100000000, and may be 0..4294967295" in parsed.errors[0]


@pytest.mark.parametrize("name", design_names())
def test_every_design_has_a_form_whose_ends_are_legal(name: str) -> None:
    folder = find_design(name)
    try:
        form = form_of(folder.design, folder.schema)
    except UsageError as error:
        assert "numbers" in str(error)  # an item of more numbers than anybody would list
        return
    ends = [[form.low(one) for one in form.fields], [form.high(one) for one in form.fields]]
    parsed = parse_numbers(str(ends), folder.design, folder.schema)
    assert parsed.errors == ()
    program = expand(folder.design, folder.schema, parsed.tests[0])
    assert any(program.tracks.values())


def test_the_modality_is_an_axis_of_every_strategy() -> None:
    numbers = find_strategy("llm4dv-best.numbers")
    assert (numbers.name, numbers.values) == ("llm4dv-best.numbers", "numbers")
    assert numbers.model_dump(exclude={"name", "values"}) == find_strategy("llm4dv-best").model_dump(
        exclude={"name", "values"}
    )
    assert find_recorded_strategy("llm4dv-base.all").values == "all"
    assert with_values(numbers, "literal").name == "llm4dv-best.literal"
    with pytest.raises(UnknownNameError, match=r"nothing\.numbers"):
        find_strategy("nothing.numbers")
    with pytest.raises(UnknownNameError):
        find_strategy("llm4dv-best.words")
    for name in ("structured.numbers", "harvest.numbers"):
        with pytest.raises(UsageError, match=name):
            find_strategy(name)
    with pytest.raises(ValueError, match="no JSON object"):
        Strategy(name="x", values="numbers", structured=True)


def test_all_pins_of_a_design_without_packets_are_set_together() -> None:
    pins = {
        name: {"kind": "pins", "fields": {"ask": {"signal": f"{name}_ask", "width": 1}, "x": {"signal": f"{name}_x",
                                                                                              "width": 4}}}
        for name in ("left", "right")
    }  # fmt: skip
    data = STRIDE.design.model_dump(exclude_defaults=True) | {
        "folder": STRIDE.design.folder,
        "ports": pins,
        "checks": {},
    }
    design = Design.model_validate(data)
    parsed = parse_numbers("[[1, 15, 0, 3], [0, 16, 0, 0]]", design, schema_from_ports(design))
    assert parsed.tests[0].tracks == {"left": ({"set": {"ask": 1, "x": 15}},), "right": ({"set": {"ask": 0, "x": 3}},)}
    assert "left_x is 16, and may be 0..15" in parsed.errors[0]


def test_a_form_of_numbers_makes_no_proof_stale(tmp_path: Path) -> None:
    copy = tmp_path / "stride_detector"
    shutil.copytree(STRIDE.path, copy)
    before = fingerprint(load_design(copy))
    text = (copy / "stimulus.yaml").read_text()
    (copy / "stimulus.yaml").write_text(f"{text}numbers:\n  fields: {{a: [0, 9]}}\n  tracks:\n    in: [{{idle: a}}]\n")
    after = fingerprint(load_design(copy))
    assert form_of(load_design(copy).design, load_design(copy).schema).fields == {"a": [0, 9]}
    assert {kind for kind in after if after[kind] != before.get(kind)} == {"numbers"}
    (copy / "stimulus.yaml").write_text(text.replace("count: [50, 400]", "count: [50, 401]"))
    assert fingerprint(load_design(copy))["schema"] != before["schema"]
