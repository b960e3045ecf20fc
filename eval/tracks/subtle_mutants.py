"""Subtle mutants: those that random tests do not kill, and what the tests of each record do to them; resumable."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dv_agent.agents.records.reader import MAX_FILE, is_there, read_header, read_run
from dv_agent.agents.records.schema import TURNS
from dv_agent.designs.files.json_file import read_plain
from dv_agent.designs.loader import find_recorded_design
from dv_agent.errors import UsageError
from dv_agent.eval.mutants.campaign import Watcher, Wish, resume, start
from dv_agent.eval.mutants.earlier_campaign import survivors
from dv_agent.eval.mutants.result_folder import SETTINGS, read_result, read_settings
from dv_agent.eval.tracks.record_folder import MUTANTS, RUN, SUBTLE, TrackRow

BEATS = 100_000
"""Beats of the random tests that do not kill a subtle mutant."""
JUDGED = ("blind", "rtl")


def designs_of(rows: list[TrackRow]) -> tuple[str, ...]:
    """Return the designs on which some record is judged by mutants."""
    found = (read_header(one / RUN).design for row in rows if row.track in JUDGED for one in row.records)
    return tuple(sorted(set(found)))


def make_mutants(
    folder: Path, design: str, count: int, seed: int, simulator: str, jobs: int, watcher: Watcher, beats: int = BEATS
) -> int:
    """Try `count` mutants of a design with random tests, go on where that was ended, and return how many survived.

    Raises:
        UsageError: there are mutants of another seed, count or simulator.
        BuildError, PrerequisiteError, InputFileError, OutputError: as they say.
    """
    home, found = folder / SUBTLE / design, find_recorded_design(design)
    if not is_there(home / SETTINGS):
        wish = Wish(simulator, (f"random:{beats}",), count, seed, "checks", further_cycles=0)
        result = start(found, wish, home.parent, jobs, watcher, into=home)
    else:
        known = read_settings(home)
        if (known.count, known.seed, known.simulator) != (count, seed, simulator):
            raise UsageError(f"{home} holds mutants of another seed, count or simulator; take another folder for them")
        result = resume(found, find_recorded_design, home, jobs, watcher)
    return len(survivors(result).mutants)


def play_on_mutants(folder: Path, record: Path, simulator: str, jobs: int, watcher: Watcher) -> None:
    """Play the tests of a record on the subtle mutants of its design, as far as that is not done.

    Raises:
        UsageError: there are no mutants of the design, or the record was played on others.
        BuildError, PrerequisiteError, InputFileError, OutputError: as they say.
    """
    header = read_header(record / RUN)
    home, subtle = record / MUTANTS, folder / SUBTLE / header.design
    if not is_there(subtle / SETTINGS):
        raise UsageError(f"there are no subtle mutants of {header.design} yet: dv-agent tracks mutants {folder}")
    if not survivors(read_result(subtle)).mutants or not has_tests(record):
        return
    found = find_recorded_design(header.design)
    if not is_there(home / SETTINGS):
        wish = Wish(simulator, (str(record / RUN),), 1, oracle="checks", further_cycles=0, survivors_of=subtle)
        start(found, wish, record, jobs, watcher, into=home)
        return
    settings, earlier = read_settings(home), read_settings(subtle)
    if (settings.survivors_of, settings.seed) != (earlier.tests_digest, earlier.seed):
        raise UsageError(f"{home} is of other mutants than {subtle}; remove it, and its tests are played again")
    if read_result(home).left:
        resume(found, find_recorded_design, home, jobs, watcher)


def has_tests(record: Path) -> bool:
    """Return whether a test of the record ran; a record without one kills nothing."""
    return any(not test.error for turn in read_run(record / RUN).turns for test in turn.tests)


def same_tests(one: Path, other: Path) -> bool:
    """Return whether two records hold the same turns."""
    return _digest(one / RUN / TURNS) == _digest(other / RUN / TURNS)


def _digest(path: Path) -> str:
    return hashlib.sha256(read_plain(path, MAX_FILE)).hexdigest() if is_there(path) else ""
