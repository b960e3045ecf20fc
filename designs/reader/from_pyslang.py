"""Parsing SystemVerilog (and files that pyverilog cannot read) with pyslang to the parser-independent syntax tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyslang
from pyslang.parsing import PreprocessorOptions
from pyslang.syntax import SyntaxKind as K
from pyslang.syntax import SyntaxTree

from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.reader.structure import (
    AssignmentKind,
    Connection,
    Direction,
    Instance,
    Parameter,
    Port,
    Signal,
    SignalKind,
)
from dv_agent.designs.reader.syntax import Assign, Case, CaseItem, Expr, If, ModuleText, Process, Statement, Test

_PROCESSES: dict[Any, AssignmentKind] = {
    K.AlwaysFFBlock: "clocked", K.AlwaysCombBlock: "combinational", K.AlwaysLatchBlock: "combinational",
}  # fmt: skip
_NUMBERS = {K.IntegerLiteralExpression, K.IntegerVectorExpression, K.UnbasedUnsizedLiteralExpression,
            K.RealLiteralExpression, K.TimeLiteralExpression}  # fmt: skip
_NAMES = {K.IdentifierName, K.ScopedName}
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)


class SourceError(ValueError):
    """The error that a text is not valid SystemVerilog."""


def parse(request: Request) -> list[ModuleText]:
    """Return the modules of the sources of `request`.

    Raises:
        SourceError: with file, line and pyslang's code of the first error.
    """
    modules: list[ModuleText] = []
    packages: dict[str, list[Parameter]] = {}
    options = _options(request)
    for file in request.sources:
        # Not fromFile, which caches the text of a path until the process ends.
        text = file.read_text(encoding="utf-8", errors="replace")
        tree = SyntaxTree.fromText(text, pyslang.SourceManager(), file.name, str(file), options)
        reader = _File(file, tree, packages)
        for error in tree.diagnostics:
            if error.isError():
                raise SourceError(f"{file.name}:{tree.sourceManager.getLineNumber(error.location)}: {error.code}")
        modules += reader.modules()
    return modules


def _options(request: Request) -> Any:
    before = PreprocessorOptions()
    before.predefines = [name if text is None else f"{name}={text}" for name, text in request.defines.items()]
    folders = (*request.include_dirs, *(file.parent for file in request.sources))
    before.additionalIncludePaths = [str(folder) for folder in dict.fromkeys(folders)]
    bag = pyslang.Bag()
    bag.preprocessorOptions = before
    return bag


class _File:
    def __init__(self, file: Path, tree: Any, packages: dict[str, list[Parameter]]) -> None:
        self._file, self._tree, self._packages = file, tree, packages

    def modules(self) -> Iterator[ModuleText]:
        root = self._tree.root
        for node in _children(root) if root.kind == K.CompilationUnit else [root]:
            if node.kind == K.PackageDeclaration:
                text = ModuleText(node.header.name.valueText, self._file.name, self._line(node))
                for member in node.members:
                    self._member(member, text)
                self._packages[text.name] = text.parameters
            elif node.kind == K.ModuleDeclaration:
                yield self._module(node)

    def _line(self, node: Any) -> int:
        return int(self._tree.sourceManager.getLineNumber(node.getFirstToken().location))

    def _module(self, node: Any) -> ModuleText:
        module = ModuleText(node.header.name.valueText, self._file.name, self._line(node))
        for name in re.findall(r"(\w+)::", _clean(node)):
            known = {one.name for one in module.parameters}
            module.parameters += [one for one in self._packages.get(name, []) if one.name not in known]
        if node.header.parameters is not None:
            for one in _of_kind(node.header.parameters, K.ParameterDeclaration):
                self._parameters(one, module)
        if node.header.ports is not None:
            self._ports(node.header.ports, module)
        for member in node.members:
            self._member(member, module)
        return module

    def _ports(self, ports: Any, module: ModuleText) -> None:
        direction: Direction = "input"
        width, signed = "", False
        for one in _of_kind(ports, K.ImplicitAnsiPort):
            header = _clean(one.header)
            if header:
                words = header.split()
                direction = words[0] if words[0] in ("input", "output", "inout") else direction  # type: ignore[assignment]
                width, signed = _width(one.header), "signed" in words
            module.ports.append(Port(name=one.declarator.name.valueText, direction=direction, width=width,
                                     signed=signed, line=self._line(one.declarator)))  # fmt: skip

    def _parameters(self, node: Any, module: ModuleText) -> None:
        local = node.keyword.valueText == "localparam"
        for one in _of_kind(node, K.Declarator):
            value = _expr(one.initializer.expr).show() if one.initializer is not None else ""
            module.parameters.append(Parameter(name=one.name.valueText, value=value, local=local, line=self._line(one)))

    def _enumeration(self, node: Any, module: ModuleText) -> None:
        for place, one in enumerate(_of_kind(node, K.Declarator)):
            value = _expr(one.initializer.expr).show() if one.initializer is not None else str(place)
            module.parameters.append(Parameter(name=one.name.valueText, value=value, local=True, line=self._line(one)))

    def _member(self, node: Any, module: ModuleText) -> None:
        match node.kind:
            case K.ParameterDeclarationStatement:
                self._parameters(node.parameter, module)
            case K.TypedefDeclaration if node.type.kind == K.EnumType:
                self._enumeration(node.type, module)
            case K.DataDeclaration | K.NetDeclaration:
                self._signals(node, module)
            case K.PortDeclaration:
                self._old_ports(node, module)
            case K.ContinuousAssign:
                for one in _of_kind(node, K.AssignmentExpression):
                    module.processes.append(Process("continuous", (self._assignment(one),), self._line(one)))
            case K.AlwaysBlock | K.AlwaysFFBlock | K.AlwaysCombBlock | K.AlwaysLatchBlock:
                self._process(node, module)
            case K.HierarchyInstantiation:
                module.instances += [self._instance(node, one) for one in node.instances
                                     if one.kind == K.HierarchicalInstance]  # fmt: skip
            case K.GenerateRegion | K.GenerateBlock | K.LoopGenerate | K.IfGenerate | K.CaseGenerate | K.ElseClause:
                for one in _children(node):
                    self._member(one, module)

    def _signals(self, node: Any, module: ModuleText) -> None:
        if node.type.kind == K.EnumType:
            self._enumeration(node.type, module)
        header = _clean(node.type).replace("integer", "integer signed")
        for one in _of_kind(node, K.Declarator, deep=False):
            name, line = one.name.valueText, self._line(one)
            if any(port.name == name for port in module.ports):
                continue
            kind: SignalKind = (
                "net" if node.kind == K.NetDeclaration else "memory" if len(one.dimensions) else "variable"
            )
            module.signals.append(
                Signal(name=name, kind=kind, width=_width(node.type), signed="signed" in header, line=line)
            )
            if one.initializer is not None and kind == "net":
                given = Assign(Expr("name", name), _expr(one.initializer.expr), line)
                module.processes.append(Process("continuous", (given,), line))

    def _old_ports(self, node: Any, module: ModuleText) -> None:
        header = _clean(node.header)
        for one in _of_kind(node, K.Declarator, deep=False):
            module.ports.append(Port(name=one.name.valueText, direction=header.split()[0], width=_width(node.header),  # type: ignore[arg-type]
                                     signed="signed" in header, line=self._line(one)))  # fmt: skip

    def _process(self, node: Any, module: ModuleText) -> None:
        body, text = node.statement, ""
        if body.kind == K.TimingControlStatement:
            text, body = _clean(body.timingControl), body.statement
        kind = _PROCESSES.get(node.kind, "clocked" if "edge" in text else "combinational")
        module.processes.append(Process(kind, tuple(self._statements(body)), self._line(node)))

    def _instance(self, node: Any, one: Any) -> Instance:
        parameters = {}
        if node.parameters is not None:
            for place, arg in enumerate(_assigned(node.parameters.parameters)):
                name = arg.name.valueText if arg.kind == K.NamedParamAssignment else f"#{place}"
                parameters[name] = _clean(arg.expr)
        connections = []
        for place, arg in enumerate(_assigned(one.connections)):
            if arg.kind == K.WildcardPortConnection:
                continue
            port = arg.name.valueText if arg.kind == K.NamedPortConnection else f"#{place}"
            given = arg.expr
            shorthand = arg.kind == K.NamedPortConnection and arg.openParen.valueText == ""
            expr = Expr("name", port) if shorthand else _expr(given) if given is not None else Expr("other", "")
            connections.append(Connection(port=port, text=expr.show(), names=expr.names()))
        return Instance(name=one.decl.name.valueText, module=node.type.valueText, parameters=parameters,
                        connections=tuple(connections), line=self._line(node))  # fmt: skip

    def _statements(self, node: Any) -> Iterator[Statement]:
        match node.kind:
            case K.SequentialBlockStatement:
                for one in node.items:
                    yield from self._statements(one)
            case K.ConditionalStatement:
                other = tuple(self._statements(node.elseClause.clause)) if node.elseClause is not None else ()
                yield If(_expr(node.predicate), tuple(self._statements(node.statement)), other, self._line(node))
            case K.CaseStatement:
                yield Case(_expr(node.expr), tuple(self._item(one) for one in node.items))
            case K.ForLoopStatement | K.LoopStatement:
                condition = node.stopExpr if node.kind == K.ForLoopStatement else node.expr
                yield Test(_expr(condition), self._line(node))
                yield from self._statements(node.statement)
            case K.ExpressionStatement if node.expr.kind in (K.AssignmentExpression, K.NonblockingAssignmentExpression):
                yield self._assignment(node.expr)

    def _item(self, node: Any) -> CaseItem:
        labels = () if node.kind == K.DefaultCaseItem else tuple(_expr(one) for one in _assigned(node.expressions))
        return CaseItem(labels, tuple(self._statements(node.clause)), self._line(node))

    def _assignment(self, node: Any) -> Assign:
        return Assign(_expr(node.left), _expr(node.right), self._line(node))


def _children(node: Any) -> list[Any]:
    return [one for one in node if one is not None and hasattr(one, "kind") and not hasattr(one, "valueText")]


def _assigned(items: Any) -> list[Any]:
    """Return the nodes of a list with separators."""
    return _children(items)


def _of_kind(node: Any, kind: Any, deep: bool = True) -> Iterator[Any]:
    """Return the nodes of one kind inside `node`, in order; nodes below a found node are not searched."""
    for one in _children(node):
        if one.kind == kind:
            yield one
        elif deep:
            yield from _of_kind(one, kind, deep)


def _clean(node: Any) -> str:
    """Return the text of a node without comments, on one line."""
    return " ".join(_COMMENT.sub(" ", str(node)).split())


def _width(node: Any) -> str:
    """Return the first range of a type, or of a port's header."""
    if _clean(node).startswith("integer"):
        return "[31:0]"
    found = next(iter(_of_kind(node, K.SimpleRangeSelect)), None)
    return f"[{_expr(found.left).show()}:{_expr(found.right).show()}]".replace(" ", "") if found is not None else ""


