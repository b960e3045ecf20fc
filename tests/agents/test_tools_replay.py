"""A recorded session with tools is replayed: the same again, or the message at which it diverges."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import Body
from tool_script import LONG, WIDE, Call, follows, says
from tool_session import Benches, Session, open_tool_benches, play, play_again

from dv_agent.agents.budget import Budget
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.schema import ReplyLine
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design
from dv_agent.errors import ModelFailure

TESTS = [test.data() for test in load_witnesses(find_design("mxint_softmax"))]
DECOY = "pressure.packed.eight+queue_full+no_pause+no_gap+eight_beats"
CALLS = 12


@pytest.fixture(scope="module")
def benches() -> Iterator[Benches]:
    with open_tool_benches(find_design("mxint_softmax")) as benches:
        yield benches


def next_calls(body: Body) -> list[Call]:
    """A function of the dialogue alone, as a model at temperature 0 would be."""
    draw = random.Random(hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest())
    some: list[Call] = [
        ("list_holes", {"first": draw.randrange(40)}), ("read_rtl", {"name": "normaliser"}),
        ("show_waveform", {"test": draw.randrange(3), "first_cycle": draw.randrange(20)}),
        ("claim_unreachable", {"bin": DECOY, "argument": LONG}), ("trace_signal", {"signal": "out_valid"}),
    ]  # fmt: skip
    looks = draw.sample(some, 2)
    return [*looks, ("run_tests", {"tests": draw.sample(TESTS, 2)})] if draw.random() < 0.6 else looks


@pytest.fixture(scope="module")
def session(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> Session:
    return play(benches(decoys=1), [follows(next_calls)], tmp_path_factory.mktemp("first"), Budget(calls=CALLS))


def told(run: RecordedRun) -> list[object]:
    asked = [turn for turn in run.turns if turn.usage.calls]
    return [(turn.tests, turn.tool_uses, turn.claims, turn.errors, turn.usage, turn.bins_hit) for turn in asked]


def edited(run: RecordedRun, place: int, line: ReplyLine) -> RecordedRun:
    return replace(run, replies=(*run.replies[:place], line, *run.replies[place + 1 :]))


def test_a_replay_does_the_same_and_asks_nobody(session: Session, benches: Benches, tmp_path: Path) -> None:
    again = play_again(benches(decoys=1), session.run, tmp_path / "again")
    assert len(again.replies) == CALLS
    assert told(again) == told(session.run)
    assert (tmp_path / "again/coverage.json").read_text() == (session.run.folder / "coverage.json").read_text()
    assert [line.messages for line in again.replies] == [line.messages for line in session.run.replies]
    assert again.header.stop_reason == "end_of_record"
    twice = play_again(benches(decoys=1), again, tmp_path / "twice")
    assert told(twice) == told(session.run)


def test_a_result_that_is_another_today_is_named_with_its_message_and_line(
    session: Session, benches: Benches, tmp_path: Path
) -> None:
    place, line = next(
        (place, line)
        for place, line in enumerate(session.run.replies)
        if any("BEGIN normaliser" in one.content or "normaliser" in one.content for one in line.messages[-2:])
    )
    last = line.messages[-1]
    other = last.model_copy(update={"content": "as it was once\n" + last.content})
    changed = edited(session.run, place, line.model_copy(update={"messages": (*line.messages[:-1], other)}))
    with pytest.raises(ModelFailure, match=rf"diverges at message {place}: line 1 of the tool message was 'as it was"):
        play_again(benches(decoys=1), changed, tmp_path / "strict")
    again = play_again(benches(decoys=1), changed, tmp_path / "reparsed", reparse=True)
    assert told(again) == told(session.run)


def test_other_decoys_make_a_replay_diverge(session: Session, benches: Benches, tmp_path: Path) -> None:
    with pytest.raises(ModelFailure, match="diverges at message"):
        play_again(benches(), session.run, tmp_path / "none")


def test_reparsing_goes_on_where_a_call_is_refused_today(session: Session, benches: Benches, tmp_path: Path) -> None:
    place, line = next(
        (place, line)
        for place, line in enumerate(session.run.replies)
        if any(call.name == "run_tests" for call in line.reply.tool_calls) and place < CALLS - 1
    )
    calls = tuple(
        one.model_copy(update={"arguments": '{"tests": [{"tracks": {"nowhere": [{"idle": 1}]}}]}'})
        if one.name == "run_tests"
        else one
        for one in line.reply.tool_calls
    )
    reply = line.reply.model_copy(update={"tool_calls": calls})
    changed = edited(session.run, place, line.model_copy(update={"reply": reply}))
    with pytest.raises(ModelFailure, match=rf"diverges at message {place}"):
        play_again(benches(decoys=1), changed, tmp_path / "strict")
    again = play_again(benches(decoys=1), changed, tmp_path / "reparsed", reparse=True)
    assert len(again.replies) == CALLS
    lost = sum(len(turn.tests) for turn in session.run.turns) - sum(len(turn.tests) for turn in again.turns)
    assert lost == 2
    assert any(use.name == "run_tests" and "nowhere" in use.error for turn in again.turns for use in turn.tool_uses)


def test_a_run_that_was_resumed_after_it_had_finished_is_replayed_to_its_end(benches: Benches, tmp_path: Path) -> None:
    finish = says(("finish", {"reason": "done"}))
    (tmp_path / "run").mkdir()
    play(benches(), [says(("run_tests", {"tests": [WIDE]})), finish], tmp_path / "run", Budget(calls=9))
    more = [says(("list_holes", {})), says(("run_tests", {"tests": [{**WIDE, "seed": 7}]})), finish]
    whole = play(benches(), more, tmp_path / "run", Budget(calls=9)).run
    assert sum(len(turn.tests) for turn in whole.turns) == 2
    again = play_again(benches(), whole, tmp_path / "again")
    assert told(again) == told(whole)
    assert again.header.stop_reason == "agent_done"


def test_a_run_that_was_killed_in_mid_turn_is_replayed_as_far_as_it_went(
    session: Session, benches: Benches, tmp_path: Path
) -> None:
    turns = tuple(turn for turn in session.run.turns if turn.turn < 2)
    killed = replace(session.run, turns=turns, replies=tuple(one for one in session.run.replies if one.turn <= 2))
    again = play_again(benches(decoys=1), killed, tmp_path / "again")
    assert told(again)[:2] == told(session.run)[:2]
    assert len(again.replies) == len(killed.replies)
    assert again.header.stop_reason == "end_of_record"
