"""The child process that finds the branches of counters: reads a question on stdin, writes the answer, as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from dv_agent.designs.code.child import asked
from dv_agent.designs.code.judging import Question
from dv_agent.designs.code.marked_conditions import Conditions
from dv_agent.designs.code.marking import MarkedBranch, MarkedBranches
from dv_agent.designs.code.unsettled_logic import UnsettledLogic
from dv_agent.designs.constants.instance_nodes import Place


def main() -> None:
    """Answer one question; nothing is written if the RTL cannot be elaborated."""
    question, sources, judge = asked()
    roots = [tree.root for tree in sources.compilation.getSyntaxTrees()]
    conditions = Conditions(
        roots,
        judge.place,
        lambda span: source_text(sources.manager, span),
        lambda location: use_of_macro(sources.manager, location),
    )
    branches = tuple(judge.branches(question.counters))
    every = (*branches, *_conditions(question, conditions))
    logic = UnsettledLogic(judge.top, sources.manager, judge.place, question.files)
    answer = MarkedBranches(
        branches=every, unread=tuple(conditions.unread), unsettled=tuple(logic.numbers(question.counters))
    )
    sys.stdout.write(answer.model_dump_json(exclude_defaults=True))


def _conditions(question: Question, conditions: Conditions) -> Iterator[MarkedBranch]:
    for number, one in enumerate(question.counters):
        if one.kind == "expression" or one.comment in ("cond_then", "cond_else"):
            place = Place(question.files.get(one.file, one.file), one.line, one.column)
            yield from conditions.marked(number, one.comment, place)


def use_of_macro(manager: Any, location: Any) -> Any:
    """Return the range of the use of a macro that a location comes from, not inside another one; None for others."""
    span = None
    while manager.isMacroLoc(location):
        span = manager.getExpansionRange(location)
        location = span.start
    return span


def source_text(manager: Any, span: Any) -> str | None:
    """Return the source of a range; None if a macro or two files take part in it."""
    first, last = span.start, span.end
    if not (manager.isFileLoc(first) and manager.isFileLoc(last)) or first.buffer != last.buffer:
        return None
    return str(manager.getSourceText(first.buffer)[first.offset : last.offset])


if __name__ == "__main__":
    main()
