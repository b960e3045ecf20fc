"""What becomes of one mutant: tests are played until a check fails; a survivor is looked into."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dv_agent.designs.benchmark.rtl_copy import rtl_copy
from dv_agent.designs.design import Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.mutants.candidate import write_mutant
from dv_agent.designs.text.wording import counted
from dv_agent.errors import BuildError
from dv_agent.eval.mutants.clean_tests import CleanTest
from dv_agent.eval.mutants.data_model import DIFFERS, Mutant, Oracle, Outcome, SourceOutcome
from dv_agent.eval.mutants.one_mutant.equivalence import PROVED, Prover, in_words
from dv_agent.eval.mutants.one_mutant.kept_builds import cached_in, shared_room, simulator_of_mutants
from dv_agent.eval.mutants.one_mutant.pin_differences import hint
from dv_agent.eval.mutants.one_mutant.player import MutantPlayer, Seen
from dv_agent.eval.mutants.one_mutant.shortest_test import Pair, shortest
from dv_agent.eval.mutants.selection import FormMaker
from dv_agent.eval.mutants.several_sources import split_by_source
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.simulator import Session, Simulator


class MutantTrials:
    """Plays tests on mutants of one design, one mutant after the other.

    Args:
        room: a folder for copies; builds stay in `shared_room`, for a further campaign on the same mutants.
        tests: recorded on the clean RTL, in the order in which they are played.
        covered: bins that the given tests hit.
        ends: for each of several sources of tests the number of the test behind its last one; empty: one source.
        find: finds the simulator by its name.
        prove_seconds: for the proof that a survivor changes nothing; 0: none.
    """

    def __init__(
        self, folder: DesignFolder, simulator: str, oracle: Oracle, tests: Sequence[CleanTest], room: Path,
        covered: frozenset[str] = frozenset(), find: Callable[[str], Simulator] | None = None,
        prove_seconds: float = 0.0, ends: Sequence[int] = (),
    ) -> None:  # fmt: skip
        self.sources = split_by_source(tests, ends)
        self.folder, self.simulator, self.oracle, self.tests, self.room = folder, simulator, oracle, tests, room
        self.covered, self.find = covered, find or simulator_of_mutants
        self.model = folder.model
        self.builds = shared_room()
        self.maker = FormMaker(simulator)
        self.prover = Prover(folder.design, prove_seconds)
        self._stack = ExitStack()
        self._clean: Session | None = None
        self._clean_form = ""

    @property
    def clean(self) -> Session:
        """A session of the clean RTL, started when it is first needed."""
        if self._clean is None:
            with cached_in(self.builds):
                self._clean = self._stack.enter_context(self.find(self.simulator).open(self.folder.design))
        return self._clean

    @property
    def clean_form(self) -> str:
        """The optimised form of the clean RTL; empty without Verilator."""
        if not self._clean_form:
            self._clean_form = self.maker.of(self.folder).optimised
        return self._clean_form

    def outcome(self, mutant: Mutant) -> Outcome:
        """Return what becomes of `mutant`.

        Raises:
            SimulationError: the simulator itself failed.
        """
        started = time.monotonic()
        room = self.room / mutant.id
        try:
            with cached_in(self.builds), ExitStack() as stack:
                copy = rtl_copy(self.folder, room)
                write_mutant(room, mutant.change)
                found = _One(self, mutant.id, copy, stack).outcome()
        except BuildError as error:
            found = Outcome(mutant=mutant.id, verdict="unknown", reason=f"it does not build: {str(error)[:500]}")
        finally:
            shutil.rmtree(room, ignore_errors=True)
        return found.model_copy(update={"seconds": round(time.monotonic() - started, 2)})

    def close(self) -> None:
        """End the simulators."""
        self._stack.close()
        self._clean = None


@dataclass(frozen=True, slots=True)
class _Kill:
    """What the tests of one source did: the failure that killed the mutant, and the number of its test; None: none."""

    failure: CheckFailure | None
    test: int | None
    cycles: int

    def outcome(self) -> SourceOutcome:
        return SourceOutcome(by=self.failure.check if self.failure else "", test=self.test, cycles=self.cycles)


class _One:
    """One mutant."""

    def __init__(self, trials: MutantTrials, name: str, copy: DesignFolder, stack: ExitStack) -> None:
        self._trials, self._name, self._copy, self._stack = trials, name, copy, stack
        self._design: Design = copy.design
        self._player = MutantPlayer(trials, copy.design, trials.find(trials.simulator), stack)

    def outcome(self) -> Outcome:
        seen = Seen()
        kills = [self._killed_by(tests, seen) for tests in self._trials.sources]
        found = next((one for one in kills if one.failure), None)
        if found is None or found.failure is None:
            outcome = self._survived(seen)
        else:
            outcome = Outcome(mutant=self._name, verdict="killed", by=found.failure.check, failure=found.failure,
                              test=found.test, cycles=seen.cycles)  # fmt: skip
        several = len(kills) > 1
        return outcome.model_copy(update={"sources": tuple(one.outcome() for one in kills)}) if several else outcome

    def _killed_by(self, tests: Sequence[CleanTest], seen: Seen) -> _Kill:
        """Play the tests of one source up to its first kill."""
        before = seen.cycles
        for number, test in enumerate(tests):
            if failure := self._player.played(test, seen, first=number == 0):
                return _Kill(failure, test.number, seen.cycles - before)
        return _Kill(None, None, seen.cycles - before)

    def _survived(self, seen: Seen) -> Outcome:
        if self._is_equivalent() and seen.test is None:
            return Outcome(mutant=self._name, verdict="equivalent", by="compiled form", cycles=seen.cycles)
        for test in self._trials.tests:
            if test.further and (failure := self._player.played(test, seen)):
                return self._late(failure, test, seen)
        return self._alike(seen) if seen.test is None or seen.difference is None else self._unnoticed(seen)

    def _alike(self, seen: Seen) -> Outcome:
        """Return the outcome of a mutant that no test tells from the clean RTL: proved equivalent, or unknown."""
        found = self._trials.prover.compared(self._design)
        if found.verdict == "equivalent":
            words = f"{PROVED} ({found.method})"
            return Outcome(mutant=self._name, verdict="equivalent", by=words, cycles=seen.cycles)
        count, more = len(self._trials.tests), in_words(found)
        reason = f"no pin differs in any of {counted(count, 'test')}: equivalent, or out of their reach"
        return Outcome(
            mutant=self._name, verdict="unknown", cycles=seen.cycles, reason=f"{reason}; {more}" if more else reason
        )

    def _late(self, failure: CheckFailure, test: CleanTest, seen: Seen) -> Outcome:
        """Return the outcome of a survivor that a further test kills: what the given tests lack is stimulus."""
        pair = self._pair()
        short = shortest(pair, test.given, failure if failure.check != DIFFERS else None)
        bins = pair.bins(short) - self._trials.covered if short else frozenset[str]()
        words = "a test like the shortest one: the check is there, the stimulus is not"
        return Outcome(
            mutant=self._name, verdict="unnoticed", missing="stimulus", failure=failure, test=test.number, further=True,
            difference=pair.difference(short.data if short else None, test.given), shortest=short,
            bins=tuple(sorted(bins))[:100], cycles=seen.cycles, hint=words,
        )  # fmt: skip

    def _unnoticed(self, seen: Seen) -> Outcome:
        assert seen.test is not None
        assert seen.difference is not None
        pair = self._pair()
        short = shortest(pair, seen.test.given, None)
        difference = pair.difference(short.data if short else None, seen.test.given) or seen.difference
        return Outcome(
            mutant=self._name, verdict="unnoticed", missing="check", test=seen.test.number, further=seen.test.further,
            difference=difference, shortest=short, cycles=seen.cycles, hint=hint(self._design, difference),
        )  # fmt: skip

    def _pair(self) -> Pair:
        return Pair(self._trials.folder, self._trials.model, self._trials.clean, self._player.open())

    def _is_equivalent(self) -> bool:
        clean = self._trials.clean_form
        return bool(clean) and self._trials.maker.of(self._copy).optimised == clean
