"""Data classes of mutation testing: a mutant, what became of it, and the header of a folder of mutants."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dv_agent.designs.bounds import Amount, Count, Digest, PlainText, RecordedName, Seed, Stops
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.runners.checks.failure import CheckFailure

Verdict = Literal["killed", "equivalent", "unnoticed", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("killed", "equivalent", "unnoticed", "unknown")
Oracle = Literal["checks", "comparison"]
"""What kills: a check that fails, or any difference from the clean RTL at the pins."""
Missing = Literal["", "check", "stimulus"]
Text = Annotated[str, Field(max_length=4_000)]
DIFFERS = "differs"
"""Name of the check that compares with the clean RTL."""


class Mutant(Frozen):
    """A mutant that builds.

    Attributes:
        id: such as ``m0017``; numbered in the order of the seed, trivially equivalent ones included.
        change: what was changed, and where.
        diff: the change as a unified diff.
        form: hash of its compiled form.
        equivalent: whether its compiled form is that of the clean RTL.
    """

    id: RecordedName
    change: Candidate
    diff: Annotated[str, Field(max_length=100_000)]
    form: Digest
    equivalent: bool = False


class Selection(Frozen):
    """The mutants of one seed.

    Attributes:
        mutants: those to run, and the trivially equivalent ones that were met on the way.
        candidates: number of all changes that could be made.
        refused: number of changes met that do not build.
        repeated: number of changes met whose compiled form is that of an earlier mutant.
    """

    mutants: Annotated[tuple[Mutant, ...], Stops]
    candidates: Count
    refused: Count = 0
    repeated: Count = 0

    @property
    def to_run(self) -> tuple[Mutant, ...]:
        """The mutants that differ from the clean RTL in their compiled form."""
        return tuple(one for one in self.mutants if not one.equivalent)


class Difference(Frozen):
    """How a mutant differs from the clean RTL at the pins in one test.

    Attributes:
        cycle: the first cycle with a difference.
        signals: the signals that differ in it.
        port: the port or stream of the first one.
        stream: the stream whose transfers differ first in value, order, number or time.
        aspects: in what the whole test differs, the weightiest first: ``payload``, ``count``, ``order``, ``end``,
            ``latency``, ``handshake``, ``debug``, ``idle payload``.
        transfer: number of the first transfer of the port that differs, if one does.
        message: the same in words.
    """

    cycle: Count
    signals: Annotated[tuple[PlainText, ...], Field(max_length=200)]
    port: PlainText = ""
    stream: PlainText = ""
    aspects: Annotated[tuple[PlainText, ...], Field(max_length=20)] = ()
    transfer: Count | None = None
    message: Text = ""


class ShortTest(Frozen):
    """The shortest test that was found.

    Attributes:
        data: the test in the test language.
        cycles: cycles that the clean RTL takes for it.
        stopped: why shrinking ended early; empty if it was completed.
    """

    data: dict[str, Any]
    cycles: Count
    stopped: Text = ""


class Source(Frozen):
    """The tests that one `--tests` names.

    Attributes:
        words: where they come from, in words.
        count: their number, those that are left out too.
    """

    words: PlainText
    count: Count


class SourceOutcome(Frozen):
    """What the tests of one source did to a mutant.

    Attributes:
        by: the check that killed it; empty if none did.
        test: number of the test that killed it.
        cycles: cycles simulated, until the kill if it was killed.
    """

    by: PlainText = ""
    test: Count | None = None
    cycles: Count = 0


class Outcome(Frozen):
    """What became of a mutant.

    Attributes:
        by: the check that killed it; what proved it equivalent; else empty.
        failure: the first failed check, as a fresh process confirmed it: of a kill, or of a further test.
        test: number of the test that killed it or showed the difference, among the given or the further tests.
        further: whether that test is one of those that were tried beyond the given ones.
        missing: what an unnoticed mutant would have been noticed by: a ``check`` (the given or further tests show a
            difference that no check fails on), or ``stimulus`` (a further test fails a check).
        difference: the first difference at the pins.
        shortest: a short test that shows it.
        bins: bins that the short test hits and none of the given tests does.
        hint: the rule or bin that could notice it, in words.
        cycles: cycles simulated on the mutant, until the kill if it was killed; of several sources in all.
        seconds: wall time.
        reason: why nothing is known about it.
        sources: the same of each source alone, if there are several; `verdict` is that of all of them together.
    """

    mutant: RecordedName
    verdict: Verdict
    by: PlainText = ""
    failure: CheckFailure | None = None
    test: Count | None = None
    further: bool = False
    missing: Missing = ""
    difference: Difference | None = None
    shortest: ShortTest | None = None
    bins: Annotated[tuple[PlainText, ...], Field(max_length=1_000)] = ()
    hint: Text = ""
    cycles: Count = 0
    seconds: Amount = 0.0
    reason: Text = ""
    sources: Annotated[tuple[SourceOutcome, ...], Field(max_length=100)] = ()


class Settings(Frozen):
    """What was asked for, the header of a folder of mutants.

    Attributes:
        hashes: SHA-256 of the files of the design, by kind.
        tests: where the tests come from, in words.
        sources: those of several `--tests`, whose tests stand one behind the other; empty if there is but one.
        tests_digest: hash of the tests.
        turns_digest: SHA-256 of ``turns.jsonl``, if they are those of a run.
        test_count, test_cycles: number of tests used, and the cycles that the clean RTL takes for them.
        left_out: tests that fail a check on the clean RTL, which are not used.
        oracle: what kills.
        has_model: whether the design has a reference model.
        survivors_of: hash of the tests of an earlier campaign, of whose mutants those are tried that it did not kill.
        further_cycles: cycles of further tests for survivors.
        prove_seconds: for the proof that a survivor changes nothing; 0: none.
    """

    schema_version: Literal[1] = 1
    design: RecordedName
    hashes: dict[str, str]
    simulator: PlainText
    seed: Seed = 0
    count: Count
    tests: PlainText
    sources: Annotated[tuple[Source, ...], Field(max_length=100)] = ()
    tests_digest: Digest
    turns_digest: Digest = ""
    test_count: Count
    test_cycles: Count
    left_out: Annotated[tuple[Count, ...], Stops] = ()
    oracle: Oracle = "checks"
    has_model: bool = True
    further_cycles: Count = 0
    further_count: Count = 0
    prove_seconds: Amount = 0.0
    survivors_of: Digest | Literal[""] = ""
    started: PlainText = ""
    versions: dict[str, str] = Field(default_factory=dict)
