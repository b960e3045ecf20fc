"""Two nodes side by side: what each won that the other did not, what it cost, and what was set differently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dv_agent.agents.session.context import SessionContext
from dv_agent.agents.session.drafts.changes import options
from dv_agent.agents.session.drafts.preview import message_diff
from dv_agent.agents.session.nodes import Draft, Node
from dv_agent.agents.session.tree import Tree, Which
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UsageError


class Cost(Frozen):
    """What some turns used; cached replies are counted as if they had been paid for.

    Attributes:
        cycles: simulated clock cycles.
        usd: US dollars; calls without a known price add nothing, and are counted in `unpriced`.
    """

    turns: int = 0
    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0
    tests: int = 0
    cycles: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of two nodes a and b, from their last common node on.

    Attributes:
        ancestor: number of the last node on both paths.
        only_a, only_b, both: ids of bins covered since the ancestor, in plan order.
        options: (name, value for a, value for b) of everything that differs: options of the strategy,
            settings (``sampling.temperature``) and templates (``template.parts/ask``).
        prompt_diff: lines of a unified diff from the last prompt of a to that of b.
    """

    a: Node
    b: Node
    ancestor: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    both: tuple[str, ...]
    cost_a: Cost
    cost_b: Cost
    options: tuple[tuple[str, Any, Any], ...]
    prompt_diff: tuple[str, ...]


def compare(context: SessionContext, a: Which, b: Which) -> Comparison:
    """Compare two nodes.

    Raises:
        UsageError: there is no such node.
    """
    path_a, path_b = context.tree.path(a), context.tree.path(b)
    shared = sum(1 for one, other in zip(path_a, path_b, strict=False) if one.id == other.id)
    own_a, own_b = path_a[shared:], path_b[shared:]
    won_a, won_b = _won(own_a), _won(own_b)
    names = (f"node {path_a[-1].id}", f"node {path_b[-1].id}")
    order = {one.id: place for place, one in enumerate(context.bench.plan.bins)}
    return Comparison(
        a=path_a[-1],
        b=path_b[-1],
        ancestor=path_a[shared - 1].id,
        only_a=tuple(sorted(won_a - won_b, key=order.__getitem__)),
        only_b=tuple(sorted(won_b - won_a, key=order.__getitem__)),
        both=tuple(sorted(won_a & won_b, key=order.__getitem__)),
        cost_a=cost_of(own_a),
        cost_b=cost_of(own_b),
        options=draft_differences(_asked(context, path_a[-1]), _asked(context, path_b[-1])),
        prompt_diff=message_diff(_messages(context, path_a[-1]), _messages(context, path_b[-1]), names),
    )


def partner(tree: Tree, which: Which) -> Node:
    """The node that is worth comparing with one: the last other turn from the same state, or else the turn before.

    Raises:
        UsageError: there is no such node, or no other one.
    """
    node = tree.node(which)
    start = _state_of(tree, tree.node(node.parent) if node.turn else node)
    from_there = [
        one for one in tree.nodes.values()
        if one.turn and one.id != node.id and _state_of(tree, tree.node(one.parent)).id == start.id
    ]  # fmt: skip
    if from_there:
        return from_there[-1]
    if start.id == node.id:
        raise UsageError("there is only one node to compare: send or paste a reply first")
    return start


def _state_of(tree: Tree, node: Node) -> Node:
    """The node whose turn made the state of `node`: a branch has that of its parent."""
    while node.kind == "branch" and node.parent is not None:
        node = tree.nodes[node.parent]
    return node


def cost_of(nodes: Iterable[Node]) -> Cost:
    """Return what the turns of `nodes` used."""
    turns = [one for one in nodes if one.turn]
    total = Cost(turns=len(turns))
    for node in turns:
        assert node.turn
        usage, attempts = node.turn.usage, node.reply.attempts if node.reply else ()
        total = Cost(
            turns=total.turns,
            calls=total.calls + usage.calls,
            tokens=total.tokens + usage.input_tokens + usage.output_tokens,
            usd=total.usd + usage.usd,
            unpriced=total.unpriced + sum(one.usd is None for one in attempts),
            tests=total.tests + len(node.turn.tests),
            cycles=total.cycles + sum(test.cycles for test in node.turn.tests),
        )
    return total


def draft_differences(a: Draft, b: Draft) -> tuple[tuple[str, Any, Any], ...]:
    """All that differs between two drafts, but for edits by hand, which the prompts show."""
    one, other = _settings(a), _settings(b)
    names = dict.fromkeys((*one, *other))
    return tuple((name, one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name))


def _settings(draft: Draft) -> dict[str, Any]:
    sampling = {f"sampling.{name}": value for name, value in draft.model.model_dump(mode="json").items()}
    words = {f"template.{name}": text for name, text in draft.strategy.wording.items()}
    return {**options(draft.strategy), **sampling, "trial": draft.trial, **words}


def _won(nodes: Iterable[Node]) -> set[str]:
    return {name for node in nodes for name in node.new_bins}


def _asked(context: SessionContext, node: Node) -> Draft:
    return node.draft if node.turn else context.tree.draft(node.id)


def _messages(context: SessionContext, node: Node) -> Any:
    return node.messages if node.turn else context.rendered(node.id, context.tree.draft(node.id)).messages
