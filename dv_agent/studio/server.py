"""Listening on 127.0.0.1, and nowhere else."""

from __future__ import annotations

import secrets
import socket

import uvicorn

from dv_agent.errors import UsageError
from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.app import make_app
from dv_agent.studio.bounded_connections import BoundedProtocol
from dv_agent.studio.guard import AccessPolicy
from dv_agent.studio.session_registry import SessionRegistry

LOOPBACK = "127.0.0.1"
PORT = 8765
_BACKLOG = 64  # so many are accepted before any of them is looked at: far below the usual limit of open files
_LONGEST_HEAD = 1 << 15
_FAREWELL = 2  # seconds that open streams of progress are given when the server ends


def listen(port: int | None) -> socket.socket:
    """A socket on 127.0.0.1: `port`; or `PORT`, or any free one where that is taken, if None.

    Raises:
        UsageError: the port is taken.
    """
    wanted = [port] if port is not None else [PORT, 0]
    for one in wanted:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((LOOPBACK, one))
            found.listen(64)
        except OSError as error:
            found.close()
            reason = error.strerror
        else:
            return found
    raise UsageError(f"port {wanted[0]} of {LOOPBACK}: {reason}; give another with --port, or 0 for any free one")


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
