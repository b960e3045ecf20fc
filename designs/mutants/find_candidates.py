"""All candidates for mutants of a design, and the order in which a seed takes them: kinds and modules take turns."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from dv_agent.designs.benchmark.rtl_copy import copied_names
from dv_agent.designs.design import Design
from dv_agent.designs.files.limited_child import run_limited
from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.designs.mutants.search_request import SearchAnswer, SearchRequest
from dv_agent.designs.wiring.signal_slice import split
from dv_agent.errors import InputFileError

SEARCH_SECONDS = 120.0
KINDS = (
    "operator", "constant", "range", "condition", "index", "drop", "extra", "reset", "stuck", "delay", "branch",
    "counter", "handshake",
)  # fmt: skip
"""Every kind of mutant."""
Item = TypeVar("Item")


def find_candidates(design: Design, seconds: float = SEARCH_SECONDS) -> tuple[Candidate, ...]:
    """Return every candidate in the modules below the top, in the order of the files; no edit stands twice.

    Args:
        seconds: time limit of the child process that reads the RTL, in seconds.

    Raises:
        InputFileError: a file cannot be read, or is not valid Verilog or SystemVerilog.
        BuildError: reading took too long, or too much memory.
        SimulatorLost: the child was killed from outside, each time.
    """
    handshakes = {split(name).base for one in design.streams for name in (one.valid, one.ready) if name}
    request = SearchRequest(
        files=tuple(zip(copied_names(design), design.source_files(), strict=True)),
        folders=tuple(design.base / name for name in design.include_dirs),
        defines=dict(design.defines),
        plain=design.plain_verilog,
        top=design.top,
        handshakes=tuple(sorted(handshakes)),
    )
    data = request.model_dump_json().encode()
    answer = SearchAnswer.model_validate_json(
        run_limited("dv_agent.designs.mutants.child", data, seconds, f"reading the RTL of {design.name} for mutants")
    )
    if answer.path is not None:
        raise InputFileError(answer.path, answer.message, answer.line)
    return answer.candidates


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
