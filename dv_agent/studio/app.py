"""The application: routes, errors as pages, and the guard around all of it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from dv_agent.designs.files.plain_words import plain_words
from dv_agent.errors import DvAgentError, UnknownNameError
from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.assets import assets_router
from dv_agent.studio.connection.guard import AccessPolicy, Guard
from dv_agent.studio.responses import page
from dv_agent.studio.routes.comparison import compare_router
from dv_agent.studio.routes.drafts import draft_router
from dv_agent.studio.routes.runs import run_router
from dv_agent.studio.routes.sending import turn_router
from dv_agent.studio.routes.sessions import session_router
from dv_agent.studio.run_index import RunIndex
from dv_agent.studio.session_registry import SessionRegistry
from dv_agent.studio.views.waveforms import Waveforms


def make_app(places: AllowedFolders, policy: AccessPolicy, registry: SessionRegistry) -> Guard:
    """The studio as an ASGI application that answers to `policy` only."""
    app = FastAPI(title="dv-agent studio", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    run_index, waveforms = RunIndex(places, registry.designs), Waveforms()
    app.include_router(assets_router())
    app.include_router(run_router(run_index, waveforms))
    app.include_router(draft_router(registry, places))
    app.include_router(turn_router(registry))
    app.include_router(compare_router(registry, places))
    app.include_router(session_router(registry, run_index, places, waveforms))
    app.add_exception_handler(DvAgentError, _told)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _http)
    return Guard(app, policy)


def _told(request: Request, error: Exception) -> HTMLResponse:
    """One clear error: what, where, what to do."""
    return page("error.html.jinja", 404 if isinstance(error, UnknownNameError) else 400, words=str(error))


def _misread(request: Request, error: Exception) -> HTMLResponse:
    """A form or an address with a field missing, or of another kind; what was sent is not repeated."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    words = "; ".join(f"{one['loc'][-1]}: {plain_words(one)}" for one in problems[:3])
    return page("error.html.jinja", 400, words=words or "The form was not understood.")


def _http(request: Request, error: Exception) -> Response:
    status: Any = getattr(error, "status_code", 500)
    words = "No such page." if status == 404 else str(getattr(error, "detail", "It went wrong."))
    return page("error.html.jinja", status, words=words)
