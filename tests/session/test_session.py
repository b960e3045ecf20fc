"""A prompt session on the real simulator: what is changed is what is sent, and every step back is exact."""

from pathlib import Path

import pytest
from session_help import FAULTY, LENGTHS, NOTHING, WIDE, Opened

from dv_agent.agents.budget import Budget
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.agents.session.tree import Which
from dv_agent.coverage.storage import to_file
from dv_agent.errors import InputFileError, UsageError


def bins(session: PromptSession, which: Which = None) -> int:
    return int(session.state(which).coverage.covered.sum())


def test_what_is_rendered_is_what_is_sent_and_the_reply_wins_bins(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS])
    first = session.render()
    assert first.diff == ()
    assert sum(part.tokens for part in first.parts) + 16 == first.tokens
    node = session.send()
    assert opened.caller.asked[0] == first.messages == node.messages
    assert (node.id, node.parent, node.kind) == (1, 0, "sent")
    assert len(node.new_bins) > 150
    assert session.current == node
    second = session.render()
    assert any(line.startswith("+") for line in second.sent_diff)
    assert second.diff == ()
    assert session.send().messages == second.messages
    assert bins(session) == bins(session, 1) + len(session.current.new_bins) > bins(session, 1)
    assert session.spent.calls == 2


def test_a_reopened_session_is_where_it_was_and_asks_nothing(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS, NOTHING])
    session.send()
    session.branch("other")
    session.set_option("tests", "3")
    session.send()
    session.undo()
    nodes, current, draft, prompt = session.nodes, session.current, session.draft(), session.render()
    coverage = {which: to_file(session.state(which).coverage) for which in nodes}
    session.close()
    again = opened(["nobody asks me"])
    assert (again.nodes, again.current, again.draft()) == (nodes, current, draft)
    assert {which: to_file(again.state(which).coverage) for which in nodes} == coverage
    assert again.render() == prompt
    assert opened.caller.asked == []
    assert again.spent == session.spent


def test_a_person_can_be_the_model(opened: Opened) -> None:
    session = opened([NOTHING])
    node = session.paste(WIDE)
    assert (node.kind, session.spent.calls, session.spent.tokens) == ("pasted", 0, 0)
    assert len(node.new_bins) > 150
    assert opened.caller.asked == []
    with pytest.raises(UsageError, match="the reply is empty"):
        session.paste("  \n")


def test_options_templates_and_sampling_change_the_prompt_and_hold_for_what_follows(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS])
    session.set_option("tests", "3")
    session.set_option("holes.show", "[grouped]")
    session.edit_template("parts/ask", "ASK FOR {{ tests }} TESTS\n")
    session.set_sampling({"temperature": "0.25", "llm_seed": "7"})
    assert session.render().messages[-1].content.endswith("ASK FOR 3 TESTS\n")
    session.send()
    assert opened.caller.asked[0][-1].content.endswith("ASK FOR 3 TESTS\n")
    assert (opened.caller.settings[0].temperature, opened.caller.settings[0].llm_seed) == (0.25, 7)
    assert session.options()["tests"] == 3
    assert session.template("parts/ask") == "ASK FOR {{ tests }} TESTS\n"
    assert session.draft().strategy.name == "default-edited"
    session.send()
    assert opened.caller.asked[1][-1].content.endswith("ASK FOR 3 TESTS\n")


def test_taking_every_change_back_gives_the_shipped_strategy_its_name_again(opened: Opened) -> None:
    session = opened()
    shipped, before = session.template("parts/ask"), session.draft()
    session.edit_template("parts/ask", "ASK\n")
    assert session.draft().strategy.name == "default-edited"
    session.edit_template("parts/ask", shipped)
    assert session.draft() == before
    session.set_option("tests", "2")
    assert session.undo() == "took back the last change of the prompt"
    assert session.draft() == before


def test_an_edit_by_hand_is_sent_once_and_falls_when_its_text_changes(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS])
    rendered = session.edit_message(-1, session.render().messages[-1].content + "\nPLEASE.\n")
    assert rendered.edited == (1,)
    session.edit_message(0, "You verify hardware.")
    session.edit_part("ask", "Two tests, please.\n")
    assert session.render().messages[-1].content.endswith("PLEASE.\n")
    with pytest.raises(UsageError, match="edit the message"):
        session.edit_part("ask", "One test.\n")
    session.edit_message(-1, session.render().messages[-1].content.replace("Two tests", "One test"))
    stale = session.set_option("reasoning", "false")
    assert [one.index for one in stale.stale] == [0, 1]
    assert session.render().edited == ()
    session.undo()
    assert session.render().edited == (0, 1)
    node = session.send()
    assert opened.caller.asked[0][0].content == "You verify hardware."
    assert "One test, please." in opened.caller.asked[0][1].content
    assert node.rendered != node.messages
    assert session.render().edited == ()
    session.send()
    assert opened.caller.asked[1][0].content != "You verify hardware."
    assert "One test, please." not in opened.caller.asked[1][1].content


def test_a_part_can_be_edited_again_and_put_back(opened: Opened) -> None:
    session = opened()
    before = session.render()
    session.edit_part("ask", "One test.\n")
    session.edit_part("ask", "Two tests.\n")
    session.edit_part("role", "You are a tester.\n")
    now = session.render()
    assert now.messages[1].content == before.messages[1].content.replace(before.part_text("ask"), "Two tests.\n")
    assert (now.edited, now.part_text("ask"), now.rendered) == ((0, 1), "Two tests.\n", before.messages)
    session.edit_message(0, "All new.")
    assert session.render().messages[0].content == "All new."
    session.edit_message(0, before.messages[0].content)
    session.edit_part("ask", before.part_text("ask"))
    assert session.render().messages == before.messages
    assert session.draft().edits == ()


