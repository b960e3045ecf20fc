"""What is known of an expression without simulating: its value if parameters and tied signals decide it, else a range.

Conservative: None stands for unknown, and whatever is not understood is unknown. Values are unsigned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pyslang import SVInt
from pyslang.ast import BinaryOperator as B
from pyslang.ast import EvalContext, VisitAction
from pyslang.ast import ExpressionKind as E
from pyslang.ast import SymbolKind as S
from pyslang.ast import UnaryOperator as U

NAMES = (E.NamedValue, E.HierarchicalValue)
CONSTANTS = {S.Parameter, S.EnumValue, S.Genvar, S.Specparam}
Known = Mapping[str, int]
"""Hierarchical name of a signal -> the only value that it ever has."""
_WIDEST = 4096
_MOST_KEPT = 100_000
_DEEPEST = 60  # operators inside each other; of a deeper expression nothing is known
_LOGIC: dict[Any, Callable[[int, int], int]] = {
    B.Equality: lambda a, b: int(a == b), B.CaseEquality: lambda a, b: int(a == b),
    B.Inequality: lambda a, b: int(a != b), B.CaseInequality: lambda a, b: int(a != b),
    B.LessThan: lambda a, b: int(a < b), B.LessThanEqual: lambda a, b: int(a <= b),
    B.GreaterThan: lambda a, b: int(a > b), B.GreaterThanEqual: lambda a, b: int(a >= b),
}  # fmt: skip
_ARITHMETIC: dict[Any, Callable[[int, int], int]] = {
    B.Add: lambda a, b: a + b, B.Subtract: lambda a, b: a - b, B.Multiply: lambda a, b: a * b,
    B.BinaryAnd: lambda a, b: a & b, B.BinaryOr: lambda a, b: a | b, B.BinaryXor: lambda a, b: a ^ b,
}  # fmt: skip


def symbols_in(expression: Any) -> list[Any]:
    """Return the symbols that an expression names, constants included, in the order of its text."""
    found: list[Any] = []

    def note(node: Any) -> Any:
        if getattr(node, "kind", None) in NAMES:
            found.append(node.symbol)
        return VisitAction.Advance

    expression.visit(note)
    return found


_DECIDED = {
    U.BitwiseAnd: (True, 0), U.BitwiseNand: (True, 1), U.BitwiseOr: (False, 1), U.BitwiseNor: (False, 0),
}  # fmt: skip
"""Reductions: whether a zero or a one in any place decides them, and what they are then."""


class Evaluator:
    """Evaluates expressions of the elaborated tree.

    Args:
        known: signals of one value.
        anchor: any symbol of the tree, for expressions that name none.
    """

    def __init__(self, known: Known, anchor: Any) -> None:
        self.known, self._anchor, self._depth = known, anchor, 0
        self._kept: dict[int, tuple[Any, int | None]] = {}

    def value(self, expression: Any) -> int | None:
        """Return the only value that `expression` can have, unsigned; None if it may have several or nobody knows."""
        kept = self._kept.get(id(expression))
        if kept is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            # The node itself is kept, so that no other one gets its id.
            kept = self._kept[id(expression)] = (expression, self._found(expression))
        return kept[1]

    def _found(self, expression: Any) -> int | None:
        if (constant := _constant(expression, self._anchor)) is not None:
            return constant
        width = _width(expression)
        if width is None or self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            found = self._parts(expression)
        finally:
            self._depth -= 1
        if found is None:
            low, high = self.span(expression)
            return low if low == high else None
        return found & ((1 << width) - 1)

    def truth(self, expression: Any) -> bool | None:
        """Return whether a condition is always true or always false; None if neither is known."""
        found = self.value(expression)
        return None if found is None else bool(found)

    def span(self, expression: Any) -> tuple[int, int]:
        """Return bounds, inclusive, of the values of an unsigned expression."""
        if (constant := _constant(expression, self._anchor)) is not None:
            return constant, constant
        width = _width(expression) or _WIDEST
        most = (1 << width) - 1
        if expression.kind == E.Conversion and not expression.operand.type.isSigned:
            inner = self.span(expression.operand)
            return inner if inner[1] <= most else (0, most)
        if expression.kind in NAMES and (found := self.known.get(expression.symbol.hierarchicalPath)) is not None:
            return found, found
        return 0, most

    def _parts(self, expression: Any) -> int | None:
        kind = expression.kind
        found: int | None = None
        if kind in NAMES:
            found = self.known.get(expression.symbol.hierarchicalPath)
        elif kind == E.UnaryOp:
            found = self._unary(expression)
        elif kind == E.BinaryOp:
            found = self._binary(expression)
        elif kind == E.ConditionalOp and len(expression.conditions) == 1:
            found = self._choice(expression)
        elif kind == E.Conversion and not expression.operand.type.isSigned:
            found = self.value(expression.operand)
        elif kind in (E.ElementSelect, E.RangeSelect, E.Concatenation, E.Replication):
            found = self._pieces(expression)
        return found

    def _unary(self, expression: Any) -> int | None:
        operand = self.value(expression.operand)
        width = _width(expression.operand)
        if operand is None or width is None:
            return self._reduced(expression)
        whole = (1 << width) - 1
        results = {
            U.LogicalNot: int(not operand), U.BitwiseNot: ~operand, U.Plus: operand, U.Minus: -operand,
            U.BitwiseOr: int(operand != 0), U.BitwiseAnd: int(operand == whole),
            U.BitwiseNor: int(operand == 0), U.BitwiseNand: int(operand != whole),
            U.BitwiseXor: operand.bit_count() & 1,
        }  # fmt: skip
        return results.get(expression.op)

    def _reduced(self, expression: Any) -> int | None:
        """Return what one known part of a concatenation decides, as in ``&{1'b0, unused}``."""
        operand = expression.operand
        if operand.kind != E.Concatenation or expression.op not in _DECIDED:
            return None
        known = [(self.value(one), _width(one)) for one in operand.operands]
        found = [(value, (1 << width) - 1) for value, width in known if value is not None and width is not None]
        by_zero, result = _DECIDED[expression.op]
        return result if any(value != whole if by_zero else value != 0 for value, whole in found) else None

    def _binary(self, expression: Any) -> int | None:
        op = expression.op
        left, right = self.value(expression.left), self.value(expression.right)
        if op == B.LogicalAnd:
            return 0 if 0 in (left, right) else None if None in (left, right) else 1
        if op == B.LogicalOr:
            return 1 if left or right else None if None in (left, right) else 0
        if op in (B.BinaryAnd, B.Multiply) and 0 in (left, right):
            return 0
        if op in _LOGIC:
            return self._compared(expression)
        if left is None or right is None or op not in _ARITHMETIC:
            return None
        return None if expression.type.isSigned else _ARITHMETIC[op](left, right)

    def _compared(self, expression: Any) -> int | None:
        """Compare two ranges; a signed comparison only if both sides are constants, which slang evaluates."""
        if expression.left.type.isSigned and expression.right.type.isSigned:
            return None
        (low, high), (least, most) = self.span(expression.left), self.span(expression.right)
        left, right = self.value(expression.left), self.value(expression.right)
        if left is not None:
            low = high = left
        if right is not None:
            least = most = right
        holds = _LOGIC[expression.op]
        apart = high < least or most < low
        if low == high and least == most:
            return holds(low, least)
        if expression.op in (B.Equality, B.CaseEquality, B.Inequality, B.CaseInequality):
            return holds(0, 1) if apart else None
        corners = {holds(a, b) for a in (low, high) for b in (least, most)}
        return corners.pop() if len(corners) == 1 else None

    def _choice(self, expression: Any) -> int | None:
        truth = self.truth(expression.conditions[0].expr)
        if truth is None:
            left, right = self.value(expression.left), self.value(expression.right)
            return left if left == right else None
        return self.value(expression.left if truth else expression.right)

    def _pieces(self, expression: Any) -> int | None:
        if expression.kind == E.Concatenation:
            total = 0
            for operand in expression.operands:
                width, found = _width(operand), self.value(operand)
                if width is None or found is None:
                    return None
                total = (total << width) | found
            return total
        if expression.kind == E.Replication:
            return 0 if self.value(expression.concat) == 0 else None
        if expression.kind in (E.ElementSelect, E.RangeSelect):
            # Of a signal that is all zeros, whatever is selected.
            return 0 if self.value(expression.value) == 0 else None
        return None


def _constant(expression: Any, anchor: Any) -> int | None:
    """Return the value of an expression that reads no signal."""
    found, width = expression.constant, _width(expression)
    if getattr(found, "value", None) is None:
        symbols = symbols_in(expression)
        if any(one.kind not in CONSTANTS for one in symbols):
            return None
        found = expression.eval(EvalContext(symbols[0] if symbols else anchor))
    number = getattr(found, "value", None)
    if width is None or not isinstance(number, SVInt) or number.hasUnknown:
        return None
    return int(number) & ((1 << width) - 1)


def _width(expression: Any) -> int | None:
    """Return the number of bits of an integral expression."""
    kind = expression.type.canonicalType
    return int(kind.bitWidth) if kind.isIntegral and 0 < kind.bitWidth <= _WIDEST else None
