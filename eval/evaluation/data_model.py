"""The nouns of an evaluation, and the folder that holds them.

An evaluation is a folder, written while it happens::

    evaluation.json            Evaluation: identity, entries, all trials that were asked for
    trials/<trial id>/
        trial.json             TrialRecord: what it is and how it ended (rewritten atomically)
        run/                   an ordinary run folder, see `dv_agent.agents.records.writer`
        kills.json             KillSheet: its tests against the seeded bugs of the design
    leaderboard.{html,json,csv,md}

Whatever a board shows is computed from these files alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import Field

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.bounds import Amount, Count, Seed
from dv_agent.designs.frozen import Frozen


class Entry(Frozen):
    """What is compared: an agent with its model, its prompt strategy and its options. A row of the board.

    Attributes:
        strategy: name of the prompt strategy; empty for agents without one.
        options: what else the agent was told, such as ``{"guided": False}``.
    """

    agent: str
    model: ModelSettings | None = None
    strategy: str = ""
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """What people read, such as ``llm openai:gpt-5 default``."""
        words = [self.agent, *([self.model.model] if self.model else []), *([self.strategy] if self.strategy else [])]
        words += [f"{name}={json.dumps(value)}" for name, value in sorted(self.options.items())]
        return " ".join(words)

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits over everything that makes this entry differ from others."""
        return _digest(self.model_dump(mode="json"))


class Trial(Frozen):
    """A run inside an evaluation: one entry on one design with one seed under one budget."""

    design: str
    task_version: Count
    entry: Entry
    seed: Seed
    budget: Budget
    simulator: str

    @property
    def id(self) -> str:
        """Name of its folder: equal for equal trials and for no others."""
        words = re.sub(r"[^A-Za-z0-9.-]+", "-", self.entry.label)[:60].strip("-")
        return f"{self.design}_{words}_s{self.seed}_{_digest(self.model_dump(mode='json'))}"


class TrialFailure(Frozen):
    """Why a trial has no score. It is counted and shown apart from scores.

    Attributes:
        kind: ``model``: the model failed after all retries; ``simulator``: build or simulator; ``infrastructure``:
            worker lost, disk full, time limit, a key or program missing there; ``usage``: it could not even start.
        error: class of the error, such as ``ModelFailure``.
    """

    kind: Literal["model", "simulator", "infrastructure", "usage"]
    error: str
    message: str


class Earlier(Frozen):
    """An attempt at a trial whose result does not count, because another one was made after it.

    Attributes:
        why: ``redo``: somebody asked for it; ``set aside``: its run could not be resumed.
        status: of the run; ``unreadable`` if nothing is known of it.
        bins_hit, bins, cycles: what it had come to.
    """

    why: Literal["redo", "set aside"]
    status: str = "unreadable"
    stop_reason: str = ""
    finished: str = ""
    bins_hit: int = 0
    bins: int = 0
    cycles: int = 0


class TrialRecord(Frozen):
    """``trial.json``.

    Attributes:
        status: ``running`` stands in it while a worker is at it, and for ever if that was killed.
        attempts: how often it was begun, this time included; going on after a kill is an attempt too.
        earlier: attempts that were thrown away: whoever chooses the best of several leaves them here.
        nothing_checked: why its run checked nothing; empty if it did check something.
        seconds: wall time of the run, hunting of seeded bugs apart (`kill_seconds`).
        repeated_simulations: how often a simulator was killed from outside, so that a test was simulated again.
        identity: SHA-256 of everything on the design that a score depends on, as in the suite.
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
    """A seeded bug against the tests of a trial, in their order.

    Attributes:
        check: of the first failed check that a fresh process confirmed; empty if the bug survived.
        test: index of that test in the run.
        cycles: simulated until then, that test included; all cycles of the trial if the bug survived.
    """

    bug: str
    difficulty: Literal["easy", "medium", "hard"]
    killed: bool
    check: str = ""
    test: Count | None = None
    cycles: Count = 0


class KillSheet(Frozen):
    """``kills.json``; `tests` is a digest of the tests that it was made from."""

    schema_version: Literal[1] = 1
    tests: str
    outcomes: tuple[BugOutcome, ...]


class DesignIdentity(Frozen):
    """The task that a design was: scores of different identity are never compared."""

    design: str
    task_version: Count
    checksum: str


class Identity(Frozen):
    """What a table of scores stands on.

    Attributes:
        simulator: name and version.
        project: version of dv-agent.
    """

    suite: str
    suite_version: Count
    designs: tuple[DesignIdentity, ...]
    simulator: str
    budget: Budget
    project: str


class Evaluation(Frozen):
    """``evaluation.json``.

    Attributes:
        command: what was typed, without secrets; the line that makes the board anew.
        floors, ceiling: labels of the entries that run beside those that were asked for.
        kill_seeds: only trials of the first so many seeds meet the seeded bugs of their design; None: all.
        trials: every trial that belongs to it, in a fixed order.
        capped: which cap over all trials kept some from starting. Which ones is not reproducible; they are open.
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
        """Whether the tests of `trial` meet the seeded bugs."""
        return self.kill_seeds is None or trial.seed < self.kill_seeds


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:8]
