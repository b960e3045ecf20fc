"""The second table of a board: bins hit at equal processor seconds, from a record of its own.

It belongs to one machine and one version, unlike all other figures of a board, which anyone can make again.
``benchmarks/equal_time.py --record`` makes the file; a board shows it if it is in the folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dv_agent.designs.files.documents import read_document
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.text.wording import counted

NAME = "equal_seconds.json"
Word = Annotated[str, Field(max_length=100)]


class SecondsLine(Frozen):
    """Bins hit on one design by each agent when it had used so many seconds.

    Attributes:
        bins: bins of the plan.
        seconds: of a processor, those of the simulator included.
        hits: agent -> bins hit, the median over the seeds.
    """

    design: Word
    task_version: int
    bins: Annotated[int, Field(ge=1)]
    seconds: Annotated[float, Field(gt=0)]
    hits: Annotated[dict[Word, float], Field(max_length=20)]


class EqualSeconds(Frozen):
    """The record ``equal_seconds.json``.

    Attributes:
        machine: the processor that it was measured on.
        seeds: number of seeds, from 0, behind each median.
    """

    schema_version: Literal[1] = 1
    machine: Word
    project: Word
    simulator: Word
    seeds: Annotated[int, Field(ge=1)]
    lines: Annotated[tuple[SecondsLine, ...], Field(max_length=1000)]

    @property
    def agents(self) -> list[str]:
        """Return the agents in the order of their first line."""
        return list(dict.fromkeys(agent for line in self.lines for agent in line.hits))

    @property
    def words(self) -> str:
        """Return how to read the table, in one sentence."""
        return (
            f"Bins hit at equal processor time, agent, model, coverage and simulator ({self.simulator}) together; "
            f"median of {counted(self.seeds, 'seed')}. Unlike the other figures it depends on the machine "
            f"({self.machine}) and on the version ({self.project})."
        )

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of each line: design, bins, seconds, and the hits of each agent."""
        for line in self.lines:
            hits = (f"{line.hits[agent]:g}" if agent in line.hits else "-" for agent in self.agents)
            yield line.design, str(line.bins), f"{line.seconds:g} s", *hits


def read_equal_seconds(folder: Path) -> EqualSeconds | None:
    """Return the record in the folder of a board; None if there is none.

    Raises:
        InputFileError: it is not such a record.
    """
    path = folder / NAME
    return read_document(path).validate(EqualSeconds) if path.is_file() else None
