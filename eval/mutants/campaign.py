"""``dv-agent mutate``: tests are recorded on the clean RTL, mutants are chosen, and each is tried; resumable."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from dv_agent import __version__
from dv_agent.agents.records.lock import owned
from dv_agent.agents.records.writer import new_folder
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import changed_since, fingerprint
from dv_agent.designs.files.documents import make_folders, printable
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.text.wording import counted
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.mutants.clean_tests import (
    CleanDesk,
    CleanTest,
    Given,
    save_tests,
    turns_digest,
)
from dv_agent.eval.mutants.data_model import Oracle, Outcome, Selection, Settings, Source
from dv_agent.eval.mutants.earlier_campaign import chosen_before
from dv_agent.eval.mutants.one_mutant.trial_pool import TrialPool
from dv_agent.eval.mutants.one_mutant.trial_process import Setup
from dv_agent.eval.mutants.result_folder import (
    SETTINGS,
    TESTS,
    OutcomeLines,
    begin,
    read_result,
    read_settings,
    read_tests,
)
from dv_agent.eval.mutants.selection import select
from dv_agent.eval.mutants.several_sources import ends_of, read_sources, split_by_source
from dv_agent.eval.mutants.summary import MutationResult
from dv_agent.runners.formal.yosys import require_formal
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session

MUTANT_SECONDS = 300.0
# A proof asks two questions, the first one with lemmas that take as long again, and simulates before each.
_PROOFS = 5
FURTHER_CYCLES = 40_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for.

    Attributes:
        tests: what the tests come from, each as `read_given` takes it; several have an outcome each.
        oracle: what kills; None: checks if the design has a reference model, else comparison with the clean RTL.
        further_cycles: cycles of further tests that survivors are played.
        survivors_of: the folder of an earlier campaign: its mutants that were not killed are tried, no others.
        mutants_of: the same, but all its mutants that were not proved equivalent.
        prove_seconds: for the proof that a survivor changes nothing at the pins; 0: none.
    """

    simulator: str
    tests: tuple[str, ...]
    count: int
    seed: int = 0
    oracle: Oracle | None = None
    further_cycles: int = FURTHER_CYCLES
    survivors_of: Path | None = None
    mutants_of: Path | None = None
    prove_seconds: float = 0.0


class Watcher(Protocol):
    """Is told how a campaign goes."""

    def say(self, words: str) -> None:
        """Hear what takes time."""
        ...

    def begin(self, settings: Settings, selection: Selection, folder: Path, done: tuple[Outcome, ...]) -> None:
        """Hear that mutants are tried from now on."""
        ...

    def outcome(self, outcome: Outcome) -> None:
        """Hear what became of a mutant."""
        ...


@dataclass(frozen=True, slots=True)
class _Ready:
    """The tests as the clean RTL plays them."""

    tests: tuple[CleanTest, ...]
    left_out: tuple[int, ...]
    covered: frozenset[str]

    @property
    def given(self) -> tuple[CleanTest, ...]:
        return tuple(one for one in self.tests if not one.further)


def start(folder: DesignFolder, wish: Wish, out: Path, jobs: int, watcher: Watcher, seconds: float = MUTANT_SECONDS,
          into: Path | None = None) -> MutationResult:  # fmt: skip
    """Choose mutants of a design and try them all.

    Args:
        out: where the folder of results is made; `into`: that folder itself.
        jobs: mutants tried at the same time.
        seconds: wall time that one mutant may take, its proof apart.

    Raises:
        UsageError: no tests, nothing to change, or every test fails a check on the clean RTL.
        BuildError, PrerequisiteError, InputFileError, OutputError: as they say.
    """
    if wish.count < 1:
        raise UsageError("--count 0 tries nothing; say how many mutants to try")
    if wish.prove_seconds:
        require_formal()
    if into:
        make_folders(into)  # one that cannot be written is told before minutes of simulation
    earlier = chosen_before(wish.survivors_of, wish.mutants_of, folder)
    sources, given = read_sources(wish.tests, folder, wish.seed)
    watcher.say(f"recording {counted(len(given), 'test')} on the clean RTL")
    ready = _prepare(folder, wish.simulator, given, wish.further_cycles, wish.seed, sources)
    watcher.say("choosing mutants")
    selection = earlier.selection if earlier else _selected(folder, wish, jobs, watcher)
    settings = _settings(folder, wish, sources, given, ready)
    if earlier:
        settings = settings.model_copy(
            update={"seed": earlier.settings.seed, "count": len(selection.mutants),
                    "survivors_of": earlier.settings.tests_digest if wish.survivors_of else ""}
        )  # fmt: skip
    home = into or new_folder(out, folder.design.name, "mutants", None)
    with owned(home):
        if into and any(one.name != ".lock" for one in home.iterdir()):
            raise UsageError(f"{home} is not empty; go on in it with --resume, or name another folder with --out")
        begin(home, settings, selection, given)
        return _try_all(folder, home, ready, jobs, watcher, seconds)


