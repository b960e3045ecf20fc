"""The agent `tools` on the real RTL: a session with every tool, budgets, floods, silence, a small context."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loopback import status
from tool_script import LONG, WIDE, body_of, says
from tool_session import Benches, Session, open_tool_benches, play, transcript
from turn_lines import turn_lines

from dv_agent.agents.budget import Budget
from dv_agent.agents.records.resimulation import resimulate
from dv_agent.agents.toolbox.arguments import TOOLS
from dv_agent.agents.toolbox.inner_signals import read_waves
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.totals import overall_totals
from dv_agent.designs.loader import find_design
from dv_agent.errors import ModelFailure, SimulationError
from dv_agent.eval.report.data.load_run import load_run

DECOY = "pressure.packed.eight+queue_full+no_pause+no_gap+eight_beats"
LENGTHS = {
    "name": "lengths",
    "tracks": {"in": [{"for": {"i": [0, 7]}, "steps": [{"row": [{"m": 9, "e": 0, "times": "8 - i"}]}]}]},
}
TYPO = {"name": "typo", "tracks": {"in": [{"row": [{"m": 1, "exp": 0}]}]}}


@pytest.fixture(scope="module")
def benches() -> Iterator[Benches]:
    with open_tool_benches(find_design("mxint_softmax")) as benches:
        yield benches


@pytest.fixture
def bench(benches: Benches) -> ToolsTestbench:
    return benches()


@pytest.fixture(scope="module")
def session(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Every tool at least once, and three runs of tests."""
    pins = ["in_valid", "in_ready", "out_mant", "mxint_softmax.beat_fifo.count", "accumulator.acc"]
    script = [
        says(("read_specification", {}), ("read_specification", {"section": "3.2"}), ("read_rtl", {}), text="I begin."),
        says(("list_holes", {"covergroup": "pressure"}), ("run_tests", {"tests": [WIDE]})),
        says(("explain_hole", {"bin": "row.lengths.falling"}), ("read_rtl", {"name": "stream_fifo", "first_line": 40})),
        says(("run_tests", {"tests": [LENGTHS, TYPO]}), ("read_rtl", {"name": "lane_cast"})),
        says(
            ("trace_signal", {"signal": "in_ready", "depth": 3}),
            ("show_waveform", {"test": 1, "first_cycle": 5, "cycles": 6, "signals": pins}),
            ("list_holes", {"tier": "hard"}),
            ("explain_hole", {"bin": DECOY}),
        ),
        says(
            ("claim_unreachable", {"bin": DECOY, "argument": LONG}), ("list_holes", {"covergroup": "pressure.packed"})
        ),
        says(("report_bug", {"test": 0, "title": "an alarm", "explanation": LONG}), ("finish", {"reason": "done"})),
    ]
    return play(benches(decoys=1), script, tmp_path_factory.mktemp("session"))


def lines_of(room: Path, kind: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in turn_lines(room / "turns.jsonl")]
    return [line for line in lines if line["kind"] == kind]


def test_every_tool_is_used_and_every_call_is_logged(session: Session) -> None:
    # Those that look for the cause of a failure have a session of their own, see test_inspection_tools.py.
    assert set(TOOLS) - {"find_cycles", "explain_failure", "search_rtl"} == {name for name, _ in session.uses}
    assert {error for _, error in session.uses} == {""}
    turns = session.run.turns
    assert [[use.name for use in turn.tool_uses][-1] for turn in turns] == ["run_tests", "read_rtl", "finish"]
    assert [len(turn.tests) for turn in turns] == [1, 1, 0]
    assert [turn.usage.calls for turn in turns] == [2, 2, 3]
    for use in (use for turn in turns for use in turn.tool_uses):
        assert (use.size > 0) == (use.name != "run_tests")
        assert use.arguments.startswith("{")
    assert session.run.header.stop_reason == "agent_done"


def test_specification_is_read_by_section(session: Session) -> None:
    contents, section, modules = session.results(1)
    assert "3.2 Sum of a row, beat by beat in order" in contents
    assert "em = max(acc_e, n0, n1)" in section
    assert "Division" not in section
    assert "stream_fifo (stream_fifo.v, lines 12 to 80)" in modules
    assert "instances: exp: exp_stage" in modules


def test_results_say_which_step_hit_what_and_what_was_dropped(session: Session) -> None:
    results = session.results()
    first = next(text for text in results if "test 0 " in text)
    assert 'test 0 "wide": drained after 2362 cycles, 221 new bins, checks ok' in first
    assert 'in[0] {"random":{"count":40}}: 221 new, reduction.power (63 bins)' in first
    assert "221 of 416 bins are covered" in first  # the decoy counts as a bin
    second = next(text for text in results if "test 1 " in text)
    assert "row.lengths (" in second
    assert 'tests[1] "typo": tracks.in[0].row[0].exp: unknown key' in second
    assert session.run.turns[1].dropped == {"invalid": 1}


