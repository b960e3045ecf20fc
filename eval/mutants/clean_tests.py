"""The tests that mutants play: those of a run, a folder, a file or the witnesses, recorded on the clean RTL."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.records.reader import read_whole_run
from dv_agent.agents.records.schema import HEADER, TURNS
from dv_agent.agents.search.agent import SearchAgent
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.witnesses import load_tests, load_witnesses
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.program import Program
from dv_agent.designs.trace import End
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.soundness.kill_table import make_tests
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.recording.pin_replay import PinRecording, recording_of
from dv_agent.runners.simulator import Session

WITNESSES, RANDOM = "witnesses", "random:"
MOST_BEATS = 10_000_000
MOST_TESTS = 20_000


class Given(Frozen):
    """A test, and the cycles after which it is cut; None if nothing but the design's own limit cuts it."""

    test: Test
    max_cycles: int | None = Field(default=None, ge=1)

    def program(self, folder: DesignFolder) -> Program:
        """Return the program that the test expands to."""
        return expand(folder.design, folder.schema, self.test, self.max_cycles)


@dataclass(frozen=True, slots=True)
class CleanTest:
    """A test, and what the clean RTL did in it.

    Attributes:
        number: its number among the given ones of all sources, or among the further ones.
        recording: what the pins did; None if that cannot be compared with.
        further: whether it is tried on survivors only.
    """

    number: int
    given: Given
    cycles: int
    recording: PinRecording | None = field(repr=False)
    further: bool = False


def read_given(source: str, folder: DesignFolder, seed: int = 0) -> tuple[str, tuple[Given, ...]]:
    """Return the tests that `source` names, and words for it: ``witnesses``, a run, a test file, or a folder of them.

    ``random:BEATS`` stands for random tests until about so many beats are sent.

    Args:
        seed: of random tests.

    Raises:
        UsageError: there are none, or the run is of another design.
        InputFileError: a file is broken.
    """
    name, path = folder.design.name, Path(source)
    if source == WITNESSES:
        words, found = f"the witnesses of {name}", tuple(Given(test=test) for test in load_witnesses(folder))
    elif source.startswith(RANDOM):
        beats = _beats(source)
        words, found = f"random tests of {beats:,} beats", tuple(_random(folder, seed, beats))
    elif (path / HEADER).is_file():
        words, found = f"the run {path.name}", tuple(_of_run(path, name))
    elif path.is_dir():
        files = sorted(path.glob("*.json"))
        words, found = (
            f"{len(files)} files in {path.name}",
            tuple(one for file in files for one in _of_file(file, folder)),
        )
    elif path.is_file():
        words, found = f"the file {path.name}", tuple(_of_file(path, folder))
    else:
        raise UsageError(
            f"--tests {source}: neither {WITNESSES!r} nor {RANDOM}BEATS, nor a run, a file of tests "
            "or a folder of such files"
        )
    if not found:
        raise UsageError(f"{words}: no test in there; say --tests with a run, a file or a folder of tests")
    if len(found) > MOST_TESTS:
        raise UsageError(f"{words}: {len(found):,} tests, more than {MOST_TESTS:,}")
    return words, found


def _beats(source: str) -> int:
    said = source.removeprefix(RANDOM)
    if not said.isascii() or not said.isdigit() or not 0 < int(said[:12]) <= MOST_BEATS:
        raise UsageError(f"--tests {source[:60]}: expected random:BEATS, from 1 to {MOST_BEATS:,} beats")
    return int(said[:12])


def _random(folder: DesignFolder, seed: int, beats: int) -> Iterator[Given]:
    """Yield random tests until their items, of the tracks of packets, come to `beats`."""
    design, source, sent = folder.design, random.Random(f"mutants/random/{seed}"), 0
    carried = design.packet_ports or design.write_ports
    while sent < beats:
        test = random_test(design, folder.schema, source)
        program = expand(design, folder.schema, test)
        kinds = {name: item.op for name in carried if (item := design.grammars[name].item)}
        items = sum(op.kind == kind for name, kind in kinds.items() for op in program.tracks.get(name, ()))
        sent += max(1, items)
        yield Given(test=test)


