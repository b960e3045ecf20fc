"""A harder variant of a design: what it takes from there by reference, and what the ports alone tell."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped_designs import variant_names

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.cli.prompting.preview import prompt_of_design
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.benchmark.seeded_bugs import broken_copy, load_bugs
from dv_agent.designs.composition.port_history import delivered, met, moved_before, streak, window_columns
from dv_agent.designs.loader import find_design, load_design
from dv_agent.designs.trace import End, Trace, Transfers
from dv_agent.errors import InputFileError

NAME, ORIGIN = "mxint_softmax_hard", "mxint_softmax"


@pytest.mark.parametrize("name", variant_names())
def test_a_variant_shows_nothing_of_the_inside_and_holds_no_rtl(name: str) -> None:
    folder = find_design(name)
    assert not [port for port in folder.design.ports.values() if port.observed()]
    assert not list(folder.path.glob("**/*.v"))
    model = ModelSettings(model="any:model", context_tokens=32_000)
    prompt = prompt_of_design(name, "default", model, 0).prompt
    assert prompt.cut == ()
    assert "dbg_" not in f"{prompt.system}\n{prompt.user}\n{folder.specification}"


@pytest.mark.parametrize("name", variant_names())
def test_a_third_of_the_bins_of_a_variant_are_hard_and_each_says_what_it_stands_for(name: str) -> None:
    bins = plan_of(find_design(name)).bins
    assert 150 <= len(bins) <= 300
    assert 3 * sum(one.tier == "hard" for one in bins) >= len(bins)
    assert all(one.description for one in bins)


@pytest.mark.parametrize("name", [*variant_names(), "vit_attention"])
def test_a_hard_bin_says_what_must_happen_and_what_breaks_and_names_no_bin_or_column(name: str) -> None:
    folder = find_design(name)
    hard = {one.id: one.description for one in plan_of(folder).bins if one.tier == "hard"}
    assert [one for one, words in hard.items() if not re.search(r"[:;] ", words)] == []
    names = {word for words in hard.values() for word in re.findall(r"\w*[a-z0-9]_\w+", words)}
    assert {one for one in names if one not in folder.specification} == set()


@pytest.mark.parametrize("name", variant_names())
def test_every_seeded_bug_of_a_variant_changes_the_rtl_that_it_takes(tmp_path: Path, name: str) -> None:
    folder = find_design(name)
    clean = fingerprint(folder)["rtl"]
    for bug in load_bugs(folder):
        assert fingerprint(broken_copy(folder, bug, tmp_path))["rtl"] != clean, bug.id


@pytest.fixture
def room(tmp_path: Path) -> Path:
    for name in (NAME, ORIGIN):
        shutil.copytree(find_design(name).path, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (f"{ORIGIN}/rtl/row_accumulator.v", "rtl"),
        (f"{ORIGIN}/stimulus.yaml", "schema"),
        (f"{ORIGIN}/bugs/S2_stale_exponent.patch", "bugs"),
        (f"{NAME}/bugs/bugs.yaml", "bugs"),
    ],
)
def test_what_a_variant_takes_is_hashed_with_it(room: Path, file: str, kind: str) -> None:
    before = fingerprint(load_design(room / NAME))
    with (room / file).open("a", encoding="utf-8") as text:
        text.write("\n")
    after = fingerprint(load_design(room / NAME))
    assert {key for key in before if before[key] != after[key]} == {kind}


def test_a_file_of_its_own_comes_before_that_of_the_design_it_is_a_variant_of(room: Path) -> None:
    own = room / NAME / "stimulus.yaml"
    text = (room / ORIGIN / "stimulus.yaml").read_text()
    own.write_text(text.replace("description: One packet is one row", "description: A packet is a row"))
    assert "A packet is a row" in load_design(room / NAME).schema.tracks["in"].description


def test_a_variant_of_nothing_is_refused_in_one_line(room: Path) -> None:
    shutil.rmtree(room / ORIGIN)
    with pytest.raises(InputFileError, match="no design 'mxint_softmax' in the folder beside this one"):
        load_design(room / NAME)


def moves(cycles: list[int], epochs: list[int]) -> Transfers:
    column = np.array(epochs, np.int64)
    return Transfers(np.array(cycles, np.int64), column, {}, np.zeros(len(column), np.bool_))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_a_streak_counts_entries_on_end_and_begins_anew_behind_a_reset(rows: list[tuple[bool, bool]]) -> None:
    mask = np.array([one for one, _ in rows], np.bool_)
    epoch = np.cumsum([one for _, one in rows], dtype=np.int64)
    wanted, count = [], 0
    for row, (holds, _) in enumerate(rows):
        count = (count if row and epoch[row] == epoch[row - 1] else 0) + 1 if holds else 0
        wanted.append(count)
    assert streak(mask, epoch).tolist() == wanted


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=30))
def test_what_moved_before_a_cycle_is_counted_from_the_reset(rows: list[tuple[int, bool]]) -> None:
    epoch = np.cumsum([reset for _, reset in rows], dtype=np.int64)
    there = [cycle for cycle, (kind, _) in enumerate(rows) if kind]
    events = moves(there, epoch[there].tolist())
    every = np.arange(len(rows), dtype=np.int64)
    wanted = [sum(one < cycle and epoch[one] == epoch[cycle] for one in there) for cycle in every.tolist()]
    assert moved_before(events, every, epoch).tolist() == wanted
    assert [index >= 0 for index in met(events, every).tolist()] == [bool(kind) for kind, _ in rows]


def test_things_owed_are_delivered_in_order_and_not_across_a_reset() -> None:
    outs = moves([5, 9, 20], [0, 0, 1])
    assert delivered(outs, np.array([0, 0, 0, 1], np.int64)).tolist() == [0, 1, -1, 2]


def test_windows_lie_end_to_end_from_each_reset_and_what_fills_none_is_left_out() -> None:
    in_reset = np.zeros(20, np.bool_)
    in_reset[9:11] = True
    epoch = np.where(np.arange(20) >= 9, 1, 0).astype(np.int64)
    trace = Trace(20, End.DRAINED, {}, {}, in_reset, epoch, {})
    columns = window_columns(trace, 4, {"even": np.arange(20) % 2 == 0})
    assert columns["cycle"].tolist() == [3, 7, 14, 18]
    assert columns["number"].tolist() == [0, 1, 0, 1]
    assert columns["even"].tolist() == [2, 2, 2, 2]
