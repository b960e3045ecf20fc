"""A small parser-independent syntax tree: the results of both parsers are converted to it for all further analysis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from dv_agent.designs.reader.structure import AssignmentKind, Instance, Parameter, Port, Signal

ExprKind = Literal["name", "number", "unary", "binary", "choice", "select", "concat", "repeat", "call", "other"]
COMPARISONS = ("==", "!=", "===", "!==", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression.

    Attributes:
        text: the name, the number as written, the operator, or the function's name.
        parts: operands; for a ``select`` the base first, then the indices.
    """

    kind: ExprKind
    text: str
    parts: tuple[Expr, ...] = ()

    def walk(self) -> Iterator[Expr]:
        """Yield this expression and all expressions in it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def names(self) -> tuple[str, ...]:
        """Return the identifiers in it, each once, in order."""
        return tuple(dict.fromkeys(one.text for one in self.walk() if one.kind == "name"))

    def show(self, inside: bool = False) -> str:
        """Return Verilog text; nested operators get parentheses."""
        shown = [part.show(inside=self.kind in ("unary", "binary", "choice")) for part in self.parts]
        match self.kind:
            case "unary":
                # Verilog does not allow `!!a`.
                text = f"{self.text}({shown[0]})" if self.parts[0].kind == "unary" else f"{self.text}{shown[0]}"
            case "binary":
                text = f"{shown[0]} {self.text} {shown[1]}"
            case "choice":
                text = f"{shown[0]} ? {shown[1]} : {shown[2]}"
            case "select":
                text = f"{shown[0]}[{self.text.join(shown[1:])}]"
            case "concat":
                text = "{" + ", ".join(shown) + "}"
            case "repeat":
                text = "{" + "".join(shown) + "}"
            case "call":
                text = f"{self.text}({', '.join(shown)})"
            case _:
                text = self.text
        return f"({text})" if inside and self.kind in ("binary", "choice") else text


@dataclass(frozen=True, slots=True)
class Assign:
    """An assignment of ``right`` to ``left``."""

    left: Expr
    right: Expr
    line: int


@dataclass(frozen=True, slots=True)
class If:
    """A choice between two statements."""

    condition: Expr
    then: tuple[Statement, ...]
    other: tuple[Statement, ...]
    line: int


@dataclass(frozen=True, slots=True)
class CaseItem:
    """A branch of a case: labels (none: the default) and statements."""

    labels: tuple[Expr, ...]
    body: tuple[Statement, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """A case statement."""

    subject: Expr
    items: tuple[CaseItem, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """A condition that controls no statement in this tree, such as that of a loop; kept for its comparisons."""

    condition: Expr
    line: int


Statement = Assign | If | Case | Test


@dataclass(frozen=True, slots=True)
class Process:
    """An always block, or one continuous assignment."""

    kind: AssignmentKind
    body: tuple[Statement, ...]
    line: int


@dataclass(slots=True)
class ModuleText:
    """A module as parsed."""

    name: str
    file: str
    line: int
    ports: list[Port] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
