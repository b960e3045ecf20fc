"""Data classes of an evaluation, and the layout of its folder.

An evaluation is a folder that is written while its trials run::

    evaluation.json            Evaluation: identity, entries, all requested trials
    trials/<trial id>/
        trial.json             TrialRecord: what it is and how it ended (rewritten atomically)
        run/                   an ordinary run folder, see `dv_agent.agents.records.writer`
        kills.json             KillSheet: its tests against the seeded bugs of the design
    leaderboard.{html,json,csv,md}

Everything that a board shows is computed from these files alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.bounds import Amount, Count, Seed
from dv_agent.designs.frozen import Frozen
from dv_agent.prompts.benchmark_track import TrackName


class Entry(Frozen):
    """One compared configuration, a row of the board: an agent with its model, its prompt strategy and its options.

    Attributes:
        strategy: name of the prompt strategy; empty for agents that use none.
        options: further options of the agent, such as ``{"guided": False}``.
    """

    agent: str
    model: ModelSettings | None = None
    strategy: str = ""
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """Return the name shown to people, such as ``llm openai:gpt-5 default``."""
        words = [self.agent, *([self.model.model] if self.model else []), *([self.strategy] if self.strategy else [])]
        words += [f"{name}={json.dumps(value)}" for name, value in sorted(self.options.items())]
        return " ".join(words)

    @property
    def digest(self) -> str:
        """Return eight hexadecimal digits that hash everything that distinguishes this entry from others."""
        return _digest(self.model_dump(mode="json"))


class OnTrack(Frozen):
    """What is played on a track; the track `closure` is not written, so that older records read and count the same."""

    track: TrackName = "closure"

    @model_serializer(mode="wrap")
    def _usual_track_is_not_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        if data.get("track") == "closure":
            del data["track"]
        return data


class Trial(OnTrack):
    """One run of an evaluation: one entry on one design with one seed under one budget."""

    design: str
    task_version: Count
    entry: Entry
    seed: Seed
    budget: Budget
    simulator: str

    @property
    def id(self) -> str:
        """Return the name of its folder: equal trials have equal ids, different trials have different ids."""
        words = re.sub(r"[^A-Za-z0-9.-]+", "-", self.entry.label)[:60].strip("-")
        return f"{self.design}_{words}_s{self.seed}_{_digest(self.model_dump(mode='json'))}"


class TrialFailure(Frozen):
    """The reason why a trial has no score. Failures are counted and shown separately from scores.

    Attributes:
        kind: ``model``: the model failed after all retries; ``simulator``: the build or the simulator failed;
            ``infrastructure``: worker lost, disk full, time limit, or a key or program missing on that machine;
            ``usage``: it could not start.
        error: class name of the error, such as ``ModelFailure``.
    """

    kind: Literal["model", "simulator", "infrastructure", "usage"]
    error: str
    message: str


class Earlier(Frozen):
    """An earlier attempt at a trial, whose result does not count because a later attempt replaced it.

    Attributes:
        why: ``redo``: the user asked for a new attempt; ``set aside``: its run could not be resumed.
        status: status of the run; ``unreadable`` if it cannot be read.
        bins_hit, bins, cycles: its result when it was replaced.
    """

    why: Literal["redo", "set aside"]
    status: str = "unreadable"
    stop_reason: str = ""
    finished: str = ""
    bins_hit: int = 0
    bins: int = 0
    cycles: int = 0


class TrialRecord(Frozen):
    """The record of a trial (``trial.json``).

    Attributes:
        status: ``running`` while a worker executes it; it stays ``running`` if the worker was killed.
        attempts: how often it was started, including this time; resuming after a kill counts too.
        earlier: attempts that were discarded; so choosing the best of several attempts stays visible.
        nothing_checked: why its run had no active check; empty if it had one.
        seconds: wall time of the run in seconds, without the bug hunt (`kill_seconds`).
        repeated_simulations: number of tests that were simulated again because the simulator was killed from outside.
        identity: SHA-256 of everything in the design that a score depends on, as in the suite.
    """

    schema_version: Literal[1] = 1
    trial: Trial
    status: Literal["running", "finished", "failed"]
    failure: TrialFailure | None = None
    attempts: Count = 1
    earlier: tuple[Earlier, ...] = ()
    nothing_checked: str = ""
    seconds: Amount = 0.0
    kill_seconds: Amount = 0.0
    repeated_simulations: Count = 0
    identity: str = ""


class BugOutcome(Frozen):
    """One seeded bug against the tests of a trial, in their order.

    Attributes:
        check: the first failed check that was confirmed in a fresh process; empty if the bug survived.
        test: index of that test in the run.
        cycles: cycles simulated up to and including that test; all cycles of the trial if the bug survived.
    """

    bug: str
    difficulty: Literal["easy", "medium", "hard"]
    killed: bool
    check: str = ""
    test: Count | None = None
    cycles: Count = 0


class KillSheet(Frozen):
    """Results of all seeded bugs (``kills.json``); `tests` is a digest of the tests that were used."""

    schema_version: Literal[1] = 1
    tests: str
    outcomes: tuple[BugOutcome, ...]


class DesignIdentity(Frozen):
    """Name, version and checksum of the task of a design: scores with different identities are never compared."""

    design: str
    task_version: Count
    checksum: str


class Identity(OnTrack):
    """Everything that scores must have in common to be in one table.

    Attributes:
        simulator: its name and version.
        project: version of dv-agent.
    """

    suite: str
    suite_version: Count
    designs: tuple[DesignIdentity, ...]
    simulator: str
    budget: Budget
    project: str


class Evaluation(Frozen):
    """The description of an evaluation (``evaluation.json``).

    Attributes:
        command: the command line, without secrets; running it again makes the board again.
        floors, ceiling: labels of the reference entries that run beside the requested ones.
        kill_seeds: only trials of the first `kill_seeds` seeds are run against the seeded bugs of their design; None:
            all.
        trials: every trial that belongs to it, in a fixed order.
        capped: the cap over all trials that stopped some from starting. Which trials is not reproducible; they stay
            open.
    """

    schema_version: Literal[1] = 1
    identity: Identity
    command: str
    entries: tuple[Entry, ...]
    floors: tuple[str, ...] = ()
    ceiling: str = ""
    kill_seeds: int | None = Field(default=None, ge=0)
    trials: tuple[Trial, ...]
    capped: str = ""

    def hunts(self, trial: Trial) -> bool:
        """Return whether the tests of `trial` are run against the seeded bugs."""
        return self.kill_seeds is None or trial.seed < self.kill_seeds


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:8]
