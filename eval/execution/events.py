"""Events that a worker sends to the evaluation, as plain data that can be sent through a pipe."""

from __future__ import annotations

from typing import Literal

from dv_agent.designs.frozen import Frozen
from dv_agent.eval.evaluation.data_model import TrialRecord


class Event(Frozen):
    """One event of a trial.

    Attributes:
        trial: id of the trial.
        kind: ``progress``: cycles, tests and bins so far; ``say``: something else takes time; ``hunting``: the seeded
            bug named in `words` is being hunted; ``done``: the trial ended, see `record`; ``stopped``: it stopped on
            request and can be resumed; ``busy``: another process executes it; ``lost``: its worker died or hung,
            `words` say how.
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
        """Return whether this is the worker's last event of the trial."""
        return self.kind in ("done", "stopped", "busy", "lost")
