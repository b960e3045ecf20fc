"""Comparing branches, A/B, saving: what is said of the tree is what the simulator did."""

from pathlib import Path

import pytest
from session_help import LENGTHS, NOTHING, WIDE, Opened, reply, rows

from dv_agent.agents.session.drafts.changes import with_option, with_sampling, with_strategy
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.errors import UsageError
from dv_agent.prompts.strategy import load_strategy


def covered(session: PromptSession, which: int | str) -> set[str]:
    coverage = session.state(which).coverage
    return {coverage.plan.bins[index].id for index in coverage.covered.nonzero()[0].tolist()}


def two_branches(session: PromptSession) -> None:
    session.paste(reply(rows(1)))
    session.branch("left")
    session.set_option("tests", "2")
    session.set_sampling({"temperature": "0.5"})
    session.send()
    session.goto(1)
    session.branch("right")
    session.edit_template("parts/ask", "ASK\n")
    session.send()
    session.send()


def test_a_comparison_tells_the_bins_the_cost_and_what_was_done_otherwise(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS, NOTHING])
    two_branches(session)
    found = session.compare("left", "right")
    before, left, right = covered(session, 1), covered(session, "left"), covered(session, "right")
    assert (found.ancestor, found.a.id, found.b.id) == (1, 3, 6)
    assert set(found.only_a) == left - right
    assert set(found.only_b) == right - left != set()
    assert set(found.both) == (left & right) - before
    assert (found.cost_a.turns, found.cost_a.calls, found.cost_b.calls) == (1, 1, 2)
    assert found.cost_a.cycles == session.state("left").spent.cycles - session.state(1).spent.cycles
    assert found.cost_a.unpriced == 1
    differing = {name: (one, other) for name, one, other in found.options}
    assert differing == {
        "tests": (2, 8), "sampling.temperature": (0.5, None), "template.parts/ask": (None, "ASK\n"),
    }  # fmt: skip
    assert "+ASK" in found.prompt_diff
    other = session.compare("right", "left")
    assert (other.only_a, other.only_b, other.both) == (found.only_b, found.only_a, found.both)
    assert session.compare("left", "left").only_a == ()


def test_a_label_stands_for_where_its_branch_was_left(opened: Opened) -> None:
    session = opened([WIDE, LENGTHS, NOTHING])
    two_branches(session)
    assert session.goto("left").id == 3
    session.undo()
    assert session.goto("right").id == 6
    assert session.goto("left").id == 2
    assert session.branch_of(6) == "right"
    session.close()
    assert opened().node("left").id == 2


def test_ab_sends_each_variant_with_its_own_trial_and_tells_the_spread(opened: Opened) -> None:
    gains = [WIDE, LENGTHS, NOTHING, WIDE, reply(rows(5)), NOTHING]
    session = opened(gains)
    plain = with_strategy(session.draft(), "plain")
    hot = with_sampling(with_option(session.draft(), "tests", "1"), {"llm_seed": "10", "temperature": "1"})
    result = session.ab({"plain": plain, "hot": hot}, 3)
    assert session.current.id == 0
    assert opened.caller.trials == [0, 0, 1, 1, 2, 2]
    assert [one.llm_seed for one in opened.caller.settings] == [None, 10, None, 11, None, 12]
    one, other = result.sides
    assert one.gains == tuple(len(node.new_bins) for node in one.nodes)
    assert one.gains[0] > 150 > one.gains[1] == 0
    assert other.gains[1] == one.gains[0]
    assert one.mean == pytest.approx(sum(one.gains) / 3)
    assert one.spread == pytest.approx((sum((gain - one.mean) ** 2 for gain in one.gains) / 2) ** 0.5)
    assert (one.cost.calls, one.cost.turns) == (3, 3)
    assert max(other.often.values()) <= 3
    assert set(one.often) == {name for node in one.nodes for name in node.new_bins}
    # The same again asks nothing; one sample more asks for that alone.
    session.close()
    session = opened([LENGTHS])
    again = session.ab({"plain": plain, "hot": hot}, 3)
    assert [side.nodes for side in again.sides] == [side.nodes for side in result.sides]
    assert opened.caller.asked == []
    session.ab({"plain": plain, "hot": hot}, 4)
    assert opened.caller.trials == [3, 3]
    for variants, samples in (({}, 1), ({"a": plain}, 0), ({"a": plain}, 51)):
        with pytest.raises(UsageError):
            session.ab(variants, samples)


def test_a_saved_strategy_is_the_one_that_was_tried(opened: Opened, tmp_path: Path) -> None:
    session = opened([WIDE], strategy="llm4dv-few-shot")
    session.set_option("without", "[role, progress]")
    session.edit_template("parts/ask", 'First line\n  {{ tests }} tests: "quoted" # no comment\n\n\tend')
    path = session.save_strategy("mine", tmp_path)
    saved, tried = load_strategy(path), session.draft().strategy
    assert saved.name == "mine"
    assert saved.model_copy(update={"name": tried.name, "description": tried.description}) == tried
    assert "schema_version: 1\nname: mine\n" in path.read_text()
    session.goto(0)
    session.set_strategy(str(path))
    assert session.draft().strategy == saved
    with pytest.raises(UsageError, match="is there already"):
        session.save_strategy("mine", tmp_path)
    session.save_strategy("mine", tmp_path, replace=True)
    for name in ("../mine", "/tmp/mine", "", ".hidden", "a b", "x" * 65, "mine\0"):
        with pytest.raises(UsageError, match="is no name of a strategy"):
            session.save_strategy(name, tmp_path)
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".yaml"] == ["mine.yaml"]


def test_a_saved_template_serves_a_strategy_beside_it_and_stays_in_its_folder(opened: Opened, tmp_path: Path) -> None:
    session = opened()
    session.edit_template("parts/ask", "ASK FOR {{ tests }}\n")
    before = session.render()
    assert session.save_template("parts/ask", tmp_path / "words") == tmp_path / "words/parts/ask.jinja"
    (tmp_path / "beside.yaml").write_text("name: beside\ntemplates: words\nrules: true\n")
    session.undo()
    session.set_strategy(str(tmp_path / "beside.yaml"))
    assert session.render().messages == before.messages
    (tmp_path / "outside").mkdir()
    (tmp_path / "sly").mkdir()
    (tmp_path / "sly/parts").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="leads out of"):
        session.save_template("parts/ask", tmp_path / "sly")
    assert list((tmp_path / "outside").iterdir()) == []
    with pytest.raises(UsageError, match="unknown template"):
        session.save_template("../parts/ask", tmp_path)
