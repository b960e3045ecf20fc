"""Integer expressions of sweeps and coverage plans, with a parser of their own; they are never executed as code.

Grammar, loosest binding first::

    or:      and ("or" and)*
    and:     not ("and" not)*
    not:     "not" not | compare
    compare: bitor (("=="|"!="|"<"|"<="|">"|">=") bitor)?
    bitor:   bitxor ("|" bitxor)*     bitxor: bitand ("^" bitand)*     bitand: shift ("&" shift)*
    shift:   sum (("<<"|">>") sum)*   sum: term (("+"|"-") term)*      term: unary (("*"|"//"|"%") unary)*
    unary:   ("-"|"~") unary | atom
    atom:    integer | name | ("min"|"max"|"abs") "(" list ")" | "(" or ")"

Comparisons and logic give 0 or 1. Division floors as in Python. A parsed tree can be
evaluated in two ways: over Python ints (`evaluate`, each step bounded by 2**64) and
over NumPy columns (`evaluate_columns`, int64).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.language.expression_nodes import COLUMNS, SCALAR, ExpressionError, Node, evaluate

MAX_TEXT = 500
MAX_DEPTH = 40

_TOKEN = re.compile(r"\s*(?:(0[xX][0-9a-fA-F]+|\d+)|([A-Za-z_]\w*)|(<<|>>|<=|>=|==|!=|//|[-+*%&|^~<>(),]))")
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"or"}),
    frozenset({"and"}),
    frozenset({"not"}),
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset({"|"}),
    frozenset({"^"}),
    frozenset({"&"}),
    frozenset({"<<", ">>"}),
    frozenset({"+", "-"}),
    frozenset({"*", "//", "%"}),
)
_NOT, _COMPARE, _UNARY = 2, 3, len(_LEVELS)
_ELSEWHERE = {
    "&&": "write `and`", "||": "write `or`", "!": "write `not`", "=": "write `==`", "'": "numbers are 31 or 0x1f",
}  # fmt: skip
"""Signs of C and Verilog that mean nothing here -> what to do instead."""
_FUNCTIONS = {"min": (2, 8), "max": (2, 8), "abs": (1, 1)}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression."""

    text: str
    root: Node

    def names(self) -> frozenset[str]:
        """The variables that the expression reads."""
        return frozenset(_names(self.root))

    @property
    def is_amount(self) -> bool:
        """Whether a value near a wanted one is near to it in meaning: sums, scaled and shifted columns, their extremes.

        Not so: comparisons, logic, bits, and products of columns.
        """
        return _is_amount(self.root)

    def evaluate(self, variables: Mapping[str, int]) -> int:
        """Return the value over Python ints.

        Raises:
            ExpressionError: unknown name, division by zero, or a value beyond +-2**64.
        """
        return int(evaluate(self.root, variables, SCALAR))

    def evaluate_columns(self, columns: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the value over int64 columns of equal length; division by zero gives 0.

        Raises:
            ExpressionError: unknown name.
        """
        return np.asarray(evaluate(self.root, columns, COLUMNS), dtype=np.int64)


def parse(text: str) -> Expression:
    """Parse `text`.

    Raises:
        ExpressionError: with the place and what was expected.
    """
    if len(text) > MAX_TEXT:
        raise ExpressionError(f"expression longer than {MAX_TEXT} characters")
    parser = _Parser(text)
    root = parser.level(0, 0)
    if parser.token is not None:
        raise ExpressionError(f"unexpected {parser.token!r} in {text!r}")
    return Expression(text, root)


class _Parser:
    """A precedence-climbing parser over a list of tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._place = 0

    @staticmethod
    def _split(text: str) -> list[str]:
        tokens, place, end = [], 0, len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                sign = text[place:].lstrip()[:2]
                raise ExpressionError(f"unexpected character {sign[:1]!r} in {text!r}{_said_here(sign)}")
            tokens.append(match.group().strip())
            place = match.end()
        return tokens

    @property
    def token(self) -> str | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _take(self, expected: str | None = None) -> str:
        token = self.token
        if token is None or (expected is not None and token != expected):
            raise ExpressionError(f"expected {expected or 'a value'}, found {token or 'the end'} in {self._text!r}")
        self._place += 1
        return token

    def level(self, level: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"nested deeper than {MAX_DEPTH} in {self._text!r}")
        if level == _UNARY:
            return self._unary(depth)
        if level == _NOT:
            if self.token == "not":
                self._take()
                return Node("unary", "not", (self.level(_NOT, depth + 1),))
            return self.level(level + 1, depth)
        left = self.level(level + 1, depth)
        chained = 0
        while self.token in _LEVELS[level]:
            chained += 1
            if level == _COMPARE and chained > 1:
                raise ExpressionError(f"comparisons do not chain; write `a < b and b < c` in {self._text!r}")
            name = self._take()
            left = Node("binary", name, (left, self.level(level + 1, depth + chained)))
        return left

    def _unary(self, depth: int) -> Node:
        if self.token in ("-", "~"):
            if depth > MAX_DEPTH:
                raise ExpressionError(f"nested deeper than {MAX_DEPTH} in {self._text!r}")
            return Node("unary", self._take(), (self._unary(depth + 1),))
        return self._atom(depth)

    def _atom(self, depth: int) -> Node:
        token = self._take()
        if token == "(":
            inner = self.level(0, depth + 1)
            self._take(")")
            return inner
        if token[0].isdigit():
            return Node("integer", _integer(token))
        if token in _FUNCTIONS and self.token == "(":
            return self._call(token, depth)
        if not re.match(r"[A-Za-z_]", token) or token in ("and", "or", "not"):
            written = "".join(self._tokens[self._place - 2 : self._place])
            raise ExpressionError(f"expected a value, found {token!r} in {self._text!r}{_said_here(written)}")
        return Node("name", token)

    def _call(self, name: str, depth: int) -> Node:
        self._take("(")
        args = [self.level(0, depth + 1)]
        while self.token == ",":
            self._take()
            args.append(self.level(0, depth + 1))
        self._take(")")
        least, most = _FUNCTIONS[name]
        if not least <= len(args) <= most:
            raise ExpressionError(f"{name}() takes {least} to {most} values, got {len(args)} in {self._text!r}")
        return Node("call", name, tuple(args))


def _said_here(written: str) -> str:
    """Return how that is said here which other languages write as `written`; empty if it is nothing of that kind."""
    return next((f"; {words}" for sign, words in _ELSEWHERE.items() if written.startswith(sign)), "")


def _integer(token: str) -> int:
    if len(token) > 20:
        raise ExpressionError(f"integer {token[:12]}... is too large")
    return int(token, 16 if token[:2].lower() == "0x" else 10)


def _is_amount(node: Node) -> bool:
    if node.kind == "binary" and node.value in ("*", "//", "%", "<<", ">>"):
        constants = [arg.kind == "integer" for arg in node.args]
        scaled = any(constants) if node.value == "*" else constants[1] and node.value != "%"
        return scaled and all(_is_amount(arg) for arg in node.args)
    known = node.kind != "binary" or node.value in ("+", "-")
    return known and node.value not in ("not", "~") and all(_is_amount(arg) for arg in node.args)


def _names(node: Node) -> list[str]:
    own = [str(node.value)] if node.kind == "name" else []
    return own + [name for arg in node.args for name in _names(arg)]
