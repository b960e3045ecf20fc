"""Hints in one line: what a person can do about a failed attempt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.providers import Endpoint
from dv_agent.agents.models.server.causes import WIRE_NAMES, Cause

_TLS_MISSING = re.compile(r"WRONG_VERSION_NUMBER|record layer failure|UNKNOWN_PROTOCOL|HTTP_REQUEST", re.IGNORECASE)
_TLS_WANTED = re.compile(r"http request (?:was sent )?to (?:an )?https|client sent an http request", re.IGNORECASE)
_CERTIFICATE = re.compile(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|hostname mismatch", re.IGNORECASE)
_NO_HOST = re.compile(r"name or service not known|getaddrinfo|nodename nor servname|name resolution", re.IGNORECASE)
_OF_CAUSES = {
    "overflow": "prompt and reply do not fit into this model: lower --context-tokens or --max-tokens",
    "quota": "the account has no quota left",
    "tools": "this model or server cannot call tools: --agent llm asks it in plain text",
    "role": "the server knows no such role of a message: --role-style user puts everything into messages of the user",
    "model": "the server does not have this model: check the name behind --model",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """Data of one failed attempt that the hints need.

    Attributes:
        text: all error messages, from the server and from the network.
        connected: whether there was a connection.
        location: the target of a redirect.
        proxy: the proxy that was used, with its variable; empty without one.
    """

    kind: str
    status: int | None
    cause: Cause
    text: str
    connected: bool = True
    location: str = ""
    proxy: str = ""


def hint(happened: Happened, endpoint: Endpoint, settings: ModelSettings) -> str:  # noqa: PLR0911  # a table
    """Return what to do, empty if there is no hint."""
    if happened.status is not None and 300 <= happened.status < 400:
        return _elsewhere(happened.location, endpoint)
    if _TLS_WANTED.search(happened.text):
        return f"the server speaks https: write {_with_scheme(endpoint.address, 'https')}"
    if happened.cause in _OF_CAUSES:
        return _OF_CAUSES[happened.cause]
    if happened.kind == "ModelConnectionError":
        return _network(happened, endpoint)
    if happened.status in (400, 422) and happened.cause != "path":
        return _settings(happened.text, settings)
    if happened.kind in {"ModelAuthenticationError", "ModelPermissionDeniedError"}:
        name = endpoint.key_variable()
        return f"check the key in {name}" if name else f"it wants a key: set {endpoint.key_variables[0]}"
    if happened.kind == "ModelTimeoutError":
        return f"one attempt may take {settings.timeout:g} s: raise --timeout"
    if endpoint.compatible and (happened.kind == "UnreadableReply" or happened.status in (404, 405)):
        return _path(endpoint)
    return ""


def _elsewhere(location: str, endpoint: Endpoint) -> str:
    location = urljoin(f"{endpoint.address}/chat/completions", location) if location else ""
    if not location.startswith(("http://", "https://")):
        return "the server sends elsewhere, but does not say where: check --base-url"
    home = location.partition("?")[0].removesuffix("/").removesuffix("/chat/completions")
    return f"the server sends elsewhere, which is not followed, for the sake of the key: give --base-url {home}"


def _network(happened: Happened, endpoint: Endpoint) -> str:
    if _TLS_MISSING.search(happened.text):
        return f"the server does not speak https: write {_with_scheme(endpoint.address, 'http')}"
    if _CERTIFICATE.search(happened.text):
        return "its certificate is not trusted here: SSL_CERT_FILE may name the file of the authority that signed it"
    if happened.proxy and not happened.connected:
        return (
            f"the request went through {happened.proxy}: does that proxy listen? NO_PROXY lists hosts to ask directly"
        )
    if _NO_HOST.search(happened.text):
        return f"there is no host {urlsplit(endpoint.address).hostname}: check --base-url, or the network"
    return "" if happened.connected else f"does a server listen at {endpoint.address}?"


def _path(endpoint: Endpoint) -> str:
    if not urlsplit(endpoint.address).path.strip("/"):
        return (
            f"try --base-url {endpoint.address.rstrip('/')}/v1: the address of a server that speaks OpenAI's chat "
            "completions usually ends in /v1"
        )
    return "the address of a server that speaks OpenAI's chat completions usually ends in /v1"


def _settings(text: str, settings: ModelSettings) -> str:
    """Return which of the given flags the server complains about."""
    flags = [
        f"--{name.replace('_', '-')}"
        for name, words in WIRE_NAMES.items()
        if getattr(settings, name) is not None and any(re.search(rf"\b{word}\b", text) for word in words)
    ]
    return f"the server does not take this value of {', '.join(flags)} for this model: leave it out" if flags else ""


def _with_scheme(address: str, scheme: str) -> str:
    return f"{scheme}://{address.partition('://')[2] or address}"
