"""What a worker tells the evaluation, as plain data that crosses a pipe."""

from __future__ import annotations

from typing import Literal

from dv_agent.designs.frozen import Frozen
from dv_agent.eval.evaluation.data_model import TrialRecord


class Event(Frozen):
    """News of one trial.

    Attributes:
        trial: its id.
        kind: ``progress``: cycles, tests and bins so far; ``say``: something else takes time; ``hunting``: the seeded
            bug in `words`; ``done``: it ended, see `record`; ``stopped``: it was asked to and goes on another time;
            ``busy``: somebody else is at it; ``lost``: its worker died or hung, `words` say how.
    """

    trial: str
    kind: Literal["progress", "say", "hunting", "done", "stopped", "busy", "lost"]
    words: str = ""
    cycles: int = 0
    tests: int = 0
    bins_hit: int = 0
    bins: int = 0
    record: TrialRecord | None = None

    @property
    def last(self) -> bool:
        """Whether the worker is done with this trial."""
        return self.kind in ("done", "stopped", "busy", "lost")
