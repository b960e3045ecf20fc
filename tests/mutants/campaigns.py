"""Campaigns on small designs, started as a command line starts them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutant_designs import tally

from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.eval.mutants.campaign import Wish, start
from dv_agent.eval.mutants.data_model import Outcome, Selection, Settings
from dv_agent.eval.mutants.summary import MutationResult

COUNT, FURTHER = 6, 1_000


@dataclass(frozen=True)
class Campaign:
    """A campaign, and where it was made."""

    design: DesignFolder
    home: Path
    result: MutationResult


class Heard:
    """A watcher that keeps what it hears; it can end the campaign after some outcomes."""

    def __init__(self, most: int | None = None) -> None:
        self.outcomes: list[Outcome] = []
        self.there = 0
        self._most = most

    def say(self, words: str) -> None:
        """Nothing to keep."""

    def begin(self, settings: Settings, selection: Selection, folder: Path, done: tuple[Outcome, ...]) -> None:
        """Keep how many were there."""
        self.there = len(done)

    def outcome(self, outcome: Outcome) -> None:
        """Keep it, and end like Ctrl-C if that is enough."""
        self.outcomes.append(outcome)
        if len(self.outcomes) == self._most:
            raise KeyboardInterrupt


def edited(folder: Path, name: str, old: str, new: str) -> None:
    """Change a file of a design."""
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def made(room: Path, design: DesignFolder | None = None, tests: str = "witnesses", count: int = COUNT, **more: Any
         ) -> MutationResult:  # fmt: skip
    """A campaign, from its beginning to its end."""
    folder = design or load_design(tally(room / "tally"))
    wish = Wish(
        "icarus",
        (tests, *more.pop("others", ())),
        count,
        further_cycles=more.pop("further_cycles", FURTHER),
        **more,
    )
    return start(folder, wish, room / "runs", 2, Heard())
