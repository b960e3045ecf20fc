"""Integers as signed wires of generated Verilog, each wide enough for all its values, and expressions over them.

They mean the same as `Expression.evaluate_columns` over int64 columns: an expression whose values might not fit int64
is refused, so nothing wraps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dv_agent.coverage.values import ValueSet
from dv_agent.designs.language.expression_nodes import Node

LIMIT = 1 << 62
_COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}


class NotOverSignalsError(Exception):
    """The error that something cannot be said over the signals of a trace, with the reason."""


@dataclass(frozen=True, slots=True)
class Number:
    """A signed wire and the range of its values, inclusive."""

    wire: str
    low: int
    high: int


def signed_width(low: int, high: int) -> int:
    """Return the bits of a signed wire that holds `low` to `high`."""
    return max(low.bit_length() if low >= 0 else (-low - 1).bit_length(), high.bit_length()) + 1


class Lines:
    """The lines of a module under construction; the same wire is never made twice."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._known: dict[tuple[str, int, int], Number] = {}
        self._bits: dict[str, str] = {}

    def number(self, value: str, low: int, high: int) -> Number:
        """Return a wire of the value `value`, which is known to lie in a range.

        Raises:
            NotOverSignalsError: the range does not fit int64.
        """
        if low < -LIMIT or high > LIMIT:
            raise NotOverSignalsError("an expression whose values may not fit 63 bits")
        key = (value, low, high)
        if key not in self._known:
            wire = f"n{len(self._known)}"
            self.text.append(f"  wire signed [{signed_width(low, high) - 1}:0] {wire} = {value};")
            self._known[key] = Number(wire, low, high)
        return self._known[key]

    def constant(self, value: int) -> Number:
        """Return a constant."""
        width = signed_width(value, value)
        return self.number(f"{width}'sb{value & ((1 << width) - 1):0{width}b}", value, value)

    def bit(self, value: str) -> str:
        """Return a wire of one bit."""
        if value not in self._bits:
            self._bits[value] = f"b{len(self._bits)}"
            self.text.append(f"  wire {self._bits[value]} = {value};")
        return self._bits[value]

    def truth(self, bit: str) -> Number:
        """Return 1 where a bit is high, else 0."""
        return self.number(f"{bit} ? 2'sd1 : 2'sd0", 0, 1)

    def within(self, number: Number, values: ValueSet) -> str:
        """Return a bit: whether a number is in a set."""
        parts = []
        for low, high in values.ranges:
            first, last = max(low, number.low), min(high, number.high)
            if first > last:
                continue
            if (first, last) == (number.low, number.high):
                return "1'b1"
            if first == last:
                parts.append(f"{number.wire} == {self.constant(first).wire}")
                continue
            ends = [] if first == number.low else [f"{number.wire} >= {self.constant(first).wire}"]
            ends += [] if last == number.high else [f"{number.wire} <= {self.constant(last).wire}"]
            parts.append(f"({' && '.join(ends)})")
        return self.bit(" || ".join(parts)) if parts else "1'b0"


class Expressions:
    """Expressions over named numbers.

    Args:
        column: the number of a name.
    """

    def __init__(self, lines: Lines, column: Callable[[str], Number]) -> None:
        self._lines, self._column = lines, column
        self._done: dict[Node, Number] = {}

    def number(self, node: Node) -> Number:
        """Return the value of a parsed expression.

        Raises:
            NotOverSignalsError: it reads a column that no signal gives, or its values may not fit 63 bits.
        """
        if node not in self._done:
            self._done[node] = self._made(node)
        return self._done[node]

    def _made(self, node: Node) -> Number:
        if node.kind == "integer":
            return self._lines.constant(int(node.value))
        if node.kind == "name":
            return self._column(str(node.value))
        args = [self.number(one) for one in node.args]
        name = "neg" if node.kind == "unary" and node.value == "-" else str(node.value)
        if name in _COMPARISONS:
            return self._lines.truth(self._lines.bit(f"{args[0].wire} {name} {args[1].wire}"))
        if name in _LOGIC:
            return self._lines.truth(self._lines.bit(_LOGIC[name](*(f"({one.wire} != 0)" for one in args))))
        return _ARITHMETIC[name](self._lines, *args)


_LOGIC: Mapping[str, Callable[..., str]] = {
    "and": lambda a, b: f"{a} && {b}",
    "or": lambda a, b: f"{a} || {b}",
    "not": lambda a: f"!{a}",
}


def _corners(lines: Lines, text: str, values: Sequence[int]) -> Number:
    return lines.number(text, min(values), max(values))


def _multiplied(lines: Lines, a: Number, b: Number) -> Number:
    ends = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return _corners(lines, f"{a.wire} * {b.wire}", ends)


