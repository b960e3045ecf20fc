"""Runs and boards: the list, a run, a turn of it, a board."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from dv_agent.agents.models.redaction import hide_values
from dv_agent.studio.responses import page
from dv_agent.studio.run_index import RunIndex
from dv_agent.studio.views.run_pages import overview, test_page, turn_page, turn_steps
from dv_agent.studio.views.waveforms import Waveforms

BOARD_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""A board is a file that anybody may have written: it is shown in a frame of its own and can do nothing."""


def run_router(run_index: RunIndex, waveforms: Waveforms) -> APIRouter:
    """Pages that only read."""
    router = APIRouter()

    @router.get("/runs")
    def runs() -> HTMLResponse:
        lines, more = run_index.runs()
        return page("runs.html.jinja", runs=lines, more=more, boards=run_index.boards())

    @router.get("/runs/{name:path}/turns/{number:int}")
    def turn(name: str, number: int) -> HTMLResponse:
        opened = run_index.open(name)
        return page(
            "turn.html.jinja",
            opened=opened,
            steps=turn_steps(opened.run),
            number=number,
            one=turn_page(opened, number),
            bins=len(opened.plan.bins) if opened.plan else opened.run.header.bins,
        )

    @router.get("/runs/{name:path}/tests/{index:int}")
    def test(name: str, index: int, start: int | None = None) -> HTMLResponse:
        opened = run_index.open(name)
        shown = test_page(opened, index, start, waveforms)
        return page("test.html.jinja", opened=opened, shown=shown)

    @router.get("/runs/{name:path}")
    def run(name: str) -> HTMLResponse:
        return page("run.html.jinja", **overview(run_index.open(name)))

    @router.get("/boards/{name:path}/content")
    def board_content(name: str) -> HTMLResponse:
        return HTMLResponse(hide_values(run_index.board(name)), headers={"Content-Security-Policy": BOARD_POLICY})

    @router.get("/boards/{name:path}")
    def board(name: str) -> HTMLResponse:
        run_index.board(name)
        return page("board.html.jinja", name=name)

    return router
