"""Progress events of long operations, and their cancellation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dv_agent.agents.turn import TestRecord

Stage = Literal["replaying", "asking", "waiting", "reply", "test"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of a long operation.

    Attributes:
        stage: ``replaying`` recorded tests; ``asking`` a model; ``waiting`` before the next attempt; ``reply``: one has
            arrived and is recorded; ``test``: one was simulated.
        words: message for the user.
        done, total: steps of this stage; `total` is 0 if it is not known.
        test: the record of the test, in the stage ``test``.
    """

    stage: Stage
    words: str
    done: int = 0
    total: int = 0
    test: TestRecord | None = None


OnProgress = Callable[[Progress], None]
IsCancelled = Callable[[], bool]


def no_progress(progress: Progress) -> None:
    """Ignore the progress event."""


def never_stop() -> bool:
    """Return False: do not cancel."""
    return False
