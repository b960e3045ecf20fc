"""From the nodes of a session to the geometry of their tree; the template only draws what stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dv_agent.agents.session.nodes import Node
from dv_agent.designs.text.wording import counted

CELL, ROW, LEFT, TOP = 92, 40, 26, 20


@dataclass(frozen=True, slots=True)
class Dot:
    """One node, its middle at (`x`, `y`); `text` stands beside it."""

    node: Node
    x: int
    y: int
    text: str
    title: str
    here: bool
    on_path: bool


@dataclass(frozen=True, slots=True)
class Limb:
    """The line from a node to one that follows it."""

    path: str
    on_path: bool


@dataclass(frozen=True, slots=True)
class TreePicture:
    """A tree in pixels: turns to the right, branches downwards."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    limbs: tuple[Limb, ...]


def tree_picture(nodes: Mapping[int, Node], covered: Mapping[int, int], here: int) -> TreePicture:
    """The tree of `nodes`.

    Args:
        covered: bins covered at a node, where that is known.
        here: the node that is looked at.
    """
    path = _path(nodes, here)
    places = _places(nodes)
    dots = tuple(
        Dot(
            one, LEFT + CELL * column, TOP + ROW * row, _text(one), _title(one, covered), one.id == here, one.id in path
        )
        for one, (column, row) in ((nodes[number], place) for number, place in places.items())
    )
    at = {dot.node.id: dot for dot in dots}
    limbs = [Limb(_limb(at[dot.node.parent], dot), dot.on_path) for dot in dots if dot.node.parent is not None]
    return TreePicture(
        width=LEFT + CELL * (max(column for column, _ in places.values()) + 1),
        height=TOP + ROW * max(row for _, row in places.values()) + 30,
        dots=dots,
        limbs=tuple(sorted(limbs, key=lambda limb: limb.on_path)),
    )


def _path(nodes: Mapping[int, Node], here: int) -> set[int]:
    path, number = set[int](), here
    while True:
        path.add(number)
        parent = nodes[number].parent
        if parent is None:
            return path
        number = parent


def _places(nodes: Mapping[int, Node]) -> dict[int, tuple[int, int]]:
    """Column and row of every node: the first child beside its parent, further ones in rows of their own."""
    children: dict[int, list[int]] = {}
    for one in nodes.values():
        if one.parent is not None:
            children.setdefault(one.parent, []).append(one.id)
    places, rows, waiting = dict[int, tuple[int, int]](), 0, [(0, 0, False)]
    while waiting:
        number, column, beside = waiting.pop()
        rows += 0 if beside or not places else 1
        places[number] = column, rows
        own = children.get(number, [])
        # The last one pushed is the next one placed: the first child, in this very row.
        waiting += [(child, column + 1, place == 0) for place, child in reversed(list(enumerate(own)))]
    return places


def _limb(parent: Dot, child: Dot) -> str:
    if parent.y == child.y:
        return f"M{parent.x} {parent.y}H{child.x}"
    return f"M{parent.x} {parent.y}V{child.y - 10}q0 10 10 10H{child.x}"


def _text(node: Node) -> str:
    if node.label:
        return node.label
    if node.kind == "root":
        return "start"
    return f"+{len(node.new_bins)}"


def _title(node: Node, covered: Mapping[int, int]) -> str:
    words = {"root": "where the session began", "sent": "sent to a model", "pasted": "reply written by hand",
             "branch": "a branch"}[node.kind]  # fmt: skip
    won = f", {counted(len(node.new_bins), 'new bin')}" if node.turn else ""
    total = f", {covered[node.id]} covered" if node.id in covered else ""
    failing = f", {counted(node.failing, 'test')} failed a check" if node.failing else ""
    return f"node {node.id}{f' {node.label}' if node.label else ''}: {words}{won}{total}{failing}"
