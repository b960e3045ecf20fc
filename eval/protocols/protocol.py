"""Protocols of published evaluations: seeds, strategies, budget and model settings that an evaluation is run with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from dv_agent.agents.budget import Budget
from dv_agent.designs.files.documents import read_document
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UnknownNameError

PROTOCOLS = Path(__file__).resolve().parent


class Protocol(Frozen):
    """What a published evaluation fixes.

    Attributes:
        strategies: the rows of each model, as `EvaluationSpec.strategies`.
        seeds: trials of a row on a design.
        kill_seeds: in how many of them seeded bugs are hunted.
        floors: whether the reference rows are run beside.
        temperature, max_tokens: of every model.
    """

    schema_version: int = 1
    strategies: tuple[str, ...] = Field(min_length=1)
    seeds: Annotated[int, Field(ge=1, le=1000)]
    kill_seeds: Annotated[int, Field(ge=0)] | None = None
    floors: bool = True
    budget: Budget
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=16)] | None = None


def protocol_names() -> tuple[str, ...]:
    """Return the names of the protocols in the package, sorted."""
    return tuple(sorted(file.stem for file in PROTOCOLS.glob("*.yaml")))


def find_protocol(name: str) -> Protocol:
    """Return the protocol `name`.

    Raises:
        UnknownNameError: there is none of this name.
    """
    if name not in protocol_names():
        raise UnknownNameError("protocol", name, protocol_names())
    return read_document(PROTOCOLS / f"{name}.yaml").validate(Protocol)
