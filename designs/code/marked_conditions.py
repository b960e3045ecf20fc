"""Where a condition can be asked about: statements and assignments of the syntax tree, and the values of each ``?:``.

A value of a ``?:`` is taken to be chosen whenever its statement runs and its condition holds; that may be more often
than it is, so nothing that can happen is proved impossible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from dv_agent.designs.code.conjunction import conjuncts
from dv_agent.designs.code.marking import MarkedBranch, Unread
from dv_agent.designs.constants.instance_nodes import Place

_STATEMENTS = {"ExpressionStatement", "ConditionalStatement", "CaseStatement"}
_ITEMS = {"ContinuousAssign", "NetDeclaration"}
_UNREAD = {"ConcurrentAssertionMember", "PropertyDeclaration", "SequenceDeclaration", "DefaultDisableDeclaration"}
_UNREAD_STATEMENTS = {
    "AssertPropertyStatement", "AssumePropertyStatement", "CoverPropertyStatement", "CoverSequenceStatement",
    "RestrictPropertyStatement", "ExpectPropertyStatement",
}  # fmt: skip
_REFUSED = {"FunctionDeclaration", "TaskDeclaration", "InitialBlock", "FinalBlock"}
_TERM = re.compile(r"(.*)==([01])", re.DOTALL)
_PLAIN = re.compile(r"[\w\s$'()\[\].:!~&|^<>=+*/%?-]+")


class Range(NamedTuple):
    """A part of a file."""

    first: Place
    last: Place

    def holds(self, place: Place) -> bool:
        """Return whether a place lies in it."""
        return self.first.file == place.file and self.first <= place < self.last


class Conditional(NamedTuple):
    """A ``?:``: the range of its first value, and its condition as text."""

    value: Range
    condition: str


class Conditions:
    """The statements, assignments and ``?:`` of all files.

    Args:
        roots: the roots of the syntax trees.
        place: the place of a location; None inside a macro.
        text: the source between two locations; None if it is not in one file.
        usage: the range of the use of a macro, not inside another one, that a location comes from; None for others.

    Attributes:
        unread: concurrent assertions, properties and sequences; what a macro writes if it writes nothing else.
    """

    def __init__(self, roots: Any, place: Any, text: Any, usage: Any) -> None:
        self._place, self._text, self._usage = place, text, usage
        self._uses: dict[Range, bool] = {}  # use of a macro that writes what is left out -> whether as a statement
        self._mixed: set[Range] = set()  # uses that write something else
        self._anchors: dict[str, list[tuple[Range, bool]]] = {}
        self._choices: dict[str, list[Conditional]] = {}
        self.unread: list[Unread] = []
        for root in roots:
            self._walk(root)
        for use, statement in self._uses.items():
            if use not in self._mixed:
                self._leave_out(use, statement=statement)

    def marked(self, number: int, comment: str, place: Place) -> Iterator[MarkedBranch]:
        """Yield where to ask about a value of a ``?:``, or the terms of an expression; nothing if that is not known."""
        condition = self._condition(comment, place)
        anchor = self._anchor(place)
        if condition is None or anchor is None:
            return
        (first, last), after = anchor
        spots = (first.line, first.column), (last.line, last.column)
        yield MarkedBranch(
            counter=number, file=first.file, first=spots[0], last=spots[1], condition=condition, after=after
        )

    def _condition(self, comment: str, place: Place) -> str | None:
        if comment in ("cond_then", "cond_else"):
            other = comment == "cond_else"
            begin = place._replace(column=place.column - other)
            around = [one for one in self._choices.get(place.file, ()) if one.value.holds(begin)]
            if not around:
                return None
            inner = max(around, key=lambda one: one.value.first)
            return f"!({inner.condition})" if other else inner.condition
        return _terms(comment)

    def _anchor(self, place: Place) -> tuple[Range, bool] | None:
        around = [one for one in self._anchors.get(place.file, ()) if one[0].holds(place)]
        return max(around, key=lambda one: one[0].first) if around else None

    def _walk(self, root: Any) -> None:
        waiting = [root]
        while waiting:
            node = waiting.pop()
            kind = str(node.kind).rpartition(".")[2]
            if kind in _UNREAD or kind in _UNREAD_STATEMENTS:
                self._note_unread(node, statement=kind in _UNREAD_STATEMENTS)
                continue
            if kind in _REFUSED:
                self._mixed |= {use for spot in _ends(node) if (use := self._range_of_use(spot))}
                continue
            if kind in _STATEMENTS or kind in _ITEMS:
                self._note_anchor(node, after=kind in _ITEMS)
            elif kind == "ConditionalExpression":
                self._note_choice(node)
            parts = [one for one in node if one is not None and hasattr(one, "kind")]
            waiting += [one for one in parts if not hasattr(one, "valueText")]
            self._mixed |= {
                use for one in parts if hasattr(one, "valueText") and (use := self._range_of_use(one.location))
            }

    def _range(self, node: Any) -> Range | None:
        return self._placed(node.sourceRange)

    def _range_of_use(self, location: Any) -> Range | None:
        span = self._usage(location)
        return self._placed(span) if span is not None else None

    def _placed(self, span: Any) -> Range | None:
        first, last = self._place(span.start), self._place(span.end)
        return Range(first, last) if first and last and first.file == last.file else None

    def _note_anchor(self, node: Any, *, after: bool) -> None:
        if found := self._range(node):
            self._anchors.setdefault(found.first.file, []).append((found, after))

    def _note_unread(self, node: Any, *, statement: bool) -> None:
        if found := self._range(node):
            self._leave_out(found, statement=statement)
            return
        first, last = (self._range_of_use(spot) for spot in _ends(node))
        if first is not None and first == last:
            self._uses[first] = statement

    def _leave_out(self, found: Range, *, statement: bool) -> None:
        (file, *first), (_, *last) = found
        spots = {"first": tuple(first), "last": tuple(last)}
        self.unread.append(Unread.model_validate({"file": file, "statement": statement, **spots}))

    def _note_choice(self, node: Any) -> None:
        value, condition = self._range(node.left), self._text(node.predicate.sourceRange)
        if value and condition:
            self._choices.setdefault(value.first.file, []).append(Conditional(value, condition))


def _ends(node: Any) -> tuple[Any, Any]:
    return node.getFirstToken().location, node.getLastToken().location


def _terms(comment: str) -> str | None:
    """Return the condition of an expression's counter, such as ``(a==0 && b==1) => 0``; None if it is not plain."""
    body, arrow, _ = comment.rpartition("=>")
    body = body.strip()
    if not arrow or not (body.startswith("(") and body.endswith(")")):
        return None
    terms = []
    for part in conjuncts(body[1:-1]):
        found = _TERM.fullmatch(part.strip())
        if found is None or not _PLAIN.fullmatch(found[1]):
            return None
        terms.append(f"(({found[1].strip()}) != 0)" if found[2] == "1" else f"(({found[1].strip()}) == 0)")
    return " && ".join(terms)