def _selected(folder: DesignFolder, wish: Wish, jobs: int, watcher: Watcher) -> Selection:
    def tell(found: int) -> None:
        watcher.say(f"choosing mutants: {found} of {wish.count}")

    return select(folder, wish.simulator, wish.count, wish.seed, jobs, tell)


def resume(design: DesignFolder | None, find: Callable[[str], DesignFolder], home: Path, jobs: int, watcher: Watcher,
           seconds: float = MUTANT_SECONDS) -> MutationResult:  # fmt: skip
    """Try the mutants of a folder that were not tried yet.

    Args:
        design: the design, if the command line names one.
        find: finds the design that the folder names.

    Raises:
        UsageError: a folder of another design, or of one that has changed since.
        InputFileError: a file of the folder is broken.
    """
    settings = read_settings(home)
    folder = design or find(settings.design)
    if folder.design.name != settings.design:
        raise UsageError(f"{home} holds mutants of {settings.design}, not of {folder.design.name}")
    if changed := changed_since(settings.hashes, folder):
        raise UsageError(f"{home}: {' and '.join(changed)} of {settings.design} changed since; start anew")
    with owned(home):
        given = read_tests(home)
        watcher.say(f"recording {counted(len(given), 'test')} on the clean RTL")
        sources = settings.sources or (Source(words=settings.tests, count=len(given)),)
        if (count := sum(one.count for one in sources)) != len(given):
            raise InputFileError(home / SETTINGS, f"its sources have {count:,} tests, {TESTS} holds {len(given):,}")
        ready = _prepare(folder, settings.simulator, given, settings.further_cycles, settings.seed, sources)
        return _try_all(folder, home, ready, jobs, watcher, seconds)


def _try_all(
    folder: DesignFolder, home: Path, ready: _Ready, jobs: int, watcher: Watcher, seconds: float
) -> MutationResult:
    known = read_result(home)
    done = {one.mutant for one in known.outcomes}
    watcher.begin(known.settings, known.selection, home, known.outcomes)
    todo = [one for one in known.selection.to_run if one.id not in done]
    with scratch_folder() as room, closing(OutcomeLines(home)) as lines:
        setup = Setup(
            design=folder.path, simulator=known.settings.simulator, oracle=known.settings.oracle,
            tests=save_tests(ready.tests, room), room=room, covered=tuple(sorted(ready.covered)),
            prove_seconds=known.settings.prove_seconds, ends=ends_of(known.settings.sources),
        )  # fmt: skip
        proof = _PROOFS * known.settings.prove_seconds
        with TrialPool(setup, jobs, seconds + proof) as pool:
            for outcome in pool.outcomes(todo):
                lines.add(outcome)
                watcher.outcome(outcome)
    return read_result(home)


def _prepare(
    folder: DesignFolder, simulator: str, given: tuple[Given, ...], further_cycles: int, seed: int,
    sources: tuple[Source, ...],
) -> _Ready:  # fmt: skip
    with find_simulator(simulator).open(folder.design) as session:
        desk = CleanDesk(folder, session)
        tests, left_out = desk.record(given)
        for source, left in zip(sources, split_by_source(tests, ends_of(sources)), strict=True):
            if not left:
                raise UsageError(f"{source.words}: every test fails a check on the clean RTL, so none can kill")
        further, _ = desk.record(desk.further(further_cycles, seed), further=True)
        covered = _covered(folder, session, tests)
    return _Ready((*tests, *further), tuple(left_out), covered)


def _covered(folder: DesignFolder, session: Session, tests: list[CleanTest]) -> frozenset[str]:
    plan = plan_of(folder)
    bench = Testbench(folder, plan, session)
    hit: set[int] = set()
    for one in tests:
        hit |= set(bench.run(one.given.test, max_cycles=one.given.max_cycles).sample.hits.nonzero()[0].tolist())
    return frozenset(plan.bins[place].id for place in hit)


def _settings(
    folder: DesignFolder, wish: Wish, sources: tuple[Source, ...], given: tuple[Given, ...], ready: _Ready
) -> Settings:
    oracle: Oracle = wish.oracle or ("checks" if folder.has_model else "comparison")
    digest = hashlib.sha256("\n".join(f"{one.test.digest} {one.max_cycles}" for one in given).encode()).hexdigest()
    further = [one for one in ready.tests if one.further]
    return Settings(
        design=folder.design.name, hashes=fingerprint(folder), simulator=wish.simulator, seed=wish.seed,
        count=wish.count, tests=printable("; ".join(one.words for one in sources), 1_000), tests_digest=digest,
        sources=sources if len(sources) > 1 else (),
        turns_digest=turns_digest(wish.tests[0]) if len(sources) == 1 else "",
        test_count=len(ready.given),
        test_cycles=sum(one.cycles for one in ready.given), left_out=ready.left_out, oracle=oracle,
        has_model=folder.has_model, further_cycles=wish.further_cycles, further_count=len(further),
        prove_seconds=wish.prove_seconds,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"dv-agent": __version__, "python": platform.python_version(),
                  "simulator": find_simulator(wish.simulator).version()},
    )  # fmt: skip
