"""Conditions: negated, stuck at true, stuck at false; the branches of an if, a choice or a case swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from dv_agent.designs.mutants.candidate import Edit
from dv_agent.designs.mutants.places import Place
from dv_agent.designs.mutants.replacement import Change, block, replaced, short
from dv_agent.designs.mutants.rtl_text import children, kind_name

_CONDITIONAL = ("ConditionalStatement", "ConditionalExpression")


def conditions(place: Place) -> Iterator[Change]:
    """Yield the changes of what an if or a choice tests."""
    if place.kind not in _CONDITIONAL or place.around.role == "step":
        return
    test = place.node.predicate
    text = place.of(test)
    if text:
        yield from replaced("condition", place, test, f"!({text})", f"the condition {short(text)} is negated")
        yield from replaced("condition", place, test, "1'b1", f"the condition {short(text)} is always true")
        yield from replaced("condition", place, test, "1'b0", f"the condition {short(text)} is never true")


def branches(place: Place) -> Iterator[Change]:
    """Yield the changes that swap two branches or two arms."""
    node = place.node
    if place.kind == "ConditionalExpression":
        yield from _swapped(place, node.left, node.right, "the two values of a choice are swapped", _grouped)
    elif place.kind == "ConditionalStatement" and node.elseClause is not None:
        yield from _swapped(place, node.statement, node.elseClause.clause, "if and else are swapped", block)
    elif place.kind == "CaseStatement":
        arms = [one for one in children(node.items) if kind_name(one) in ("StandardCaseItem", "DefaultCaseItem")]
        for first, second in pairwise(arms):
            labels = " and ".join(_label(place, one) for one in (first, second))
            yield from _swapped(place, first.clause, second.clause, f"the arms {labels} are swapped", block)


def _label(place: Place, arm: Any) -> str:
    return "default" if kind_name(arm) == "DefaultCaseItem" else short(place.of(arm.expressions))


def _grouped(text: str) -> str:
    return f"({text})" if "?" in text else text


def _swapped(place: Place, first: Any, second: Any, words: str, form: Callable[[str], str]) -> Iterator[Change]:
    one, two = place.text.span(first), place.text.span(second)
    if not one or not two or place.of(first) == place.of(second):
        return
    edits = (
        Edit(start=one[0], end=one[1], text=form(place.of(second))),
        Edit(start=two[0], end=two[1], text=form(place.of(first))),
    )
    yield Change("branch", words, edits)
