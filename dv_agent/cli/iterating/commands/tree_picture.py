"""Drawing the tree of a session as text lines: only branches add indentation, a straight path does not."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.agents.session.nodes import Node
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.cli.iterating.commands.formatting import called
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted


def tree_lines(session: PromptSession) -> Iterator[str]:
    """Return one line for each node, each branch below its parent."""
    nodes = session.nodes
    children: dict[int, list[Node]] = {number: [] for number in nodes}
    for node in nodes.values():
        if node.parent is not None:
            children[node.parent].append(node)
    origin = session.origin
    hit = {0: origin.turns[-1].bins_hit if origin and origin.turns else 0}
    waiting = [(nodes[0], 0)]
    while waiting:
        node, depth = waiting.pop()
        hit[node.id] = node.turn.bins_hit if node.turn else hit[node.parent or 0]
        mark = "*" if node.id == session.current.id else " "
        yield f"{mark} {'  ' * depth}{called(node)}  {counted(hit[node.id], 'bin')}  {_what(node, session)}"
        inner = children[node.id]
        deeper = depth + (len(inner) > 1)
        waiting += [(one, deeper) for one in reversed(inner)]


def _what(node: Node, session: PromptSession) -> str:
    sent = any(one.draft == session.draft(node.id) for one in session.children(node.id))
    more = "; changes not sent yet" if session.changes(node.id) and not sent else ""
    if node.turn is None:
        where = f"turn {session.header.turns} of {session.header.origin}" if session.origin else "the start"
        return (where if node.kind == "root" else "branch") + more
    edited = ", prompt edited" if node.rendered != node.messages else ""
    who = "pasted" if node.kind == "pasted" else visible(node.draft.model.model)
    trial = f", trial {node.draft.trial}" if node.draft.trial else ""
    failing = f", {node.failing} FAILED" if node.failing else ""
    return f"+{len(node.new_bins)}{failing}  {node.draft.strategy.name}, {who}{trial}{edited}{more}"
