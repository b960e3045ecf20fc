"""Expansion of a request into an evaluation: identity, entries, and all trials in a fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from dv_agent import __version__
from dv_agent.agents.records.lock import owned
from dv_agent.designs.files.documents import make_folders
from dv_agent.designs.loader import find_design
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.eval.evaluation.data_model import DesignIdentity, Entry, Evaluation, Identity, Trial
from dv_agent.eval.evaluation.spec import CEILING, DETERMINISTIC, FLOORS, EvaluationSpec, requested_rows
from dv_agent.eval.evaluation.trial_folder import EVALUATION, read_evaluation, write_atomically
from dv_agent.eval.suites.suite import Suite, load_suite, suite_errors
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.prompts.strategy import find_strategy
from dv_agent.runners.registry import find_simulator


def plan_trials(spec: EvaluationSpec, command: str) -> Evaluation:
    """Return the evaluation that `spec` requests.

    Raises:
        UnknownNameError: no such suite, design, simulator or strategy.
        UsageError: nothing to run; or a design differs from its state in the suite.
        InputFileError: a file is broken.
        PrerequisiteError: the simulator is not installed.
    """
    if spec.track == "hunt":
        raise UsageError("a hunt has a list of cases instead of a suite: dv-agent hunt CASES.yaml")
    suite = load_suite(spec.suite)
    identity = _identity(suite, spec)
    floors = tuple(Entry(agent=agent) for agent in FLOORS) if spec.floors else ()
    ceiling = (Entry(agent=CEILING),) if spec.floors else ()
    wished = requested_rows(spec)
    for entry in wished:
        if entry.strategy:
            find_strategy(entry.strategy)
    entries = tuple({entry.digest: entry for entry in (*wished, *floors, *ceiling)}.values())
    entries = tuple(entry for entry in entries if not spec.only or entry.agent in spec.only)
    if wrong := [one for one in entries if one.model and TRACKS[spec.track].agent not in ("", one.agent)]:
        raise UsageError(
            f"the track {spec.track} is played by the agent {TRACKS[spec.track].agent}, not {wrong[0].agent}"
        )
    if not entries:
        raise UsageError("nothing to evaluate: give --model or --agent, or leave --only away")
    return Evaluation(
        identity=identity,
        command=command,
        entries=entries,
        floors=tuple(entry.label for entry in floors if entry in entries),
        kill_seeds=spec.kill_seeds,
        ceiling="".join(entry.label for entry in ceiling if entry in entries),
        trials=tuple(_trials(identity, entries, spec)),
    )


def write_evaluation(evaluation: Evaluation, folder: Path) -> Evaluation:
    """Write ``evaluation.json``, merged with an existing one: an evaluation may be extended by rows and seeds.

    Raises:
        UsageError: the folder holds an evaluation of another identity.
        OutputError: it cannot be written.
    """
    make_folders(folder)
    with owned(folder, wait=True):
        before = read_evaluation(folder)
        if before:
            _require_same(before.identity, evaluation.identity, folder)
            evaluation = _joined(before, evaluation)
        if evaluation != before:
            write_atomically(folder / EVALUATION, evaluation)
    return evaluation


def mark_capped(folder: Path, why: str) -> None:
    """Record in ``evaluation.json`` that a cap stopped trials from starting, or that no cap does any more.

    Raises:
        OutputError: it cannot be written.
    """
    with owned(folder, wait=True):
        evaluation = read_evaluation(folder)
        if evaluation and evaluation.capped != why:
            write_atomically(folder / EVALUATION, evaluation.model_copy(update={"capped": why}))


def default_folder(evaluation: Evaluation, spec: EvaluationSpec) -> Path:
    """Return ``runs/evals/SUITE``; a digest is appended if designs, budget or simulator are not the defaults."""
    usual = EvaluationSpec()
    special = [
        name for name in ("designs", "budget", "simulator", "track") if getattr(spec, name) != getattr(usual, name)
    ]
    identity = evaluation.identity.model_copy(update={"project": ""}).model_dump_json()
    ending = f"-{hashlib.sha256(identity.encode()).hexdigest()[:8]}" if special else ""
    return Path("runs") / "evals" / f"{evaluation.identity.suite}{ending}"


def _identity(suite: Suite, spec: EvaluationSpec) -> Identity:
    names = [one.name for one in suite.designs]
    for name in spec.designs:
        if name not in names:
            raise UnknownNameError(f"design of the suite {suite.name}", name, names)
    if errors := suite_errors(suite):
        raise UsageError("\n  ".join(("the suite does not hold:", *errors)))
    simulator = find_simulator(spec.simulator)
    return Identity(
        suite=suite.name, suite_version=suite.version,
        designs=tuple(
            DesignIdentity(design=one.name, task_version=one.task_version, checksum=one.checksum)
            for one in suite.designs
            if not spec.designs or one.name in spec.designs
        ),
        simulator=f"{simulator.name} {simulator.version()}", budget=spec.budget, project=__version__, track=spec.track,
    )  # fmt: skip


def _trials(identity: Identity, entries: tuple[Entry, ...], spec: EvaluationSpec) -> Iterator[Trial]:
    """Yield the trials design by design, so that builds and simulators of one design are used while they exist."""
    for design in identity.designs:
        for seed in range(spec.seeds):
            for entry in entries:
                if seed and entry.agent in DETERMINISTIC:
                    continue
                yield Trial(
                    design=design.design, task_version=find_design(design.design).design.task_version, entry=entry,
                    seed=seed, budget=spec.budget, simulator=spec.simulator, track=spec.track,
                )  # fmt: skip


def _require_same(old: Identity, new: Identity, folder: Path) -> None:
    fields = [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
    if fields:
        raise UsageError(
            f"{folder} holds an evaluation of another {' and '.join(fields)}; scores of both do not compare: "
            "choose another folder with --out"
        )


def _joined(old: Evaluation, new: Evaluation) -> Evaluation:
    entries = {entry.digest: entry for entry in (*old.entries, *new.entries)}
    trials = {trial.id: trial for trial in (*old.trials, *new.trials)}
    names = [one.design for one in old.identity.designs]
    ranks = {digest: place for place, digest in enumerate(entries)}
    ordered = sorted(trials.values(), key=lambda one: (names.index(one.design), one.seed, ranks[one.entry.digest]))
    return new.model_copy(
        update={
            "entries": tuple(entries.values()),
            "trials": tuple(ordered),
            "floors": old.floors or new.floors,
            "ceiling": old.ceiling or new.ceiling,
            "capped": old.capped,
            "kill_seeds": _more_seeds(old.kill_seeds, new.kill_seeds),
        }
    )


def _more_seeds(one: int | None, other: int | None) -> int | None:
    """Return the larger number of seeds whose trials are run against the seeded bugs; None means all."""
    return None if one is None or other is None else max(one, other)
