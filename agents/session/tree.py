"""The tree of nodes built from the lines of the log: drafts, labels, the current node, replies without a turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dv_agent.agents.session.log import (
    BackLine,
    BranchLine,
    CallLine,
    DraftLine,
    DropLine,
    GotoLine,
    Line,
    TurnLine,
)
from dv_agent.agents.session.nodes import Draft, Node
from dv_agent.errors import UnknownNameError, UsageError

Which = int | str | None
"""A node: its number, None for the current one, or a label: the last current node of that branch."""
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}", re.ASCII)


class Tree:
    """All nodes of a session; changed only by `take`, one log line at a time.

    Args:
        draft: the initial draft of the root.

    Attributes:
        nodes: by their number.
        calls: replies and failures in order of arrival, each with the number of the node that it creates.
        dropped: nodes whose call was cancelled.
    """

    def __init__(self, draft: Draft) -> None:
        self.nodes: dict[int, Node] = {0: Node(id=0, parent=None, kind="root", draft=draft)}
        self.calls: list[CallLine] = []
        self.dropped: set[int] = set()
        self.current = 0
        self._tips: dict[str, int] = {}
        self._drafts: dict[int, list[Draft]] = {0: [draft]}
        self._next = 1

    def take(self, line: Line) -> None:
        """Apply a line of the log.

        Raises:
            UsageError: it refers to a node that does not exist.
        """
        if isinstance(line, CallLine):
            self.node(line.parent)
            self.calls.append(line)
            self._next = max(self._next, line.node + 1)
        elif isinstance(line, TurnLine):
            self._grow(line)
        elif isinstance(line, BranchLine):
            draft = self.draft(line.parent)
            self._add(Node(id=line.node, parent=line.parent, kind="branch", label=line.label, draft=draft), draft)
        elif isinstance(line, DraftLine):
            self._drafts[self.node(line.node).id].append(line.draft)
        elif isinstance(line, BackLine):
            drafts = self._drafts[self.node(line.node).id]
            if len(drafts) == 1:
                raise UsageError(f"node {line.node} has no change to take back")
            drafts.pop()
        elif isinstance(line, GotoLine):
            self._move(self.node(line.node).id)
        elif isinstance(line, DropLine):
            self.dropped.add(line.node)
            self._next = max(self._next, line.node + 1)

    def reserve(self) -> int:
        """Return the number for a new node."""
        self._next += 1
        return self._next - 1

    def node(self, which: Which = None) -> Node:
        """Return the node with this number or label.

        Raises:
            UsageError: there is no such node.
        """
        if isinstance(which, str) and which.isascii() and which.isdecimal():
            which = int(which)
        if isinstance(which, str):
            if which not in self._tips:
                raise UnknownNameError("label", which, self._tips)
            return self.nodes[self._tips[which]]
        found = self.nodes.get(self.current if which is None else which)
        if found is None:
            raise UsageError(f"there is no node {which}; `tree` shows those that there are")
        return found

    def draft(self, which: Which = None) -> Draft:
        """Return the draft of the next message of a node."""
        return self._drafts[self.node(which).id][-1]

    def before_changes(self, which: Which, changed: Draft) -> Draft:
        """What would be sent from a node without the unsent changes of `changed`.

        That is another draft which was sent from this state last, or else the draft that its turn left. A branch is at
        the state of its parent.
        """
        node = self.node(which)
        while True:
            sent = [one.draft for one in self.children(node.id) if one.turn]
            for draft in reversed(self._drafts[node.id]):
                if draft in sent and draft != changed:
                    return draft
            if node.kind != "branch" or node.parent is None:
                return self._drafts[node.id][0]
            node = self.nodes[node.parent]

    def earlier_drafts(self, which: Which = None) -> Iterator[Draft]:
        """Every draft of a node and of those on the way to it, the last one first."""
        for node in reversed(self.path(which)):
            yield from reversed(self._drafts[node.id])

    def changes(self, which: Which = None) -> int:
        """Return how many changes of a node's draft can be undone."""
        return len(self._drafts[self.node(which).id]) - 1

    def path(self, which: Which = None) -> tuple[Node, ...]:
        """Return the nodes from the root to this one."""
        path = [self.node(which)]
        while path[-1].parent is not None:
            path.append(self.nodes[path[-1].parent])
        return tuple(reversed(path))

    def branch_of(self, which: Which = None) -> str:
        """Return the nearest label on the path to a node, or an empty string."""
        return next((one.label for one in reversed(self.path(which)) if one.label), "")

    def children(self, which: Which = None) -> tuple[Node, ...]:
        """Return the child nodes of a node, in order of creation."""
        parent = self.node(which).id
        return tuple(one for one in self.nodes.values() if one.parent == parent)

    def last_turn(self, which: Which = None) -> Node | None:
        """Return the nearest node on the path that has a turn."""
        return next((one for one in reversed(self.path(which)) if one.turn), None)

    def unfinished(self) -> tuple[CallLine, ...]:
        """Return the last reply of every node whose tests have not run yet."""
        found = {line.node: line for line in self.calls if not line.failure and line.node not in self.nodes}
        return tuple(found.values())

    def answers(self, node: int) -> tuple[CallLine, ...]:
        """Return the replies of a node: one, or two if structured output was requested and failed."""
        return tuple(one for one in self.calls if one.node == node and not one.failure)

    def check_label(self, label: str) -> None:
        """Check that a new node may have this label.

        Raises:
            UsageError: the label is not a word, or already used.
        """
        if not LABEL.fullmatch(label):
            raise UsageError(
                f"a label is a word of letters, digits, `_`, `.` and `-`, and begins with a letter: {label!r}"
            )
        if label in self._tips:
            raise UsageError(f"there is a node {label!r} already")

    def _grow(self, line: TurnLine) -> None:
        if not (answers := self.answers(line.node)):
            raise UsageError(f"node {line.node} has tests, but no reply that they came from")
        call = answers[-1]
        node = Node(
            id=line.node, parent=call.parent, kind="pasted" if call.pasted else "sent", draft=call.draft,
            messages=call.messages, rendered=call.rendered or call.messages, reply=call.reply, turn=line.turn,
        )  # fmt: skip
        self._add(node, call.draft.onward)

    def _add(self, node: Node, draft: Draft) -> None:
        if node.id in self.nodes:
            raise UsageError(f"there are two nodes {node.id}")
        self.nodes[node.id] = node
        self._drafts[node.id] = [draft]
        self._next = max(self._next, node.id + 1)
        self._move(node.id)

    def _move(self, number: int) -> None:
        self.current = number
        if branch := self.branch_of(number):
            self._tips[branch] = number


def read_tree(draft: Draft, lines: Iterable[Line]) -> Tree:
    """Build the tree from the lines of a log.

    Raises:
        UsageError: a line is inconsistent with those before it; the message names the line.
    """
    tree = Tree(draft)
    for number, line in enumerate(lines, 1):
        try:
            tree.take(line)
        except UsageError as error:
            raise UsageError(f"line {number} of the session's log: {error}") from None
    return tree
