"""Detection of copied trials: two trials with the same recorded model replies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.eval.verification.verdict import Doubt


class Replies:
    """The paid replies of trials, keyed by their text and the duration of each attempt, which no two real calls
    share.
    """

    def __init__(self) -> None:
        self._trials: dict[str, list[str]] = {}

    def add(self, trial: str, run: RecordedRun) -> None:
        """Add a run; a run without a paid reply is skipped."""
        paid = [line.reply for line in run.replies if not line.failure and not line.reply.cached]
        if not paid:
            return
        total = hashlib.sha256()
        for reply in paid:
            total.update(f"{reply.text}\0{[call.arguments for call in reply.tool_calls]}\0".encode(errors="replace"))
            total.update(repr([attempt.seconds for attempt in reply.attempts]).encode())
        self._trials.setdefault(total.hexdigest(), []).append(trial)

    def doubts(self) -> Iterator[Doubt]:
        """Yield one doubt for each trial whose replies equal those of another trial."""
        for names in self._trials.values():
            for name in names if len(names) > 1 else ():
                other = next(one for one in names if one != name)
                yield Doubt(trial=name, what=f"its replies are those of {other}, to the fraction of a second")
