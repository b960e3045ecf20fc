"""Operators: arithmetic, logic, comparisons, shifts and negations become another one, or lose an operand."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.mutants.places import Place
from dv_agent.designs.mutants.replacement import Change, replaced, short

_OTHERS = {
    "AddExpression": ("-",), "SubtractExpression": ("+",), "MultiplyExpression": ("+",), "DivideExpression": ("*",),
    "ModExpression": ("/",), "BinaryAndExpression": ("|",), "BinaryOrExpression": ("&", "^"),
    "BinaryXorExpression": ("|",), "LogicalAndExpression": ("||",), "LogicalOrExpression": ("&&",),
    "EqualityExpression": ("!=",), "InequalityExpression": ("==",), "CaseEqualityExpression": ("!==",),
    "LessThanExpression": ("<=", ">"), "LessThanEqualExpression": ("<", ">="),
    "GreaterThanExpression": (">=", "<"), "GreaterThanEqualExpression": (">", "<="),
    "LogicalShiftLeftExpression": (">>",), "LogicalShiftRightExpression": ("<<",),
    "ArithmeticShiftRightExpression": (">>",), "ArithmeticShiftLeftExpression": (">>",),
    "UnaryBitwiseAndExpression": ("|",), "UnaryBitwiseOrExpression": ("&",), "UnaryBitwiseXorExpression": ("|",),
    "UnaryBitwiseNotExpression": ("",), "UnaryLogicalNotExpression": ("",), "UnaryMinusExpression": ("",),
    "AddAssignmentExpression": ("-=",), "SubtractAssignmentExpression": ("+=",),
}  # fmt: skip
_ONE_SIDE = {"LogicalAndExpression", "LogicalOrExpression", "BinaryAndExpression", "BinaryOrExpression"}


def operators(place: Place) -> Iterator[Change]:
    """Yield the changes of one operator."""
    if place.around.role in ("step", "reset"):
        return
    node = place.node
    for other in _OTHERS.get(place.kind, ()):
        token = node.operatorToken
        words = f"{token.valueText} becomes {other}" if other else f"{token.valueText} is dropped"
        yield from replaced("operator", place, token, other, f"{words} in {short(place.of(node))}")
    if place.kind in _ONE_SIDE:
        for side in (node.left, node.right):
            yield from replaced("operator", place, node, f"({place.of(side)})")
