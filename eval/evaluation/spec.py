"""The request for an evaluation, from a command line or from a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.files.documents import Document, read_document
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UnknownNameError, UsageError
from dv_agent.eval.evaluation.data_model import Entry
from dv_agent.prompts.benchmark_track import TRACKS, TrackName

MODEL_AGENTS = ("llm", "tools")
DETERMINISTIC = ("null", "sweep", "oracle")  # one trial per design: a seed would change nothing
FLOORS = ("null", "random", "crv", "sweep", "search")
CEILING = "oracle"
AGENTS = (*FLOORS, CEILING, *MODEL_AGENTS)


class EvaluationSpec(Frozen):
    """The options of ``dv-agent eval``, and the keys of its YAML file.

    Attributes:
        suite: name or path of the suite.
        designs: a subset of the suite; empty for all.
        entries: complete rows of the board; more rows come from `agents`, and from each of `models` with each of
            `strategies`.
        seeds: number of trials of an entry on a design (seeds 0, 1, ...); 1 where a seed would change nothing.
        kill_seeds: only the trials of the first `kill_seeds` seeds are run against the seeded bugs; None: all.
        only: names of agents; only rows of these agents are kept.
        track: what models are given; floors are given everything.
        floors: whether to add the reference rows that every board has: `FLOORS` and the ceiling `CEILING`.
    """

    schema_version: Literal[1] = 1
    suite: str = "accelerators"
    designs: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    agents: tuple[str, ...] = ()
    models: tuple[ModelSettings, ...] = ()
    strategies: tuple[str, ...] = ()
    seeds: int = Field(default=5, ge=1, le=1000)
    kill_seeds: int | None = Field(default=None, ge=0)
    simulator: str = "icarus"
    track: TrackName = "closure"
    budget: Budget = Budget()
    floors: bool = True
    only: tuple[str, ...] = ()


def usual_budget(spec: EvaluationSpec) -> Budget:
    """Return the budget that was written, else that of the track."""
    usual = TRACKS[spec.track]
    return spec.budget if "budget" in spec.model_fields_set else Budget(cycles=usual.cycles, calls=usual.calls)


def read_spec(path: Path) -> EvaluationSpec:
    """Read an evaluation file, or a plain suite file (which requests an evaluation of that suite).

    Raises:
        InputFileError: names the file, the line and what was expected.
    """
    document = read_document(path)
    if not isinstance(document.data, dict):
        raise document.error((), "expected keys such as `suite`, `models`, `seeds`")
    if "suite" not in document.data and "version" in document.data:
        return EvaluationSpec(suite=str(path))
    _name_the_null_agent(document)
    spec = document.validate(EvaluationSpec)
    for index, entry in enumerate(spec.entries):
        if entry.agent not in AGENTS:
            raise document.error(("entries", index, "agent"), str(UnknownNameError("agent", entry.agent, AGENTS)))
        if (entry.agent in MODEL_AGENTS) != (entry.model is not None):
            needs = "needs a `model`" if entry.agent in MODEL_AGENTS else "asks no model"
            raise document.error(("entries", index), f"agent {entry.agent} {needs}")
    for key in ("agents", "only"):
        for index, agent in enumerate(getattr(spec, key)):
            if agent not in AGENTS:
                raise document.error((key, index), str(UnknownNameError("agent", agent, AGENTS)))
    if spec.budget.cycles is None or spec.budget.calls is None:
        raise document.error(("budget",), "an evaluation needs a bound on cycles and on calls, to compare equals")
    if not spec.suite.endswith(".yaml"):
        return spec
    return spec.model_copy(update={"suite": str(path.parent / spec.suite)})


def _name_the_null_agent(document: Document) -> None:
    """Replace YAML null by the agent name ``null`` where an agent is expected."""
    for place, written in document.nulls.items():
        match place:
            case ("agents" | "only", int(index)) if written == "null":
                document.data[place[0]][index] = written
            case ("entries", int(index), "agent") if written == "null":
                document.data["entries"][index]["agent"] = written
            case _:
                pass


def requested_rows(spec: EvaluationSpec) -> tuple[Entry, ...]:
    """Return the requested rows: without the floors, each once.

    Raises:
        UsageError: an agent lacks the model that it needs, or a strategy is given without a model.
    """
    asking = [agent for agent in spec.agents if agent in MODEL_AGENTS]
    if asking and not spec.models:
        raise UsageError(
            f"the {asking[0]} agent needs a model: --model openai:gpt-5, or openai:NAME and --base-url URL"
        )
    if spec.strategies and not spec.models:
        raise UsageError("--strategy says how a model is prompted: it needs --model")
    made = [Entry(agent=agent) for agent in spec.agents if agent not in MODEL_AGENTS]
    for agent in asking or ["llm"]:
        for model in spec.models:
            strategies = (spec.strategies or ("default",)) if agent == "llm" else ("",)
            made += [Entry(agent=agent, model=model, strategy=strategy) for strategy in strategies]
    return _once((*spec.entries, *made))


def _once(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple({entry.digest: entry for entry in entries}.values())


def model_settings(name: str, **settings: object) -> ModelSettings:
    """Return the settings of a model given on a command line; options that are None were not given.

    Raises:
        UsageError: one of them is out of range.
    """
    said = {key: value for key, value in settings.items() if value is not None}
    try:
        return ModelSettings.model_validate({"model": name, **said})
    except ValidationError as error:
        first = error.errors()[0]
        place = "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise UsageError(f"--{place}: {plain_words(first)}") from None
