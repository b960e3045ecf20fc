"""Formatting results as plain text. Text from a model is shown without control characters, as a terminal obeys them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.agents.session.ab_test import AbResult
from dv_agent.agents.session.compare import Comparison, Cost
from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.agents.session.nodes import Node
from dv_agent.agents.turn import TestRecord
from dv_agent.coverage.holes import Hole
from dv_agent.coverage.plan import Plan
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted, numbered
from dv_agent.runners.checks.ending import ending_notes, ending_words

SHOWN = 20
DIFF_LINES = 60
WIDTH = 160


def sizes(rendered: Rendered) -> Iterator[str]:
    """Return one line for each part, with its estimated tokens and whether it was cut or edited, and the sum."""
    edited = {one.part for one in rendered.edits}
    whole = {one.index for one in rendered.edits if not one.part}
    for part in rendered.parts:
        mark = "  edited" if part.name in edited else ""
        yield f"{part.tokens:7,}  {part.name}{mark}"
    for cut in rendered.cut:
        yield f"{'cut':>7}  {cut.part}: {counted(cut.tokens, 'token')}{', all of it' if cut.whole else ''}"
    for index in sorted(whole):
        yield f"{'edited':>7}  the {rendered.messages[index].role} message, as a whole"
    earlier = len(rendered.messages) - 2
    more = f", with {counted(earlier, 'earlier message')}" if earlier else ""
    yield f"{rendered.tokens:7,}  all, estimated{more}; there is room for {rendered.room:,}"


def diff_counts(rendered: Rendered) -> Iterator[str]:
    """How many lines differ from which other prompt."""
    for diff, words, command in (
        (rendered.diff, "because of your changes at this node", "render diff"),
        (rendered.sent_diff, "from the last prompt that was sent", "render diff sent"),
    ):
        if changed := sum(line[:1] in "+-" and not line.startswith(("+++ ", "--- ")) for line in diff):
            yield f"{counted(changed, 'line')} {'differs' if changed == 1 else 'differ'} {words}: `{command}`"


def shortened(lines: Sequence[str], most: int, rest: str) -> Iterator[str]:
    """Return the first lines, and a note of how many lines were left out."""
    yield from (visible(line) for line in lines[:most])
    if len(lines) > most:
        yield f"... and {len(lines) - most:,} more; {rest}"


def stale_words(rendered: Rendered) -> Iterator[str]:
    """Return which edits no longer apply."""
    for edit in rendered.stale:
        what = (
            f"part {edit.part}" if edit.part else f"{rendered.messages[0].role if edit.index == 0 else 'user'} message"
        )
        yield f"dropped: your edit of the {what}, whose text has changed; `undo` brings it back"


def node_words(node: Node, bins: int, passed: str) -> Iterator[str]:
    """Return the results of a turn in two lines, and the parts of the reply that were not understood.

    Args:
        passed: what is said if no check failed.
    """
    turn = node.turn
    if turn is None:
        return
    cycles = sum(test.cycles for test in turn.tests)
    checks = f"{node.failing} FAILED" if node.failing else passed
    tests, spent = counted(len(turn.tests), "test"), counted(cycles, "cycle")
    yield (
        f"node {node.id}: {tests}, +{counted(len(node.new_bins), 'bin')} ({turn.bins_hit}/{bins}), {spent}"
        f"{', ' + checks if turn.tests else ''}"
    )
    yield from (f"  {line}" for line in ending_notes([test.ended for test in turn.tests]))
    yield f"  {spent_words(node)}"
    yield from shortened([f"  not understood: {line}" for line in turn.errors], SHOWN, "`reply` shows all of it")


def spent_words(node: Node) -> str:
    """Return the cost of a node."""
    usage = node.turn.usage if node.turn else None
    if usage is None or node.kind == "pasted" or node.reply is None:
        return "pasted by hand, no call of a model"
    known = all(one.usd is not None for one in node.reply.attempts)
    price = f"{usage.usd:.4f} USD" if known else "unknown price"
    cached = " (from the cache, not paid)" if usage.cached else ""
    model = visible(node.reply.model)
    return f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out, {price}{cached} · {model}"


def test_words(test: TestRecord) -> Iterator[str]:
    """Return a test: how it ended, the bins that it newly covered, the checks that it failed."""
    name = f" {visible(test.test.name)}" if test.test.name else ""
    yield f"test {test.index}{name}: {ending_words(test.ended)}, +{counted(len(test.new_bins), 'bin')}"
    if test.error:
        yield f"  refused: {visible(test.error)}"
    for failure in test.failures[:SHOWN]:
        yield f"  FAILED {failure.check} on {failure.port or 'the design'}: {visible(failure.message)}"


def bin_words(names: Sequence[str], plan: Plan) -> Iterator[str]:
    """Return bins by coverpoint or cross; those not of the easy tier also on a line each, with their description."""
    groups: dict[str, list[str]] = {}
    for name in names:
        group, _, own = name.rpartition(".")
        groups.setdefault(group, []).append(own)
    for group, inner in groups.items():
        yield f"  {group} ({len(inner)}): {', '.join(inner)}"
    for name in names:
        one = plan.bins[plan.index(name)]
        if one.tier != "easy":
            yield f"  {one.tier}: {name}  {one.description}"


def hole_words(hole: Hole) -> str:
    """Return a hole in one line."""
    distance = "not seen" if hole.distance is None else f"distance {hole.distance}"
    return f"  {hole.bin}  ({hole.tier}, {distance})  {hole.description}"


def cost_words(cost: Cost) -> str:
    """Return the cost of some turns in one line."""
    unknown = f"{counted(cost.unpriced, 'call')} of unknown price"
    price = " and ".join([*([f"{cost.usd:.4f} USD"] if cost.usd else []), *([unknown] if cost.unpriced else [])])
    return (
        f"{counted(cost.turns, 'turn')}, {counted(cost.tests, 'test')}, {counted(cost.cycles, 'cycle')}, "
        f"{counted(cost.calls, 'call')}, {counted(cost.tokens, 'token')}{', ' + price if price else ''}"
    )


def comparison_words(found: Comparison, a: str, b: str) -> Iterator[str]:
    """Return two nodes side by side, under the names `a` and `b`."""
    yield f"since node {found.ancestor}: {a} against {b}"
    for name, bins in ((f"only {a}", found.only_a), (f"only {b}", found.only_b), ("both", found.both)):
        yield f"{len(bins):5}  {name}"
        yield from shortened([f"         {one}" for one in bins], SHOWN, "see `new`") if name != "both" else ()
    yield f"cost of {a}: {cost_words(found.cost_a)}"
    yield f"cost of {b}: {cost_words(found.cost_b)}"
    for option, one, other in found.options:
        yield f"{option}: {_value(one)} against {_value(other)}"
    if found.prompt_diff:
        yield "from the prompt of the first to that of the second:"
        cut = [line[:WIDTH] for line in found.prompt_diff]
        yield from shortened(cut, DIFF_LINES, "`goto` a node and `render all`")


def ab_words(result: AbResult) -> Iterator[str]:
    """Return the coverage gains by variant, with their spread."""
    width = max(len(side.name) for side in result.sides)
    yield (
        f"from node {result.node.id}, {counted(result.samples, 'sample')} each; "
        "new bins of a sample: mean ± standard deviation"
    )
    for side in result.sides:
        spread = "" if side.spread is None else f" ± {side.spread:.1f}"
        gains, nodes = " ".join(map(str, side.gains)), numbered("node", [one.id for one in side.nodes], 50)
        yield f"{side.name:{width}}  {side.mean:6.1f}{spread}  ({gains})  {nodes}"
        yield f"{'':{width}}  {cost_words(side.cost)}"
    if len(result.sides) > 1:
        for side in result.sides:
            others = {name for other in result.sides if other is not side for name in other.often}
            yield f"{side.name:{width}}  {counted(len(set(side.often) - others), 'bin')} that no other variant covered"


def called(node: Node) -> str:
    """Return number and label of a node."""
    return f"{node.id} ({node.label})" if node.label else str(node.id)


def _value(value: object) -> str:
    text = visible(str(value)).replace("\n", " ")
    return f"{text[:60]}..." if len(text) > 60 else text
