"""The nodes of a parsed expression and their evaluation over Python ints and over NumPy columns."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

BOUND = 1 << 64


class ExpressionError(ValueError):
    """The error that a text is not an expression of the grammar, or that its value is out of bounds."""


@dataclass(frozen=True, slots=True)
class Node:
    """An operator, function, name or constant; `value` is the operator's or variable's name, or the integer."""

    kind: str
    value: str | int
    args: tuple[Node, ...] = ()

    @property
    def is_truth(self) -> bool:
        """Whether the value is 0 or 1 whatever the variables are: that of a comparison, or of and, or, not."""
        return self.value in _COMPARISONS or self.value in ("and", "or", "not")


def _bounded(function: Callable[..., int]) -> Callable[..., int]:
    def call(*args: int) -> int:
        try:
            value = int(function(*args))
        except ZeroDivisionError:
            raise ExpressionError("division by zero") from None
        if not -BOUND <= value <= BOUND:
            raise ExpressionError("value beyond 2**64")
        return value

    return call


def _scalar_shift(function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def call(left: int, right: int) -> int:
        if not 0 <= right <= 64:
            raise ExpressionError(f"shift by {right}; allowed are 0 to 64")
        return function(left, right)

    return call


def _divide(function: Any) -> Callable[[Any, Any], Any]:
    def call(left: Any, right: Any) -> Any:
        zero = np.equal(right, 0)
        return np.where(zero, 0, function(left, np.where(zero, 1, right)))

    return call


def _shift(function: Any) -> Callable[[Any, Any], Any]:
    return lambda left, right: function(left, np.clip(right, 0, 63))


def _as_integer(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda left, right: np.asarray(function(left, right), dtype=np.int64)


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
SCALAR: dict[str, Callable[..., Any]] = {
    **{name: _bounded(function) for name, function in {**_ARITHMETIC, **_COMPARISONS}.items()},
    "//": _bounded(operator.floordiv),
    "%": _bounded(operator.mod),
    "<<": _bounded(_scalar_shift(operator.lshift)),
    ">>": _bounded(_scalar_shift(operator.rshift)),
    "and": lambda a, b: int(bool(a) and bool(b)),
    "or": lambda a, b: int(bool(a) or bool(b)),
    "not": lambda a: int(not a),
    "neg": _bounded(operator.neg),
    "~": operator.invert,
    "min": min,
    "max": max,
    "abs": abs,
}
COLUMNS: dict[str, Callable[..., Any]] = {
    **_ARITHMETIC,
    **{name: _as_integer(function) for name, function in _COMPARISONS.items()},
    "//": _divide(np.floor_divide),
    "%": _divide(np.mod),
    "<<": _shift(np.left_shift),
    ">>": _shift(np.right_shift),
    "and": lambda a, b: (np.not_equal(a, 0) & np.not_equal(b, 0)).astype(np.int64),
    "or": lambda a, b: (np.not_equal(a, 0) | np.not_equal(b, 0)).astype(np.int64),
    "not": lambda a: np.equal(a, 0).astype(np.int64),
    "neg": np.negative,
    "~": np.invert,
    "min": lambda *args: _fold(np.minimum, args),
    "max": lambda *args: _fold(np.maximum, args),
    "abs": np.abs,
}


def _fold(function: Any, args: tuple[Any, ...]) -> Any:
    result = args[0]
    for arg in args[1:]:
        result = function(result, arg)
    return result


def evaluate(node: Node, variables: Mapping[str, Any], operators: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the value of a tree under one of the two sets of operators, `SCALAR` or `COLUMNS`.

    Raises:
        ExpressionError: unknown name; with `SCALAR` also a division by zero or a value beyond +-2**64.
    """
    if node.kind == "integer":
        return node.value
    if node.kind == "name":
        if node.value not in variables:
            raise ExpressionError(f"unknown name {node.value!r}; known: {', '.join(sorted(variables)) or 'none'}")
        return variables[str(node.value)]
    args = [evaluate(arg, variables, operators) for arg in node.args]
    return operator_of(node, operators)(*args)


def operator_of(node: Node, operators: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Return the function of a node that is neither a name nor an integer."""
    return operators["neg" if node.kind == "unary" and node.value == "-" else str(node.value)]
