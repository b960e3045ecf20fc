"""Reading values, ranges, sets, sequences and expressions from a plan."""

from __future__ import annotations

from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.values import LIMIT, Range, ValueSet, value_set
from dv_agent.designs.language.expression import Expression, parse
from dv_agent.designs.language.expression_nodes import ExpressionError, Node

MAX_MEMBERS = 4096
MAX_LENGTH = 64
_FORMS = "a value, a range [low, high] or {values: [...]}"


def read_values(cursor: Cursor, also: tuple[str, ...] = ()) -> ValueSet:
    """Read a value, ``[low, high]``, ``{range: [low, high]}`` or ``{values: [...]}``; `also` names further keys."""
    if isinstance(cursor.data, dict):
        return _read_mapping(cursor, also)
    return value_set([_read_member(cursor)])


def read_sequence(cursor: Cursor) -> tuple[ValueSet, ...]:
    """Read the positions of a transition: each a value, a list of values, or one of the mappings."""
    positions = cursor.items()
    if not 2 <= len(positions) <= MAX_LENGTH:
        raise cursor.error(f"{cursor.label}: a transition has 2 to {MAX_LENGTH} positions, this has {len(positions)}")
    return tuple(_read_position(position) for position in positions)


def read_expression(cursor: Cursor) -> Expression:
    """Read an expression of the grammar in ``designs/language/expression.py``."""
    try:
        expression = parse(cursor.text())
    except ExpressionError as error:
        raise cursor.error(f"{cursor.label}: {error}") from None
    if _has_large_constant(expression.root):
        raise cursor.error(f"{cursor.label}: constants in a plan stay within +-(2**62 - 1)")
    return expression


def _read_mapping(cursor: Cursor, also: tuple[str, ...]) -> ValueSet:
    cursor.fields(("values", "range", *also))
    values, bounds = cursor.get("values"), cursor.get("range")
    if (values is None) == (bounds is None):
        raise cursor.error(f"{cursor.label}: expected either `values` or `range`")
    if bounds is not None:
        if not isinstance(bounds.data, list):
            raise bounds.wrong("[low, high]")
        return value_set([_read_member(bounds)])
    assert values is not None
    return _read_set(values)


def _read_set(cursor: Cursor) -> ValueSet:
    members = cursor.items()
    if len(members) > MAX_MEMBERS:
        raise cursor.error(f"{cursor.label}: more than {MAX_MEMBERS} members; use ranges")
    return value_set(_read_member(member) for member in members)


def _read_position(cursor: Cursor) -> ValueSet:
    # Here a list is a set, not a range: `[1, 8]` means "1 or 8".
    return _read_set(cursor) if isinstance(cursor.data, list) else read_values(cursor)


def _read_member(cursor: Cursor) -> Range:
    if not isinstance(cursor.data, list):
        if isinstance(cursor.data, bool) or not isinstance(cursor.data, int):
            raise cursor.wrong(_FORMS)
        value = cursor.integer(-LIMIT, LIMIT)
        return value, value
    if len(cursor.data) != 2:
        raise cursor.wrong(_FORMS)
    low, high = (cursor.at(index).integer(-LIMIT, LIMIT) for index in (0, 1))
    if low > high:
        raise cursor.error(f"{cursor.label}: range [{low}, {high}] is empty; write the lower bound first")
    return low, high


def _has_large_constant(node: Node) -> bool:
    if node.kind == "integer":
        return int(node.value) > LIMIT
    return any(_has_large_constant(arg) for arg in node.args)
