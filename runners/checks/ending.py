"""The end of a test in words: which ports a deadlocked test waited for, and whether it was cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.observation import Observation
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.protocol import may_always_wait, refused_at_the_end

_SHOWN = 6


class Waiting(Frozen):
    """The ports that were blocked when a test ended with an offer that the design did not accept.

    Attributes:
        refused: input streams with valid high in the last cycle.
        spent: sources with valid low then, because their tracks had nothing left to send.
        allowed: whether, by the reference model, the specification lets all of `refused` wait for ever: then the
            test starved the design, which is not at fault. Otherwise the check `deadlock` fails.
        complete: whether the design delivered as many outputs as the reference model expects.
        judged: whether there is a reference model; without one, `allowed` only says that this may be starvation.
    """

    refused: tuple[str, ...] = ()
    spent: tuple[str, ...] = ()
    allowed: bool = False
    complete: bool = False
    judged: bool = True


def waiting_of(design: Design, trace: Trace, observation: Observation) -> Waiting | None:
    """Return the ports that `trace` was blocked on at its end; None if it did not end so."""
    if trace.end != End.DEADLOCK:
        return None
    refused = refused_at_the_end(design, trace)
    return Waiting(
        refused=tuple(sorted(refused)),
        spent=tuple(name for name in design.packet_ports if name not in refused) if refused else (),
        allowed=bool(refused) and refused <= observation.may_wait | may_always_wait(design),
        complete=_is_complete(trace, observation),
        judged=observation.judged,
    )


def _is_complete(trace: Trace, observation: Observation) -> bool:
    last = int(trace.epoch[-1]) if trace.cycles else 0
    counts = [
        (int(np.sum(owed.epoch == last)), int(np.sum(trace.accepted[port].epoch == last)))
        for port, owed in observation.expected.items()
    ]
    return all(expected == seen for expected, seen in counts)


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a test as a record holds it.

    Attributes:
        end: a value of `End`, or "refused".
        failed: whether a check failed.
        waiting: the blocked ports; None also in older records, which do not hold it.
    """

    index: int
    end: str
    cycles: int
    failed: bool
    waiting: Waiting | None = None

    @property
    def starved(self) -> bool:
        """Whether an input waited for another input that had nothing left to send, as the reference model allows.

        Without a reference model: whether that may be so.

        A deadlock that is the design's fault fails a check instead.
        """
        return self.end == End.DEADLOCK and (self.waiting.allowed if self.waiting else not self.failed)


def ending_words(ended: Ended) -> str:
    """Return how a test ended, such as ``drained after 48 cycles``."""
    after = f"after {_cycles(ended.cycles)}"
    if ended.end == End.LIMIT:
        return f"ran into the limit of {_cycles(ended.cycles)} that a test may take, and was cut there"
    if ended.end == End.BUDGET:
        return f"cut {after}, where the budget was used up"
    if ended.end != End.DEADLOCK:
        return "refused" if ended.end == "refused" else f"{ended.end} {after}"
    judged = ended.waiting is None or ended.waiting.judged
    waited = f"ended waiting {after}{', as the reference model allows' if judged else ''}"
    words = waited if ended.starved else f"deadlock {after}"
    return words + (_waited_for(ended.waiting) if ended.waiting and ended.waiting.refused else "")


def _waited_for(waiting: Waiting) -> str:
    offered = "beats that were" if len(waiting.refused) > 1 else "a beat that was"
    spent = f", while {_names(waiting.spent)} had none left" if waiting.spent else ""
    if not waiting.judged:
        return f": {_names(waiting.refused)} offered {offered} not accepted{spent}"
    outputs = "every expected output came" if waiting.complete else "outputs are still due"
    return f": {_names(waiting.refused)} offered {offered} not accepted{spent}; {outputs}"


def ending_notes(tests: Sequence[Ended]) -> Iterator[str]:
    """Return notes that belong beside "all checks passed": tests that were cut, and tests that starved."""
    limited = [one for one in tests if one.end == End.LIMIT]
    if limited:
        used, total = sum(one.cycles for one in limited), sum(one.cycles for one in tests)
        yield (
            f"{_some(limited, tests)} ran into the limit of {_cycles(max(one.cycles for one in limited))} that a test "
            f"may take, {used:,} of {_cycles(total)} in all: the stimulus is longer than that, or never comes to an end"
        )
    for one in tests:
        if one.end == End.BUDGET:
            yield (
                f"test {one.index} was cut after {_cycles(one.cycles)}, where the budget was used up: "
                "what it would have done later counts for nothing"
            )
    starved = [one for one in tests if one.starved]
    unjudged = [one for one in starved if one.waiting and not one.waiting.judged]
    if unjudged:
        yield (
            f"{_some(unjudged, tests)} ended waiting: an input offered a beat that was not accepted, while others "
            "had nothing left to send; without a reference model that is taken for starvation, not for a hang"
        )
    starved = [one for one in starved if one not in unjudged]
    if starved:
        yield (
            f"{_some(starved, tests)} ended waiting, as the reference model allows: an input offered a beat that was "
            "not accepted, while another that the design needs had none left; no check fails for that"
        )


def _some(found: Sequence[Ended], tests: Sequence[Ended]) -> str:
    shown = ", ".join(str(one.index) for one in found[:_SHOWN])
    more = ", ..." if len(found) > _SHOWN else ""
    noun = "test" if len(found) == 1 else "tests"
    return f"{len(found):,} of {counted(len(tests), 'test')} ({noun} {shown}{more})"


def _names(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _cycles(count: int) -> str:
    return f"{count:,} cycle{'' if count == 1 else 's'}"
