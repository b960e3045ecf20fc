"""Commands on turns: sending, pasting, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.session.node import Node
from dv_agent.cli.iterating.commands import Command
from dv_agent.cli.iterating.desk import Desk
from dv_agent.cli.iterating.words import SHOWN, bin_words, hole_words, node_words, plain, shortened, test_words
from dv_agent.errors import UsageError


def send(desk: Desk, words: Sequence[str]) -> None:
    """Ask the model and run its tests."""
    draft = desk.session.draft()
    desk.say(f"asking {plain(draft.model.model)}: {desk.session.cost_bound()}")
    with desk.watch() as (show, stop):
        node = desk.session.send(on_progress=show, cancelled=stop)
    _tell(desk, node)


def paste(desk: Desk, words: Sequence[str]) -> None:
    """Take a text for the reply and run its tests."""
    text = desk.text(words[0] if words else None)
    with desk.watch() as (show, stop):
        node = desk.session.paste(text, on_progress=show, cancelled=stop)
    _tell(desk, node)


def reply(desk: Desk, words: Sequence[str]) -> None:
    """The reply of a turn, as it came."""
    node = _played(desk, words)
    desk.say(plain(node.reply.text) if node.reply else "")


def tests(desk: Desk, words: Sequence[str]) -> None:
    """The tests of a turn, and what was not understood."""
    node = _played(desk, words)
    for test in node.turn.tests if node.turn else ():
        for line in test_words(test):
            desk.say(line)
    for line in node_words(node, len(desk.session.bench.plan.bins)):
        desk.say(line)


def new(desk: Desk, words: Sequence[str]) -> None:
    """The bins that a turn won."""
    node = _played(desk, words)
    desk.say(f"node {node.id} covered {len(node.new_bins)} bins first")
    for line in bin_words(node.new_bins, desk.session.bench.plan):
        desk.say(line)


def holes(desk: Desk, words: Sequence[str]) -> None:
    """The open bins."""
    found = desk.session.view().holes
    part = words[0] if words and words[0] != "all" else ""
    chosen = [hole for hole in found if part in hole.bin]
    desk.say(f"{len(chosen)} of {len(found)} holes" if part else f"{len(found)} holes (distance 0 would be a hit)")
    most = len(chosen) if "all" in words else SHOWN
    for line in shortened([hole_words(hole) for hole in chosen], most, "`holes all` shows them, `holes WORD` some"):
        desk.say(line)


def _played(desk: Desk, words: Sequence[str]) -> Node:
    """The node that was named, or the last one on the way to it in which a turn was played."""
    path = desk.session.path(words[0] if words else None)
    for node in reversed(path):
        if node.turn:
            return node
    raise UsageError(f"no turn was played on the way to node {path[-1].id}")


def _tell(desk: Desk, node: Node) -> None:
    desk.failed = desk.failed or bool(node.failing)
    for line in node_words(node, len(desk.session.bench.plan.bins)):
        desk.say(line)
    for test in node.turn.tests if node.turn else ():
        if test.failures or test.error:
            for line in test_words(test):
                desk.say(line)
    groups: dict[str, int] = {}
    for name in node.new_bins:
        group = name.rsplit(".", 1)[0]
        groups[group] = groups.get(group, 0) + 1
    ranked = sorted(groups.items(), key=lambda one: -one[1])
    for line in shortened([f"  +{count:<4} {group}" for group, count in ranked], 8, "`new` names every bin"):
        desk.say(line)


def nodes(desk: Desk) -> Sequence[str]:
    """Numbers and labels."""
    every = desk.session.nodes.values()
    return (*(one.label for one in every if one.label), *(str(one.id) for one in every))


COMMANDS = (
    Command("send", "", "ask the model, run the tests of its reply, go to the new node; Ctrl-C gives up", send),
    Command("paste", "[FILE]", "be the model: a reply of your own, from FILE or an editor", paste, most=1,
            more="In a script the reply stands in the lines up to a single dot."),
    Command("reply", "[NODE]", "the reply of a turn as it came", reply, most=1, known=nodes),
    Command("tests", "[NODE]", "the tests of a turn, their checks, and what was not understood", tests, most=1,
            known=nodes),
    Command("new", "[NODE]", "the bins that a turn covered first", new, most=1, known=nodes),
    Command("holes", "[all|WORD]", "the bins that are open, or those with WORD in their id", holes, most=1),
)  # fmt: skip
