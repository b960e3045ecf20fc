"""Work that takes time: in a thread of its own, with progress that others may follow, and a way to give it up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from dv_agent.agents.session.progress import IsCancelled, OnProgress, Progress
from dv_agent.errors import Cancelled, DvAgentError

Work = Callable[[OnProgress, IsCancelled], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened; `words` are for people, `total` is 0 where it is not known."""

    words: str
    done: int
    total: int


@dataclass
class Job:
    """One piece of work.

    Attributes:
        title: what it is, for people.
        began: seconds of the monotonic clock.
        last: what happened last.
        count, new_bins: how many steps there were, and the bins that they covered first.
        over: it ended.
        problem: why it failed; empty if it did not.
        given_up: somebody asked to end it.
    """

    title: str
    began: float = field(default_factory=monotonic)
    last: Step = Step("beginning", 0, 0)
    count: int = 0
    new_bins: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    problem: str = ""
    given_up: threading.Event = field(default_factory=threading.Event)

    def tell(self, progress: Progress) -> None:
        """Note a step."""
        self.new_bins += len(progress.test.new_bins) if progress.test else 0
        self.last = Step(progress.words, progress.done, progress.total)
        self.count += 1


def start(title: str, work: Work) -> Job:
    """Begin `work`. What it raises becomes the job's `problem`."""
    job = Job(title)
    threading.Thread(target=_run, args=(job, work), name=f"studio: {title}", daemon=True).start()
    return job


def _run(job: Job, work: Work) -> None:
    try:
        work(job.tell, job.given_up.is_set)
    except Cancelled as error:
        job.problem = f"Given up: {error}"
    except DvAgentError as error:
        job.problem = str(error)
    except Exception:
        logging.getLogger(__name__).exception("the studio failed at: %s", job.title)
        job.problem = "The studio itself failed; the terminal it was started in tells more."
    finally:
        job.over.set()
