"""What a person changed: shown as the difference, described when saved, told before it is lost, explained by option."""

from pathlib import Path

import pytest
from session_help import LENGTHS, WIDE, Opened

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.session.drafts.option_help import in_yaml, sampling_help, strategy_help
from dv_agent.agents.session.drafts.saving import FileThere
from dv_agent.agents.session.model_call import ScriptedCaller
from dv_agent.agents.session.opening import SessionRequest, open_session
from dv_agent.cli.iterating.commands.option_lines import option_lines
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.prompts.strategy import Strategy, load_strategy


def changed(diff: tuple[str, ...]) -> list[str]:
    return [line for line in diff if line[:1] in "+-" and line[:4] not in ("+++ ", "--- ")]


def test_the_difference_is_that_of_the_unsent_changes_alone(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS])
    assert changed(session.edit_template("parts/ask", "ASK FOR {{ tests }}\n").diff)[-1] == "+ASK FOR 8"
    assert session.render().sent_diff == ()
    session.send()
    assert session.render().diff == ()
    assert len(changed(session.render().sent_diff)) > 50  # the coverage has changed
    after = session.set_option("tests", "3")
    assert changed(after.diff) == [
        "-* About 8 tests, each aimed at different holes; at most 64 are read.",
        "+* About 3 tests, each aimed at different holes; at most 64 are read.",
        "-ASK FOR 8",
        "+ASK FOR 3",
    ]
    by_hand = session.edit_part("ask", "ONE, PLEASE\n")
    assert "+ONE, PLEASE" in by_hand.diff
    session.undo()
    session.undo()
    assert session.render().diff == ()


def test_a_branch_shows_the_change_since_what_was_sent_from_its_state(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS])
    session.send()
    session.set_strategy("plain")
    session.branch("early")
    assert len(changed(session.render().diff)) > 50  # nothing of it was sent yet
    session.goto(1)
    session.send()
    session.goto(1)
    session.branch("late")
    after = session.set_option("tests", "3")
    assert len(changed(after.diff)) == 2  # `plain` was sent from here; only the number of tests was not


def test_a_draft_that_is_too_long_without_its_changes_has_no_difference(tmp_path: Path) -> None:
    wanted = SessionRequest(folder=tmp_path / "s", design="mxint_softmax", model={"context_tokens": 1_000})
    with open_session(wanted, ScriptedCaller([])) as session:
        with pytest.raises(UsageError):
            session.render()
        session.set_sampling({"context_tokens": "32000"})
        assert session.set_option("tests", "3").diff == ()


def test_a_saved_strategy_says_what_it_is_made_of_unless_a_person_says_it(opened: Opened, tmp_path: Path) -> None:
    session = opened()
    assert session.description() == "the same as default"
    session.set_option("holes.detailed", "12")
    session.edit_template("parts/contract", "SHORT\n")
    assert session.description() == "default with holes.detailed=12, template contract edited"
    path = session.save_strategy("mine", tmp_path)
    assert load_strategy(path).description == session.description()
    session.set_strategy(str(path))
    session.set_option("tests", "3")
    assert session.draft().strategy.name == "mine-edited"
    assert session.description() == "mine with tests=3"
    session.save_strategy("other", tmp_path, description="  few\n tests ")
    assert load_strategy(tmp_path / "other.yaml").description == "few tests"
    session.set_option("description", "my own line")
    assert session.description() == "my own line"
    with pytest.raises(FileThere, match=r"other\.yaml is there already$"):
        session.save_strategy("other", tmp_path)


def test_another_strategy_tells_what_it_would_drop_and_undo_brings_it_back(opened: Opened) -> None:
    session = opened()
    assert session.lost_with("plain") == ()
    session.set_option("holes.detailed", "12")
    session.set_option("feedback", "none")  # as in `plain`
    session.edit_template("parts/ask", "ASK FOR {{ tests }}\n")
    session.edit_part("ask", "BY HAND\n")
    before = session.draft()
    assert session.lost_with("plain") == (
        "holes.detailed=12", "template ask edited", "the text of ask, edited by hand",
    )  # fmt: skip
    assert session.draft() == before
    session.set_strategy("plain")
    session.undo()
    assert session.draft() == before
    with pytest.raises(UnknownNameError):
        session.lost_with("plane")


def test_a_node_is_compared_with_another_turn_from_its_state_or_with_the_turn_before(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS, LENGTHS])
    with pytest.raises(UsageError, match="only one node"):
        session.partner()
    session.send()
    assert (session.partner(0).id, session.partner(1).id) == (1, 0)
    session.send()
    session.branch("left", 1)
    assert session.partner("left").id == 2
    session.send()
    assert (session.partner(2).id, session.partner(4).id, session.partner(0).id) == (4, 2, 1)


def test_every_option_has_a_meaning_a_default_and_what_it_may_be(opened: Opened) -> None:
    session = opened()
    assert set(session.options()) <= set(strategy_help())
    assert set(sampling_help()) == set(ModelSettings.model_fields)
    for one in (*strategy_help().values(), *sampling_help().values()):
        assert 10 < len(one.meaning) < 130, one.name
        assert one.allowed, one.name
    defaults = Strategy(name="x").model_dump(mode="json")
    assert strategy_help()["holes.detailed"].default == in_yaml(defaults["holes"]["detailed"]) == "24"
    session.set_option("holes.detailed", "12")
    lines = list(option_lines(session, ""))
    named = {line.split()[0] for line in lines if line.startswith("  ")}
    assert set(session.options()) <= named
    assert any("holes.detailed" in line and "12 (default 24)" in line and "how many holes" in line for line in lines)
    one = "\n".join(option_lines(session, "history.keep"))
    assert "one of none, summary, recent, successful, mixed, successful_hard" in one
    assert "  now      none" in one
    assert len(list(option_lines(session, "rtl"))) == 4
    with pytest.raises(UnknownNameError, match=r"did you mean holes\.detailed"):
        list(option_lines(session, "holes.detaild"))
