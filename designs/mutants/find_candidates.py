"""All candidates for mutants of a design, and the order in which a seed takes them: kinds and modules take turns."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from dv_agent.designs.benchmark.rtl_copy import copied_names
from dv_agent.designs.design import Design
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
from dv_agent.designs.wiring.signal_slice import split

MUTATORS: tuple[Callable[[Place], Iterator[Change]], ...] = (
    counters, indices, resets, connections, signals, branches, conditions, assignments, ranges, constants, operators,
)  # fmt: skip
"""In this order: of two that propose the same text, the first one names it."""
KINDS = (
    "operator", "constant", "range", "condition", "index", "drop", "extra", "reset", "stuck", "delay", "branch",
    "counter", "handshake",
)  # fmt: skip
"""Every kind of mutant."""
Item = TypeVar("Item")


def find_candidates(design: Design) -> tuple[Candidate, ...]:
    """Return every candidate in the modules below the top, in the order of the files; no edit stands twice.

    Raises:
        PrerequisiteError: pyslang is not installed.
        InputFileError: a file cannot be read, or is not valid Verilog or SystemVerilog.
    """
    files = tuple(zip(copied_names(design), design.source_files(), strict=True))
    handshakes = {split(name).base for one in design.streams for name in (one.valid, one.ready) if name}
    folders = [design.base / name for name in design.include_dirs]
    found: dict[tuple[object, ...], Candidate] = {}
    read = read_modules(files, folders, design.defines, plain=design.plain_verilog)
    modules = [(text, node, facts_of(text, node, handshakes)) for text, node in read]
    used = _used(design.top, {facts.name: facts.instances for _, _, facts in modules})
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


def stratified(candidates: Sequence[Candidate], seed: int) -> Iterator[Candidate]:
    """Yield all candidates in the order of `seed`: kinds take turns, and modules take turns within a kind.

    The order does not depend on how many are wanted, so a larger sample begins with the smaller one.
    """
    chance = random.Random(f"rtl mutants/{seed}")
    kinds: dict[str, dict[str, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for one in candidates:
        kinds[one.kind][one.module].append(one)
    queues = []
    for kind in _shuffled(sorted(kinds), chance):
        modules = [_shuffled(kinds[kind][name], chance) for name in _shuffled(sorted(kinds[kind]), chance)]
        queues.append(list(_in_turn(modules)))
    yield from _in_turn(queues)


def _in_turn(queues: Sequence[Sequence[Item]]) -> Iterator[Item]:
    for place in range(max(map(len, queues), default=0)):
        yield from (queue[place] for queue in queues if place < len(queue))


def _shuffled(items: Sequence[Item], chance: random.Random) -> list[Item]:
    return chance.sample(items, len(items))


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
