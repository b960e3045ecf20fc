"""Network access to a server: proxies and certificates of the environment, checked before the first request."""

from __future__ import annotations

import ipaddress
import json
import os
import ssl
import urllib.request
import weakref
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

import httpx

from dv_agent.agents.models.redaction import excerpt
from dv_agent.agents.models.server.bounded_body import MOST_BYTES, MOST_BYTES_OF_ERROR, end_of, read_bounded
from dv_agent.agents.models.server.openai_body import mended_body, oversized_body
from dv_agent.errors import PrerequisiteError, UsageError

ASKED_FOR = "DV_AGENT_PROXY_LOOPBACK"
_SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class Proxy:
    """Proxy, and the environment variable that names it."""

    url: str
    variable: str

    @property
    def shown(self) -> str:
        """The address without a password, for messages."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_of(address: str) -> Proxy | None:
    """Return the proxy for requests to `address`, as set in the environment.

    Requests to this machine use no proxy, unless ``DV_AGENT_PROXY_LOOPBACK`` is set.

    Raises:
        UsageError: the value of a variable is not a proxy.
        PrerequisiteError: it is a SOCKS proxy, and the package for it is not installed.
    """
    parts = urlsplit(address if "://" in address else f"https://{address}")
    host = parts.hostname or ""
    if is_loopback(host) and not os.environ.get(ASKED_FOR, "").strip():
        return None
    named = urllib.request.getproxies()
    if urllib.request.proxy_bypass(host):
        return None
    scheme = next((one for one in (parts.scheme, "all") if named.get(one, "").strip()), None)
    if scheme is None:
        return None
    url, variable = named[scheme].strip(), _variable(scheme)
    return _checked(Proxy(url if "://" in url else f"http://{url}", variable))


def _variable(scheme: str) -> str:
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper())
    return next((name for name in names if os.environ.get(name)), names[1])


def _checked(proxy: Proxy) -> Proxy:
    try:
        parts = urlsplit(proxy.url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        httpx.Proxy(proxy.url)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable or parts.scheme not in _SCHEMES:
        said = excerpt(proxy.url.rpartition("@")[2], 80)
        raise UsageError(
            f"{proxy.variable} names no proxy: {said!r}; expected is such as http://proxy:3128 or socks5://proxy:1080, "
            "or leave it unset"
        )
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        raise PrerequisiteError(
            f"{proxy.variable} names the SOCKS proxy {proxy.shown}, which needs the package socksio",
            "pip install 'socksio>=1,<2'",
        )
    return proxy


def require_network(address: str) -> None:
    """Check that the proxies and certificates of the environment can be used for `address`.

    Raises:
        UsageError: the value of a variable is not a proxy, or is a missing file or one without certificates.
        PrerequisiteError: see `proxy_of`.
    """
    for name, there in (("SSL_CERT_FILE", os.path.isfile), ("SSL_CERT_DIR", os.path.isdir)):
        value = os.environ.get(name, "")
        paths = value.split(os.pathsep) if name == "SSL_CERT_DIR" else [value]
        if value and not any(there(path) for path in paths):
            raise UsageError(f"{name} names {excerpt(value, 120)!r}, which is not there: correct it, or leave it unset")
    if value := os.environ.get("SSL_CERT_FILE", ""):
        try:
            ssl.create_default_context(cafile=value)
        except (OSError, ValueError) as error:
            raise UsageError(f"SSL_CERT_FILE names {excerpt(value, 120)!r}, which holds no certificates: "
                             f"{excerpt(str(error), 80)}") from None  # fmt: skip
    proxy_of(address)


def open_client(address: str) -> httpx.Client:
    """Return an HTTP client for servers with OpenAI's chat completions: it corrects bodies and follows no redirect.

    A redirect would send the key to another server, and a POST would become a GET.

    Raises:
        UsageError, PrerequisiteError: see `require_network`.
    """
    proxy = proxy_of(address)
    inner = httpx.HTTPTransport(
        proxy=httpx.Proxy(proxy.url) if proxy else None,
        limits=httpx.Limits(max_connections=1_000, max_keepalive_connections=100),
    )
    client = httpx.Client(transport=MendingTransport(inner), follow_redirects=False)
    # Not in __del__: the client is part of a cycle of references, whose finalizers run in any order, so a socket's
    # may complain before the client could close it. A weak reference is called before them.
    weakref.finalize(client, inner.close)
    return client


class MendingTransport(httpx.BaseTransport):
    """HTTP transport that returns answers of chat completions as OpenAI documents them, see `mended_body`."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, corrected if it came with status 200; what an error says is cut."""
        end = end_of(request)
        answer = self._inner.handle_request(request)
        answer.request = request  # needed for error messages while the answer is read
        status = answer.status_code
        raw, more = read_bounded(answer, MOST_BYTES if status < 300 else MOST_BYTES_OF_ERROR, end)
        content_type, mended = answer.headers.get("content-type", ""), None
        if status == 200 and request.url.path.endswith("/chat/completions"):
            mended = oversized_body(MOST_BYTES) if more else mended_body(raw, content_type)
        dropped = {"content-encoding", "content-length", "transfer-encoding", *(["content-type"] if mended else [])}
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in dropped]
        if mended is None:
            return httpx.Response(status, headers=headers, content=raw, request=request)
        headers.append(("content-type", "application/json"))
        # In ASCII: half a surrogate pair is valid JSON, but not valid UTF-8.
        return httpx.Response(mended.status, headers=headers, content=json.dumps(mended.data).encode(), request=request)

    def close(self) -> None:
        """Close the wrapped transport."""
        self._inner.close()