def _expr(node: Any) -> Expr:  # noqa: C901, PLR0911, PLR0912 - a table of node types
    children = _children(node)
    match node.kind:
        case K.ConditionalPredicate | K.ConditionalPattern | K.ParenthesizedExpression | K.SimplePropertyExpr | \
                K.SimpleSequenceExpr if len(children) == 1:  # fmt: skip
            return _expr(children[0])
        case K.ConditionalExpression:
            return Expr("choice", "?:", (_expr(node.predicate), _expr(node.left), _expr(node.right)))
        case K.IdentifierSelectName:
            base = Expr("name", node.identifier.valueText)
            for selector in _children(node.selectors):
                base = _select(base, selector)
            return base
        case K.ElementSelectExpression:
            return _select(_expr(node.left), node.select)
        case K.ConcatenationExpression:
            return Expr("concat", "", tuple(_expr(one) for one in _children(node.expressions)))
        case K.MultipleConcatenationExpression:
            return Expr("repeat", "", (_expr(node.expression), _expr(node.concatenation)))
        case K.InvocationExpression:
            arguments = _children(node.arguments.parameters) if node.arguments is not None else []
            return Expr("call", _clean(node.left), tuple(_expr(one) for one in arguments))
    if node.kind in _NAMES:
        return Expr("name", _clean(node).rsplit("::", maxsplit=1)[-1])
    if node.kind in _NUMBERS:
        return Expr("number", _clean(node).replace(" ", ""))
    if hasattr(node, "operatorToken") and hasattr(node, "left"):
        return Expr("binary", node.operatorToken.valueText, (_expr(node.left), _expr(node.right)))
    if hasattr(node, "operatorToken") and hasattr(node, "operand"):
        return Expr("unary", node.operatorToken.valueText, (_expr(node.operand),))
    if len(children) == 1:
        return _expr(children[0])
    return Expr("other", _clean(node))


def _select(base: Expr, selector: Any) -> Expr:
    inner = selector.selector
    if inner is None:
        return base
    if inner.kind == K.BitSelect:
        return Expr("select", ":", (base, _expr(inner.expr)))
    return Expr("select", inner.range.valueText, (base, _expr(inner.left), _expr(inner.right)))
