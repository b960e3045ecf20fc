"""Analysis of the parser-independent syntax tree: assignments with their conditions, and comparisons."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.designs.reader.machines import find_machines
from dv_agent.designs.reader.structure import Assignment, AssignmentKind, Comparison, Condition, Module
from dv_agent.designs.reader.syntax import COMPARISONS, Assign, Case, Expr, If, ModuleText, Process, Statement, Test

Conditions = tuple[Condition, ...]
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_EQUAL = {"==": False, "===": False, "!=": True, "!==": True}


def build_module(text: ModuleText) -> Module:
    """Return the module with all that is derived from its syntax tree."""
    constants = {one.name for one in text.parameters}
    assignments = tuple(one for process in text.processes for one in _assignments(process))
    plain = Module(
        name=text.name, file=text.file, line=text.line, ports=tuple(text.ports), parameters=tuple(text.parameters),
        signals=tuple(text.signals), assignments=assignments, instances=tuple(text.instances),
        comparisons=tuple(dict.fromkeys(c for process in text.processes for c in _comparisons(process, constants))),
    )  # fmt: skip
    return plain.model_copy(update={"machines": find_machines(plain)})


def _assignments(process: Process) -> Iterator[Assignment]:
    for statement in process.body:
        yield from _walk(statement, (), process.kind)


def _walk(statement: Statement, above: Conditions, kind: AssignmentKind) -> Iterator[Assignment]:
    match statement:
        case Assign():
            yield from _choices(statement, statement.right, above, kind)
        case If():
            for inner in statement.then:
                yield from _walk(inner, (*above, *conditions_of(statement.condition)), kind)
            for inner in statement.other:
                yield from _walk(inner, (*above, *conditions_of(statement.condition, negated=True)), kind)
        case Case():
            for labels, body in _branches(statement):
                for inner in body:
                    yield from _walk(inner, (*above, labels), kind)


def _choices(statement: Assign, value: Expr, above: Conditions, kind: AssignmentKind) -> Iterator[Assignment]:
    """Yield one assignment, or one for each branch if the value is a conditional expression."""
    if value.kind == "choice":
        condition, yes, no = value.parts
        yield from _choices(statement, yes, (*above, *conditions_of(condition)), kind)
        yield from _choices(statement, no, (*above, *conditions_of(condition, negated=True)), kind)
        return
    targets, indices = _targets(statement.left)
    yield Assignment(
        kind=kind, left=statement.left.show(), right=value.show(), targets=targets,
        sources=tuple(dict.fromkeys((*value.names(), *indices))), conditions=above, line=statement.line,
    )  # fmt: skip


def _targets(left: Expr) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the signals that an assignment changes, and the names in its indices."""
    if left.kind == "concat":
        pairs = [_targets(part) for part in left.parts]
        return tuple(t for one, _ in pairs for t in one), tuple(n for _, some in pairs for n in some)
    if left.kind == "select":
        inner, indices = _targets(left.parts[0])
        return inner, (*indices, *(name for part in left.parts[1:] for name in part.names()))
    return (left.text,), ()


def _branches(case: Case) -> Iterator[tuple[Condition, tuple[Statement, ...]]]:
    subject, named = case.subject.show(), tuple(label.show() for item in case.items for label in item.labels)
    for item in case.items:
        labels = tuple(label.show() for label in item.labels)
        values, names = labels or named, case.subject.names()
        text = " or ".join(f"{subject} == {value}" for value in labels) or f"{subject} is none of {', '.join(named)}"
        yield (
            Condition(text=text, names=names, subject=subject, values=values, negated=not labels),
            item.body,
        )


def conditions_of(condition: Expr, negated: bool = False) -> Conditions:
    """Return a condition, split at its top-level "and" (at "or" if negated)."""
    if condition.kind == "unary" and condition.text == "!":
        return conditions_of(condition.parts[0], not negated)
    if condition.kind == "binary" and condition.text == ("||" if negated else "&&"):
        return tuple(one for part in condition.parts for one in conditions_of(part, negated))
    shown, names = condition.show(inside=negated), condition.names()
    text = f"!{shown}" if negated else shown
    if condition.kind == "binary" and condition.text in _EQUAL:
        left, right = (part.show() for part in condition.parts)
        opposite = _EQUAL[condition.text] != negated
        text = f"{left} {'!=' if opposite else '=='} {right}"
        return (Condition(text=text, names=names, subject=left, values=(right,), negated=opposite),)
    return (Condition(text=text, names=names),)


def _comparisons(process: Process, constants: set[str]) -> Iterator[Comparison]:
    for statement in process.body:
        yield from _compared(statement, constants)


def _compared(statement: Statement, constants: set[str]) -> Iterator[Comparison]:
    match statement:
        case Assign():
            yield from _in_expression(statement.left, statement.line, constants)
            yield from _in_expression(statement.right, statement.line, constants)
        case Test():
            yield from _in_expression(statement.condition, statement.line, constants)
        case If():
            yield from _in_expression(statement.condition, statement.line, constants)
            for inner in (*statement.then, *statement.other):
                yield from _compared(inner, constants)
        case Case():
            for item in statement.items:
                for label in item.labels:
                    subject = statement.subject.show()
                    yield Comparison(signal=subject, operator="==", constant=label.show(), line=item.line)
                for inner in item.body:
                    yield from _compared(inner, constants)


def _in_expression(expr: Expr, line: int, constants: set[str]) -> Iterator[Comparison]:
    for one in expr.walk():
        if one.kind != "binary" or one.text not in COMPARISONS:
            continue
        left, right = one.parts
        fixed = [not set(part.names()) - constants for part in (left, right)]
        if fixed == [False, True]:
            yield Comparison(signal=left.show(), operator=one.text, constant=right.show(), line=line)
        elif fixed == [True, False]:
            turned = _TURNED.get(one.text, one.text)
            yield Comparison(signal=right.show(), operator=turned, constant=left.show(), line=line)
