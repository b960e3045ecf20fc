"""Triage of failing tests: confirm in a fresh process, shrink, separate by bug, and save with waveforms."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from dv_agent.agents.failures.attempts import Limits, Shrunk, Tried
from dv_agent.agents.failures.finding import Finding, Triaged
from dv_agent.agents.failures.kind import Kind, kind_of
from dv_agent.agents.failures.log import FailureLog
from dv_agent.agents.failures.masking import masked
from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.failures.traits import Sign, traits_of
from dv_agent.agents.turn import FailureRecord
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import Program
from dv_agent.designs.trace import Trace
from dv_agent.errors import OutputError
from dv_agent.runners.checks.run_checks import CheckFailure, check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.simulator import Session, Simulator
from dv_agent.runners.waves import dump_waves

MAX_FINDINGS, MAX_WORKED_UP, MERGED_IN_A_ROW = 6, 10, 3
MAX_CYCLES, MAX_SECONDS = 600_000, 240.0
"""Limits for all shrinking of a run together, in addition to the `Limits` of one test."""
Show = Callable[[Path, Trace, CheckFailure], None]


@dataclass
class _Case:
    """One presumed bug: the smallest test that shows it, and other tests that led to the same result."""

    record: FailureRecord
    shrunk: Shrunk
    program: Program
    sign: Sign
    merged: list[FailureRecord] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return _operations(self.program), self.record.index


def triage(
    folder: DesignFolder,
    simulator: Simulator,
    failures: FailureLog,
    room: Path,
    show: Show | None = None,
) -> Triaged:
    """Analyse the kept tests of `failures`, smallest first, and save the smallest confirmed test of each bug.

    Bounded by `MAX_FINDINGS`, `MAX_WORKED_UP` tests, and `MAX_CYCLES` and `MAX_SECONDS` for shrinking; after
    `MERGED_IN_A_ROW` tests of one kind in a row that led to known bugs, this kind is not analysed further.

    Args:
        room: the run folder.
        show: called with the folder, trace and failure of each shrunk test, to draw it.

    A failure that does not occur again in a fresh process is no finding: the design did not cause it.

    Raises:
        OutputError: `room` cannot be written.
    """
    with simulator.open(folder.design) as session:
        desk = _Triage(folder, simulator, session)
        for record in failures.candidates():
            if desk.full:
                break
            desk.look_into(record)
    _forget(room / "failures")
    findings = tuple(
        _write_up(folder, simulator, case, _numbers(desk, case, failures), room, show) for case in desk.cases
    )
    return Triaged(findings, tuple(_notes(desk, failures)))


class _Triage:
    """Analyses failing tests within the limits.

    Args:
        session: a process separate from that of the run, for all attempts; results are confirmed in a fresh process.
    """

    def __init__(self, folder: DesignFolder, simulator: Simulator, session: Session) -> None:
        self.cases: list[_Case] = []
        self.unconfirmed: Counter[Kind] = Counter()
        self._folder, self._simulator, self._session = folder, simulator, session
        self._in_a_row: Counter[Kind] = Counter()
        self._worked_up = self._cycles = 0
        self._ends = time.monotonic() + MAX_SECONDS

    @property
    def full(self) -> bool:
        """Return whether a limit is reached."""
        bounds = len(self.cases) >= MAX_FINDINGS, self._worked_up >= MAX_WORKED_UP, self._cycles >= MAX_CYCLES
        return any(bounds) or time.monotonic() >= self._ends

    def look_into(self, record: FailureRecord) -> None:
        """Confirm, shrink and add one failing test, or the part of it that fails without a known bug."""
        kind = kind_of(record.failures[0])
        start = self._past_known(record)
        if start is None:
            if self._in_a_row[kind] >= MERGED_IN_A_ROW or self.unconfirmed[kind] >= MERGED_IN_A_ROW:
                return
            start = record.test
        self._worked_up += 1
        failures = self._tried(start, record.max_cycles).failures
        case = self._shrunk(record, start, failures[0]) if failures else None
        if case is None:
            self.unconfirmed[kind] += 1
            return
        known = next((one for one in self.cases if one.sign.like(case.sign)), None)
        self._in_a_row[kind] = self._in_a_row[kind] + 1 if known else 0
        if known and case.size >= known.size:
            known.merged.append(record)
            return
        case.merged = [*known.merged, known.record] if known else []
        self._keep(case, self.cases.index(known) if known else len(self.cases))

    def _keep(self, case: _Case, place: int) -> None:
        """Add a case if a fresh process confirms its shrunk test, or else its whole test."""
        design, schema = self._folder.design, self._folder.schema
        if not self._is_confirmed(case.program, case.sign):
            reason = "its smaller form does not fail in a fresh process"
            case.program = expand(design, schema, case.record.test, case.record.max_cycles)
            case.shrunk = replace(case.shrunk, test=case.record.test, stopped=reason)
            case.sign = replace(case.sign, failure=case.record.failures[0], whole=False)
            if not self._is_confirmed(case.program, case.sign):
                self.unconfirmed[kind_of(case.record.failures[0])] += 1
                return
        self.cases[place : place + 1] = [case]

    def _is_confirmed(self, program: Program, sign: Sign) -> bool:
        failures = confirm(self._simulator, self._folder.design, program, self._folder.model)
        return any(kind_of(one) == kind_of(sign.failure) for one in failures[:1])

    def _past_known(self, record: FailureRecord) -> Test | None:
        """Return a part of the test that still fails without each known bug on its port; None if there is none."""
        design, schema, test, cut = self._folder.design, self._folder.schema, record.test, record.max_cycles
        rivals = [one for one in self.cases if one.sign.failure.port == record.failures[0].port]
        for rival in rivals:
            parts = masked(design, schema, test, rival.program)
            without = next((part for part in parts if self._tried(part, cut).failures), None)
            if without is None:
                return None
            test = without
        return test if rivals else None

    def _shrunk(self, record: FailureRecord, start: Test, failure: CheckFailure) -> _Case:
        design, schema = self._folder.design, self._folder.schema
        limits = replace(
            Limits(),
            cycles=min(Limits().cycles, MAX_CYCLES - self._cycles),
            seconds=min(Limits().seconds, max(self._ends - time.monotonic(), 1.0)),
        )
        cut = record.max_cycles
        shrunk = shrink(design, schema, start, failure, lambda test: self._tried(test, cut), limits)
        program = expand(design, schema, shrunk.test, cut)
        left = self._tried(shrunk.test, cut).failures or (failure,)
        return _Case(record, shrunk, program, Sign(left[0], traits_of(design, program), not shrunk.stopped))

    def _tried(self, test: Test, max_cycles: int | None) -> Tried:
        folder = self._folder
        run = self._session.run(expand(folder.design, folder.schema, test, max_cycles))
        self._cycles += run.trace.cycles
        failures = check(folder.design, run.trace, folder.model.observe(run.trace))
        return Tried(failures, run.trace.cycles, run.step_starts)


def _numbers(desk: _Triage, case: _Case, failures: FailureLog) -> dict[str, int]:
    """Return how many failing tests belong to a case, and how many belong to it or to another one."""
    own = [case.record, *case.merged]
    kinds = {kind_of(one.failures[0]) for one in own}
    others = {kind_of(one.failures[0]) for c in desk.cases if c is not case for one in (c.record, *c.merged)}
    sure = sum(failures.counts[kind] for kind in kinds - others)
    sure += sum(kind_of(one.failures[0]) in others for one in own)
    filed = Counter(kind_of(one.failures[0]) for c in desk.cases for one in (c.record, *c.merged))
    return {"tests": sure, "apart": sum(failures.counts[kind] - filed[kind] for kind in kinds & others)}


def _notes(desk: _Triage, failures: FailureLog) -> Iterator[str]:
    filed = {kind_of(one.failures[0]) for case in desk.cases for one in (case.record, *case.merged)}
    for kind, count in failures.counts.items():
        if kind in filed:
            continue
        if desk.unconfirmed[kind]:
            yield f"{kind}: failing tests: {count}, not one of those looked into fails again in a fresh process"
        else:
            yield f"{kind}: failing tests: {count}, not looked into"


def _write_up(
    folder: DesignFolder, simulator: Simulator, case: _Case, numbers: dict[str, int], run: Path, show: Show | None
) -> Finding:
    room = run / "failures" / str(case.record.index)
    _write(room / "test.json", json.dumps(case.record.test.data(), indent=1))
    _write(room / "shrunk.json", json.dumps(case.shrunk.test.data(), indent=1))
    _write(room / "failure.json", case.sign.failure.model_dump_json(indent=1))
    waves = dump_waves(simulator, folder.design, case.program, room / "waves.fst")
    if show:
        show(room, waves.trace, case.sign.failure)
    finding = Finding(
        test_index=case.record.index,
        failure=case.sign.failure,
        steps=_operations(expand(folder.design, folder.schema, case.record.test)),
        shrunk_steps=_operations(case.program),
        not_shrunk=case.shrunk.stopped[:300],
        merged=tuple(sorted(one.index for one in case.merged)),
        folder=str(room),
        open_command=waves.command,
        **numbers,
    )
    _write(room / "finding.json", finding.model_dump_json(indent=1))
    return finding


def _operations(program: Program) -> int:
    return sum(map(len, program.tracks.values()))


def _forget(failures: Path) -> None:
    """Remove the files of an earlier triage of the same run; all of them are derived from the record."""
    for old in failures.iterdir() if failures.is_dir() else ():
        if old.name.isdecimal() and (old / "finding.json").is_file() and not old.is_symlink():
            shutil.rmtree(old, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
