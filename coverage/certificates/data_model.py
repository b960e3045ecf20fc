"""Certificate: for each bin and exclusion of a plan a witness, a proof, or the reason why there is neither."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field

from dv_agent.designs.bounds import Amount, Count, Digest, PlainText, Stops
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.properties.answer import Method

RULES = 1
"""Version of what a verdict means; certificates of another one are stale."""
Outcome = Literal["witness", "unreachable", "reachable", "unknown"]
OUTCOMES: tuple[Outcome, ...] = ("witness", "unreachable", "reachable", "unknown")
Subject = Literal["bin", "ignored", "illegal"]


class Verdict(Frozen):
    """What is known of a bin, or of something that the plan excludes.

    Attributes:
        outcome: ``witness``: a test hits it. ``unreachable``: proved under the assumptions. ``reachable``: the inputs
            of the proof can hit it, but no test is known that does; `reason` tells what became of the search for one.
            ``unknown``: none of these.
        over_signals: whether it is a predicate over signals of the RTL, so that a proof is possible.
        witness: the test that hits it.
        method, depth: see `dv_agent.designs.properties.answer.Answer`.
        reason: why it is unknown.
        why: the plan's argument, of an exclusion.
        choice: whether the plan excludes it although a test may hit it.
    """

    id: PlainText
    subject: Subject
    outcome: Outcome
    over_signals: bool
    witness: PlainText = ""
    method: Method = ""
    depth: Count = 0
    reason: PlainText = ""
    why: PlainText = ""
    choice: bool = False

    @property
    def key(self) -> str:
        """Its name among the properties of a proof."""
        return f"{self.subject}:{self.id}"


class CheckedBySimulation(Frozen):
    """How the predicates were checked: recorded tests played on the circuit of the proof.

    Attributes:
        hits: how often a test and the circuit agreed on the cycle of a first hit.
        wrong: where they did not agree; a certificate with any is void.
    """

    tests: Count = 0
    cycles: Count = 0
    hits: Count = 0
    wrong: tuple[PlainText, ...] = ()


class Certificate(Frozen):
    """All verdicts on the goal of a design.

    Attributes:
        hashes: SHA-256 of each kind of file that it depends on, and of the bins.
        assumptions: what is assumed of the inputs, in words.
        left_out: memories that are left out of the circuit: what is read from them may be anything.
        tests: tests that were made of what the proofs reach, which witnesses named ``found test <n>`` refer to.
        complete: false while the command that makes it runs.
    """

    schema_version: Literal[1] = 1
    rules: Count = RULES
    design: PlainText
    goal: Literal["functional", "code", "both"]
    hashes: dict[Annotated[str, Field(max_length=40)], Digest]
    tools: tuple[PlainText, ...]
    assumptions: tuple[PlainText, ...]
    left_out: tuple[PlainText, ...] = ()
    checked: CheckedBySimulation = CheckedBySimulation()
    tests: Annotated[tuple[dict[str, Any], ...], Field(max_length=1_000)] = ()
    complete: bool = False
    seconds: Amount = 0.0
    verdicts: Annotated[tuple[Verdict, ...], Field(max_length=100_000), Stops]

    def counts(self, subject: Subject | None = None) -> dict[Outcome, int]:
        """Return how many there are of each outcome, of one subject or of all."""
        found = Counter(one.outcome for one in self.verdicts if subject in (None, one.subject))
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def refuted(self) -> tuple[Verdict, ...]:
        """What the plan says that no test hits, although one does."""
        excluded = (one for one in self.verdicts if one.subject != "bin" and not one.choice)
        return tuple(one for one in excluded if one.outcome == "witness")

    @property
    def sound(self) -> bool:
        """Whether nothing contradicts it."""
        return not self.checked.wrong and not self.refuted