def turns_digest(source: str) -> str:
    """Return the SHA-256 (hexadecimal) of the turns of a run; empty if `source` is none."""
    path = Path(source) / TURNS
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _of_file(path: Path, folder: DesignFolder) -> Iterator[Given]:
    return (Given(test=test) for test in load_tests(path, folder))


def _of_run(path: Path, design: str) -> Iterator[Given]:
    run = read_whole_run(path)
    if run.header.design != design:
        raise UsageError(f"{path} is a run of {run.header.design}, not of {design}")
    if run.header.agent_options.bug:
        raise UsageError(
            f"{path} is a run on RTL with the seeded bug {run.header.agent_options.bug}; take one on clean RTL"
        )
    for turn in run.turns:
        yield from (Given(test=one.test, max_cycles=one.max_cycles) for one in turn.tests if not one.error)


class CleanDesk:
    """The clean RTL in a simulator: records tests on it, and makes further ones.

    Args:
        session: an open session of the clean RTL; the caller closes it.
    """

    def __init__(self, folder: DesignFolder, session: Session) -> None:
        self._folder, self._session = folder, session
        self._model = folder.model

    def record(self, given: Sequence[Given], further: bool = False) -> tuple[list[CleanTest], list[int]]:
        """Simulate tests; return their recordings, and the numbers of those that fail a check, which are left out.

        Raises:
            InputFileError: a test does not fit the design any more.
        """
        found, failing = [], []
        for number, one in enumerate(given):
            try:
                run = self._session.run(one.program(self._folder))
            except StimulusError as error:
                raise UsageError(f"test {number} does not fit the design: {error}") from None
            if check(self._folder.design, run.trace, self._model.observe(run.trace)):
                failing.append(number)
                continue
            recording = recording_of(self._folder.design, run.rows, run.trace.end)
            found.append(CleanTest(number, one, run.trace.cycles, recording, further))
        return found, failing

    def further(self, cycles: int, seed: int) -> tuple[Given, ...]:
        """Return tests of `cycles` cycles in all, half of them random, half from coverage-guided search."""
        if not cycles:
            return ()
        bench = Testbench(self._folder, plan_of(self._folder), self._session)
        tests = [*self._random(cycles // 2, seed), *make_tests(bench, SearchAgent(seed), cycles // 2)]
        return tuple(Given(test=test) for test in tests)

    def _random(self, cycles: int, seed: int) -> Iterator[Test]:
        chance = random.Random(f"further/{seed}")
        while cycles > 0:
            test = random_test(self._folder.design, self._folder.schema, chance)
            cycles -= max(self._session.run(Given(test=test).program(self._folder)).trace.cycles, 1)
            yield test


def save_tests(tests: Iterable[CleanTest], room: Path) -> Path:
    """Write tests and recordings for the workers; return the file that lists them."""
    lines = []
    for place, one in enumerate(tests):
        kept = None
        if one.recording:
            (room / f"{place}.rows").write_bytes(one.recording.data)
            kept = [one.recording.count, one.recording.masked, one.recording.end.value]
        facts = {"number": one.number, "given": one.given.model_dump(mode="json"), "cycles": one.cycles, "kept": kept,
                 "further": one.further}  # fmt: skip
        lines.append(json.dumps(facts))
    path = room / "tests.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def load_saved(path: Path) -> Iterator[CleanTest]:
    """Yield what `save_tests` wrote.

    Raises:
        InputFileError: the file is not there any more.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputFileError(path, error.strerror or str(error)) from None
    for place, line in enumerate(lines):
        facts = json.loads(line)
        kept, recording = facts["kept"], None
        if kept:
            recording = PinRecording(kept[0], kept[1], (path.parent / f"{place}.rows").read_bytes(), End(kept[2]))
        given = Given.model_validate(facts["given"])
        yield CleanTest(facts["number"], given, facts["cycles"], recording, facts["further"])
