"""The nouns Doubt and Verification: what came of looking at an evaluation again."""

from __future__ import annotations

from typing import Literal, TypeAlias

from dv_agent.designs.frozen import Frozen

Kind = Literal["refused", "unverifiable"]
Status = Literal["verified", "refused", "unverifiable", "open"]
CHECKED = (
    "identity, rows and seeds are whole",
    "budget and options of every run are those of its row",
    "tests are proposed again: by agents without a model, or from recorded replies and prompts",
    "bins, cycles, failures and the end of every run",
    "calls, tokens and dollars against the recorded replies",
    "seeded bugs killed",
    "claims and bug reports",
    "scores",
)
SELF_REPORTED = (
    "that a model said a reply, and which one",
    "tokens and dollars of a reply",
    "seconds",
    "that no other attempt was thrown away",
)
LONGEST = 200
Finding: TypeAlias = tuple[Kind, str]
"""What is wrong with one trial, before it has a name."""


def refused(words: str) -> Finding:
    """Something is not as recorded."""
    return "refused", words


def unverifiable(words: str) -> Finding:
    """Something cannot be told here."""
    return "unverifiable", words


class Doubt(Frozen):
    """Something that is not as recorded (``refused``), or cannot be told here (``unverifiable``).

    Attributes:
        trial: id of a trial; empty if it is about a row or about all.
        row: label of an entry; empty if it is about one trial or about all.
    """

    trial: str = ""
    row: str = ""
    what: str
    kind: Kind = "refused"

    def __str__(self) -> str:
        return f"{self.trial or self.row or 'the evaluation'}: {self.what}"


class Verification(Frozen):
    """``verification.json``: written by whoever verified; in a folder from somebody else it is one more claim.

    Attributes:
        evaluation: SHA-256 of evaluation.json.
        project: version of dv-agent that looked; `made_by` is the one that the evaluation names.
        checked, self_reported: what was looked at, and what cannot be.
        trials: finished trials that were looked at; `open` have no result, and claim none.
        verdicts: id of a trial -> what came of it.
    """

    schema_version: Literal[1] = 1
    evaluation: str
    project: str
    made_by: str
    checked: tuple[str, ...] = CHECKED
    self_reported: tuple[str, ...] = SELF_REPORTED
    trials: int
    open: int
    verdicts: dict[str, Status]
    doubts: tuple[Doubt, ...]

    def against(self, trial: str) -> str:
        """The first doubt about a trial."""
        return next((one.what for one in self.doubts if one.trial == trial), "")

    def against_row(self, label: str) -> str:
        """The first doubt about a whole row, or about the evaluation."""
        return next((one.what for one in self.doubts if not one.trial and one.row in ("", label)), "")


def status_of(doubts: tuple[Doubt, ...]) -> Status:
    """Of a finished trial: the worst that was found."""
    kinds = {one.kind for one in doubts}
    return "refused" if "refused" in kinds else "unverifiable" if kinds else "verified"
