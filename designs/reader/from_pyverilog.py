"""Parsing Verilog-2005 with pyverilog to the parser-independent syntax tree. Runs in the child process only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyverilog.utils.op2mark import op2mark
from pyverilog.vparser import ast
from pyverilog.vparser.parser import VerilogParser
from pyverilog.vparser.preprocessor import VerilogPreprocessor

from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.reader.structure import Connection, Direction, Instance, Parameter, Port, Signal, SignalKind
from dv_agent.designs.reader.syntax import Assign, Case, CaseItem, Expr, If, ModuleText, Process, Statement, Test

_DIRECTIONS: dict[type, Direction] = {ast.Input: "input", ast.Output: "output", ast.Inout: "inout"}
_LEAVES = {ast.IntConst: "number", ast.FloatConst: "number", ast.StringConst: "other"}


def parse(request: Request, room: Path) -> list[ModuleText]:
    """Return the modules of the sources of `request`.

    Args:
        room: a folder for the files that pyverilog writes.

    Raises:
        Exception: any exception of pyverilog on a text that it cannot read.
    """
    modules = []
    parser = VerilogParser(outputdir=str(room), debug=False)  # building the parser tables takes most of the time
    plain = room / "preprocessed.v"
    folders = [str(folder) for folder in request.include_dirs]
    defines = [name if text is None else f"{name}={text}" for name, text in request.defines.items()]
    for (
        file
    ) in request.sources:  # one file at a time, since pyverilog does not restart line numbers for each file of a list
        VerilogPreprocessor([str(file)], str(plain), [str(file.parent), *folders], defines).preprocess()
        parser.lexer.reset_lineno()
        tree = parser.parse(plain.read_text(encoding="utf-8"))
        modules += [_module(one, file) for one in tree.description.definitions if isinstance(one, ast.ModuleDef)]
    return modules


def _module(node: Any, file: Path) -> ModuleText:
    module = ModuleText(node.name, file.name, node.lineno)
    for declaration in node.paramlist.params:
        _item(declaration, module)
    for port in node.portlist.ports if node.portlist else ():
        if isinstance(port, ast.Ioport):
            _declared(port.first, module)
            if isinstance(port.second, ast.Reg):
                continue
    for item in node.items:
        _item(item, module)
    return module


def _item(node: Any, module: ModuleText) -> None:
    match node:
        case ast.Decl():
            for one in node.list:
                _declared(one, module)
        case ast.Assign():
            module.processes.append(Process("continuous", (_assignment(node),), node.lineno))
        case ast.Always():
            clocked = any(sens.type in ("posedge", "negedge") for sens in node.sens_list.list)
            body = tuple(_statements(node.statement))
            module.processes.append(Process("clocked" if clocked else "combinational", body, node.lineno))
        case ast.InstanceList():
            module.instances += [_instance(one) for one in node.instances]
        case ast.GenerateStatement() | ast.Block():
            for one in node.items if isinstance(node, ast.GenerateStatement) else node.statements:
                _item(one, module)
        case ast.ForStatement():
            _item(node.statement, module)
        case ast.IfStatement():
            for one in (node.true_statement, node.false_statement):
                _item(one, module)


def _declared(node: Any, module: ModuleText) -> None:
    if type(node) in _DIRECTIONS:
        direction = _DIRECTIONS[type(node)]
        width, signed = _width(node.width), bool(node.signed)
        module.ports.append(Port(name=node.name, direction=direction, width=width, signed=signed, line=node.lineno))
    elif isinstance(node, ast.Parameter):
        local = isinstance(node, ast.Localparam)
        module.parameters.append(
            Parameter(name=node.name, value=_expr(node.value).show(), local=local, line=node.lineno)
        )
    elif isinstance(node, ast.Wire | ast.Reg | ast.Integer):
        kind: SignalKind = "net" if isinstance(node, ast.Wire) else "memory" if node.dimensions else "variable"
        if all(port.name != node.name for port in module.ports):
            module.signals.append(Signal(name=node.name, kind=kind, width=_width(node.width), signed=bool(node.signed),
                                         line=node.lineno))  # fmt: skip
    elif isinstance(node, ast.Assign):  # wire a = b;
        _item(node, module)


def _instance(node: Any) -> Instance:
    parameters = {str(arg.paramname): _expr(arg.argname).show() for arg in node.parameterlist}
    connections = []
    for place, arg in enumerate(node.portlist):
        expr = _expr(arg.argname) if arg.argname is not None else Expr("other", "")
        connections.append(Connection(port=arg.portname or f"#{place}", text=expr.show(), names=expr.names()))
    return Instance(name=node.name, module=node.module, parameters=parameters, connections=tuple(connections),
                    line=node.lineno)  # fmt: skip


def _statements(node: Any) -> Iterator[Statement]:
    match node:
        case None:
            return
        case ast.Block():
            for one in node.statements:
                yield from _statements(one)
        case ast.IfStatement():
            then, other = tuple(_statements(node.true_statement)), tuple(_statements(node.false_statement))
            yield If(_expr(node.cond), then, other, node.lineno)
        case ast.CaseStatement():
            items = tuple(
                CaseItem(tuple(map(_expr, one.cond or ())), tuple(_statements(one.statement)), one.lineno)
                for one in node.caselist
            )
            yield Case(_expr(node.comp), items)
        case ast.ForStatement() | ast.WhileStatement():
            yield Test(_expr(node.cond), node.lineno)
            yield from _statements(node.statement)
        case ast.Substitution():
            yield _assignment(node)


def _assignment(node: Any) -> Assign:
    return Assign(_expr(node.left), _expr(node.right), node.lineno)


def _width(node: Any) -> str:
    return f"[{_expr(node.msb).show()}:{_expr(node.lsb).show()}]".replace(" ", "") if node is not None else ""


def _expr(node: Any) -> Expr:  # noqa: PLR0911 - a table of node types
    match node:
        case ast.Lvalue() | ast.Rvalue():
            return _expr(node.var)
        case ast.Identifier():
            return Expr("name", node.name)
        case ast.Pointer():
            return Expr("select", ":", (_expr(node.var), _expr(node.ptr)))
        case ast.Partselect():
            return _part_select(node)
        case ast.Repeat():
            return Expr("repeat", "", (_expr(node.times), _expr(node.value)))
        case ast.Concat():
            return Expr("concat", "", tuple(map(_expr, node.list)))
        case ast.Cond():
            return Expr("choice", "?:", (_expr(node.cond), _expr(node.true_value), _expr(node.false_value)))
        case ast.UnaryOperator():
            return Expr("unary", op2mark(type(node).__name__) or "", (_expr(node.right),))
        case ast.Operator():
            return Expr("binary", op2mark(type(node).__name__) or "", (_expr(node.left), _expr(node.right)))
        case ast.FunctionCall():
            return Expr("call", node.name.name, tuple(map(_expr, node.args)))
        case ast.SystemCall():
            return Expr("call", f"${node.syscall}", tuple(map(_expr, node.args)))
    kind = _LEAVES.get(type(node))
    return Expr("number" if kind == "number" else "other", str(getattr(node, "value", "")))


def _part_select(node: Any) -> Expr:
    """Return a bit range, with ``+:`` and ``-:`` restored.

    pyverilog turns a[i +: n] into a[i : i + n] and a[i -: n] into a[i : i - n], with the same node object for i in
    both bounds.
    """
    sign = {ast.Plus: "+:", ast.Minus: "-:"}.get(type(node.lsb), ":")
    if sign == ":" or node.lsb.left is not node.msb:
        return Expr("select", ":", (_expr(node.var), _expr(node.msb), _expr(node.lsb)))
    return Expr("select", sign, (_expr(node.var), _expr(node.msb), _expr(node.lsb.right)))