def test_holes_are_listed_and_explained(session: Session) -> None:
    results = session.results()
    listed = next(text for text in results if "pressure.packed: 2 of 2 bins open" in text)
    assert f"{DECOY} (hard): an eight-beat row streams in" in listed
    falling = next(text for text in results if text.startswith("===== BEGIN hole") and "row.lengths.falling" in text)
    assert "`length` in 8 > 7 > 6 > 5 > 4 > 3 > 2 > 1" in falling
    assert "2 of 8 steps in a row" in falling
    assert 'nearest: test 0 "wide"' in falling
    decoy = next(text for text in results if "previous = eight_beats: `prev_length` in 8" in text)
    assert "of 5 members met on one sample" in decoy
    assert 'nearest: test 0 "wide"' in decoy
    assert f"{DECOY} (hard) [claimed unreachable]" in results[-1]


def test_rtl_is_read_by_lines_and_traced(session: Session) -> None:
    results = session.results()
    fifo = next(text for text in results if "BEGIN stream_fifo.v, lines 40 to 80" in text)
    assert "   43      assign in_ready  = count != FULL;" in fifo
    traced = next(text for text in results if "BEGIN mxint_softmax.in_ready" in text)
    assert "mxint_softmax.v:61 output in_ready of exp (exp_stage)" in traced
    assert "3: mxint_softmax.beat_fifo.count, mxint_softmax.row_queue.count" in traced


def test_a_waveform_is_a_table_of_what_the_monitors_saw(session: Session) -> None:
    table = next(text for text in session.results() if "BEGIN test 1, cycles 5 to 10 of" in text)
    rows = [line.split() for line in table.splitlines()[1:-1]]
    assert rows[0] == ["cycle", "in_valid", "in_ready", "out_mant", "beat_fifo.count", "accumulator.acc"]
    assert [row[0] for row in rows[1:]] == ["5", "6", "7", "8", "9", "10"]
    trace = session.bench.trace(session.run.test(1).test)
    for row in rows[1:]:
        assert int(row[1]) == trace.signals["in_valid"][int(row[0])]
        assert (row[3] == "x") == bool(trace.unknown["out_mant"][int(row[0])])
        assert int(row[4]) == trace.signals["dbg_fifo_level"][int(row[0])]


def test_inner_signals_agree_with_the_pins_in_every_cycle(session: Session) -> None:
    test = session.run.test(0).test
    trace = session.bench.trace(test)
    inner = session.bench.inner(test, [*trace.signals, "no.such.signal"], trace.cycles)
    assert {"beat_fifo.count", "stage_b.divider0.quotient"} <= set(inner.widths)
    assert set(inner.values) == set(trace.signals)
    for name, values in inner.values.items():
        unknown = trace.unknown.get(name)
        expected = [
            "x" if unknown is not None and unknown[n] else str(value) for n, value in enumerate(trace.signals[name])
        ]
        assert [str(int(one, 2)) if not set(one) - {"0", "1"} else "x" for one in values] == expected, name


def test_claims_and_reports_stand_in_the_turn(session: Session) -> None:
    last = session.run.turns[-1]
    assert [(one.bin, one.argument) for one in last.claims] == [(DECOY, LONG)]
    assert [(one.test, one.title) for one in last.bug_reports] == [(0, "an alarm")]
    assert "failed no check when it ran" in session.results()[-1] or "noted: " in session.results()[-2]


def test_the_record_holds_every_message_once_and_is_read_back_whole(session: Session) -> None:
    replies = lines_of(session.run.folder, "reply")
    assert [len(line["messages"]) for line in replies] == [2, 4, 3, 3, 3, 5, 3]
    assert [bool(line["tools"]) for line in replies] == [True] + [False] * 6
    assert replies[0]["reply"]["text"] == "I begin."
    for line, request in zip(session.run.replies, session.server.requests, strict=True):
        assert [one.role for one in line.messages] == [one["role"] for one in request.body["messages"]]
        assert [one.content for one in line.messages] == [one["content"] or "" for one in request.body["messages"]]
    assert load_run(session.run.folder).turns[1].calls


def test_the_transcript_can_be_printed(session: Session) -> None:
    text = transcript(session)
    assert text.count("\n> ") == 17
    assert "> finish" in text


