"""The HTTP server of the page, and the secret that it asks for."""

from __future__ import annotations

import secrets
import socket

import uvicorn

from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.app import make_app
from dv_agent.studio.connection.bounded_connections import BoundedProtocol
from dv_agent.studio.connection.guard import AccessPolicy
from dv_agent.studio.session_registry import SessionRegistry

_BACKLOG = 64  # so many are accepted before any of them is looked at: far below the usual limit of open files
_LONGEST_HEAD = 1 << 15
_FAREWELL = 2  # seconds that open streams of progress are given when the server ends


def new_policy(listening: socket.socket) -> AccessPolicy:
    """The access policy of `listening` with a token of its own."""
    return AccessPolicy(port=listening.getsockname()[1], token=secrets.token_urlsafe(32))


def make_server(places: AllowedFolders, policy: AccessPolicy, registry: SessionRegistry) -> uvicorn.Server:
    """The server, not yet running; it writes no log, since addresses hold the token."""
    config = uvicorn.Config(
        make_app(places, policy, registry),
        http=BoundedProtocol,
        ws="none",
        backlog=_BACKLOG,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_FAREWELL,
        lifespan="off",
    )
    return uvicorn.Server(config)
