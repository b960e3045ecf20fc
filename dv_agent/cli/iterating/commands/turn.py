"""Commands on turns: sending a prompt, pasting a reply, and showing the results."""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.session.nodes import Node
from dv_agent.cli.iterating.command import Command
from dv_agent.cli.iterating.commands.formatting import SHOWN, bin_words, hole_words, node_words, shortened, test_words
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.runners.checks.scope_of_checks import passed_words, what_is_checked


def send(context: IterateContext, words: Sequence[str]) -> None:
    """Ask the model and run its tests."""
    draft = context.session.draft()
    context.say(f"asking {visible(draft.model.model)}: {context.session.cost_bound()}")
    with context.watch() as (show, stop):
        node = context.session.send(on_progress=show, cancelled=stop)
    _tell(context, node)


def paste(context: IterateContext, words: Sequence[str]) -> None:
    """Take a text for the reply and run its tests."""
    text = context.text(words[0] if words else None)
    with context.watch() as (show, stop):
        node = context.session.paste(text, on_progress=show, cancelled=stop)
    _tell(context, node)


def reply(context: IterateContext, words: Sequence[str]) -> None:
    """The reply of a turn, as it came."""
    node = _played(context, words)
    context.say(visible(node.reply.text) if node.reply else "")


def tests(context: IterateContext, words: Sequence[str]) -> None:
    """The tests of a turn, and what was not understood."""
    node = _played(context, words)
    for test in node.turn.tests if node.turn else ():
        for line in test_words(test):
            context.say(line)
    for line in node_words(node, len(context.session.bench.plan.bins), _passed(context)):
        context.say(line)


def new(context: IterateContext, words: Sequence[str]) -> None:
    """The bins that a turn won."""
    node = _played(context, words)
    context.say(f"node {node.id} covered {counted(len(node.new_bins), 'bin')} first")
    for line in bin_words(node.new_bins, context.session.bench.plan):
        context.say(line)


def holes(context: IterateContext, words: Sequence[str]) -> None:
    """The open bins."""
    found = context.session.view().holes
    part = words[0] if words and words[0] != "all" else ""
    chosen = [hole for hole in found if part in hole.bin]
    total = counted(len(found), "hole")
    context.say(f"{len(chosen)} of {total}" if part else f"{total} (distance 0 would be a hit)")
    most = len(chosen) if "all" in words else SHOWN
    for line in shortened([hole_words(hole) for hole in chosen], most, "`holes all` shows them, `holes WORD` some"):
        context.say(line)


def _played(context: IterateContext, words: Sequence[str]) -> Node:
    """Return the named node, or the last one on the path to it in which a turn was played."""
    path = context.session.path(words[0] if words else None)
    for node in reversed(path):
        if node.turn:
            return node
    raise UsageError(f"no turn was played on the way to node {path[-1].id}")


def _tell(context: IterateContext, node: Node) -> None:
    context.failed = context.failed or bool(node.failing)
    for line in node_words(node, len(context.session.bench.plan.bins), _passed(context)):
        context.say(line)
    for test in node.turn.tests if node.turn else ():
        if test.failures or test.error:
            for line in test_words(test):
                context.say(line)
    groups: dict[str, int] = {}
    for name in node.new_bins:
        group = name.rsplit(".", 1)[0]
        groups[group] = groups.get(group, 0) + 1
    ranked = sorted(groups.items(), key=lambda one: -one[1])
    for line in shortened([f"  +{count:<4} {group}" for group, count in ranked], 8, "`new` names every bin"):
        context.say(line)


def _passed(context: IterateContext) -> str:
    """Return what is said if no check failed."""
    folder = context.session.bench.folder
    return passed_words(what_is_checked(folder.design, folder.has_model, "").left_out)


def nodes(context: IterateContext) -> Sequence[str]:
    """Return the numbers and labels of the nodes."""
    every = context.session.nodes.values()
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
