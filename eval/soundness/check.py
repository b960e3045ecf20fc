"""``designs check``: checks that a design is a sound benchmark.

Each part of the check answers one question and can fail:

``lint``       does every tool accept the RTL without a message?
``agreement``  does the RTL agree with the reference model on random traffic (no false alarm)?
``witnesses``  do the witnesses hit every bin that no certificate proves dead, with no failing check?
``tiers``      do the tiers of the plan agree with the measured hit rates?
``bugs``       is every seeded bug killed, by a wrong value, by a witness that hits a bin which the bug names?
``mutants``    are mutants of the reference model detected?
``certificate`` does the certificate of its bins and exclusions hold, if it has one?
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.certificates.dead_bins import dead_bins
from dv_agent.coverage.certificates.storage import FILE, certificate_errors, read_certificate
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.seeded_bugs import Bug, load_bugs
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import Trace
from dv_agent.errors import BuildError, InputFileError
from dv_agent.eval.soundness.hit_rates import load_hit_rates, tier_errors
from dv_agent.eval.soundness.kills import Kill, Survivor, by_value, hunt
from dv_agent.eval.soundness.lint import lint
from dv_agent.eval.soundness.model_mutants import COVERAGE, mutate_model
from dv_agent.eval.soundness.traffic import CHUNK_BEATS, Chunk, over_chunks, run_chunk, simulator_of_others
from dv_agent.runners.simulator import Simulator

MUTANTS = 60
MUTANTS_NOTICED = 20
UNHIT_SHARE = 16  # at least 1 / UNHIT_SHARE of the bins must be out of reach of random stimulus
MESSAGES = 20


class Options(Frozen):
    """Options that set how much is checked.

    Attributes:
        beats: number of random beats for ``agreement``.
        mutants: number of model mutants to try.
        jobs: number of processes for random traffic.
        skip: parts that are left out, such as those that no change of this program can break.
    """

    beats: int = 20_000
    mutants: int = MUTANTS
    seed: int = 0
    jobs: int = 2
    skip: frozenset[str] = frozenset()


class PartResult(Frozen):
    """The result of one part of the check; `problems` is empty if it passed."""

    part: str
    figures: dict[str, int | float | str]
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Return whether the part passed."""
        return not self.problems


def check_design(
    folder: DesignFolder, simulator: Simulator, options: Options, say: Callable[[str], None] | None = None
) -> Iterator[PartResult]:
    """Run all parts, cheapest first; yield each result when it is available.

    Args:
        say: called with the progress of a long part.
    """
    checker = _Checker(folder, simulator, options, say or (lambda _: None))
    parts = (checker.lint, checker.witnesses, checker.tiers, checker.bugs, checker.mutants, checker.certificate)
    for part in (*parts, checker.agreement):
        if part.__name__ not in options.skip:
            yield _timed(part)


def _timed(part: Callable[[], PartResult]) -> PartResult:
    start = time.monotonic()
    result = part()
    problems = result.problems
    if len(problems) > MESSAGES:
        problems = (*problems[:MESSAGES], f"... and {len(problems) - MESSAGES} more")
    return result.model_copy(update={"seconds": round(time.monotonic() - start, 1), "problems": problems})


