"""Signals: stuck at 0, stuck at 1, one cycle late; a valid or ready one cycle late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dv_agent.designs.mutants.candidate import Edit
from dv_agent.designs.mutants.places import Place, names_in
from dv_agent.designs.mutants.replacement import Change, replaced, short
from dv_agent.designs.mutants.rtl_text import inner, kind_name

LATE = "late"


def signals(place: Place) -> Iterator[Change]:
    """Yield the changes of what drives one signal."""
    target, value = _driven(place)
    if value is None or not place.of(value) or place.around.resetting:
        return
    for text, words in (("0", "is stuck at 0"), ("~0", "is stuck at 1 in every bit")):
        yield from replaced("stuck", place, value, text, f"{short(target)} {words}")
    yield from _delayed(place, target, value)


def connections(place: Place) -> Iterator[Change]:
    """Yield the changes that put a register between a signal and the valid or ready of an instance."""
    if place.kind != "NamedPortConnection" or place.node.expr is None or place.around.member is None:
        return
    name = place.node.name.valueText
    source = inner(place.node.expr)
    if not place.facts.is_handshake(name) or kind_name(source) != "IdentifierName":
        return
    text = place.of(source)
    if place.facts.ranges.get(text) == "" and text != place.facts.clock:
        yield from _registered(place, "handshake", text, text, source, f"{text} reaches {name} one cycle late")


def _driven(place: Place) -> tuple[str, Any]:
    """Return the signal that a node drives, and the expression that it gets; ("", None) if the node drives none."""
    node, around = place.node, place.around
    if place.kind == "AssignmentExpression" and around.member is not None and not around.procedural:
        return place.of(node.left), node.right
    if place.kind == "NonblockingAssignmentExpression" and around.clocked:
        return place.of(node.left), node.right
    declared = around.member is not None and kind_name(around.member) == "NetDeclaration" and not around.procedural
    if place.kind == "Declarator" and declared and node.initializer is not None:
        return node.name.valueText, node.initializer.expr
    return "", None


def _delayed(place: Place, target: str, value: Any) -> Iterator[Change]:
    if target not in place.facts.ranges or not names_in(value) or place.around.loop:
        return
    if not names_in(value) <= place.facts.ranges.keys():
        return
    kind = "handshake" if place.facts.is_handshake(target) else "delay"
    yield from _registered(place, kind, target, place.of(value), value, f"{target} comes one cycle late")


def _registered(place: Place, kind: str, target: str, value: str, node: Any, words: str) -> Iterator[Change]:
    """Yield the change that takes the value of `node` from a new register, declared before its member."""
    span, member = place.text.span(node), place.text.span(place.around.member)
    clock, name = place.facts.clock, f"{target}_{LATE}"
    if not span or not member or not clock or name in place.facts.ranges:
        return
    packed = place.facts.ranges[target]
    new = f"reg {packed}{' ' if packed else ''}{name}; always @(posedge {clock}) {name} <= {value};\n"
    indent = _indent(place.text.text, member[0])
    edits = (Edit(start=member[0], end=member[0], text=new + indent), Edit(start=span[0], end=span[1], text=name))
    yield Change(kind, words, edits)


def _indent(text: str, place: int) -> str:
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line if not line.strip() else ""
