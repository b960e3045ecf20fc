"""Branches of one instance: where each begins and ends, what leads into it, and whether it is never taken.

A generate loop makes copies of its statements that stand at the same place: a branch is never taken if no copy takes
it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pyslang.ast import CaseStatementCondition
from pyslang.syntax import SyntaxKind

from dv_agent.designs.constants.instance_nodes import Collector, Instance, Place
from dv_agent.designs.constants.known_values import CONSTANTS, NAMES, Evaluator, symbols_in

_ALL_VALUES = 10  # bits; of a wider selector nobody writes all values down


class Branch(NamedTuple):
    """One way of an if, a case or a ``?:``.

    Attributes:
        kind: ``then``, ``else``, ``item``, ``default``, ``left``, ``right``.
        mark: where a simulator counts it.
        first, last: its begin and its end; None without statements.
        condition: what leads into it, as text; empty if it is always so, or never.
    """

    kind: str
    mark: Place
    first: Place | None
    last: Place | None
    condition: str


@dataclass
class Branches:
    """The branches of an instance.

    Attributes:
        dead: branch -> for each copy why it is never taken; an empty text for a copy that may be.
        ends: where an if begins -> where it ends.
    """

    dead: dict[Branch, list[str]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[Place, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._never: dict[str, list[tuple[Branch, str]]] | None = None

    def never(self, branch: Branch) -> str:
        """Return why no copy of `branch` is taken; empty if some may be."""
        reasons = self.dead[branch]
        return reasons[0] if all(reasons) else ""

    def around(self, place: Place) -> list[Branch]:
        """Return the branches that hold `place`, outermost first."""
        found = [one for one in self.dead if _holds(one, place)]
        return sorted(found, key=lambda one: (one.first, -one.last.line if one.last else 0) if one.first else ())

    def chosen(self, place: Place, comment: str) -> list[Branch]:
        """Return the value of a ``?:`` that is counted at `place`; none if there is no ``?:``.

        A simulator counts both values where the first one stands, at its beginning or at its operator.

        Args:
            comment: ``cond_then`` or ``cond_else``.
        """
        lefts = [one for one in self.dead if one.kind == "left" and _holds(one, place)]
        if not lefts:
            return []
        left = max(lefts, key=lambda one: one.first or place)
        if comment == "cond_then":
            return [left]
        other = left.mark._replace(column=left.mark.column + 1)
        return [one for one in self.dead if one.kind == "right" and one.mark == other]

    def why_never(self, place: Place, mark: bool = False) -> str:
        """Return why `place` is never reached; empty if it may be.

        Args:
            mark: whether it is where a branch is counted, which may be where that branch begins.
        """
        if self._never is None:
            self._never = defaultdict(list)
            for one in self.dead:
                if one.first and (why := self.never(one)):
                    self._never[one.first.file].append((one, why))
        listed = self._never.get(place.file, ())
        return next((why for one, why in listed if _holds(one, place) and not (mark and one.first == place)), "")


def _holds(one: Branch, place: Place) -> bool:
    if one.first is None or one.last is None or one.first.file != place.file:
        return False
    return (one.first.line, one.first.column) <= (place.line, place.column) < (one.last.line, one.last.column)


class BranchFinder:
    """Finds the branches of instances under what an evaluator knows."""

    def __init__(self, collector: Collector, evaluator: Evaluator) -> None:
        self._collector, self._evaluator = collector, evaluator

    def of(self, instance: Instance) -> Branches:
        """Return the branches of `instance`."""
        found = Branches()
        for statement in instance.branches:
            if len(statement.conditions) == 1:
                self._if(statement, found)
        for expression in instance.choices:
            if len(expression.conditions) == 1:
                self._choice(expression, found)
        for statement in instance.cases:
            if statement.condition == CaseStatementCondition.Normal:
                self._case(statement, found)
        return found

    def _if(self, statement: Any, found: Branches) -> None:
        mark = self._collector.place(statement.sourceRange.start)
        if mark is None:
            return
        condition = statement.conditions[0].expr
        truth, text = self._evaluator.truth(condition), self._collector.text(condition)
        said = (text, _negated(text)) if truth is None else ("", "")
        if end := self._collector.place(statement.sourceRange.end):
            found.ends[mark] = end
        yes = self._branch("then", mark, statement.ifTrue, said[0])
        no = self._branch("else", mark._replace(column=mark.column + 1), statement.ifFalse, said[1])
        found.dead[yes].append(self._why(condition, text, False) if truth is False else "")
        found.dead[no].append(self._why(condition, text, True) if truth is True else "")

    def _choice(self, expression: Any, found: Branches) -> None:
        mark = self._collector.place(expression.left.sourceRange.start)
        if mark is None:
            return
        condition = expression.conditions[0].expr
        truth, text = self._evaluator.truth(condition), self._collector.text(condition)
        yes = self._branch("left", mark, expression.left, text)
        no = self._branch("right", mark._replace(column=mark.column + 1), expression.right, _negated(text))
        found.dead[yes].append(self._why(condition, text, False) if truth is False else "")
        found.dead[no].append(self._why(condition, text, True) if truth is True else "")

    def _case(self, statement: Any, found: Branches) -> None:
        selector = self._collector.text(statement.expr)
        value, (low, high) = self._evaluator.value(statement.expr), self._evaluator.span(statement.expr)
        taken: set[int] = set()
        certain = True
        for item in statement.items:
            labels = [self._evaluator.value(one) for one in item.expressions]
            mark = self._collector.place(item.expressions[0].sourceRange.start)
            text = f"{selector} == {' or '.join(map(self._collector.text, item.expressions))}"
            why = ""
            if None not in labels:
                rest = {one for one in labels if one is not None} - taken
                if value is not None and value not in rest:
                    why = f"{selector} is always {value}{self._values(statement.expr)}"
                elif all(not low <= one <= high for one in rest):
                    why = f"{selector} is at most {high}" if rest else "an item before has the same values"
                taken |= rest
            else:
                certain = False
            if mark is not None:
                found.dead[self._branch("item", mark, item.stmt, text)].append(why)
        if statement.defaultCase is not None:
            self._default(statement, found, taken if certain else set(), selector, value, high)

    def _default(
        self, statement: Any, found: Branches, taken: set[int], selector: str, value: int | None, high: int
    ) -> None:
        words = [one for one in statement.syntax.items if one.kind == SyntaxKind.DefaultCaseItem]
        mark = self._collector.place(words[0].defaultKeyword.location) if words else None
        if mark is None:
            return
        why = ""
        if value is not None and value in taken:
            why = f"{selector} is always {value}{self._values(statement.expr)}"
        elif high < 1 << _ALL_VALUES and taken >= set(range(high + 1)):
            why = f"the items before it hold all values of {selector}"
        found.dead[self._branch("default", mark, statement.defaultCase, f"{selector}: default")].append(why)

    def _branch(self, kind: str, mark: Place, inside: Any, condition: str) -> Branch:
        if inside is None:
            return Branch(kind, mark, None, None, condition)
        first = self._collector.place(inside.sourceRange.start)
        last = self._collector.place(inside.sourceRange.end)
        return Branch(kind, mark, first, last if first and last and last.file == first.file else None, condition)

    def _why(self, condition: Any, text: str, truth: bool) -> str:
        return f"{text} is always {str(truth).lower()}{self._values(condition)}"

    def _values(self, expression: Any) -> str:
        """Return ``: EN = 0`` for the constants and constant signals in an expression."""
        parts = {} if expression.kind in NAMES else dict(self._named(expression))
        return f": {', '.join(f'{name} = {value}' for name, value in list(parts.items())[:4])}" if parts else ""

    def _named(self, expression: Any) -> Iterator[tuple[str, int]]:
        for symbol in symbols_in(expression):
            if symbol.kind in CONSTANTS:
                number = getattr(getattr(symbol, "value", None), "value", None)
                if number is not None and not getattr(number, "hasUnknown", False):
                    yield symbol.name, _number(number)
            elif symbol.hierarchicalPath in self._evaluator.known:
                yield symbol.name, self._evaluator.known[symbol.hierarchicalPath]


def _negated(text: str) -> str:
    return f"!{text}" if text.isidentifier() else f"!({text})"


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