class _Checker:
    def __init__(
        self, folder: DesignFolder, simulator: Simulator, options: Options, say: Callable[[str], None]
    ) -> None:
        self._folder, self._simulator, self._options, self._say = folder, simulator, options, say
        self._plan: Plan = plan_of(folder)
        self._tests: tuple[Test, ...] = load_witnesses(folder)
        self._traces: list[Trace] = []
        self._hits: list[set[str]] = []
        self._idle: list[int] = []

    def lint(self) -> PartResult:
        results = lint(self._folder.design)
        figures: dict[str, int | float | str] = {
            one.tool: "skipped" if one.skipped else "ok" if one.ok else "failed" for one in results
        }
        problems = tuple(f"{one.tool}: {line}" for one in results for line in one.messages.splitlines())
        return PartResult(part="lint", figures=figures, problems=problems)

    def witnesses(self) -> PartResult:
        coverage, problems = empty_coverage(self._plan), list[str]()
        cycles = 0
        with self._simulator.open(self._folder.design) as session:
            bench = Testbench(self._folder, self._plan, session)
            for index, test in enumerate(self._tests):
                result = bench.run(test)
                cycles += result.trace.cycles
                self._hits.append({self._plan.bins[bin_].id for bin_ in result.sample.hits.nonzero()[0].tolist()})
                self._traces.append(result.trace)
                coverage = coverage.add(result.sample, f"{index:06}")
                problems += [f"witness {index} ({test.name}) fails: {failure.message}" for failure in result.failures]
        dead = dead_bins(self._folder, self._plan)
        missing = {self._plan.bins[index].id: index for index in coverage.open_bins.tolist()}
        problems = [f"no witness hits {name}" for name in missing if name not in dead] + problems
        problems += [f"a witness hits {name}, which {FILE} proves dead" for name in sorted(dead - set(missing))]
        useful = {int(name[1]) for name in coverage.names}
        self._idle = [index for index in range(len(self._tests)) if index not in useful]
        figures = {"witnesses": len(self._tests), "bins": len(self._plan.bins), "cycles": cycles}
        figures["bins_hit"] = len(self._plan.bins) - len(missing)
        if dead:
            figures["bins_dead"] = len(dead)
        return PartResult(part="witnesses", figures={**figures}, problems=tuple(problems))

    def tiers(self) -> PartResult:
        rates = load_hit_rates(self._folder)
        if rates is None:
            return PartResult(part="tiers", figures={}, problems=("no hit_rates.json; run `dv-agent designs measure`",))
        problems = list(tier_errors(self._plan, rates))
        wanted = len(self._plan.bins) // UNHIT_SHARE
        if len(rates.unhit) < wanted:
            problems.append(f"only {len(rates.unhit)} bins stay unhit by {rates.beats[-1]} random beats; want {wanted}")
        counts = {tier: sum(one.tier == tier for one in self._plan.bins) for tier in ("easy", "medium", "hard")}
        return PartResult(part="tiers", figures={**counts}, problems=tuple(problems))

    def bugs(self) -> PartResult:
        bugs = load_bugs(self._folder)
        killers: dict[str, Test] = {}
        problems: list[str] = []
        for bug in bugs:
            found = self._expose(bug)
            if isinstance(found, str):
                problems.append(f"bug {bug.id}: {found}")
            else:
                killers[bug.id] = found
        needed = {test.digest for test in killers.values()}
        problems += [
            f"witness {index} adds no bin and kills no bug"
            for index in self._idle
            if self._tests[index].digest not in needed
        ]
        return PartResult(part="bugs", figures={"bugs": len(bugs), "killed": len(killers)}, problems=tuple(problems))

    def _expose(self, bug: Bug) -> Test | str:
        """Return the witness that kills `bug` and hits a bin of its `exposed_by`, or why there is none."""
        unknown = set(bug.exposed_by) - {one.id for one in self._plan.bins}
        if unknown or not bug.exposed_by:
            return f"exposed_by names no bin of the plan: {', '.join(sorted(unknown)) or 'it is empty'}"
        tests = [test for test, hits in zip(self._tests, self._hits, strict=True) if hits & set(bug.exposed_by)]
        try:
            found = hunt(self._folder, self._plan, bug, tests, self._simulator, counts=by_value)
            if isinstance(found, Survivor) and isinstance(
                hunt(self._folder, self._plan, bug, tests, self._simulator), Kill
            ):
                return "is noticed by X or Z alone, which a simulator with two values does not have"
        except (BuildError, InputFileError) as error:
            return str(error)
        if isinstance(found, Survivor):
            return f"survives {counted(found.tests, 'witness')}, all that hit its exposed_by bins"
        return tests[found.tests - 1]

    def mutants(self) -> PartResult:
        options = self._options
        mutants = mutate_model(self._folder, self._plan, self._traces, options.mutants, options.seed)
        survivors = "; ".join(f"line {one.line}: {one.change}" for one in mutants if not one.by)
        by_coverage = sum(one.by == COVERAGE for one in mutants)
        by_checks = sum(bool(one.by) for one in mutants) - by_coverage
        problems = []
        if by_checks < min(MUTANTS_NOTICED, options.mutants):
            problems.append(f"checks notice only {by_checks} of {len(mutants)} mutants; survivors: {survivors}")
        figures: dict[str, int | float | str] = {
            "mutants": len(mutants), "noticed_by_checks": by_checks, "noticed_by_coverage": by_coverage,
            "survivors": survivors,
        }  # fmt: skip
        return PartResult(part="mutants", figures=figures, problems=tuple(problems))

    def certificate(self) -> PartResult:
        path = self._folder.path / FILE
        if not path.is_file():
            return PartResult(part="certificate", figures={"certificate": "none"})
        certificate = read_certificate(path)
        figures: dict[str, int | float | str] = {str(one): count for one, count in certificate.counts().items()}
        return PartResult(part="certificate", figures=figures, problems=certificate_errors(self._folder, self._plan))

    def agreement(self) -> PartResult:
        options = self._options
        counts = [0, 0, 0]
        problems: list[str] = []
        name = self._simulator.name
        for tests, beats, cycles, failures in over_chunks(
            self._folder, name, options.seed, options.beats, options.jobs, chunk_failures
        ):
            counts = [counts[0] + tests, counts[1] + beats, counts[2] + cycles]
            problems += failures
            self._say(f"agreement: {counts[1]:,} of {options.beats:,} beats, {len(problems)} alarms")
        figures: dict[str, int | float | str] = {"tests": counts[0], "beats": counts[1], "cycles": counts[2]}
        if (others := simulator_of_others(self._folder, name, options.beats)) != name:
            figures |= {name: f"the first {CHUNK_BEATS:,} beats", others: "all others"}
        return PartResult(part="agreement", figures={**figures, "alarms": len(problems)}, problems=tuple(problems))


def chunk_failures(chunk: Chunk) -> tuple[int, int, int, list[str]]:
    """Return the number of tests, beats and cycles of a chunk, and one line for every failed check."""
    tests = beats = cycles = 0
    problems: list[str] = []
    for result, done in run_chunk(chunk):
        tests, beats, cycles = tests + 1, done, cycles + result.trace.cycles
        problems += [
            f"{failure.check} in random test {result.test.text()}: {failure.message}" for failure in result.failures
        ]
    return tests, beats, cycles, problems
