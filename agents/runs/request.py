"""The options of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dv_agent.agents.models.chat_model import ChatModel
from dv_agent.coverage.code.group import Goal
from dv_agent.designs.mutants.candidate import Candidate
from dv_agent.prompts.benchmark_track import TrackName
from dv_agent.prompts.unnoticed import Unnoticed

LIVE = "mcp:"
"""How the name of a `LiveModel` begins in a record."""


class LiveModel(ChatModel, Protocol):
    """A model that calls tools on its own account, as a client over MCP does; it can hear how its run ended."""

    def hear(self, text: str) -> None:
        """Receive the results of the last tests: the run ends, so the model is not asked again."""
        ...


@dataclass(frozen=True, slots=True)
class RunRequest:
    """The options of ``dv-agent run``; see its ``--help``. None means: not given.

    Attributes:
        requests_per_minute, timeout, retry_seconds: request rate and patience with the model; override `model` and the
            record of a resumed run.
        base_url: the address of the model, when a run is resumed.
        unnoticed: changes of the RTL that an agent `llm` is told of.
        track: what the agent is given, see `dv_agent.prompts.benchmark_track`.
        change: a mutant whose change is made in a copy of the RTL.
        live: the model behind `model`, for the agent `tools`; None: it is asked over the network.
        given: names of the options that stand on the command line, see `kept_options`.
        into: the run folder itself, instead of a new one below `out`; the name of its parent is the run's id.
    """

    design: str | None = None
    agent: str | None = None
    seed: int = 0
    max_cycles: int | None = None
    max_calls: int | None = None
    max_tokens_total: int | None = None
    max_usd: float | None = None
    max_seconds: float | None = None
    target: float | None = None
    patience: int | None = None
    stop_on_failure: bool = False
    guided: bool = True
    bug: str | None = None
    change: Candidate | None = None
    simulator: str | None = None
    goal: Goal | None = None
    out: Path = Path("runs")
    into: Path | None = None
    track: TrackName = "closure"
    resume: Path | None = None
    model: dict[str, Any] | None = None
    requests_per_minute: float | None = None
    timeout: float | None = None
    retry_seconds: float | None = None
    prompt_strategy: str = "default"
    decoys: int = 0
    cache: Path | None = None
    reparse: bool = False
    base_url: str | None = None
    unnoticed: tuple[Unnoticed, ...] = ()
    live: LiveModel | None = None
    given: frozenset[str] = frozenset()
