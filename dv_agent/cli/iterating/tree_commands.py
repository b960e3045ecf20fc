"""Commands on the tree of a session: going back, branching, comparing, saving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.session.opening import export_run
from dv_agent.cli.iterating.commands import Command
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.cli.iterating.formatting import ab_words, called, comparison_words
from dv_agent.cli.iterating.tree_picture import tree_lines
from dv_agent.cli.iterating.turn_commands import nodes
from dv_agent.cli.iterating.variants import variant
from dv_agent.errors import UsageError
from dv_agent.eval.report.output import write_report
from dv_agent.prompts.strategy import template_names

RUNS = "runs"


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
    found = context.session.compare(words[0], words[1] if len(words) > 1 else None)
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


def save(context: IterateContext, words: Sequence[str]) -> None:
    """Keep the strategy, or one template."""
    replace, names = "--replace" in words, [one for one in words if one != "--replace"]
    if len(names) > 1 and names[0] == "template":
        path = context.session.save_template(names[1], Path(names[2] if len(names) > 2 else "."), replace=replace)
        context.say(f"written: {path}")
        return
    if not 1 <= len(names) <= 2:
        raise UsageError("usage: save NAME [FOLDER] [--replace], or save template NAME [FOLDER] [--replace]")
    path = context.session.save_strategy(names[0], Path(names[1] if len(names) > 1 else "."), replace=replace)
    context.say(f"written: {path}; use it with: dv-agent run --prompt-strategy {path}")


def export(context: IterateContext, words: Sequence[str]) -> None:
    """The path to a node as a run."""
    out, node = Path(words[1] if len(words) > 1 else RUNS), words[0] if words else None
    folder = export_run(context.session, out, write_report, node)
    if silence := read_run(folder).header.nothing_checked:
        context.unchecked = silence
        context.say(f"NOTHING WAS CHECKED in it: {silence}")
    context.say(f"record: {folder} (report.html shows it)")


COMMANDS = (
    Command("undo", "", "take back the last change of the prompt, or else go back a turn", undo),
    Command("branch", "LABEL [NODE]", "a node with a label and a draft of its own, at the state of another", branch,
            1, 2),
    Command("goto", "NODE", "go to another node, by number or label", goto, 1, 1, known=nodes),
    Command("tree", "", "all nodes; the current one has a star", tree),
    Command("compare", "NODE [NODE]", "bins won by the one, the other, both; cost; what was done otherwise", compare,
            1, 2, known=nodes),
    Command("ab", "N VARIANT [VARIANT ...]", "send each variant N times from here; gains with their spread", ab, 2,
            None, "A variant is `.` (the prompt as it is), @NODE (as it is there), or changes such as "
            "strategy=plain,tests=4 or model=openai:gpt-5-mini,temperature=1.\nSample i is asked with trial i as the "
            "seed's salt. The same line again goes on where it was broken off."),
    Command("save", "NAME [FOLDER] | template NAME [FOLDER]", "write the strategy as NAME.yaml, or one template", save,
            1, 4, "--replace lets it replace a file that is there.", lambda context: ("template", *template_names())),
    Command("export", "[NODE [FOLDER]]", "the path to a node as a run, for report, replay and rescore", export, most=2,
            known=nodes),
)  # fmt: skip
