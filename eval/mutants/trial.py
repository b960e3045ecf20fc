"""What becomes of one mutant: tests are played until a check fails; a survivor is looked into."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.failures.kind import kind_of
from dv_agent.designs.benchmark.rtl_copy import rtl_copy
from dv_agent.designs.design import Design
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.mutants.candidate import write_mutant
from dv_agent.designs.program import Program
from dv_agent.errors import BuildError, SimulatorCrash, SimulatorTimeout
from dv_agent.eval.mutants.clean_tests import CleanTest
from dv_agent.eval.mutants.data_model import DIFFERS, Difference, Mutant, Oracle, Outcome
from dv_agent.eval.mutants.equivalence import PROVED, Prover, in_words
from dv_agent.eval.mutants.kept_builds import cached_in, shared_room, simulator_of_mutants
from dv_agent.eval.mutants.pin_differences import first_difference, hint
from dv_agent.eval.mutants.selection import ICARUS, FormMaker
from dv_agent.eval.mutants.shortest_test import Pair, shortest
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.recording.pin_replay import PinReplaySession, recording_of
from dv_agent.runners.simulator import Run, Session, Simulator

_DEAD = (SimulatorTimeout, SimulatorCrash)


@dataclass
class _Seen:
    """What the tests have shown so far: the test that showed a difference first, and its difference."""

    cycles: int = 0
    test: CleanTest | None = None
    difference: Difference | None = None


class MutantTrials:
    """Plays tests on mutants of one design, one mutant after the other.

    Args:
        room: a folder for copies; builds stay in `shared_room`, for a further campaign on the same mutants.
        tests: recorded on the clean RTL, in the order in which they are played.
        covered: bins that the given tests hit.
        find: finds the simulator by its name.
        prove_seconds: for the proof that a survivor changes nothing; 0: none.
    """

    def __init__(
        self, folder: DesignFolder, simulator: str, oracle: Oracle, tests: Sequence[CleanTest], room: Path,
        covered: frozenset[str] = frozenset(), find: Callable[[str], Simulator] | None = None,
        prove_seconds: float = 0.0,
    ) -> None:  # fmt: skip
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


class _One:
    """One mutant."""

    def __init__(self, trials: MutantTrials, name: str, copy: DesignFolder, stack: ExitStack) -> None:
        self._trials, self._name, self._copy, self._stack = trials, name, copy, stack
        self._design: Design = copy.design
        self._simulator: Simulator = trials.find(trials.simulator)
        self._session: Session | None = None
        self._replay: PinReplaySession | None = None

    def outcome(self) -> Outcome:
        seen = _Seen()
        for test in self._trials.tests:
            if test.further:
                continue
            if failure := self._played(test, seen, first=seen.cycles == 0):
                return self._killed(failure, test, seen)
        if self._is_equivalent() and seen.test is None:
            return Outcome(mutant=self._name, verdict="equivalent", by="compiled form", cycles=seen.cycles)
        for test in self._trials.tests:
            if test.further and (failure := self._played(test, seen)):
                return self._late(failure, test, seen)
        return self._alike(seen) if seen.test is None or seen.difference is None else self._unnoticed(seen)

    def _alike(self, seen: _Seen) -> Outcome:
        """Return the outcome of a mutant that no test tells from the clean RTL: proved equivalent, or unknown."""
        found = self._trials.prover.compared(self._design)
        if found.verdict == "equivalent":
            words = f"{PROVED} ({found.method})"
            return Outcome(mutant=self._name, verdict="equivalent", by=words, cycles=seen.cycles)
        count, more = len(self._trials.tests), in_words(found)
        reason = f"no pin differs in any of {count:,} tests: equivalent, or out of their reach"
        return Outcome(
            mutant=self._name, verdict="unknown", cycles=seen.cycles, reason=f"{reason}; {more}" if more else reason
        )

    def _killed(self, failure: CheckFailure, test: CleanTest, seen: _Seen) -> Outcome:
        return Outcome(
            mutant=self._name, verdict="killed", by=failure.check, failure=failure, test=test.number, cycles=seen.cycles
        )

    def _late(self, failure: CheckFailure, test: CleanTest, seen: _Seen) -> Outcome:
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

    def _unnoticed(self, seen: _Seen) -> Outcome:
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
        return Pair(self._trials.folder, self._trials.model, self._trials.clean, self._open())

    def _open(self) -> Session:
        if self._session is None:
            self._session = self._stack.enter_context(self._simulator.open(self._design))
        return self._session

    def _played(self, test: CleanTest, seen: _Seen, first: bool = False) -> CheckFailure | None:
        """Play a test; return the failure that a fresh process confirms, or note a difference that nothing fails on."""
        program = test.given.program(self._trials.folder)
        if not first and self._replays_the_same(test):
            seen.cycles += test.cycles
            return None
        try:
            run = self._open().run(program)
        except _DEAD as error:
            return self._dead(error)
        seen.cycles += run.trace.cycles
        if test.recording and recording_of(self._design, run.rows, run.trace.end) == test.recording:
            return None
        if failure := self._confirmed(program, run):
            return failure
        if seen.test is None or test.cycles < seen.test.cycles:
            difference = first_difference(self._design, self._trials.clean.run(program), run)
            seen.test, seen.difference = (test, difference) if difference else (seen.test, seen.difference)
        return None

    def _replays_the_same(self, test: CleanTest) -> bool:
        """Return whether the pins do as recorded, found out without drivers and checks, where that is possible."""
        if test.recording is None or self._trials.simulator != ICARUS:
            return False
        try:
            if self._replay is None:
                self._replay = self._stack.enter_context(PinReplaySession(self._design))
            return self._replay.same(test.recording)
        except _DEAD:
            return False

    def _confirmed(self, program: Program, run: Run) -> CheckFailure | None:
        """Return the first failure, if a process of its own comes to one of the same kind, or else its first one."""
        found = self._failures(program, run)
        if not found:
            return None
        with self._simulator.open(self._design) as fresh:
            again = self._failures(program, fresh.run(program))
        return next((one for one in again if kind_of(one) == kind_of(found[0])), again[0] if again else None)

    def _failures(self, program: Program, run: Run) -> tuple[CheckFailure, ...]:
        failures = check(self._design, run.trace, self._trials.model.observe(run.trace))
        if failures or self._trials.oracle == "checks":
            return failures
        found = first_difference(self._design, self._trials.clean.run(program), run)
        if found is None:
            return ()
        return (CheckFailure(check=DIFFERS, port=found.port, cycle=found.cycle, message=found.message),)

    def _dead(self, error: Exception) -> CheckFailure | None:
        """Return the failure of RTL that does not survive its initial reset, if a fresh process ends so too."""
        name = "hung" if isinstance(error, SimulatorTimeout) else "crashed"
        try:
            with self._simulator.open(self._design) as fresh:
                fresh.run(Program({}, 1))
        except _DEAD as again:
            if type(again) is type(error):
                return CheckFailure(check=name, cycle=0, message=str(error)[:2000])
        return None

    def _is_equivalent(self) -> bool:
        clean = self._trials.clean_form
        return bool(clean) and self._trials.maker.of(self._copy).optimised == clean
