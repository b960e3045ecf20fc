"""The nodes of the elaborated tree that constant propagation needs, collected once, instance by instance."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pyslang.ast import ExpressionKind as E
from pyslang.ast import NetType, VisitAction
from pyslang.ast import StatementKind as K
from pyslang.ast import SymbolKind as S
from pyslang.ast import UnaryOperator as U

from dv_agent.designs.constants.known_values import NAMES

MOST_INSTANCES = 5_000
_MOST_TEXT = 120
_KEPT = {K.Conditional: "branches", K.Case: "cases", E.ConditionalOp: "choices", E.BinaryOp: "operations"}
_WIRES = (NetType.Wire, NetType.UWire)
_COMMENT = re.compile(r"//.*?$|/\*.*?\*/", re.MULTILINE | re.DOTALL)
_STEPS = (U.Preincrement, U.Predecrement, U.Postincrement, U.Postdecrement)


class Place(NamedTuple):
    """A place in a file, named by its real path; lines and columns begin with 1."""

    file: str
    line: int
    column: int


class Write(NamedTuple):
    """Something that writes a signal.

    Attributes:
        whole: whether all its bits are written.
        value: what is written: an expression, the name of another signal, or None if it may be anything.
        lasting: whether it is written from the first moment on (a continuous assignment), not at some time.
    """

    signal: str
    whole: bool
    value: Any
    lasting: bool
    place: Place | None


@dataclass
class Instance:
    """What one instance holds.

    Attributes:
        path: hierarchical name; signals are called ``path.name``.
        interface: whether it is one of an interface, not of a module.
        signals: names of its nets and variables, those of generate blocks included.
        inputs: name of an input -> the expression connected; None if nothing is.
    """

    path: str
    body: Any
    interface: bool = False
    signals: list[str] = field(default_factory=list)
    inputs: dict[str, Any] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    branches: list[Any] = field(default_factory=list)
    cases: list[Any] = field(default_factory=list)
    choices: list[Any] = field(default_factory=list)
    operations: list[Any] = field(default_factory=list)


class Collector:
    """Walks an elaborated design.

    Args:
        manager: pyslang's source manager, for places.
    """

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._real: dict[str, str] = {}

    def collect(self, top: Any) -> list[Instance]:
        """Return the instances of `top` and below, at most `MOST_INSTANCES`."""
        found: list[Instance] = []
        waiting: list[tuple[Any, Instance | None]] = [(top, None)]
        while waiting and len(found) < MOST_INSTANCES:
            symbol, parent = waiting.pop()
            one = Instance(symbol.hierarchicalPath, symbol.body, bool(symbol.isInterface))
            if parent is not None:
                self._connect(symbol, one, parent)
            below: list[Any] = []
            symbol.body.visit(lambda node, one=one, below=below: self._note(node, one, below))
            waiting += [(inner, one) for inner in below]
            # The assignment inside a continuous assignment was visited too.
            lasting = {(write.signal, write.place) for write in one.writes if write.lasting and write.place}
            one.writes = [write for write in one.writes if write.lasting or (write.signal, write.place) not in lasting]
            found.append(one)
        return found

    def place(self, location: Any) -> Place | None:
        """Return the place of a location in a file; None inside a macro, where simulators count columns otherwise."""
        if not self._manager.isFileLoc(location):
            return None
        name = self._manager.getFileName(location)
        if name not in self._real:
            self._real[name] = os.path.realpath(name)
        return Place(self._real[name], self._manager.getLineNumber(location), self._manager.getColumnNumber(location))

    def text(self, expression: Any) -> str:
        """Return the source of an expression on one line, without comments, cut if it is long."""
        first, last = expression.sourceRange.start, expression.sourceRange.end
        if not (self._manager.isFileLoc(first) and self._manager.isFileLoc(last)) or first.buffer != last.buffer:
            return _shortened(str(expression.syntax or "?"))
        try:
            source = self._manager.getSourceText(first.buffer)
        except UnicodeDecodeError:  # offsets count bytes, so that other letters shift them
            return _shortened(str(expression.syntax or "?"))
        return _shortened(source[first.offset : last.offset])

    def _note(self, node: Any, one: Instance, below: list[Any]) -> Any:
        kind = getattr(node, "kind", None)
        if kind == S.Instance:
            below.append(node)
            return VisitAction.Skip
        if kind == S.GenerateBlock and node.isUninstantiated:
            return VisitAction.Skip
        if kind in _KEPT:
            getattr(one, _KEPT[kind]).append(node)
        else:
            self._written(kind, node, one)
        return VisitAction.Advance

    def _written(self, kind: Any, node: Any, one: Instance) -> None:
        if kind in (S.Net, S.Variable):
            self._declared(node, one)
        elif kind == S.ContinuousAssign:
            self._assigned(node.assignment, one, lasting=True)
        elif kind == E.Assignment:
            self._assigned(node, one, lasting=False)
        elif kind == E.UnaryOp and node.op in _STEPS:
            self._unknown(node.operand, one)
        elif kind == S.NetAlias:
            for reference in node.netReferences:
                self._unknown(reference, one)
        elif kind == E.Call:
            for argument in node.arguments:
                self._unknown(argument, one)

    def _declared(self, node: Any, one: Instance) -> None:
        path = node.hierarchicalPath
        # Other nets than wires have a value of their own; signals of an interface are written under other names.
        plain = node.kind != S.Net or node.netType.netKind in _WIRES
        inside = node.parentScope is not None and not node.parentScope.isProceduralContext
        if plain and inside and not one.interface:
            one.signals.append(path)
        if node.initializer is not None:
            one.writes.append(Write(path, True, node.initializer, True, None))

    def _assigned(self, assignment: Any, one: Instance, *, lasting: bool) -> None:
        if assignment.kind != E.Assignment:
            return
        plain = not assignment.isCompound
        place = self.place(assignment.sourceRange.start)
        for target, whole in _targets(assignment.left):
            alone = assignment.left.kind in NAMES
            value = assignment.right if plain and (alone or not whole) else None
            one.writes.append(Write(target, whole, value, lasting, place))

    def _unknown(self, expression: Any, one: Instance) -> None:
        for target, _ in _targets(expression):
            one.writes.append(Write(target, False, None, False, None))

    def _connect(self, symbol: Any, inner: Instance, outer: Instance) -> None:
        for connection in symbol.portConnections:
            port = getattr(connection.port, "internalSymbol", None)
            if port is None:
                continue
            direction, value = str(connection.port.direction), connection.expression
            if direction.endswith(".In"):
                inner.inputs[port.hierarchicalPath] = value
            elif value is not None:
                outside = value.left if value.kind == E.Assignment else value
                source = port.hierarchicalPath if direction.endswith(".Out") else None
                for target, whole in _targets(outside):
                    alone = outside.kind in NAMES
                    outer.writes.append(Write(target, whole, source if alone else None, True, None))
            if not direction.endswith((".In", ".Out")):
                inner.writes.append(Write(port.hierarchicalPath, False, None, False, None))


def _shortened(text: str) -> str:
    words = " ".join(_COMMENT.sub(" ", text).replace("\0", "").split())
    return words if len(words) <= _MOST_TEXT else f"{words[: _MOST_TEXT - 4]} ..."


def _targets(expression: Any) -> Iterator[tuple[str, bool]]:
    """Yield (signal, whether all of it) for what an expression would write; of what is not understood, every name."""
    kind = expression.kind
    if kind in NAMES:
        yield expression.symbol.hierarchicalPath, True
    elif kind == E.Assignment:
        yield from _targets(expression.left)
    elif kind == E.Concatenation:
        for operand in expression.operands:
            yield from _targets(operand)
    elif kind in (E.ElementSelect, E.RangeSelect, E.MemberAccess):
        yield from ((name, False) for name, _ in _targets(expression.value))
    elif kind == E.Conversion:
        yield from ((name, False) for name, _ in _targets(expression.operand))
    elif kind in (E.Streaming, E.SimpleAssignmentPattern, E.StructuredAssignmentPattern):
        names: list[str] = []
        expression.visit(lambda node: names.append(node.symbol.hierarchicalPath) if _is_name(node) else None)
        yield from ((name, False) for name in names)


def _is_name(node: Any) -> bool:
    return getattr(node, "kind", None) in NAMES
