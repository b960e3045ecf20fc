"""The child process that searches RTL for candidates: reads a request on stdin, answers on stdout, both as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.designs.mutants.module_facts import facts_of
from dv_agent.designs.mutants.mutators.assignments import assignments, resets
from dv_agent.designs.mutants.mutators.conditions import branches, conditions
from dv_agent.designs.mutants.mutators.constants import constants, ranges
from dv_agent.designs.mutants.mutators.indices import indices
from dv_agent.designs.mutants.mutators.off_by_one import counters
from dv_agent.designs.mutants.mutators.operators import operators
from dv_agent.designs.mutants.mutators.signals import connections, signals
from dv_agent.designs.mutants.places import Place, places
from dv_agent.designs.mutants.replacement import Change
from dv_agent.designs.mutants.rtl_text import read_modules
from dv_agent.designs.mutants.search_request import SearchAnswer, SearchRequest
from dv_agent.errors import InputFileError

MUTATORS: tuple[Callable[[Place], Iterator[Change]], ...] = (
    counters, indices, resets, connections, signals, branches, conditions, assignments, ranges, constants, operators,
)  # fmt: skip
"""In this order: of two that propose the same text, the first one names it."""


def search(request: SearchRequest) -> tuple[Candidate, ...]:
    """Return every candidate in the modules below the top, in the order of the files; no edit stands twice.

    Raises:
        InputFileError: a file cannot be read, or is not valid Verilog or SystemVerilog.
    """
    found: dict[tuple[object, ...], Candidate] = {}
    read = read_modules(request.files, request.folders, request.defines, plain=request.plain)
    modules = [(text, node, facts_of(text, node, request.handshakes)) for text, node in read]
    used = _used(request.top, {facts.name: facts.instances for _, _, facts in modules})
    for text, node, facts in modules:
        for place in places(text, facts, node) if facts.name in used else ():
            for change in (change for mutator in MUTATORS for change in mutator(place)):
                line = text.line(change.edits[0].start)
                one = Candidate(
                    kind=change.kind, module=facts.name, source=text.source, line=line, change=change.words,
                    edits=change.edits,
                )  # fmt: skip
                found.setdefault((text.source, *((e.start, e.end, e.text) for e in change.edits)), one)
    return tuple(found.values())


def _used(top: str, instances: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return the modules that `top` uses, itself included; all, if it is in none of the files."""
    if top not in instances:
        return frozenset(instances)
    seen, todo = set[str](), [top]
    while todo:
        if (name := todo.pop()) not in seen and name in instances:
            seen.add(name)
            todo += sorted(instances[name])
    return frozenset(seen)


def main() -> None:
    """Answer the one request."""
    request = SearchRequest.model_validate_json(sys.stdin.buffer.read())
    try:
        answer = SearchAnswer(candidates=search(request))
    except InputFileError as error:
        answer = SearchAnswer(path=error.path, message=error.message, line=error.line)
    sys.stdout.write(answer.model_dump_json())


if __name__ == "__main__":
    main()
