"""Which counters nothing can make count, with the reason, and which conditions lead to the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dv_agent.designs.code.conjunction import conjuncts
from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.code.marking import MarkedBranch
from dv_agent.designs.constants.branch_facts import Branch, Branches
from dv_agent.designs.constants.instance_nodes import Instance, Place
from dv_agent.designs.constants.known_values import CONSTANTS, symbols_in
from dv_agent.designs.constants.propagation import Constants

MOST_CONDITIONS = 8
_MARKS = {
    "if": ("then",), "elsif": ("then",), "else": ("else",), "case": ("item", "default"), "cond_then": ("left",),
    "cond_else": ("right",),
}  # fmt: skip
_CHOICES = ("cond_then", "cond_else")
_TERM = re.compile(r"(.*)==([01])", re.DOTALL)
_LITERAL = re.compile(r"\d*'[sS]?[bdhoBDHO][0-9a-fA-FxXzZ?_]+|\b\d+\b")
_SIGNS = re.compile(r"[^\w\s()]+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TURN, _PART = re.compile(r":(0->1|1->0)$"), re.compile(r"[\[.]")


class DeadCounters:
    """Judges counters against an elaborated design.

    Args:
        top: the elaborated instance.
        manager: pyslang's source manager.
        ties: input of the top -> its value.
        files: name of a file in the counters -> its real path.

    Attributes:
        top: the elaborated instance.
    """

    def __init__(self, top: Any, manager: Any, ties: Mapping[str, int], files: Mapping[str, str]) -> None:
        constants, self._files = Constants(top, manager, ties), files
        self._collector, self._evaluator = constants.collector, constants.evaluator
        self.top = top
        self._top = top.hierarchicalPath
        self._of = {one.path: one for one in constants.instances}
        self._branches = constants.branches()
        self._operations = {one.path: self._by_place(one) for one in constants.instances}

    def judged(self, counters: Sequence[CodeCounter]) -> Iterator[CodeCounter]:
        """Yield the counters with `dead` and `conditions` filled in."""
        for one in counters:
            path = self._top + one.instance.removeprefix(one.instance.split(".")[0])
            instance = self._of.get(path)
            if instance is None:
                yield one
                continue
            place = Place(self._files.get(one.file, one.file), one.line, one.column)
            dead = self._why(one, place, instance)
            conditions = () if dead or one.kind == "toggle" else self._conditions(one, place, path)
            yield one.model_copy(update={"dead": dead[:300], "conditions": conditions})

    def place(self, location: Any) -> Place | None:
        """Return the place of a location in a file; None inside a macro."""
        return self._collector.place(location)

    def branches(self, counters: Sequence[CodeCounter]) -> Iterator[MarkedBranch]:
        """Yield the branch that each of `counters` counts, of those that count a branch of statements."""
        for number, one in enumerate(counters):
            path = self._top + one.instance.removeprefix(one.instance.split(".")[0])
            if one.comment in _CHOICES or one.comment not in _MARKS or path not in self._of:
                continue
            place = Place(self._files.get(one.file, one.file), one.line, one.column)
            found = self._branches[path]
            for branch in self._marked(one, place, found):
                yield from _spots(number, branch, found)

    def _why(self, one: CodeCounter, place: Place, instance: Instance) -> str:
        if one.kind == "toggle":
            return self._still(one, instance)
        branches = self._branches[instance.path]
        marked = self._marked(one, place, branches)
        if not marked and one.comment in _CHOICES:
            return ""  # where it is counted lies in the first value, so it says nothing about the other one
        for branch in marked:
            if why := branches.never(branch):
                return why
            # Both ways are counted at the first of them, which is not around the other.
            place = branch.mark._replace(column=branch.mark.column - (branch.kind in ("else", "right")))
        if why := branches.why_never(place, one.comment in _MARKS):
            return why
        return self._term(one, place, instance) if one.kind == "expression" else ""

    def _marked(self, one: CodeCounter, place: Place, branches: Branches) -> list[Branch]:
        """Return the branch that a counter counts, or several that cannot be told apart."""
        if one.comment in _CHOICES:
            return branches.chosen(place._replace(column=place.column - (one.comment == "cond_else")), one.comment)
        kinds = _MARKS.get(one.comment, ())
        found = [branch for branch in branches.dead if branch.kind in kinds and _is_at(branch, place)]
        return found if len(found) == 1 else []

    def _still(self, one: CodeCounter, instance: Instance) -> str:
        """Return why a signal never changes."""
        name = _PART.split(_TURN.sub("", one.comment), maxsplit=1)[0]
        candidates = [path for path in (*instance.signals, *instance.inputs) if path.rpartition(".")[2] == name]
        values = [self._evaluator.known.get(path) for path in set(candidates)]
        if not values or None in values:
            return ""
        return f"{name} is always {values[0]}"

    def _by_place(self, instance: Instance) -> dict[Place, list[Any]]:
        found: dict[Place, list[Any]] = {}
        for node in instance.operations:
            written = node.syntax
            while written is not None and hasattr(written, "expression"):  # parentheses around it
                written = written.expression
            token = getattr(written, "operatorToken", None)
            place = self._collector.place(token.location) if token is not None else None
            if place is not None:
                found.setdefault(place, []).append(node)
        return found

    def _term(self, one: CodeCounter, place: Place, instance: Instance) -> str:
        """Return the term of an expression counter that cannot come true."""
        body = one.comment.rpartition("=>")[0].strip().removeprefix("(").removesuffix(")")
        for part in conjuncts(body):
            match = _TERM.fullmatch(part.strip())
            if match is None:
                continue
            found = self._value(match[1].strip(), place, instance)
            if found is not None and bool(found) != (match[2] == "1"):
                return f"{match[1].strip().removeprefix('(').removesuffix(')')} is always {found}"
        return ""

    def _value(self, text: str, place: Place, instance: Instance) -> int | None:
        """Return the only value of a term; None if it has several, or is not understood."""
        if _WORD.fullmatch(text):
            symbol = instance.body.lookupName(text)
            if symbol is not None and symbol.kind in CONSTANTS:
                number = getattr(getattr(symbol, "value", None), "value", None)
                return None if number is None or getattr(number, "hasUnknown", True) else int(number)
            return self._evaluator.known.get(f"{instance.path}.{text}")
        words, signs = _WORD.findall(_LITERAL.sub(" ", text)), _signs(text)
        # The simulator has replaced parameters by numbers, so that a part of a term may name the same signals.
        values = {
            self._evaluator.value(term) if _signs(self._collector.text(term)) == signs else None
            for operation in self._operations[instance.path].get(place, ())
            for term in _terms(operation, words)
        }
        return values.pop() if len(values) == 1 else None

    def _conditions(self, one: CodeCounter, place: Place, path: str) -> tuple[str, ...]:
        branches = self._branches[path]
        around = [branch for branch in branches.around(place) if branch.kind not in ("left", "right")]
        around += [branch for branch in self._marked(one, place, branches) if branch not in around]
        found = list(dict.fromkeys(branch.condition[:300] for branch in around if branch.condition))
        return tuple(found[-MOST_CONDITIONS:])


def _spots(number: int, branch: Branch, branches: Branches) -> Iterator[MarkedBranch]:
    """Yield where the statements of a branch are; of an ``else`` that is not there, those of its ``if``."""
    shown, whole = branch, None
    if branch.kind == "else" and branch.first is None:
        mark = branch.mark._replace(column=branch.mark.column - 1)
        shown = next((one for one in branches.dead if one.kind == "then" and one.mark == mark), branch)
        end = branches.ends.get(mark)
        if end is None or end.file != mark.file:
            return
        whole = ((mark.line, mark.column), (end.line, end.column))
    if shown.first and shown.last:
        first, last = (shown.first.line, shown.first.column), (shown.last.line, shown.last.column)
        yield MarkedBranch(counter=number, file=shown.first.file, first=first, last=last, without_else=whole)


def _is_at(branch: Branch, place: Place) -> bool:
    """Return whether a simulator counts `branch` at `place`; items are marked behind their labels."""
    if branch.kind in ("item", "default"):
        first, last = branch.mark, branch.first or branch.mark
        return first.file == place.file and first <= place <= last
    return branch.mark == place


def _signs(text: str) -> list[str]:
    """Return the operators and brackets of an expression, in order, without parentheses."""
    return _SIGNS.findall(_LITERAL.sub(" ", text))


def _terms(expression: Any, words: list[str]) -> Iterator[Any]:
    """Yield the largest parts of an expression that name just `words`: ``n == 0``, not the ``n`` in it."""
    if [symbol.name for symbol in symbols_in(expression)] == words:
        yield expression
        return
    for side in ("left", "right", "operand"):
        inner = getattr(expression, side, None)
        if inner is not None and hasattr(inner, "kind"):
            yield from _terms(inner, words)
