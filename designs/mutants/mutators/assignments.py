"""Assignments: dropped, or made once more, late and without their condition; resets dropped or changed."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.mutants.candidate import Edit
from dv_agent.designs.mutants.places import Place
from dv_agent.designs.mutants.replacement import Change, replaced, short
from dv_agent.designs.mutants.rtl_text import kind_name

_ASSIGNS = {
    "AssignmentExpression", "NonblockingAssignmentExpression", "AddAssignmentExpression",
    "SubtractAssignmentExpression", "PostincrementExpression", "PostdecrementExpression",
}  # fmt: skip


def assignments(place: Place) -> Iterator[Change]:
    """Yield the changes that drop an assignment, or repeat it at the end of its block."""
    if place.kind != "ExpressionStatement" or kind_name(place.node.expr) not in _ASSIGNS or place.around.resetting:
        return
    text = place.of(place.node)
    yield from replaced("drop", place, place.node, ";", f"{short(text)} is dropped")
    yield from _late(place, text)


def resets(place: Place) -> Iterator[Change]:
    """Yield the changes of a register's reset: its value, or that it has one."""
    if place.kind != "ExpressionStatement" or not place.around.resetting or kind_name(place.node.expr) not in _ASSIGNS:
        return
    text, target = place.of(place.node), place.of(place.node.expr.left)
    yield from replaced("reset", place, place.node, ";", f"{short(target)} is not reset")
    value = place.node.expr.right
    if given := place.of(value):
        yield from replaced("reset", place, value, f"~({given})", f"{short(text)} resets to the complement")
        yield from replaced("reset", place, value, f"({given}) + 1", f"{short(text)} resets to one more")


def _late(place: Place, text: str) -> Iterator[Change]:
    around = place.around
    if kind_name(place.node.expr) != "NonblockingAssignmentExpression" or around.loop or not around.depth:
        return
    span = place.text.span(around.late)
    if not span or not text:
        return
    words = f"{short(text)} comes once more at the end, whatever the condition"
    if kind_name(around.late) == "SequentialBlockStatement" and (end := place.text.span(around.late.end)):
        yield Change("extra", words, (Edit(start=end[0], end=end[0], text=f"{text} "),))
    else:
        edits = (Edit(start=span[0], end=span[0], text="begin "), Edit(start=span[1], end=span[1], text=f" {text} end"))
        yield Change("extra", words, edits)
