"""Sessions: the list, a session at a node, and everything that may be done to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.providers import endpoint_of
from dv_agent.agents.session.drafts.changes import refused_setting
from dv_agent.agents.session.opening import SessionRequest
from dv_agent.errors import UsageError
from dv_agent.prompts.strategy import strategy_names
from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.connection.events import follow
from dv_agent.studio.responses import page
from dv_agent.studio.routes.return_link import goal_choice, whole_number
from dv_agent.studio.run_index import RunIndex
from dv_agent.studio.session_registry import OpenSession, SessionRegistry
from dv_agent.studio.strategy_store import saved_names, strategy_choice
from dv_agent.studio.views.session_pages import OpenedEditors, session_page
from dv_agent.studio.views.waveforms import Waveforms, WaveformSetup

Text = Annotated[str, Form()]


def session_router(
    registry: SessionRegistry, run_index: RunIndex, places: AllowedFolders, waveforms: Waveforms
) -> APIRouter:
    """Pages of sessions, and how one begins."""
    router = APIRouter()

    @router.get("/")
    def home(design: str = "", run: str = "", turn: int | None = None) -> HTMLResponse:
        lines, _ = run_index.runs()
        strategies = (*strategy_names(), *(f"saved:{one}" for one in saved_names(places.strategies)))
        asked = {"design": design, "run": run, "turn": turn}
        return page(
            "home.html.jinja", sessions=registry.lines(), designs=registry.designs, strategies=strategies, runs=lines,
            asked=asked,
        )  # fmt: skip

    @router.post("/sessions")
    def begin(
        design: Text = "", run: Text = "", turn: Text = "", strategy: Text = "", model: Text = "", base_url: Text = "",
        seed: Text = "0", bug: Text = "", goal: Text = "",
    ) -> Response:  # fmt: skip
        settings = {key: value for key, value in (("model", model.strip()), ("base_url", base_url.strip())) if value}
        check_model(settings)
        origin = run_index.open(run).run.folder if run else None
        name = registry.new(
            SessionRequest(
                design=None if origin else design,
                bug=bug or None,
                goal=None if origin else goal_choice(goal),
                strategy=strategy_choice(strategy, places.strategies) if strategy else None,
                model=settings,
                seed=None if origin else whole_number("seed", seed or "0"),
                origin=origin,
                turn=whole_number("turn", turn) if origin and turn else None,
            )
        )
        return RedirectResponse(f"/sessions/{name}", 303)

    @router.get("/sessions/{name:path}/events")
    async def events(name: str, request: Request) -> StreamingResponse:
        return StreamingResponse(follow(registry.room(name).job, request), media_type="text/event-stream")

    @router.get("/sessions/{name:path}/tests/{node:int}/{index:int}")
    def test(name: str, node: int, index: int, start: int | None = None) -> HTMLResponse:
        session = registry.room(name).ready()
        turn = session.node(node).turn
        record = next((one for one in (turn.tests if turn else ()) if one.index == index), None)
        if record is None:
            raise UsageError(f"node {node} has no test {index}")
        header = session.header
        rig = WaveformSetup(header.design, header.bug or None, header.simulator.partition(" ")[0])
        window = waveforms.window(rig, record.test, start, record.max_cycles)
        return page("session_test.html.jinja", name=name, node=node, record=record, window=window)

    @router.get("/sessions/{name:path}")
    def session(name: str, node: int | None = None, template: str = "", edit: str = "", take: str = "") -> HTMLResponse:
        room = registry.room(name)
        return show(room, places, node, OpenedEditors(template, edit, take))

    return router


def show(room: OpenSession, places: AllowedFolders, node: int | None, looked: OpenedEditors) -> HTMLResponse:
    """The page of a session; what stood there before, with the progress on top, while something goes on."""
    session, job, said = room.session, room.job, room.said
    if session is None:
        return opening(room)
    if not room.busy:
        room.shown, room.said = session_page(room.name, session, node, looked, places.strategies), ""
    if room.shown is None:
        return opening(room)
    busy = room.busy
    return page("session.html.jinja", one=room.shown, busy=busy, job=job, said=said, problem=room.problem())


def check_model(settings: dict[str, str]) -> None:
    """Refuse a model that cannot be reached by that name before a session is begun with it.

    Raises:
        UsageError: an address without a model, or a model without a provider or with an unknown one.
    """
    if "model" in settings:
        try:
            endpoint_of(ModelSettings.model_validate(settings))
        except ValidationError as error:
            raise UsageError(refused_setting(error)) from None
    elif settings:
        raise UsageError("a server is named, but no model: write the name that the server knows it by")


def opening(room: OpenSession) -> HTMLResponse:
    """The page of a session that is not open yet, or could not be opened."""
    busy = room.busy
    return page("opening.html.jinja", 200 if busy else 400, room=room, job=room.job, busy=busy, problem=room.problem())
