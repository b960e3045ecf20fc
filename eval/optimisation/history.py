"""The history of an optimisation: every proposal, what it reached, and what had been spent by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import Field

from dv_agent.designs.frozen import Frozen


class Point(Frozen):
    """The best strategy so far, after so much was spent.

    Attributes:
        validation: mean share of the bins covered on the designs for validation, 0 to 1, of the best strategy so far.
    """

    step: int
    calls: int
    usd: float
    validation: float


class Step(Frozen):
    """One proposal.

    Attributes:
        number: counted from 1.
        parent: the strategy that it changes; candidates are counted from 0, the strategy where all began.
        part: the part that was to be written anew.
        trials: names of the trials on training designs that it was made from.
        before, after: mean share of the bins covered in these trials with the parent and with the proposal, 0 to 1.
        became: number of the candidate that it became; None if it was not taken.
        candidate: digest of the strategy, and the name of its file in ``candidates``.
        validation: mean share of the bins covered on the designs for validation; None if it was not taken.
        refused: why the proposal could not be used, empty if it could.
    """

    number: int
    parent: int
    part: str = ""
    trials: tuple[str, ...] = ()
    before: float | None = None
    after: float | None = None
    became: int | None = None
    candidate: str = ""
    validation: float | None = None
    refused: str = ""
    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    @property
    def words(self) -> str:
        """Return it as one line."""
        changed = f"step {self.number}: {self.part or 'nothing'} of candidate {self.parent}"
        if self.before is not None:
            changed += f", {100 * self.before:.1f} % of the bins before"
        if self.became is not None and self.after is not None:
            told = "" if self.validation is None else f", validation {100 * self.validation:.1f} %"
            broken = f"; not usable everywhere: {self.refused.splitlines()[0]}" if self.refused else ""
            return f"{changed}, {100 * self.after:.1f} % after: candidate {self.became}{told}{broken}"
        if self.refused:
            return f"{changed}; refused: {self.refused.splitlines()[0]}"
        if self.after is None:
            return f"{changed}; no proposal"
        return f"{changed}, {100 * self.after:.1f} % after: no gain, not taken"


class History(Frozen):
    """The whole history, kept as ``history.json``."""

    schema_version: int = Field(default=1, ge=1, le=1)
    steps: tuple[Step, ...] = ()
    curve: tuple[Point, ...] = ()


@dataclass
class Log:
    """Collects the history while the search runs.

    Attributes:
        told: is given each line for people.
    """

    told: Callable[[str], None]
    steps: list[Step] = field(default_factory=list)
    curve: list[Point] = field(default_factory=list)

    def point(self, step: int, validation: float, calls: int, usd: float) -> None:
        """Add what a further candidate reached in validation."""
        best = max([validation, *(one.validation for one in self.curve)])
        self.curve.append(Point(step=step, calls=calls, usd=usd, validation=best))

    def ended(self, step: Step) -> None:
        """Add a step that ended."""
        self.steps.append(step)
        self.told(step.words)

    def history(self) -> History:
        """Return the history so far."""
        return History(steps=tuple(self.steps), curve=tuple(self.curve))
