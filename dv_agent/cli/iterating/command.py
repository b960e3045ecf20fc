"""Command: one command of ``dv-agent iterate``, with a check of the number of its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dv_agent.cli.iterating.context import IterateContext
from dv_agent.errors import UsageError

Run = Callable[[IterateContext, Sequence[str]], None]
Known = Callable[[IterateContext], Sequence[str]]
"""Completions of the words after the command's name."""


def nothing_known(context: IterateContext) -> Sequence[str]:
    """Return no completions."""
    return ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``dv-agent iterate``.

    Attributes:
        usage: the words after the name: CAPITALS are placeholders, [brackets] are optional.
        help: one line.
        fewest, most: minimum and maximum number of words after the name; None for `most` is no limit.
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
        """Run the command.

        Raises:
            UsageError: too few or too many words.
            DvAgentError: any error of the command itself.
        """
        if len(words) < self.fewest or (self.most is not None and len(words) > self.most):
            raise UsageError(f"usage: {self.line}")
        self.run(context, words)

    @property
    def line(self) -> str:
        """Return name and usage."""
        return f"{self.name} {self.usage}".rstrip()
