"""The decision on many properties of a circuit: the cheap methods for all at once, then `pdr` for each that is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dv_agent.designs.properties.answer import Answer
from dv_agent.designs.text.wording import counted
from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.bmc_and_induction import hit_within, inductive
from dv_agent.runners.formal.invariants import Cube
from dv_agent.runners.formal.reachability import SIMPLIFIED, prove_any
from dv_agent.runners.formal.unrolling import OutOfTimeError

BOUNDED_CYCLES = 24
_DEPTHS = (1, 2, 4, 8)
_SHARE = 0.25  # of the time for the cheap methods, each
_LEAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Effort:
    """Bounds of a decision.

    Attributes:
        seconds: for all properties together.
        each: for one property in `pdr`, in seconds.
        cycles: of bounded model checking.
    """

    seconds: float = 600.0
    each: float = 60.0
    cycles: int = BOUNDED_CYCLES


def decide(
    circuit: Circuit, names: Sequence[str], effort: Effort, say: Callable[[str], None]
) -> Iterator[tuple[str, Answer]]:
    """Yield an answer for each of `names` as soon as it is known, and a second one for what is decided late."""
    end = time.monotonic() + effort.seconds
    if not names:
        return
    impossible = [name for name in names if circuit.properties[name] == 0]
    yield from ((name, Answer(verdict="unreachable", method="satisfiability")) for name in impossible)
    left = [name for name in names if circuit.properties[name] != 0]
    if not left:
        return
    if not circuit.reduced(left).next:
        yield from _settled(circuit, left, end, say)
        return
    share = effort.seconds * _SHARE
    found, cycles = hit_within(circuit, left, effort.cycles, time.monotonic() + share, say)
    yield from ((name, Answer(verdict="reachable", method="bounded", depth=cycle)) for name, cycle in found.items())
    left = [name for name in left if name not in found]
    for depth in (one for one in _DEPTHS if one <= cycles):
        proved = _inductive(circuit, left, depth, min(time.monotonic() + share, end))
        say(f"induction over {counted(depth, 'cycle')}: {len(proved)} of {len(left)} properties proved")
        yield from ((name, Answer(verdict="unreachable", method="induction", depth=depth)) for name in proved)
        left = [name for name in left if name not in proved]
        if not left:
            return
    yield from _one_by_one(circuit, left, effort, end, cycles, say)


def _settled(
    circuit: Circuit, names: Sequence[str], end: float, say: Callable[[str], None]
) -> Iterator[tuple[str, Answer]]:
    """Decide the properties of a circuit without registers."""
    found, cycles = hit_within(circuit, names, 1, end, say)
    for name in names:
        if name in found:
            yield name, Answer(verdict="reachable", method="satisfiability")
        elif cycles:
            yield name, Answer(verdict="unreachable", method="satisfiability")
        else:
            yield name, Answer(verdict="unknown", reason="the time was up")


def _inductive(circuit: Circuit, names: Sequence[str], depth: int, end: float) -> set[str]:
    try:
        return set(inductive(circuit, names, depth, end))
    except OutOfTimeError:
        return set()


def _one_by_one(
    circuit: Circuit, names: Sequence[str], effort: Effort, end: float, cycles: int, say: Callable[[str], None]
) -> Iterator[tuple[str, Answer]]:
    known: list[Cube] = []
    resists: list[str] = []
    for number, name in enumerate(names):
        seconds = min(effort.each, end - time.monotonic())
        say(f"pdr: {number} of {len(names)} properties")
        if seconds < _LEAST_SECONDS:
            answer = Answer(verdict="unknown", reason="the time was up")
        else:
            proof = prove_any(circuit, [name], seconds)
            answer = proof.answer
            known += proof.cubes
            resists += [name] if answer.verdict == "unknown" else []
        if answer.verdict == "unknown":
            answer = answer.model_copy(update={"depth": cycles})
        yield name, answer
    yield from _together(circuit, resists, known, effort, end, say)


def _together(
    circuit: Circuit,
    names: Sequence[str],
    known: Sequence[Cube],
    effort: Effort,
    end: float,
    say: Callable[[str], None],
) -> Iterator[tuple[str, Answer]]:
    """Ask once more whether any of what resisted can be hit, with the invariants of all proofs so far as known."""
    seconds = min(effort.each * len(names), end - time.monotonic())
    if not names or seconds < _LEAST_SECONDS:
        return
    say(f"pdr: {counted(len(names), 'property')} together, {counted(len(known), 'clause')} known")
    answer = prove_any(circuit, names, seconds, known, SIMPLIFIED).answer
    if answer.verdict == "unreachable":
        yield from ((name, answer) for name in names)
    elif answer.verdict == "reachable" and len(names) == 1:
        yield names[0], answer
