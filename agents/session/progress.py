"""What is told while something takes time, and how it is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dv_agent.agents.turn import TestRecord

Stage = Literal["replaying", "asking", "waiting", "reply", "test"]


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of something that takes time.

    Attributes:
        stage: ``replaying`` recorded tests; ``asking`` a model; ``waiting`` before the next attempt; a ``reply`` is
            there and recorded; a ``test`` was simulated.
        words: for people.
        done, total: steps of this stage; `total` is 0 where it is not known.
        test: of the stage ``test``.
    """

    stage: Stage
    words: str
    done: int = 0
    total: int = 0
    test: TestRecord | None = None


OnProgress = Callable[[Progress], None]
IsCancelled = Callable[[], bool]


def no_progress(progress: Progress) -> None:
    """Nobody wants to know."""


def never_stop() -> bool:
    """Nobody gives up."""
    return False
