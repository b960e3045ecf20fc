"""Packed lines: what was written is read again, and what no writer makes is refused before it takes memory."""

from __future__ import annotations

import base64
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dv_agent.agents.records.packing.base85 import decoded, encoded
from dv_agent.agents.records.packing.packed_lines import MIN_LINE, Packer, Unpacker
from dv_agent.agents.records.reader import RecordLines, read_run
from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.request import RunRequest
from dv_agent.cli.running.display import Display
from dv_agent.designs.loader import find_design
from dv_agent.errors import InputFileError
from dv_agent.runners.reference.session import ReferenceSimulator

MOST = 1_000_000
STEPS = st.dictionaries(st.text(max_size=6), st.lists(st.integers(-99, 99), max_size=12), max_size=4)


def packed(text: bytes, fresh: bool = True) -> bytes:
    data = base64.b85encode(zlib.compress(text)).decode()
    return json.dumps({"kind": "packed", "fresh": fresh, "zlib": data}, separators=(",", ":")).encode() + b"\n"


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=6), st.lists(st.lists(st.integers(0, 5), max_size=300), max_size=6))
def test_every_line_is_read_as_it_was_written(steps: list[object], turns: list[list[int]]) -> None:
    lines = [json.dumps({"kind": "turn", "x": [steps[n % len(steps)] for n in turn] * 8}).encode() for turn in turns]
    packer, unpacker = Packer(), Unpacker(MOST * 100)
    for line in (one + b"\n" for one in lines):
        written = packer.pack(line)
        assert written.count(b"\n") == 1
        assert (written == line) == (len(line) < MIN_LINE)
        assert unpacker.unpack(written) == line


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 3))
def test_base_85_is_that_of_the_standard_library(data: bytes, copies: int) -> None:
    data = data + bytes(range(256)) * 300 * copies  # more than one block
    assert encoded(data) == base64.b85encode(data)
    assert decoded(encoded(data)) == data


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=12) | st.text("0~|Zz", max_size=12).map(str.encode))
def test_text_that_is_not_base_85_is_refused_as_by_the_standard_library(text: bytes) -> None:
    try:
        expected = base64.b85decode(text)
    except ValueError:
        with pytest.raises(ValueError, match="not base 85"):
            decoded(text)
    else:
        assert decoded(text) == expected


def test_a_writer_that_goes_on_later_refers_to_nothing_before_it() -> None:
    line = json.dumps([{"step": [n] * 9} for n in range(900)]).encode() + b"\n"
    unpacker = Unpacker(MOST)
    for packer in (Packer(), Packer()):
        assert [unpacker.unpack(packer.pack(line)) for _ in range(3)] == [line] * 3


def test_a_step_of_long_ago_takes_a_few_bytes() -> None:
    rare = {"payload": list(range(2000))}
    packer = Packer()
    packer.pack(json.dumps(rare).encode() + b"\n")
    for turn in range(40):
        packer.pack(json.dumps([{"payload": [turn * 7919 + n * n for n in range(900)]}]).encode() + b"\n")
    assert len(packer.pack(json.dumps([rare] * 9).encode() + b"\n")) < 400


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (packed(b"0" * (MOST + 5) + b"\n"), "more than 1,000,000 bytes"),
        (packed(b'{"a":"' + b"b" * 900 + b'"}' + b"\x010\x02" * 2000 + b"\n"), "more than 1,000,000 bytes"),
        (packed(b"\x010\x02\n"), "not written before"),
        (packed(b"\x01ffffffff\x02\n"), "not written before"),
        (packed(b"no end of line"), "ends too early"),
        (packed(b"x" * 99 + b"\n")[:-20] + b'"}\n', "damaged"),
        (b'{"kind":"packed","fresh":true,"zlib":"%%%%%~~~~~"}\n', "damaged"),
        (b'{"kind":"packed","fresh":true,"zlib":5}\n', "damaged"),
        (b'{"kind":"packed","fresh":true}\n', "damaged"),
        (b'{"kind":"packed",' + b"[" * 99_999 + b"\n", "damaged"),
    ],
)
def test_what_no_writer_makes_is_refused(line: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Unpacker(MOST).unpack(line)


def test_a_bomb_is_refused_with_its_line_before_it_takes_memory(tmp_path: Path) -> None:
    press = zlib.compressobj(9)
    bomb = b"".join([*(press.compress(b"0" * 1_000_000) for _ in range(300)), press.flush()])
    data = base64.b85encode(bomb).decode()
    (tmp_path / "turns.jsonl").write_text(json.dumps({"kind": "reply"}) + "\n" + json.dumps(
        {"kind": "packed", "fresh": True, "zlib": data}, separators=(",", ":")) + "\n")  # fmt: skip
    tracemalloc.start()
    with pytest.raises(InputFileError, match=r"turns.jsonl:2: a packed line of more than 64,000,000 bytes"):
        list(RecordLines(tmp_path / "turns.jsonl"))
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()


def test_all_lines_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dv_agent.agents.records.reader.MAX_UNPACKED", 30_000)
    (tmp_path / "turns.jsonl").write_bytes(packed(b"[" + b"1," * 5_000 + b"1]\n") * 4)
    with pytest.raises(InputFileError, match=r"turns.jsonl:3: more than 30,000 bytes when unpacked"):
        list(RecordLines(tmp_path / "turns.jsonl"))


def record(out: Path, **more: object) -> Path:
    simulator = ReferenceSimulator(find_design("lqer_dot").model)
    request = RunRequest(out=out, **{"design": "lqer_dot", "agent": "search", "max_cycles": 2_500, **more})  # type: ignore[arg-type]
    return launch(request, Display(quiet=True), lambda *_: None, None, lambda _: simulator).folder


def turns_of(folder: Path) -> list[object]:
    """All turns without what depends on the clock."""
    return [one.model_dump(exclude={"spent": {"seconds"}, "budget": True}) for one in read_run(folder).turns]


def test_a_run_is_small_reads_as_one_that_is_not_packed_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = record(tmp_path / "small")
    monkeypatch.setattr("dv_agent.agents.records.packing.packed_lines.MIN_LINE", 1 << 40)
    plain = record(tmp_path / "plain")
    monkeypatch.undo()
    assert b'"packed"' in (small / "turns.jsonl").read_bytes()
    assert (small / "turns.jsonl").stat().st_size * 2 < (plain / "turns.jsonl").stat().st_size
    assert turns_of(small) == turns_of(plain)
    with (small / "turns.jsonl").open("rb+") as file:
        file.truncate(read_run(small).ends[-1] - 9)
    assert turns_of(small) == turns_of(plain)[:-1]
    before = len(turns_of(plain))
    record(tmp_path, resume=small, design=None, max_cycles=3_200)
    record(tmp_path, resume=plain, design=None, max_cycles=3_200)
    assert turns_of(small)[: before - 1] == turns_of(plain)[: before - 1]
    assert len(turns_of(small)) >= before