def test_undo_goes_back_turn_by_turn_and_says_when_there_is_nothing_left(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS])
    session.send()
    session.send()
    assert "went back from node 2 to node 1" in session.undo()
    session.undo()
    assert session.current.id == 0
    with pytest.raises(UsageError, match="nothing to undo"):
        session.undo()
    assert session.goto(2).id == 2


def test_branches_have_drafts_of_their_own(opened: Opened) -> None:
    session = opened([WIDE])
    session.send()
    session.branch("left")
    session.set_option("tests", "2")
    session.goto(1)
    session.branch("right")
    assert session.options("left")["tests"] == 2
    assert session.options("right")["tests"] == 8
    assert [one.label for one in session.children(1)] == ["left", "right"]
    assert session.state("left").coverage is session.state(1).coverage
    for label in ("left", "7", "a b", "../x", ""):
        with pytest.raises(UsageError):
            session.branch(label)


def test_useless_replies_make_nodes_that_say_why(opened: Opened) -> None:
    session = opened([FAULTY, NOTHING])
    node = session.send()
    assert node.turn is not None
    assert "unknown key" in node.turn.errors[0]
    assert "unknown key" in session.render().messages[-1].content
    assert session.send().new_bins == ()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("holes.detailled", "3", "did you mean holes.detailed"),
        ("tests", "0", "tests: '0' is not allowed; expected a whole number from 1 to 64"),
        ("holes.show", "[random, adaptive]", "at most one of"),
        ("tests", "[", "'[' is not allowed; expected a whole number from 1 to 64"),
        ("tests", "3 4", "expected a whole number from 1 to 64"),
        ("feedback", "loud", "expected one of steps, counts, none"),
        ("holes.show", "[near, far]", "expected a list of grouped, near, stuck, random, by_type, adaptive"),
        ("holes.early", "2", "expected a number from 0 to 1"),
        ("reasoning", "perhaps", "expected true or false"),
        ("without", "[asks]", "did you mean ask"),
        ("converged.few", "-1", "expected a whole number from 0 to 10,000"),
        ("restart.when", "stale", "only a dialogue can begin anew"),
        ("wording", "{}", "unknown option"),
        ("folder", "/etc", "unknown option"),
    ],
)
def test_a_wrong_option_is_one_error_and_changes_nothing(opened: Opened, name: str, value: str, message: str) -> None:
    session = opened()
    before = session.draft()
    with pytest.raises(UsageError) as caught:
        session.set_option(name, value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert session.draft() == before


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("parts/ask", "{% if %}", "template parts/ask, line 1"),
        ("parts/ask", "one\n{{ nothing_such }}", "template parts/ask, line 2: 'nothing_such' is undefined"),
        ("parts/ask", "{{ 1 / 0 }}", "division by zero"),
        ("parts/ask", "{{ tests.__class__.__mro__ }}", "unsafe"),
        ("parts/ask", "{% include '/etc/passwd' %}", "template parts/ask"),
        ("parts/aks", "x", "did you mean parts/ask"),
        ("../../secret", "x", "unknown template"),
    ],
)
def test_a_broken_template_is_one_error_and_changes_nothing(opened: Opened, name: str, text: str, message: str) -> None:
    session = opened()
    before = session.draft()
    with pytest.raises(UsageError) as caught:
        session.edit_template(name, text)
    assert message in str(caught.value)
    assert session.draft() == before


def test_wrong_settings_edits_and_nodes_are_one_error(opened: Opened) -> None:
    session = opened()
    for settings in ({"temperature": "9"}, {"temprature": "1"}, {"base_url": "ftp://x"}):
        with pytest.raises(UsageError):
            session.set_sampling(settings)
    with pytest.raises(UsageError, match="context"):
        session.set_sampling({"context_tokens": "1500"})
    with pytest.raises(UsageError, match="no message 5"):
        session.edit_message(5, "x")
    with pytest.raises(UsageError, match="cannot be empty"):
        session.edit_message(0, " ")
    with pytest.raises(UsageError, match="beside the reply"):
        session.edit_message(-1, "word " * 40_000)
    with pytest.raises(UsageError, match="no part 'nothing'"):
        session.edit_part("nothing", "x")
    for which in (7, "seven", "-1"):
        with pytest.raises(UsageError):
            session.goto(which)
    assert session.changes() == 0


def test_the_budget_holds_for_the_session_and_for_a_path(opened: Opened) -> None:
    session = opened([WIDE], budget=Budget(calls=2))
    session.send()
    session.goto(0)
    session.send()
    session.goto(0)
    with pytest.raises(UsageError, match=r"2 calls .* in the session; .*--max-calls"):
        session.send()
    session.paste(LENGTHS)


def test_a_folder_that_is_no_session_or_is_held_is_one_error(opened: Opened, tmp_path: Path) -> None:
    session = opened()
    session.send()
    with pytest.raises(UsageError, match="is in use by process "):
        opened()
    session.close()
    log = opened.folder / "session.jsonl"
    whole = log.read_text()
    log.write_text(whole + '{"kind": "goto", "node": 1')
    assert opened().current.id == 1
    broken = (
        (whole + '{"kind": "goto", "node": 99}\n', "there is no node 99"),
        (whole + '{"kind": "sing"}\n', "not a line of this version"),
        ("no json\n", "not a line of this version"),
        ('{"kind": "back", "node": 0}\n', "line 1 of the session's log"),
    )
    for number, (text, message) in enumerate(broken):
        other = Opened(tmp_path / f"broken {number}", opened.bench, opened.stack)
        other().close()
        (other.folder / "session.jsonl").write_text(text)
        with pytest.raises(InputFileError, match=message):
            other()
