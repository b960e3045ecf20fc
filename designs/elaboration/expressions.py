"""Expressions of the elaborated RTL: the signals they read, what they write, and whether they are constant."""

from __future__ import annotations

from typing import Any

from pyslang.ast import EvalContext, VisitAction
from pyslang.ast import ExpressionKind as E
from pyslang.ast import SymbolKind as S
from pyslang.ast import UnaryOperator as U

_NAMES = (E.NamedValue, E.HierarchicalValue)
_INVERSIONS = (U.BitwiseNot, U.LogicalNot)
_NO_SIGNALS = {S.Parameter, S.EnumValue, S.Genvar, S.Specparam}
_JOINS = ("LogicalAnd", "LogicalOr")
_EQUAL = ("Equality", "CaseEquality")


def references(expression: Any) -> list[str]:
    """Return the signals that an expression reads, by hierarchical path; a branch that is never taken reads nothing."""
    found: list[str] = []

    def note(node: Any) -> Any:
        kind = getattr(node, "kind", None)
        if kind in _NAMES:
            if node.symbol.kind not in _NO_SIGNALS:
                found.append(node.symbol.hierarchicalPath)
        elif kind == E.ConditionalOp and (chosen := _chosen(node)) is not None:
            found.extend(references(chosen))
            return VisitAction.Skip
        return VisitAction.Advance

    expression.visit(note)
    return found


def _chosen(node: Any) -> Any:
    if len(node.conditions) != 1:
        return None
    truth = constant_truth(node.conditions[0].expr)
    return None if truth is None else node.left if truth else node.right


def constant_truth(expression: Any) -> bool | None:
    """Return whether a condition of constants only is true; None if it reads signals or cannot be evaluated."""
    if expression.kind == E.BinaryOp and str(expression.op).endswith(_JOINS):
        return _joined_truth(expression)
    symbols: list[Any] = []

    def note(node: Any) -> Any:
        if getattr(node, "kind", None) in _NAMES:
            symbols.append(node.symbol)
        return VisitAction.Advance

    expression.visit(note)
    if any(one.kind not in _NO_SIGNALS for one in symbols):
        return None
    value = expression.constant
    if not _is_known(value) and symbols:
        value = expression.eval(EvalContext(symbols[0]))
    if not _is_known(value):
        return None
    return True if value.isTrue() else False if value.isFalse() else None


def _joined_truth(expression: Any) -> bool | None:
    """Return the truth of ``a && b`` and ``a || b``: one constant part may decide."""
    parts = (constant_truth(expression.left), constant_truth(expression.right))
    decides = not str(expression.op).endswith("And")
    return decides if decides in parts else None if None in parts else not decides


def _is_known(value: Any) -> bool:
    return value is not None and value.value is not None and not value.hasUnknown()


def plain_name(expression: Any) -> tuple[str, bool] | None:
    """Return (signal, inverted) if `expression` is a bare signal, its inversion, or its comparison with 0 or 1."""
    while expression.kind == E.Conversion:
        expression = expression.operand
    if expression.kind in _NAMES:
        return (expression.symbol.hierarchicalPath, False) if expression.symbol.kind not in _NO_SIGNALS else None
    if expression.kind == E.UnaryOp and expression.op in _INVERSIONS:
        inner = plain_name(expression.operand)
        return (inner[0], not inner[1]) if inner else None
    if expression.kind == E.BinaryOp and str(expression.op).endswith(_EQUAL):
        name, truth = plain_name(expression.left), constant_truth(expression.right)
        return (name[0], name[1] ^ (not truth)) if name and truth is not None else None
    return None


def root(expression: Any) -> str | None:
    """Return the signal that an assignment to `expression` writes; None for a concatenation."""
    while expression.kind in (E.ElementSelect, E.RangeSelect, E.MemberAccess, E.Conversion):
        expression = expression.operand if expression.kind == E.Conversion else expression.value
    return str(expression.symbol.hierarchicalPath) if expression.kind in _NAMES else None


def written(expression: Any) -> set[str]:
    """Return the signals that an assignment to `expression` writes."""
    one = root(expression)
    return {one} if one else set(references(expression))