def test_the_plan_and_its_coverage_know_nothing_of_decoys(session: Session) -> None:
    assert session.bench.decoys is not None
    assert [one.id for one in session.bench.decoys.plan.bins] == [DECOY]
    assert overall_totals(session.state.coverage).bins == 415
    assert DECOY not in (session.run.folder / "coverage.json").read_text()


def test_where_the_simulator_shows_no_inner_signals_pins_are_left(benches: Benches, tmp_path: Path) -> None:
    asked = [("show_waveform", {"test": 0, "signals": [one]}) for one in ("beat_fifo.count", "in_valid")]
    script = [says(("run_tests", {"tests": [LENGTHS]})), says(*asked), says(("finish", {"reason": "x"}))]
    session = play(benches(inner=False), script, tmp_path)
    inner, pin = session.results()[-2:]
    assert inner == "ERROR: inner signals can be shown with the simulator icarus only; pins with every one"
    assert "cycle  in_valid" in pin


def test_a_budget_of_calls_ends_a_session_in_its_middle(bench: ToolsTestbench, tmp_path: Path) -> None:
    script = [says(("list_holes", {}))]
    session = play(bench, script, tmp_path, Budget(calls=3))
    assert len(session.server.requests) == 3
    (turn,) = session.run.turns
    assert (turn.stop_reason, turn.usage.calls, len(turn.tool_uses)) == ("budget:calls", 3, 3)
    assert session.run.header.stop_reason == "budget:calls"


def test_a_budget_of_tokens_is_asked_before_each_call(bench: ToolsTestbench, tmp_path: Path) -> None:
    session = play(bench, [says(("list_holes", {}))], tmp_path, Budget(tokens=8_000))
    assert session.run.header.stop_reason == "budget:tokens"
    assert 1 <= len(session.server.requests) < 10
    assert session.run.header.spent.tokens <= 8_000


def test_a_flood_of_calls_is_cut_and_the_model_is_told(bench: ToolsTestbench, tmp_path: Path) -> None:
    flood = [("read_rtl", {"name": "mxint_softmax"})] * 300
    script = [*[says(*flood)] * 5, says(("finish", {"reason": "tired"}))]
    session = play(bench, script, tmp_path)
    (turn,) = session.run.turns
    assert len(turn.tool_uses) == 5 * 16 + 1
    refused = [use for use in turn.tool_uses if "more than 60 calls in this turn" in use.error]
    assert len(refused) == 20
    assert turn.errors == ("300 calls in one reply: only the first 16 were answered",) * 5
    assert "300 calls in one reply: only the first 16 were answered" in session.results(1)[0]
    for request in session.server.requests:
        sent = request.body["messages"]
        assert sum(len(one.get("tool_calls") or ()) for one in sent) == sum(one["role"] == "tool" for one in sent)
    first = session.results(1)
    assert sum(map(len, first)) < 24_000 + 16 * 700
    assert len(json.dumps(session.server.requests[-1].body["messages"])) < 32_000 * 4


def test_a_turn_without_tests_ends_after_so_many_replies(bench: ToolsTestbench, tmp_path: Path) -> None:
    session = play(bench, [says(("list_holes", {"first": 1}))], tmp_path, Budget(calls=20))
    assert [turn.usage.calls for turn in session.run.turns] == [16, 4]


def test_replies_without_calls_are_answered_and_end_the_run_at_last(bench: ToolsTestbench, tmp_path: Path) -> None:
    script = [says(text="Let me think."), says(("list_holes", {})), says(text="Hm."), says(text="I am done, I think.")]
    session = play(bench, script, tmp_path, Budget(calls=20))
    assert session.run.header.stop_reason == "no_tool_calls"
    assert len(session.run.turns) == 4
    assert session.run.turns[0].errors == ("the reply called no tool",)
    assert "called no tool" in session.server.requests[1].body["messages"][-1]["content"]


def test_one_reply_runs_tests_once_and_may_finish_with_them(bench: ToolsTestbench, tmp_path: Path) -> None:
    script = [says(("run_tests", {"tests": [WIDE]}), ("run_tests", {"tests": [LENGTHS]}), ("finish", {"reason": "x"}))]
    session = play(bench, script, tmp_path, Budget(calls=9))
    (turn,) = session.run.turns
    assert [one.test.name for one in turn.tests] == ["wide"]
    assert session.uses[1][1].startswith("only one run_tests in a reply")
    assert session.run.header.stop_reason == "agent_done"


def test_a_small_context_leaves_old_results_out(bench: ToolsTestbench, tmp_path: Path) -> None:
    script = [*[says(("read_rtl", {"name": "mxint_softmax"}))] * 14, says(("finish", {"reason": "x"}))]
    session = play(bench, script, tmp_path, context_tokens=9_000)
    sent = [len(json.dumps(request.body["messages"])) for request in session.server.requests]
    assert max(sent) < 9_000 * 4
    assert any("left out to save room" in text for text in session.results())
    assert "left out to save room" not in session.results()[-1]


