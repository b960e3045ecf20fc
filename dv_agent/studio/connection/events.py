"""Progress as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request

from dv_agent.agents.models.redaction import scrub
from dv_agent.studio.jobs import Job

_PAUSE = 0.02  # seconds between two looks at the job: short, since the page is drawn anew at its end


async def follow(job: Job, request: Request) -> AsyncIterator[str]:
    """An event ``step`` for whatever is newest, until the event ``over``."""
    told = 0
    while True:
        over = job.over.is_set()
        if job.count != told:
            told, last = job.count, job.last
            data = {"words": scrub(last.words), "done": last.done, "total": last.total, "new": job.new_bins}
            yield f"event: step\ndata: {json.dumps(data)}\n\n"
        if over:
            yield "event: over\ndata: {}\n\n"
            return
        if await request.is_disconnected():
            return
        await asyncio.sleep(_PAUSE)
