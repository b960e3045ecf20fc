"""The server on a port of 127.0.0.1: for clients that connect; each must show the token."""

from __future__ import annotations

import hmac
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dv_agent.mcp.protocol import McpServer
from dv_agent.studio.connection.bounded_connections import BoundedProtocol
from dv_agent.studio.connection.loopback import LOOPBACK

PATH = "/mcp"
PORT = 8766
MOST_BODY = 4_000_000
IDLE_SECONDS = 1_800.0
_FAREWELL = 2


def make_http_server(server: McpServer, listening: socket.socket, token: str, sessions: int) -> uvicorn.Server:
    """Return the HTTP server, not yet running; it writes no log.

    Args:
        sessions: how many clients, each with a run and a simulator of its own, may be here at a time.
    """
    port = listening.getsockname()[1]
    security = TransportSecuritySettings(allowed_hosts=[f"{LOOPBACK}:{port}", f"localhost:{port}"])
    manager = StreamableHTTPSessionManager(
        server, security_settings=security, session_idle_timeout=IDLE_SECONDS, max_request_body_size=MOST_BODY,
        max_sessions=sessions,
    )  # fmt: skip

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    app = Starlette(lifespan=running)
    config = uvicorn.Config(
        TokenGuard(app, manager.handle_request, token), http=BoundedProtocol, ws="none", log_config=None,
        log_level="critical", access_log=False, server_header=False, proxy_headers=False, lifespan="on",
        timeout_graceful_shutdown=_FAREWELL,
    )  # fmt: skip
    return uvicorn.Server(config)


class TokenGuard:
    """Lets only requests with the token through to the protocol, and knows one address."""

    def __init__(self, app: ASGIApp, protocol: ASGIApp, token: str) -> None:
        self._app, self._protocol, self._token = app, protocol, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._checked(scope)(scope, receive, send)

    def _checked(self, scope: Scope) -> ASGIApp:
        shown = Headers(scope=scope).get("authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {self._token}".encode()):
            words = "Send the token that `dv-agent mcp --http` printed, as `Authorization: Bearer TOKEN`.\n"
            return PlainTextResponse(words, 401, {"WWW-Authenticate": "Bearer"})
        if scope["path"].rstrip("/") != PATH:
            return PlainTextResponse(f"The protocol is spoken at {PATH}.\n", 404)
        return self._protocol
