"""Forms that go on from a node: send, paste, give up, undo, branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse

from dv_agent.agents.session.progress import IsCancelled, OnProgress
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.studio.routes.return_link import file_lines, to_session
from dv_agent.studio.session_registry import OpenSession, SessionRegistry

Text = Annotated[str, Form()]
Number = Annotated[int, Form()]


def turn_router(registry: SessionRegistry) -> APIRouter:
    """What takes time is begun, and the page tells of its progress."""
    router = APIRouter(prefix="/sessions/{name:path}")

    @router.post("/undo")
    def undo(name: str, node: Number) -> RedirectResponse:
        room = registry.room(name)
        session = room.ready()
        session.goto(node)
        room.said = f"Undone: {session.undo()}."
        return to_session(name, session.current.id)

    @router.post("/branch")
    def branch(name: str, node: Number, label: Text = "") -> RedirectResponse:
        made = registry.room(name).ready().branch(label.strip(), node)
        return to_session(name, made.id)

    @router.post("/send")
    def send(name: str, node: Number) -> RedirectResponse:
        def work(session: PromptSession, tell: OnProgress, given_up: IsCancelled) -> None:
            session.send(node, tell, given_up)

        return _begun(registry.room(name), "sending", work)

    @router.post("/paste")
    def paste(name: str, node: Number, text: Text = "") -> RedirectResponse:
        def work(session: PromptSession, tell: OnProgress, given_up: IsCancelled) -> None:
            session.paste(file_lines(text), node, tell, given_up)

        return _begun(registry.room(name), "running the pasted reply", work)

    @router.post("/cancel")
    def cancel(name: str) -> RedirectResponse:
        registry.room(name).job.given_up.set()
        return to_session(name, None)

    return router


def _begun(
    room: OpenSession, title: str, work: Callable[[PromptSession, OnProgress, IsCancelled], None]
) -> RedirectResponse:
    room.begin(title, work)
    return to_session(room.name, None)
