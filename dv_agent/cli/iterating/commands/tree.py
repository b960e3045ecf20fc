"""Commands on the tree: going back, branching, comparing."""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.cli.iterating.command import Command
from dv_agent.cli.iterating.commands import keep as keeping
from dv_agent.cli.iterating.commands.formatting import ab_words, called, comparison_words
from dv_agent.cli.iterating.commands.tree_picture import tree_lines
from dv_agent.cli.iterating.commands.turn import nodes
from dv_agent.cli.iterating.commands.variants import variant
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.errors import UsageError


def undo(context: IterateContext, words: Sequence[str]) -> None:
    """Take back the last change, or the last turn."""
    context.say(context.session.undo())


def goto(context: IterateContext, words: Sequence[str]) -> None:
    """Go to another node."""
    context.say(f"at node {called(context.session.goto(words[0]))}")


def branch(context: IterateContext, words: Sequence[str]) -> None:
    """A node with a label and a draft of its own."""
    node = context.session.branch(words[0], words[1] if len(words) > 1 else None)
    context.say(f"at node {called(node)}, in the state of node {node.parent}")


def tree(context: IterateContext, words: Sequence[str]) -> None:
    """All nodes."""
    for line in tree_lines(context.session):
        context.say(line)


def compare(context: IterateContext, words: Sequence[str]) -> None:
    """Two nodes side by side."""
    session = context.session
    a = session.node(words[0] if words else None)
    b = session.node(words[1]) if len(words) > 1 else session.current
    if a.id == b.id and len(words) > 1:
        raise UsageError(f"both are node {a.id}; name two nodes, or one to compare with the current one")
    found = session.compare(session.partner(b.id).id if a.id == b.id else a.id, b.id)
    names = [
        f"node {node.id}" + (f" on {branch}" if (branch := context.session.branch_of(node.id)) else "")
        for node in (found.a, found.b)
    ]
    for line in comparison_words(found, *names):
        context.say(line)


def ab(context: IterateContext, words: Sequence[str]) -> None:
    """Variants side by side."""
    if not words[0].isdecimal() or len(set(words[1:])) < len(words[1:]):
        raise UsageError("usage: ab N VARIANT [VARIANT ...], each variant once; `help ab` tells more")
    variants = {one: variant(context.session, one) for one in words[1:]}
    for name, draft in variants.items():
        context.say(f"{words[0]} times {name}: each {context.session.cost_bound(None, draft)}")
    with context.watch() as (show, stop):
        result = context.session.ab(variants, int(words[0]), None, show, stop)
    context.failed = context.failed or any(node.failing for side in result.sides for node in side.nodes)
    for line in ab_words(result):
        context.say(line)


COMMANDS = (
    Command("undo", "", "take back the last change of the prompt, or else go back a turn", undo),
    Command("branch", "LABEL [NODE]", "a node with a label and a draft of its own, at the state of another", branch,
            1, 2),
    Command("goto", "NODE", "go to another node, by number or label", goto, 1, 1, known=nodes),
    Command("tree", "", "all nodes; the current one has a star", tree),
    Command("compare", "[NODE [NODE]]", "two nodes: bins that one, the other, both won; cost; settings; prompts",
            compare, most=2, more="Without a NODE: the current one, and the last other turn from the same state, or "
            "else the turn before.\nWith one: that one and the current one.", known=nodes),
    Command("ab", "N VARIANT [VARIANT ...]", "send each variant N times from here; gains with their spread", ab, 2,
            None, "A variant is `.` (the prompt as it is), @NODE (as it is there), or changes such as "
            "strategy=plain,tests=4 or model=openai:gpt-5-mini,temperature=1.\nSample i is asked with trial i as the "
            "seed's salt. The same line again sends only the samples that are missing."),
    *keeping.COMMANDS,
)  # fmt: skip
