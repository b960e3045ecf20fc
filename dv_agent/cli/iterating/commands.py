"""The noun Command, and how its words are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dv_agent.cli.iterating.context import IterateContext
from dv_agent.errors import UsageError

Run = Callable[[IterateContext, Sequence[str]], None]
Known = Callable[[IterateContext], Sequence[str]]
"""What may stand behind the command's name."""


def nothing_known(context: IterateContext) -> Sequence[str]:
    """Nothing can be proposed."""
    return ()


@dataclass(frozen=True, slots=True)
class Command:
    """A word at the prompt of ``dv-agent iterate``.

    Attributes:
        usage: what may stand behind the name: CAPITALS are to be replaced, [brackets] may be left out.
        help: one line.
        fewest, most: how many words stand behind the name; `most` None is no bound.
        more: further lines of help.
    """

    name: str
    usage: str
    help: str
    run: Run
    fewest: int = 0
    most: int | None = 0
    more: str = ""
    known: Known = nothing_known

    def __call__(self, context: IterateContext, words: Sequence[str]) -> None:
        """Run it.

        Raises:
            UsageError: too few or too many words.
            DvAgentError: what the command itself raises.
        """
        if len(words) < self.fewest or (self.most is not None and len(words) > self.most):
            raise UsageError(f"usage: {self.line}")
        self.run(context, words)

    @property
    def line(self) -> str:
        """Name and usage."""
        return f"{self.name} {self.usage}".rstrip()
