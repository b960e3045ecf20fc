"""Data classes for an agent with tools: calls, claims and bug reports, frozen and of bounded size."""

from __future__ import annotations

from dataclasses import dataclass

from dv_agent.eval.report.data.text_limits import Clip


@dataclass(frozen=True, slots=True)
class ToolCallData:
    """One tool call in a reply; `answer` is None if the record has no answer, such as for the last calls of a run."""

    id: str
    name: str
    arguments: Clip
    answer: Clip | None = None

    @property
    def refused(self) -> bool:
        """Return whether the answer is an error about the call."""
        return self.answer is not None and self.answer.text.startswith("ERROR: ")


@dataclass(frozen=True, slots=True)
class ToolUseData:
    """One tool call as a turn counts it: `size` is the length of the answer in characters, `error` why it was
    refused.
    """

    name: str
    size: int
    error: str


@dataclass(frozen=True, slots=True)
class ClaimData:
    """A bin that was claimed to be unreachable; `verdict` is empty if it was not judged."""

    turn: int
    bin: str
    argument: str
    verdict: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReportedBug:
    """A bug report; `outcome`, in words, is empty if it was not judged.

    Attributes:
        right: whether its test fails and the place that it names is right.
        place: the place in the RTL that it names; empty in older records.
        why: reason for the outcome.
    """

    turn: int
    test: int
    title: str
    explanation: str
    place: str = ""
    right: bool = False
    outcome: str = ""
    why: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ToolTotal:
    """Totals of one tool over the whole run; `characters` is the length of all its answers."""

    name: str
    calls: int
    refused: int
    characters: int
