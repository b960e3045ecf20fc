"""The run of a client: `launch` in a thread of its own, with the client as its model."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path

from dv_agent.agents.records.crash_file import crash_words
from dv_agent.agents.runs.launch import FinishedRun, ReportWriter, launch
from dv_agent.agents.runs.request import RunRequest
from dv_agent.errors import DvAgentError
from dv_agent.mcp.client_model import ClientModel
from dv_agent.mcp.standing import Standing, ending_words


class ClientRun:
    """A run in a thread, steered by a client.

    Args:
        request: its options; `live` is `model`.
        scored: whether neither record nor verdicts may be told.

    Attributes:
        standing: how far it has come.
        failed: whether it ended by an error.
        ending: how it ended, in words for the client; empty as long as it goes on.
    """

    def __init__(self, request: RunRequest, model: ClientModel, write_report: ReportWriter, scored: bool) -> None:
        self.model, self.standing, self.failed, self.ending = model, Standing(), False, ""
        self._scored = scored
        self._gone = threading.Event()
        self._finished: FinishedRun | None = None
        self._thread = threading.Thread(target=self._run, args=(request, write_report), name="mcp run", daemon=True)

    def start(self) -> None:
        """Begin; `opening` of the model is set once the run waits for its first call."""
        self._thread.start()

    def words(self) -> str:
        """Return where it stands, or how it ended."""
        return self.ending or self.standing.words(self.model.replies)

    @property
    def record(self) -> Path | None:
        """The folder of the run, once it has ended and if it may be shown."""
        return self._finished.folder if self._finished and not self._scored else None

    def close(self, seconds: float) -> bool:
        """End the run after its present turn; return whether that came within so many seconds."""
        self._gone.set()
        self.model.leave()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self, request: RunRequest, write_report: ReportWriter) -> None:
        try:
            self._finished = launch(request, self.standing, write_report, _UntilGone(self._gone))
            words = ending_words(self._finished, self._scored)
        except DvAgentError as error:
            self.failed, words = True, f"the run has stopped: {error}"
        except Exception as error:
            self.failed, words = True, crash_words(error)
        self.ending = words
        self.model.end(words, self.failed)


class _UntilGone(nullcontext[object]):
    """Ends a run between two turns once its client is gone."""

    def __init__(self, gone: threading.Event) -> None:
        super().__init__(None)
        self._gone = gone

    def asked(self) -> bool:
        """Return whether the client is gone."""
        return self._gone.is_set()
