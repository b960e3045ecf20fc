"""Who may ask: every request is checked here before any route sees it, and every answer leaves with strict headers.

The page is for one person on one machine. Other web sites, open in the same browser, must neither read it nor act
through it; so the name that was asked for (against DNS rebinding), the page that asks, and a secret are checked.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 4_000_000
"""Bytes of a request: the longest prompt that a person would paste is far below."""
READING = ("GET", "HEAD")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    # With `no-referrer` a browser would say `Origin: null` when a form is sent.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """What a request must show.

    Attributes:
        port: where the studio listens on 127.0.0.1.
        token: the secret in the address that was printed, then in a cookie.
    """

    port: int
    token: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """What may stand in ``Host``."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers do not tell ports apart."""
        return f"dv_agent_studio_{self.port}"

    def address(self, path: str = "/") -> str:
        """What is printed for the user; `path` is the page that it opens."""
        return f"http://127.0.0.1:{self.port}{path}?{urlencode({'token': self.token})}"

    def is_secret(self, text: str) -> bool:
        """Whether `text` is the token, without telling by the time taken how much of it is right."""
        return hmac.compare_digest(text.encode(), self.token.encode())


class Guard:
    """Asks `policy` about every request before `app` gets it."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy) -> None:
        self._app, self._policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # nothing here speaks WebSocket
        answer = _refusal(scope, self._policy) or _admission(scope, self._policy)
        if answer is not None:
            await answer(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))


def _refusal(scope: Scope, policy: AccessPolicy) -> Response | None:
    """Why not, or None."""
    headers = Headers(scope=scope)
    if "upgrade" in headers:
        return _no(400, "Nothing here speaks WebSocket or any other protocol.", close=True)
    return _foreign(headers, scope["method"], policy) or _oversized(headers) or _crooked(scope["path"])


def _foreign(headers: Headers, method: str, policy: AccessPolicy) -> Response | None:
    hosts, origin = headers.getlist("host"), headers.get("origin")
    if len(hosts) != 1 or hosts[0] not in policy.hosts:
        return _no(421, f"This page answers to {' and '.join(policy.hosts)} only. Forward the same port number.")
    asks_itself = origin in (None, f"http://{hosts[0]}")
    if not asks_itself or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return _no(403, "Asked by another page.")
    if method not in READING and origin is None:
        return _no(403, "A request that changes something must say which page sends it (Origin).")
    return None


def _oversized(headers: Headers) -> Response | None:
    if "transfer-encoding" in headers:
        return _no(411, "Say how long the request is (Content-Length).", close=True)
    if int(headers.get("content-length") or 0) > MAX_BODY:
        return _no(413, f"More than {MAX_BODY:,} bytes.", close=True)
    return None


def _crooked(path: str) -> Response | None:
    return None if _is_plain(path) else _no(400, "No such address.")


def _is_plain(path: str) -> bool:
    """Whether the decoded path has nothing in it that could lead elsewhere."""
    parts = path.split("/")
    return path.isprintable() and "\\" not in path and not {"..", "."} & set(parts) and "" not in parts[1:-1]


def _admission(scope: Scope, policy: AccessPolicy) -> Response | None:
    """None for whoever knows the token already; a cookie for who shows it in the address; else a refusal."""
    if policy.is_secret(_cookie(Headers(scope=scope), policy.cookie)):
        return None
    shown = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("token", [""])
    if scope["method"] == "GET" and len(shown) == 1 and policy.is_secret(shown[0]):
        welcome = RedirectResponse(scope["path"], 303)
        welcome.set_cookie(policy.cookie, policy.token, httponly=True, samesite="strict", path="/")
        return welcome
    return _no(403, "Open the address that `dv-agent studio` printed: it holds a token, new at every start.")


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _no(status: int, words: str, close: bool = False) -> Response:
    """A refusal; with `close`, the rest of the request is not even read."""
    return PlainTextResponse(words + "\n", status, {"Connection": "close"} if close else None)


def _with_headers(send: Send) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with
