"""Forms that change what would be sent from a node: options, sampling, strategy, templates, the messages themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse

from dv_agent.agents.session.drafts.option_help import in_yaml
from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.errors import UsageError
from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.routes.return_link import file_lines, to_session, whole_number
from dv_agent.studio.session_registry import SessionRegistry
from dv_agent.studio.strategy_store import strategy_choice

Text = Annotated[str, Form()]
Number = Annotated[int, Form()]


def draft_router(registry: SessionRegistry, places: AllowedFolders) -> APIRouter:
    """A change at a time; each leads back to the page of its node."""
    router = APIRouter(prefix="/sessions/{name:path}")

    @router.post("/options")
    async def set_options(name: str, request: Request) -> RedirectResponse:
        form = {key: str(value) for key, value in (await request.form()).items()}
        return _changed(
            registry,
            name,
            whole_number("node", form.pop("node", "")),
            lambda session, node: _set_options(session, node, form),
        )

    @router.post("/sampling")
    async def set_sampling(name: str, request: Request) -> RedirectResponse:
        form = {key: str(value).strip() or "none" for key, value in (await request.form()).items()}
        node = whole_number("node", form.pop("node", ""))
        return _changed(registry, name, node, lambda session, node: session.set_sampling(form, node))

    @router.post("/strategy")
    def set_strategy(name: str, node: Number, strategy: Text, sure: Text = "") -> RedirectResponse:
        chosen, room = strategy_choice(strategy, places.strategies), registry.room(name)
        session = room.ready()
        lost = session.lost_with(chosen, node)
        if lost and not sure:
            return to_session(name, node, take=strategy)  # that page lists what would be lost, and asks
        session.set_strategy(chosen, node)
        if lost:
            room.said = f"Dropped: {', '.join(lost)}. Undo brings it back."
        return to_session(name, node)

    @router.post("/template")
    def edit_template(name: str, node: Number, template: Text, text: Text = "") -> RedirectResponse:
        return _changed(
            registry, name, node, lambda session, node: session.edit_template(template, file_lines(text), node),
            template=template,
        )  # fmt: skip

    @router.post("/part")
    def edit_part(name: str, node: Number, part: Text, text: Text = "") -> RedirectResponse:
        return _changed(registry, name, node, lambda session, node: session.edit_part(part, file_lines(text), node))

    @router.post("/message")
    def edit_message(name: str, node: Number, index: Number, text: Text = "") -> RedirectResponse:
        return _changed(registry, name, node, lambda session, node: session.edit_message(index, file_lines(text), node))

    return router


def _changed(
    registry: SessionRegistry,
    name: str,
    node: int,
    change: Callable[[PromptSession, int], Rendered | None],
    **more: str,
) -> RedirectResponse:
    room = registry.room(name)
    rendered = change(room.ready(), node)
    if rendered and rendered.stale:
        room.said = "Dropped: an edit by hand, because the text that it replaced has changed. Undo brings it back."
    return to_session(name, node, **more)


def _set_options(session: PromptSession, node: int, form: dict[str, str]) -> Rendered | None:
    """Set what differs. Some options only go together, so each is tried again after the others."""
    before = session.options(node)
    waiting = {key: text for key, text in form.items() if key not in before or in_yaml(before[key]) != text.strip()}
    rendered, problem = None, UsageError("nothing was changed")
    while waiting:
        done = []
        for key, text in waiting.items():
            try:
                rendered = session.set_option(key, text.strip(), node)
                done.append(key)
            except UsageError as error:
                problem = error
        if not done:
            raise problem
        waiting = {key: text for key, text in waiting.items() if key not in done}
    return rendered
