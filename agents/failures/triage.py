"""What becomes of a failing test: confirmed in a fresh process, shrunk, kept with its waveform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.turn import FailureRecord
from dv_agent.designs.design import Frozen
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import Trace
from dv_agent.errors import OutputError
from dv_agent.runners.checks.run_checks import CheckFailure, check
from dv_agent.runners.confirmation import confirm
from dv_agent.runners.simulator import Session, Simulator
from dv_agent.runners.waves import dump_waves

MAX_FINDINGS = 3
Show = Callable[[Path, Trace, CheckFailure], None]


class Finding(Frozen):
    """A confirmed failure.

    Attributes:
        test_index: number of the failing test in the run.
        failure: the first failed check of the shrunk test, in a fresh process.
        steps, shrunk_steps: size of the test before and after shrinking, in operations.
        folder: where the test, the shrunk test and the waveform stand.
        open_command: shows the waveform.
    """

    test_index: int
    failure: CheckFailure
    steps: int
    shrunk_steps: int
    folder: str
    open_command: str

    @property
    def headline(self) -> str:
        """One line."""
        return f"{self.failure.check} on {self.failure.port or 'the design'}: {self.failure.message}"

    def lines(self) -> Iterator[str]:
        """What a person wants to know next."""
        sizes = f"shrunk from {self.steps} to {self.shrunk_steps} operations"
        yield f"test {self.test_index}, {sizes}, confirmed in a fresh process"
        yield f"files: {self.folder}"
        yield f"waveform: {self.open_command}"


def triage(
    folder: DesignFolder,
    simulator: Simulator,
    failures: tuple[FailureRecord, ...],
    room: Path,
    show: Show | None = None,
) -> tuple[Finding, ...]:
    """Work up the first test of every kind of failure, at most `MAX_FINDINGS`.

    Args:
        room: the run folder.
        show: told the folder, trace and failure of each shrunk test, to draw it.

    A failure that a fresh process does not show is left out: it was not the design's.

    Raises:
        OutputError: `room` cannot be written.
    """
    findings: list[Finding] = []
    seen: set[tuple[str, str]] = set()
    for record in failures:
        kind = (record.failures[0].check, record.failures[0].port)
        if kind in seen or len(findings) >= MAX_FINDINGS:
            continue
        seen.add(kind)
        program = expand(folder.design, folder.schema, record.test, record.max_cycles)
        confirmed = confirm(simulator, folder.design, program, folder.model)
        if confirmed:
            place = room / "failures" / str(record.index)
            findings.append(_work_up(folder, simulator, record, confirmed[0], place, show))
    return tuple(findings)


def _work_up(
    folder: DesignFolder,
    simulator: Simulator,
    record: FailureRecord,
    failure: CheckFailure,
    room: Path,
    show: Show | None,
) -> Finding:
    design, schema = folder.design, folder.schema
    with simulator.open(design) as session:
        small = shrink(
            design, schema, record.test, failure, lambda test: _failures(folder, session, test, record.max_cycles)
        )
    program = expand(design, schema, small, record.max_cycles)
    final = confirm(simulator, design, program, folder.model) or (failure,)
    _write(room / "test.json", json.dumps(record.test.data(), indent=1))
    _write(room / "shrunk.json", json.dumps(small.data(), indent=1))
    _write(room / "failure.json", final[0].model_dump_json(indent=1))
    waves = dump_waves(simulator, design, program, room / "waves.fst")
    if show:
        show(room, waves.trace, final[0])
    finding = Finding(
        test_index=record.index,
        failure=final[0],
        steps=_operations(folder, record.test),
        shrunk_steps=_operations(folder, small),
        folder=str(room),
        open_command=waves.command,
    )
    _write(room / "finding.json", finding.model_dump_json(indent=1))
    return finding


def _failures(folder: DesignFolder, session: Session, test: Test, max_cycles: int | None) -> tuple[CheckFailure, ...]:
    trace = session.run(expand(folder.design, folder.schema, test, max_cycles)).trace
    return check(folder.design, trace, folder.model.observe(trace))


def _operations(folder: DesignFolder, test: Test) -> int:
    return sum(map(len, expand(folder.design, folder.schema, test).tracks.values()))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
