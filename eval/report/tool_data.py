"""What an agent with tools did and said, as frozen data of bounded size."""

from __future__ import annotations

from dataclasses import dataclass

from dv_agent.eval.report.text_limits import Clip


@dataclass(frozen=True, slots=True)
class ToolCallData:
    """One call as a reply holds it; `answer` is None where the record has none, such as for the last calls of a run."""

    id: str
    name: str
    arguments: Clip
    answer: Clip | None = None

    @property
    def refused(self) -> bool:
        """Whether the answer says what was wrong with the call."""
        return self.answer is not None and self.answer.text.startswith("ERROR: ")


@dataclass(frozen=True, slots=True)
class ToolUseData:
    """One call as a turn counts it: `size` in characters of the answer, `error` why it was refused."""

    name: str
    size: int
    error: str


@dataclass(frozen=True, slots=True)
class ClaimData:
    """A bin that was claimed to be unreachable; `verdict` is empty where nobody has judged."""

    turn: int
    bin: str
    argument: str
    verdict: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReportedBug:
    """A bug report; `outcome`, in words, is empty where nobody has judged.

    Attributes:
        right: whether its test fails and its place is right.
        place: what it names; empty in older records.
        why: reason of the outcome.
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
    """One tool over the whole run; `characters` of all its answers."""

    name: str
    calls: int
    refused: int
    characters: int