def _bitwise(sign: str) -> Callable[[Lines, Number, Number], Number]:
    def made(lines: Lines, a: Number, b: Number) -> Number:
        width = max(signed_width(a.low, a.high), signed_width(b.low, b.high)) - 1
        if sign == "&" and (highs := [one.high for one in (a, b) if one.low >= 0]):
            return lines.number(f"{a.wire} & {b.wire}", 0, min(highs))
        negative = a.low < 0 or b.low < 0
        return lines.number(f"{a.wire} {sign} {b.wire}", -(1 << width) if negative else 0, (1 << width) - 1)

    return made


def _shifted(left: bool) -> Callable[[Lines, Number, Number], Number]:
    def made(lines: Lines, a: Number, b: Number) -> Number:
        low, high = min(max(b.low, 0), 63), min(max(b.high, 0), 63)
        amount = lines.number(f"({b.wire} < 0) ? 1'sb0 : ({b.wire} > 63) ? 7'sd63 : {b.wire}", low, high)
        if left:
            ends = [x << y for x in (a.low, a.high) for y in (low, high)]
            return _corners(lines, f"{a.wire} <<< {amount.wire}", ends)
        return _corners(lines, f"{a.wire} >>> {amount.wire}", [x >> y for x in (a.low, a.high) for y in (low, high)])

    return made


def _divided(lines: Lines, a: Number, b: Number) -> Number:
    most = max(abs(a.low), abs(a.high))
    divisor = _divisor(lines, b)
    cut = lines.number(f"{a.wire} / {divisor.wire}", -most, most)
    rest = _rest(lines, a, divisor)
    down = lines.bit(f"({rest.wire} != 0) && (({a.wire} < 0) != ({divisor.wire} < 0))")
    low = 0 if a.low >= 0 and b.low >= 0 else -most - 1
    return lines.number(f"({b.wire} == 0) ? 1'sb0 : {cut.wire} - ({down} ? 2'sd1 : 2'sd0)", low, most)


def _remainder(lines: Lines, a: Number, b: Number) -> Number:
    most = max(abs(b.low), abs(b.high), 1)
    divisor = _divisor(lines, b)
    rest = _rest(lines, a, divisor)
    other = lines.bit(f"({rest.wire} != 0) && (({rest.wire} < 0) != ({divisor.wire} < 0))")
    low = 0 if b.low >= 0 else 1 - most
    return lines.number(
        f"({b.wire} == 0) ? 1'sb0 : {other} ? {rest.wire} + {divisor.wire} : {rest.wire}", low, most - 1
    )


def _divisor(lines: Lines, b: Number) -> Number:
    return lines.number(f"({b.wire} == 0) ? 2'sd1 : {b.wire}", min(b.low, 1), max(b.high, 1))


def _rest(lines: Lines, a: Number, divisor: Number) -> Number:
    # Of the wire's own width: in a wider context the operands would be extended first, which changes nothing here.
    most = max(abs(a.low), abs(a.high), abs(divisor.low), abs(divisor.high))
    return lines.number(f"{a.wire} % {divisor.wire}", -most, most)


def _chosen(sign: str, pick: Callable[..., int]) -> Callable[..., Number]:
    def made(lines: Lines, *args: Number) -> Number:
        found = args[0]
        for one in args[1:]:
            text = f"({found.wire} {sign} {one.wire}) ? {found.wire} : {one.wire}"
            found = lines.number(text, pick(found.low, one.low), pick(found.high, one.high))
        return found

    return made


def _absolute(lines: Lines, a: Number) -> Number:
    low = 0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return lines.number(f"({a.wire} < 0) ? -{a.wire} : {a.wire}", low, max(abs(a.low), abs(a.high)))


_ARITHMETIC: Mapping[str, Callable[..., Number]] = {
    "+": lambda lines, a, b: lines.number(f"{a.wire} + {b.wire}", a.low + b.low, a.high + b.high),
    "-": lambda lines, a, b: lines.number(f"{a.wire} - {b.wire}", a.low - b.high, a.high - b.low),
    "*": _multiplied,
    "&": _bitwise("&"),
    "|": _bitwise("|"),
    "^": _bitwise("^"),
    "<<": _shifted(left=True),
    ">>": _shifted(left=False),
    "//": _divided,
    "%": _remainder,
    "neg": lambda lines, a: lines.number(f"-{a.wire}", -a.high, -a.low),
    "~": lambda lines, a: lines.number(f"~{a.wire}", ~a.high, ~a.low),
    "min": _chosen("<", min),
    "max": _chosen(">", max),
    "abs": _absolute,
}
