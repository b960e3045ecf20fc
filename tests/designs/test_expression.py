"""Expressions mean what Python means by the same text, over ints and over columns alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.designs.language.expression import parse
from dv_agent.designs.language.expression_nodes import ExpressionError

LEAVES = st.one_of(st.integers(0, 99).map(str), st.sampled_from(["a", "b", "c"]))
BINARY = ["+", "-", "*", "//", "%", "&", "|", "^", "==", "!=", "<", "<=", ">", ">="]


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(" ".join),
        st.tuples(inner, st.sampled_from(["<<", ">>"]), st.integers(0, 5).map(str)).map(lambda t: f"({' '.join(t)})"),
        inner.map(lambda t: f"(-{t})"),
        inner.map(lambda t: f"~{t}" if t.isalnum() else f"~({t})"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]}, 3)"),
        inner.map(lambda t: f"abs({t})"),
    )


TEXTS = st.recursive(LEAVES, grow, max_leaves=6)
VALUES = st.integers(-50, 50)


@given(TEXTS, VALUES, VALUES, VALUES)
def test_scalar_value_is_pythons(text: str, a: int, b: int, c: int) -> None:
    names = {"a": a, "b": b, "c": c, "min": min, "max": max, "abs": abs, "__builtins__": {}}
    try:
        expected = int(eval(text, names))  # noqa: S307  (the oracle of this test; our own text)
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="division by zero"):
            parse(text).evaluate({"a": a, "b": b, "c": c})
        return
    assert parse(text).evaluate({"a": a, "b": b, "c": c}) == expected


@given(TEXTS, st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=1, max_size=8))
def test_columns_agree_with_scalars(text: str, rows: list[tuple[int, int, int]]) -> None:
    expression = parse(text)
    columns = {name: np.array([row[i] for row in rows], dtype=np.int64) for i, name in enumerate("abc")}
    got = np.broadcast_to(expression.evaluate_columns(columns), len(rows))
    for row, value in zip(rows, got, strict=True):
        try:
            assert expression.evaluate(dict(zip("abc", row, strict=True))) == value
        except ExpressionError as error:
            assert "division by zero" in str(error)


@pytest.mark.parametrize(
    ("text", "value"),
    [("not 1 == 2 and 3", 1), ("0 or 0", 0), ("1 << 2 + 1", 8), ("-2 // 4", -1), ("7 & 3 == 3", 1), ("0x1F", 31)],
)
def test_precedence_is_the_documented_one(text: str, value: int) -> None:
    assert parse(text).evaluate({}) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a value"),
        ("1 +", "expected a value"),
        ("(1", r"expected \)"),
        ("1 2", "unexpected '2'"),
        ("a.b", "unexpected character"),
        ("__import__('os')", "unexpected"),
        ("1 < 2 < 3", "do not chain"),
        ("max(1)", "takes 2 to 8"),
        ("9" * 30, "too large"),
        ("(" * 200 + "1" + ")" * 200, "nested deeper"),
        ("-" * 100 + "1", "nested deeper"),
        ("1" + "+1" * 300, "longer than"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        parse(text)


@pytest.mark.parametrize("text", ["2 << 65", "4294967296 * 4294967296 * 2", "x", "1 << (0 - 1)"])
def test_values_out_of_bounds_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text).evaluate({})


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        assert str(error)