def test_a_failing_model_ends_the_run_and_resuming_pays_for_nothing_twice(benches: Benches, tmp_path: Path) -> None:
    script = [says(("list_holes", {})), says(("run_tests", {"tests": [WIDE]})), says(("read_rtl", {})), status(401)]
    with pytest.raises(ModelFailure, match="401"):
        play(benches(), script, tmp_path, Budget(calls=5))
    assert [bool(line["failure"]) for line in lines_of(tmp_path, "reply")] == [False, False, False, True]
    assert json.loads((tmp_path / "run.json").read_text())["stop_reason"] == "error: ModelFailure"
    rest = [says(("run_tests", {"tests": [LENGTHS]})), says(("finish", {"reason": "done"}))]
    session = play(benches(), rest, tmp_path, Budget(calls=5))  # one call of the five failed
    assert len(session.server.requests) == 1
    assert "BEGIN modules" in session.results(0)[-1]
    assert (session.run.header.stop_reason, session.run.header.spent.calls) == ("budget:calls", 5)
    session = play(benches(), rest[1:], tmp_path, Budget(calls=9))
    assert 'test 1 "lengths"' in session.results(0)[-1]
    assert session.run.header.stop_reason == "agent_done"
    session = play(benches(), rest[1:], tmp_path, Budget(calls=9))
    assert session.server.requests[0].body["messages"][-1]["content"].startswith("The run is resumed")
    assert [len(turn.tests) for turn in session.run.turns] == [1, 1, 0, 0]
    assert not resimulate(session.run, benches()).different


def test_asking_to_stop_ends_the_turn_before_the_next_call(bench: ToolsTestbench, tmp_path: Path) -> None:
    asked = [False, True, False, True, False]
    session = play(bench, [says(("list_holes", {}))], tmp_path, Budget(calls=2), should_stop=asked.pop)
    assert [turn.usage.calls for turn in session.run.turns[:2]] == [1, 1]
    assert session.run.turns[0].stop_reason == ""


def test_a_reply_that_nobody_can_read_is_told_so(bench: ToolsTestbench, tmp_path: Path) -> None:
    session = play(bench, [says(("list_holes", "[1]")), says(("finish", {"reason": "x"}))], tmp_path)
    assert session.results() == ["ERROR: the arguments of a call are one JSON object, not text or a list"]


def test_calls_with_the_same_id_or_none_are_all_answered(bench: ToolsTestbench, tmp_path: Path) -> None:
    body = body_of([("list_holes", {"tier": "hard"}), ("read_rtl", {}), ("finish", {"reason": "x"})])
    for call, name in zip(body["choices"][0]["message"]["tool_calls"], ("same", "same", ""), strict=True):
        call["id"] = name
    session = play(bench, [lambda handler, _: handler.send_json(200, body)], tmp_path, Budget(calls=5))
    assert [name for name, _ in session.uses] == ["list_holes", "read_rtl", "finish"]


@pytest.mark.parametrize("form", ["fst", "vcd"])
def test_both_forms_of_a_waveform_are_read_alike(form: str, tmp_path: Path) -> None:
    (tmp_path / "clock.v").write_text(
        "module dv_wrapper; reg clock = 0; reg [3:0] n; always #5 clock = !clock; counter dut(clock);\n"
        f'initial begin $dumpfile("w.{form}"); $dumpvars; #28 $finish; end endmodule\n'
        "module counter(input clk); reg [3:0] n; always @(posedge clk) n <= (n === 4'bx) ? 4'd6 : n + 4'd1;\n"
        "endmodule\n"
    )
    subprocess.run(["iverilog", "-o", "t", "clock.v"], cwd=tmp_path, check=True, timeout=60)
    subprocess.run(["vvp", "-n", "t", f"-{form}"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    inner = read_waves(tmp_path / f"w.{form}", frozenset({"n", "nothing"}), 0, 9)
    assert inner.widths == {"clk": 1, "n": 4}
    # Just before the edges at 5, 15 and 25, then at the end.
    assert inner.values == {"n": ("xxxx", "0110", "0111", "1000")}
    assert read_waves(tmp_path / f"w.{form}", frozenset({"n"}), 1, 2).values == {"n": ("0110", "0111")}


def test_a_file_that_is_no_waveform_is_an_error_of_the_simulation(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("no waveform")
    with pytest.raises(SimulationError, match="cannot be read"):
        read_waves(tmp_path / "w", frozenset(), 0, 1)
