"""One procedural block, walked: what is assigned from what, under which conditions, at which edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pyslang.ast import AssertionKind, CaseStatementCondition
from pyslang.ast import ExpressionKind as E
from pyslang.ast import StatementKind as K
from pyslang.ast import TimingControlKind as T

from dv_agent.designs.elaboration.expressions import ExpressionReader

_DEEPEST = 200


class Edge(NamedTuple):
    """One edge of an event control."""

    signal: str
    rising: bool


@dataclass
class Walked:
    """The result of one block.

    Attributes:
        reader: reads its expressions.
        edges: the edges of its event control; empty for combinational blocks.
        assigned: signal -> signals that its value or the conditions around the assignment read.
        tested: (signal, whether 1 is the tested level) of each condition like ``if (!rst_n)`` whose branch assigns
            constants only and that stands at the beginning or the end of the block.
        settled: signals that these branches assign.
    """

    reader: ExpressionReader
    edges: list[Edge] = field(default_factory=list)
    assigned: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tested: list[tuple[str, bool]] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)


def walk_block(block: Any, reader: ExpressionReader) -> Walked:
    """Return what the procedural block `block` does."""
    walked = Walked(reader)
    body = block.body
    if body.kind == K.Timed:
        walked.edges = list(_edges(body.timing, reader))
        body = body.stmt
    if walked.edges:
        for name, high, branch in _resets(body, {edge.signal for edge in walked.edges}, reader):
            walked.tested.append((name, high))
            walked.settled |= _targets(branch, reader)
    _walk(body, set(), walked, 0)
    return walked


def assumptions_of(block: Any) -> list[Any]:
    """Return where a block holds ``assume`` statements: what the RTL expects of its inputs."""
    found: list[Any] = []

    def note(node: Any) -> None:
        is_assertion = getattr(node, "kind", None) in (K.ImmediateAssertion, K.ConcurrentAssertion)
        if is_assertion and node.assertionKind == AssertionKind.Assume:
            found.append(node.sourceRange.start)

    block.visit(note)
    return found


def _edges(timing: Any, reader: ExpressionReader) -> Iterable[Edge]:
    if timing.kind == T.EventList:
        for one in timing.events:
            yield from _edges(one, reader)
    elif timing.kind == T.SignalEvent and not str(timing.edge).endswith("None_"):
        name = reader.plain_name(timing.expr)
        if name is not None:
            edge = str(timing.edge)
            yield Edge(name[0], not edge.endswith("NegEdge"))
            if edge.endswith("BothEdges"):
                yield Edge(name[0], False)


def _resets(body: Any, listed: set[str], reader: ExpressionReader) -> Iterable[tuple[str, bool, Any]]:
    """Yield the resets at the beginning and at the end of a clocked block, with what each level leads to."""
    parts = list(_sequence(body))
    for part in dict.fromkeys((0, len(parts) - 1)) if parts else ():
        statement = parts[part]
        if statement.kind != K.Conditional or len(statement.conditions) != 1:
            continue
        name = reader.plain_name(statement.conditions[0].expr)
        if name and (name[0] in listed or _all_constant(statement.ifTrue, reader)):
            yield name[0], not name[1], statement.ifTrue


def _sequence(body: Any) -> Iterable[Any]:
    if body.kind == K.Block:
        yield from _sequence(body.body)
    elif body.kind == K.List:
        for one in body.list:
            yield from _sequence(one)
    elif body.kind not in (K.Empty, K.VariableDeclaration):
        yield body


def _all_constant(statement: Any, reader: ExpressionReader) -> bool:
    """Return whether all that a branch assigns are constants, and it assigns something; counters of its loops count as
    constants.
    """
    counters = _counters(statement, reader)
    values: list[bool] = []

    def note(node: Any) -> None:
        if getattr(node, "kind", None) == E.Assignment and not reader.written(node.left) <= counters:
            values.append(set(reader.references(node.right)) <= counters)

    statement.visit(note)
    return bool(values) and all(values)


def _counters(statement: Any, reader: ExpressionReader) -> set[str]:
    """Return the signals that ``for`` loops in a statement count with, such as a Verilog ``integer i``."""
    found: set[str] = set()

    def note(node: Any) -> None:
        if getattr(node, "kind", None) == K.ForLoop:
            for step in node.steps:
                found.update(_targets(step, reader))

    statement.visit(note)
    return found


def _targets(statement: Any, reader: ExpressionReader) -> set[str]:
    found: set[str] = set()

    def note(node: Any) -> None:
        if getattr(node, "kind", None) == E.Assignment:
            found.update(reader.written(node.left))

    statement.visit(note)
    return found


def _walk(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    if statement is None or depth > _DEEPEST:
        return
    step = _STEPS.get(statement.kind)
    if step is not None:
        step(statement, conditions, walked, depth + 1)
        return
    # Whatever else holds statements: without the conditions of its own.
    _expressions(statement, conditions, walked)


def _expressions(node: Any, conditions: set[str], walked: Walked) -> None:
    def note(part: Any) -> None:
        if getattr(part, "kind", None) == E.Assignment:
            _note_assignment(part, conditions, walked)
        elif getattr(part, "kind", None) == E.Call:
            _note_call(part, conditions, walked)

    node.visit(note)


def _note_assignment(node: Any, conditions: set[str], walked: Walked) -> None:
    sources = set(walked.reader.references(node.right)) | conditions
    names = set(walked.reader.references(node.left))
    for name in walked.reader.written(node.left):
        walked.assigned[name] |= sources | (names - {name})


def _note_call(node: Any, conditions: set[str], walked: Walked) -> None:
    """A task writes what it is given: every argument may follow from every other one."""
    if getattr(node, "isSystemCall", False):
        return
    names = {one for argument in node.arguments for one in walked.reader.references(argument)}
    for argument in node.arguments:
        if argument.kind == E.Assignment:
            for name in walked.reader.references(argument.left):
                walked.assigned[name] |= names | conditions


def _block(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    _walk(statement.body, conditions, walked, depth)


def _list(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    for one in statement.list:
        _walk(one, conditions, walked, depth)


def _conditional(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    inner = conditions | {name for one in statement.conditions for name in walked.reader.references(one.expr)}
    truth = walked.reader.truth(statement.conditions[0].expr) if len(statement.conditions) == 1 else None
    if truth is not False:
        _walk(statement.ifTrue, inner, walked, depth)
    if truth is not True:
        _walk(statement.ifFalse, inner, walked, depth)


def _case(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    inner = conditions | set(walked.reader.references(statement.expr))
    value = walked.reader.value(statement.expr) if statement.condition == CaseStatementCondition.Normal else None
    for item in statement.items:
        if value is not None and not any(walked.reader.value(one) in (value, None) for one in item.expressions):
            continue
        labels = {name for one in item.expressions for name in walked.reader.references(one)}
        _walk(item.stmt, inner | labels, walked, depth)
    _walk(statement.defaultCase, inner, walked, depth)


def _timed(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    _walk(statement.stmt, conditions, walked, depth)


def _loop(statement: Any, conditions: set[str], walked: Walked, depth: int) -> None:
    _walk(statement.body, conditions, walked, depth)


_STEPS: dict[Any, Callable[[Any, set[str], Walked, int], None]] = {
    K.Block: _block, K.List: _list, K.Conditional: _conditional, K.Case: _case, K.Timed: _timed,
    K.ForLoop: _loop, K.ForeverLoop: _loop, K.RepeatLoop: _loop, K.WhileLoop: _loop, K.ForeachLoop: _loop,
    K.DoWhileLoop: _loop,
}  # fmt: skip
