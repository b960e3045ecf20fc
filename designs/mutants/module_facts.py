"""What the mutators ask of a module: its clock, the ranges of its signals, its counters, its instances."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dv_agent.designs.mutants.rtl_text import RtlText, children, inner, kind_name, tokens

_PLAIN_TYPES = {"ImplicitType", "LogicType", "RegType", "BitType"}
_RESET = re.compile(r"(?:^|_)a?(?:rst|reset)(?:_|$|n|ni|i|b)", re.I)
_CLOCK = re.compile(r"(?:i_)?(?:[a-z]*clk|clock|aclk)(?:_i)?", re.I)
_HANDSHAKE = re.compile(r"valid|ready|vld|rdy|req|ack|push|pop|grant|gnt", re.I)


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """Facts of one module.

    Attributes:
        clock: the signal of its first edge-triggered block, or an input called like one; empty if there is none.
        ranges: signal -> its packed range, such as ``[7:0]``, with ``signed``; empty for one bit. Only plain vectors.
        counters: signals that some assignment counts up or down.
        inputs, outputs: names of its ports.
        instances: modules that it uses.
        handshakes: signals that the design's description names as a valid or a ready.
    """

    name: str
    clock: str = ""
    ranges: Mapping[str, str] = field(default_factory=dict)
    counters: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()
    handshakes: frozenset[str] = frozenset()

    def is_handshake(self, signal: str) -> bool:
        """Return whether a signal is, or by its name seems to be, a valid or ready."""
        return signal in self.handshakes or bool(_HANDSHAKE.search(signal))


def is_reset(signal: str) -> bool:
    """Return whether a signal, by its name, is a reset."""
    return bool(_RESET.search(signal))


def facts_of(text: RtlText, module: Any, handshakes: Iterable[str] = ()) -> ModuleFacts:
    """Return the facts of a module."""
    nodes = list(below(module))
    ranges: dict[str, str] = {}
    ports: dict[str, str] = {}
    direction = "input"
    for node in nodes:
        kind = kind_name(node)
        if kind == "ImplicitAnsiPort":
            direction = _direction(node.header) or direction
            ports[node.declarator.name.valueText] = direction
            ranges.update(_ranges(text, _type(node.header), [node.declarator]))
        elif kind == "PortDeclaration":
            declarators = list(children(node.declarators))
            ports.update({one.name.valueText: _direction(node.header) for one in declarators})
            ranges.update(_ranges(text, _type(node.header), declarators))
        elif kind in ("NetDeclaration", "DataDeclaration"):
            ranges.update(_ranges(text, node.type, list(children(node.declarators))))
    return ModuleFacts(
        name=module.header.name.valueText,
        clock=next((clock for node in nodes if (clock := clock_of(text, node))), "") or _clock_port(ports),
        ranges=ranges,
        counters=frozenset(name for node in nodes if (name := counted(text, node))),
        inputs=frozenset(name for name, way in ports.items() if way == "input"),
        outputs=frozenset(name for name, way in ports.items() if way == "output"),
        instances=frozenset(n.type.valueText for n in nodes if kind_name(n) == "HierarchyInstantiation"),
        handshakes=frozenset(handshakes),
    )


def below(node: Any) -> Iterator[Any]:
    """Yield a node and all nodes below it, in the order of the text."""
    yield node
    for one in children(node):
        yield from below(one)


def clock_of(text: RtlText, node: Any) -> str:
    """Return the clock of an edge-triggered block: its first edge that is not of a reset; empty for other nodes."""
    if kind_name(node) not in ("AlwaysBlock", "AlwaysFFBlock") or kind_name(node.statement) != "TimingControlStatement":
        return ""
    edges = [one for one in below(node.statement.timingControl) if kind_name(one) == "SignalEventExpression"]
    names = [text.of(one.expr) for one in edges if one.edge.valueText in ("posedge", "negedge")]
    clock = next((name for name in names if not is_reset(name)), "")
    return clock if clock.isidentifier() else ""


def counted(text: RtlText, node: Any) -> str:
    """Return the signal that an assignment counts, as in ``n <= n + 1``; empty if it is no such assignment."""
    kind = kind_name(node)
    if kind in ("AssignmentExpression", "NonblockingAssignmentExpression"):
        left, right = text.of(node.left), inner(node.right)
        for one in below(right):
            if kind_name(one) in ("AddExpression", "SubtractExpression") and text.of(inner(one.left)) == left:
                return left if left.isidentifier() else ""
    elif kind in ("AddAssignmentExpression", "SubtractAssignmentExpression"):
        name = text.of(node.left)
        return name if name.isidentifier() else ""
    elif kind in ("PostincrementExpression", "PostdecrementExpression"):
        name = text.of(node.operand)
        return name if name.isidentifier() else ""
    return ""


def _clock_port(ports: Mapping[str, str]) -> str:
    return next((name for name, way in ports.items() if way == "input" and _CLOCK.fullmatch(name)), "")


def _direction(header: Any) -> str:
    words = [token.valueText for token in tokens(header)]
    return next((word for word in words if word in ("input", "output", "inout")), "")


def _type(header: Any) -> Any:
    return getattr(header, "dataType", None)


def _ranges(text: RtlText, type_: Any, declarators: Iterable[Any]) -> dict[str, str]:
    if type_ is None or kind_name(type_) not in _PLAIN_TYPES:
        return {}
    span = [text.of(one) for one in children(type_.dimensions)]
    if type_.dimensions and not all(span):
        return {}
    sign = "signed " if type_.signing and type_.signing.valueText == "signed" else ""
    return {one.name.valueText: sign + "".join(span) for one in declarators if not list(children(one.dimensions))}
