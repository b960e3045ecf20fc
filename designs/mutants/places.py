"""The walk over a module: every node that may be changed, with what stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dv_agent.designs.mutants.module_facts import ModuleFacts, below, clock_of, is_reset
from dv_agent.designs.mutants.rtl_text import RtlText, children, inner, kind_name

# What no simulator executes as part of the design, or what only prints and checks.
_SKIPPED = {
    "InitialBlock", "FinalBlock", "ConcurrentAssertionMember", "ImmediateAssertionMember", "ImmediateAssertStatement",
    "ImmediateAssumeStatement", "ImmediateCoverStatement", "PropertyDeclaration", "SequenceDeclaration",
    "CovergroupDeclaration", "ParameterPortList", "TimeUnitsDeclaration", "AttributeInstance", "SpecifyBlock",
    "EventControlWithExpression", "ImplicitEventControl", "DelayControl", "Delay3", "TypedefDeclaration",
    "DPIImport", "ClockingDeclaration", "BindDirective",
}  # fmt: skip
_MEMBERS = {"ContinuousAssign", "NetDeclaration", "HierarchyInstantiation", "AlwaysBlock", "AlwaysFFBlock"}
_PRINTS = "$"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a node.

    Attributes:
        member: the assign, declaration, instantiation or always block that it belongs to; None elsewhere.
        clocked: inside an edge-triggered block.
        procedural: inside an always block or a function.
        resetting: inside the branch that is taken while reset is active.
        late: the statement at whose end a late assignment would come: the last one of an edge-triggered block that is
            executed without reset.
        depth: number of conditions and cases around it, inside its always block.
        loop: inside a loop statement.
        role: ``range``, ``index``, ``select``, ``step`` or empty: what the expression is for.
    """

    member: Any = None
    clocked: bool = False
    procedural: bool = False
    resetting: bool = False
    late: Any = None
    depth: int = 0
    loop: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A node that may be changed."""

    text: RtlText
    facts: ModuleFacts
    node: Any
    around: Surroundings

    @property
    def kind(self) -> str:
        """Kind of the node."""
        return kind_name(self.node)

    def of(self, node: Any) -> str:
        """Return the text of a node."""
        return self.text.of(node)


def places(text: RtlText, facts: ModuleFacts, module: Any) -> Iterator[Place]:
    """Yield all places of a module, in the order of the text."""
    walk = _Walk(text, facts)
    for member in module.members:
        yield from walk.visit(member, Surroundings())
    if module.header.ports is not None:
        yield from walk.visit(module.header.ports, Surroundings())


class _Walk:
    def __init__(self, text: RtlText, facts: ModuleFacts) -> None:
        self._text, self._facts = text, facts

    def visit(self, node: Any, around: Surroundings) -> Iterator[Place]:
        kind = kind_name(node)
        if kind in _SKIPPED or self._prints(node, kind):
            return
        if kind in _MEMBERS:
            around = replace(around, member=node)
        if kind.startswith("Always"):
            around = replace(around, procedural=True, clocked=bool(clock_of(self._text, node)), late=_body(node))
        yield Place(self._text, self._facts, node, around)
        if around.clocked and kind == "ConditionalStatement" and around.depth == 0 and self._is_reset(node):
            yield from self._reset(node, around)
            return
        for part, role in _parts(node, kind):
            yield from self.visit(part, _inside(around, kind, role))

    def _reset(self, node: Any, around: Surroundings) -> Iterator[Place]:
        yield from self.visit(node.predicate, replace(around, role="reset"))
        yield from self.visit(node.statement, replace(around, resetting=True))
        if node.elseClause is not None:
            yield from self.visit(node.elseClause.clause, replace(around, late=node.elseClause.clause))

    def _is_reset(self, node: Any) -> bool:
        tested = inner(node.predicate)
        while hasattr(tested, "operand"):
            tested = inner(tested.operand)
        first = tested.left if kind_name(tested) in ("EqualityExpression", "InequalityExpression") else tested
        name = self._text.of(inner(first))
        return name.isidentifier() and is_reset(name)

    def _prints(self, node: Any, kind: str) -> bool:
        return kind == "ExpressionStatement" and self._text.of(node).startswith(_PRINTS)


def _body(always: Any) -> Any:
    statement = always.statement
    return statement.statement if kind_name(statement) == "TimingControlStatement" else statement


def _parts(node: Any, kind: str) -> Iterator[tuple[Any, str]]:
    """Yield the nodes below a node, each with its role."""
    for one in children(node):
        role = ""
        if kind == "BitSelect":
            role = "index"
        elif kind in ("SimpleRangeSelect", "AscendingRangeSelect", "DescendingRangeSelect"):
            role = "range" if kind == "SimpleRangeSelect" else "index" if one == node.left else "range"
        elif _is_step(node, kind, one):
            role = "step"
        yield one, role


def _is_step(node: Any, kind: str, part: Any) -> bool:
    """Return whether a part of a loop decides that it ends."""
    if kind == "ForLoopStatement":
        return part not in (node.statement, node.stopExpr)
    return kind == "LoopGenerate" and part in (node.initialExpr, node.iterationExpr)


def _inside(around: Surroundings, kind: str, role: str) -> Surroundings:
    deeper = kind in ("ConditionalStatement", "StandardCaseItem", "DefaultCaseItem")
    return replace(
        around,
        depth=around.depth + deeper,
        loop=around.loop or kind in ("ForLoopStatement", "LoopStatement", "ForeachLoopStatement", "ForeverStatement"),
        procedural=around.procedural or kind == "FunctionDeclaration",
        role=role or around.role,
    )


def names_in(node: Any) -> frozenset[str]:
    """Return the identifiers in an expression."""
    return frozenset(
        one.identifier.valueText for one in below(node) if kind_name(one) in ("IdentifierName", "IdentifierSelectName")
    )
