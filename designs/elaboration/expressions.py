"""Expressions of the elaborated RTL: the signals they read, what they write, and whether they are constant."""

from __future__ import annotations

from typing import Any

from pyslang.ast import BinaryOperator as B
from pyslang.ast import ExpressionKind as E
from pyslang.ast import UnaryOperator as U
from pyslang.ast import VisitAction

from dv_agent.designs.constants.known_values import CONSTANTS, NAMES, Evaluator

_INVERSIONS = (U.BitwiseNot, U.LogicalNot)
_LITERALS = (E.IntegerLiteral, E.UnbasedUnsizedIntegerLiteral)
# One constant side may decide their value.
_DECIDED = {B.BinaryAnd, B.BinaryOr, B.LogicalAnd, B.LogicalOr, B.Multiply}
_EQUAL = ("Equality", "CaseEquality")


class ExpressionReader:
    """Reads expressions under what is known to be constant.

    Args:
        evaluator: what is constant; parts that decide nothing any more are not read.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def references(self, expression: Any) -> list[str]:
        """Return the signals that the value of an expression depends on, by hierarchical path.

        Not read are branches that are never taken, terms that a constant decides (``0 & a``), and signals of one value.
        """
        found: list[str] = []
        folds = self._has_constants(expression)

        def note(node: Any) -> Any:
            kind = getattr(node, "kind", None)
            if kind in NAMES:
                if not self._is_constant(node.symbol):
                    found.append(node.symbol.hierarchicalPath)
            elif folds and kind == E.ConditionalOp and (chosen := self._chosen(node)) is not None:
                found.extend(self.references(chosen))
                return VisitAction.Skip
            elif folds and kind == E.BinaryOp and node.op in _DECIDED and self._evaluator.value(node) is not None:
                return VisitAction.Skip
            return VisitAction.Advance

        expression.visit(note)
        return found

    def truth(self, expression: Any) -> bool | None:
        """Return whether a condition is always true or always false; None if it may be both."""
        return self._evaluator.truth(expression)

    def value(self, expression: Any) -> int | None:
        """Return the only value of an expression, unsigned; None if there are several."""
        return self._evaluator.value(expression)

    def is_known(self, signal: str) -> bool:
        """Return whether a signal, by hierarchical path, has one value only."""
        return signal in self._evaluator.known

    def plain_name(self, expression: Any) -> tuple[str, bool] | None:
        """Return (signal, inverted) if `expression` is a bare signal, its inversion, or its comparison with 0 or 1."""
        while expression.kind == E.Conversion:
            expression = expression.operand
        if expression.kind in NAMES:
            symbol = expression.symbol
            return (str(symbol.hierarchicalPath), False) if symbol.kind not in CONSTANTS else None
        if expression.kind == E.UnaryOp and expression.op in _INVERSIONS:
            inner = self.plain_name(expression.operand)
            return (inner[0], not inner[1]) if inner else None
        if expression.kind == E.ConditionalOp and (chosen := self._chosen(expression)) is not None:
            return self.plain_name(chosen)
        if expression.kind == E.BinaryOp and str(expression.op).endswith(_EQUAL):
            name, truth = self.plain_name(expression.left), self.truth(expression.right)
            return (name[0], name[1] ^ (not truth)) if name and truth is not None else None
        return None

    def written(self, expression: Any) -> set[str]:
        """Return the signals that an assignment to `expression` writes."""
        one = root(expression)
        return {one} if one else set(self.references(expression))

    def _chosen(self, node: Any) -> Any:
        truth = self.truth(node.conditions[0].expr) if len(node.conditions) == 1 else None
        return None if truth is None else node.left if truth else node.right

    def _is_constant(self, symbol: Any) -> bool:
        return symbol.kind in CONSTANTS or self.is_known(symbol.hierarchicalPath)

    def _has_constants(self, expression: Any) -> bool:
        """Return whether anything in an expression may decide something; most long ones hold signals only."""
        found = False

        def note(node: Any) -> Any:
            nonlocal found
            kind = getattr(node, "kind", None)
            found = found or kind in _LITERALS or (kind in NAMES and self._is_constant(node.symbol))
            return VisitAction.Interrupt if found else VisitAction.Advance

        expression.visit(note)
        return found


def root(expression: Any) -> str | None:
    """Return the signal that an assignment to `expression` writes; None for a concatenation."""
    while expression.kind in (E.ElementSelect, E.RangeSelect, E.MemberAccess, E.Conversion):
        expression = expression.operand if expression.kind == E.Conversion else expression.value
    return str(expression.symbol.hierarchicalPath) if expression.kind in NAMES else None
