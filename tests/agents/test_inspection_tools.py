"""The tools that look for a cause: cycles by a condition, failed checks back to their inputs, lines of the RTL."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tool_script import WIDE
from tool_session import open_tool_benches

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.runs.assembly import open_design
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
from dv_agent.agents.toolbox.text import result_limits
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.language.stimulus import parse_test

PULSED = {"tracks": {"in": [{"idle": 20}], "reset": [{"idle": 9}, {"pulse": 3}]}}
"""In reset in cycles 9 to 11."""


@pytest.fixture(scope="module")
def dispatcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolDispatcher]:
    """After a turn with two tests on RTL with a seeded bug."""
    broken = open_design("mxint_softmax", "S7", Path(tmp_path_factory.mktemp("broken")) / "room")
    with open_tool_benches(broken) as benches:
        bench = benches()
        found = ToolDispatcher(bench, result_limits(ModelSettings(model="any", context_tokens=64_000)))
        test = parse_test(WIDE, bench.folder.design)
        pulsed = parse_test(PULSED, bench.folder.design)
        state, _ = advance(RunState(empty_coverage(bench.plan)), Proposal(tests=(test, pulsed)), bench, Budget())
        found.begin(make_view(bench, state, Budget()))
        assert state.last[0].failures
        yield found


def ask(dispatcher: ToolDispatcher, name: str, **arguments: Any) -> str:
    dispatcher.new_reply()
    return dispatcher.answer("call", name, json.dumps(arguments)) or ""


def test_cycles_are_found_by_a_condition_over_pins_and_inner_signals(dispatcher: ToolDispatcher) -> None:
    told = ask(dispatcher, "find_cycles", test=0, condition="in_valid == 1 and in_ready == 0")
    first = int(told.splitlines()[1].split()[0])
    wave = ask(dispatcher, "show_waveform", test=0, first_cycle=first - 1, cycles=2, signals=["in_valid", "in_ready"])
    rows = [line.split() for line in wave.splitlines()[2:4]]
    assert rows[1] == [str(first), "1", "0"]
    assert rows[0][1:] != ["1", "0"]
    inner = ask(dispatcher, "find_cycles", test=0, condition="beat_fifo.count == 12 and in_valid")
    assert "it holds in" in inner
    assert "never holds" in ask(dispatcher, "find_cycles", test=0, condition="in_valid > 1")
    assert "unknown signal" in ask(dispatcher, "find_cycles", test=0, condition="in_vald == 1")
    assert "ERROR: condition:" in ask(dispatcher, "find_cycles", test=0, condition="in_valid ==")
    assert "has no test 7" in ask(dispatcher, "find_cycles", test=7, condition="1")


def test_cycles_in_reset_are_found_if_the_condition_names_the_reset(dispatcher: ToolDispatcher) -> None:
    def found(condition: str, **more: int) -> str:
        return ask(dispatcher, "find_cycles", test=1, condition=condition, **more)

    assert found("rst").splitlines()[1] == "9 to 11"
    assert found("rst == 1 and in_ready == 0 or mxint_softmax.rst").splitlines()[1] == "9 to 11"
    stretches = found("1").splitlines()
    assert [stretches[1], stretches[2].split()[0]] == ["0 to 8", "12"]
    assert "lies before cycle 0" in found("rst", first_cycle=12)
    assert "a clock reads 0" in found("clk")
    assert "searched in cycles 0 to" in found("rst", first_cycle=10_000)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("in_valid && in_ready", "write `and`"), ("in_valid || in_ready", "write `or`"), ("!in_valid", "write `not`"),
        ("in_valid = 1", "write `==`"), ("in_valid == 1'b1", "numbers are 31 or 0x1f"),
    ],
)  # fmt: skip
def test_a_condition_as_other_languages_write_it_is_refused_with_how_it_is_written_here(
    dispatcher: ToolDispatcher, condition: str, told: str
) -> None:
    assert told in ask(dispatcher, "find_cycles", test=0, condition=condition)


def test_a_failed_check_is_told_with_what_was_due_and_the_inputs_of_it(dispatcher: ToolDispatcher) -> None:
    told = ask(dispatcher, "explain_failure", test=0)
    listed = [line for line in told.splitlines() if line[:1].isdigit()]
    assert len(listed) > 4
    assert listed[0].startswith("0: value on out, transfer ")
    came, due = (next(line for line in told.splitlines() if f"  {word}:" in line) for word in ("came", "due"))
    assert came.split(":", 1)[1] != due.split(":", 1)[1]
    assert "in, packet" in told
    cause = int(told.split("was accepted in cycle ")[1].split()[0])
    assert f"  cycle {cause}: m " in told
    assert "number: test 0 has failures 0 to" in ask(dispatcher, "explain_failure", test=0, number=99)


def test_a_text_is_searched_in_the_rtl_as_it_stands(dispatcher: ToolDispatcher) -> None:
    told = ask(dispatcher, "search_rtl", text="ALWAYS @(posedge")
    assert "stream_fifo.v:" in told
    assert "no line of the RTL holds" in ask(dispatcher, "search_rtl", text="alw.ys")


def test_a_family_is_explained_as_a_whole(dispatcher: ToolDispatcher) -> None:
    told = ask(dispatcher, "explain_hole", bin="row.lengths")
    assert "`length`" in told
    assert "six_ones = 1 x6" in told
    cross = ask(dispatcher, "explain_hole", bin="pressure.full")
    assert "fifo: `dbg_fifo_level`: fifo_to_10 = 0..10; fifo_11_or_12 = 11..12" in cross


def test_signed_pins_are_shown_with_their_sign(dispatcher: ToolDispatcher) -> None:
    told = ask(dispatcher, "show_waveform", test=0, first_cycle=3, cycles=60, signals=["in_exp"])
    assert "-" in "".join(told.splitlines()[2:-1])
