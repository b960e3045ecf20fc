"""Reading of evaluation folders: one, or several with the same identity merged into one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.agents.budget import Budget
from dv_agent.agents.records.reader import is_there
from dv_agent.designs.files.json_file import read_json
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.evaluation.data_model import Entry, Evaluation, Identity, Trial
from dv_agent.eval.evaluation.trial_folder import EVALUATION, LARGEST, read_trial


@dataclass(frozen=True, slots=True)
class TrialSource:
    """A requested trial and its folder, which may not exist."""

    trial: Trial
    room: Path


@dataclass(frozen=True, slots=True)
class BoardSource:
    """The input of a board.

    Attributes:
        floors: keys (digests) of the floor entries; `ceilings`: of the ceiling entries.
        trials: each trial once. If it is in several folders, a finished copy is taken, else the first.
    """

    folders: tuple[Path, ...]
    identity: Identity
    command: str
    entries: tuple[Entry, ...]
    floors: frozenset[str]
    ceilings: frozenset[str]
    trials: tuple[TrialSource, ...]


def load_evaluation(folder: Path) -> Evaluation:
    """Read ``evaluation.json`` of a folder.

    Raises:
        InputFileError: not an evaluation folder, or written by an incompatible version.
    """
    path = folder / EVALUATION
    if not folder.is_dir():
        raise InputFileError(folder, "no such folder; expected one that `dv-agent eval` wrote")
    if not is_there(path):
        raise InputFileError(path, "no such file: this is no folder of an evaluation")
    evaluation = read_json(path, Evaluation, most=LARGEST)
    for trial in evaluation.trials:
        if Path(trial.id).name != trial.id:
            raise InputFileError(path, f"trials: {trial.id[:80]!r} cannot be the name of a folder")
    return evaluation


def load_sources(folders: Sequence[Path]) -> BoardSource:
    """Read all `folders` and merge them.

    Raises:
        InputFileError: one of them is not an evaluation.
        UsageError: two have different identities, or there is no folder at all.
    """
    if not folders:
        raise UsageError("a board needs the folder of at least one evaluation")
    read = [(folder, load_evaluation(folder)) for folder in folders]
    (first, evaluation), *others = read
    for folder, other in others:
        _must_match(evaluation.identity, other.identity, first, folder)
    entries = {entry.digest: entry for _, one in read for entry in one.entries}
    floors = {entry.digest for _, one in read for entry in one.entries if entry.label in one.floors}
    asked_for = {
        entry.digest for _, one in read for entry in one.entries if entry.label not in (*one.floors, one.ceiling)
    }
    ceilings = {entry.digest for _, one in read for entry in one.entries if entry.label == one.ceiling}
    return BoardSource(
        folders=tuple(folders),
        identity=evaluation.identity,
        command="\n".join(dict.fromkeys(one.command for _, one in read)),
        entries=tuple(entries.values()),
        floors=frozenset(floors - asked_for),
        ceilings=frozenset(ceilings - asked_for),
        trials=tuple(_each_once(read)),
    )


def differences(one: Identity, other: Identity) -> tuple[str, ...]:
    """Return the differences between two identities, one line each; empty if their scores may be in one table."""
    found = [
        f"{name}: {_plain(getattr(one, name))} and {_plain(getattr(other, name))}"
        for name in Identity.model_fields
        if name != "designs" and getattr(one, name) != getattr(other, name)
    ]
    ours, theirs = ({design.design: design for design in some.designs} for some in (one, other))
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            found.append(f"{name} stands in one of them only")
        elif ours[name] != theirs[name]:
            versions = f"version {ours[name].task_version} and {theirs[name].task_version}"
            found.append(f"{name}: {versions}, {ours[name].checksum[:12]} and {theirs[name].checksum[:12]}")
    return tuple(found)


def _must_match(one: Identity, other: Identity, first: Path, second: Path) -> None:
    found = differences(one, other)
    if found:
        raise UsageError(
            f"{first} and {second} are of different identity, so their scores do not stand in one table: "
            + "; ".join(found)
        )


def _each_once(read: Sequence[tuple[Path, Evaluation]]) -> Iterator[TrialSource]:
    rooms: dict[str, list[TrialSource]] = {}
    for folder, one in read:
        for trial in one.trials:
            rooms.setdefault(trial.id, []).append(TrialSource(trial, folder / "trials" / trial.id))
    for some in rooms.values():
        yield next((one for one in some if len(some) == 1 or _finished(one.room)), some[0])


def _finished(room: Path) -> bool:
    """Return whether the trial finished. This quick look only chooses which copy is read; that copy is then checked."""
    record = read_trial(room)
    return record is not None and record.status == "finished"


def _plain(value: str | int | Budget) -> str:
    if isinstance(value, Budget):
        return ", ".join(f"{bound:,} {name}" for name, bound in value.model_dump().items() if bound is not None)
    return str(value)
