"""A server on 127.0.0.1 that speaks OpenAI's chat completions, and misbehaves on demand.

It checks every ``response_format`` that it is sent; behaviours honour it or deny it.

For tests::

    with LoopbackServer([status(429, headers={"Retry-After": "1"}), ok("hello")]) as server:
        model = LangChainModel(ModelSettings(model="any", base_url=server.url))

As a program it answers every request with the same text, for demonstrations without a model::

    python tests/models/loopback.py --text '[]' --port 8000
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from loopback_schema import breach, malformed_format, schema_of

Body = dict[str, Any]
Behaviour = Callable[["Handler", Body], None]
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
_SECRET_HEADERS = {"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"}


@dataclass(frozen=True)
class Request:
    """One request as it arrived.

    Its headers have lower-case names, and fingerprints for keys; `seconds` is the monotonic time of its arrival.
    """

    path: str
    headers: Mapping[str, str]
    body: Body
    seconds: float


def fingerprint(value: str) -> str:
    """What stands for a secret header value, such as ``Bearer KEY``."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def completion(
    text: str | None, model: str, usage: Body | None = USAGE, finish_reason: str = "stop", **message: Any
) -> Body:
    """The JSON of a chat completion."""
    whole = {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "model": model,
        "choices": [
            {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text, **message}}
        ],
    }
    return whole if usage is None else {**whole, "usage": usage}


def ok(
    text: str | Callable[[Body], str] | None = "hello",
    usage: Body | None = USAGE,
    model: str | None = None,
    **rest: Any,
) -> Behaviour:
    """An answer; `usage` None leaves the counts out, `model` None repeats the requested one."""

    def answer(handler: Handler, body: Body) -> None:
        said = text(body) if callable(text) else text
        handler.send_json(200, completion(said, model or str(body.get("model")), usage, **rest))

    return answer


def holds(text: str | Callable[[Body], str], free: Behaviour | None = None) -> Behaviour:
    """Honours ``response_format``: says `text`, which must be of the schema as if decoding had been held to it.

    A request without it is answered by `free`; without that it is an error of the test, answered with 501.
    """

    def answer(handler: Handler, body: Body) -> None:
        if "response_format" not in body:
            (free or status(501, "a request without response_format was not expected"))(handler, body)
            return
        said = text(body) if callable(text) else text
        fault = breach(schema_of(body), said)
        if fault:
            handler.send_json(501, {"error": {"message": f"the scripted reply breaks the schema: {fault}"}})
        else:
            handler.send_json(200, completion(said, str(body.get("model"))))

    return answer


def denies(refusal: Behaviour, free: Behaviour) -> Behaviour:
    """Meets requests with ``response_format`` with `refusal`, and answers others by `free`."""
    return lambda handler, body: (refusal if "response_format" in body else free)(handler, body)


def huge(megabytes: int = 10) -> Behaviour:
    """A complete answer with a text of so many million characters."""
    return ok("x" * (megabytes * 1_000_000))


def status(http: int, message: str = "", headers: Mapping[str, str] | None = None, **error: Any) -> Behaviour:
    """An error as OpenAI writes it; `error` are further members, such as ``code`` and ``param``."""
    said = {"message": message or f"error {http}", "type": "error", "param": None, "code": None, **error}
    return lambda handler, body: handler.send_json(http, {"error": said}, headers)


def raw(data: bytes, content_type: str = "application/json", code: int = 200) -> Behaviour:
    """These very bytes."""
    return lambda handler, body: handler.send_bytes(code, data, content_type)


def redirect(code: int, location: str) -> Behaviour:
    """Sends elsewhere."""
    return lambda handler, body: handler.send_bytes(code, b"", "text/html", {"Location": location})


def web_page() -> Behaviour:
    """What a wrong address answers."""
    return raw(b"<!doctype html><title>It works!</title>", "text/html")


def malformed_json() -> Behaviour:
    """A body that stops making sense."""
    return raw(b'{"id": "chatcmpl-loopback", "choices": [{"message": {"role": ')


def not_utf8() -> Behaviour:
    """An answer whose text is no UTF-8."""
    return raw(json.dumps(completion("TEXT", "any")).encode().replace(b"TEXT", b"\xff\xfe\xc3("))


def reset() -> Behaviour:
    """The connection is reset before any byte of an answer."""
    return lambda handler, body: handler.reset()


def cut(kept: float = 0.5) -> Behaviour:
    """The connection is closed after this share of the promised bytes."""
    return lambda handler, body: handler.send_cut(json.dumps(completion("hello", "any")).encode(), kept)


def packed(http: int, megabytes: int) -> Behaviour:
    """So many million blanks, packed into a few thousand bytes."""
    data = gzip.compress(b" " * (megabytes * 1_000_000), 1)
    return lambda handler, body: handler.send_bytes(http, data, "application/json", {"Content-Encoding": "gzip"})


def endless(http: int) -> Behaviour:
    """A body that never ends, as fast as it is read."""
    return lambda handler, body: handler.send_endless(http)


def silence(seconds: float) -> Behaviour:
    """Nothing at all for so long, then the connection is closed."""
    return lambda handler, body: handler.keep_silent(seconds)


def drip(seconds: float, every: float = 0.05) -> Behaviour:
    """A blank now and then for so long: never silent, never done."""
    return lambda handler, body: handler.send_blanks(seconds, every)


class LoopbackServer:
    """Answers the n-th request with the n-th behaviour, and all further ones with the last."""

    def __init__(self, replies: Sequence[Behaviour], port: int = 0) -> None:
        self._replies = list(replies)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.stopped, self.hung_up = threading.Event(), threading.Event()
        self._http = _Http(("127.0.0.1", port), Handler)
        self._http.owner = self
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def take(self, request: Request) -> Behaviour:
        """Record `request`; how to answer it."""
        with self._lock:
            self.requests.append(request)
            return self._replies[min(len(self.requests), len(self._replies)) - 1]

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: LoopbackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the game."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Http

    def do_POST(self) -> None:
        """Record the request and misbehave as told."""
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        lower = {name.lower(): value for name, value in self.headers.items()}
        headers = {name: fingerprint(value) if name in _SECRET_HEADERS else value for name, value in lower.items()}
        body = json.loads(data) if headers.get("content-type", "").endswith("json") else {}
        behaviour = self.server.owner.take(Request(self.path, headers, body, time.monotonic()))
        fault = malformed_format(body)
        if fault:
            behaviour = status(400, f"Invalid schema for response_format: {fault}", param="response_format")
        behaviour(self, body)

    def send_json(self, code: int, whole: Body, headers: Mapping[str, str] | None = None) -> None:
        """A complete JSON answer."""
        self.send_bytes(code, json.dumps(whole).encode(), "application/json", headers)

    def send_bytes(self, code: int, data: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """A complete answer."""
        self._begin(code, len(data), content_type, headers)
        self.wfile.write(data)

    def send_cut(self, data: bytes, kept: float) -> None:
        """An answer that ends too early."""
        self._begin(200, len(data))
        self.wfile.write(data[: int(len(data) * kept)])
        self.close_connection = True

    def keep_silent(self, seconds: float) -> None:
        """No byte for so long."""
        self.server.owner.stopped.wait(seconds)
        self.close_connection = True

    def send_blanks(self, seconds: float, every: float) -> None:
        """A body of blanks."""
        self._begin(200, 1_000_000)
        for _ in range(int(seconds / every)):
            self.wfile.write(b" ")
            if self.server.owner.stopped.wait(every):
                break
        self.close_connection = True

    def send_endless(self, code: int) -> None:
        """A body without an end, until the reader hangs up: `hung_up` of the server."""
        self._begin(code, 10**15)
        try:
            while not self.server.owner.stopped.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            self.server.owner.hung_up.set()
        self.close_connection = True

    def reset(self) -> None:
        """RST instead of FIN: no lingering, and closed below the socket object, which would say good-bye first."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Tests and demonstrations stay quiet."""

    def _begin(
        self, code: int, length: int, content_type: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": content_type, "Content-Length": str(length), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()


def main() -> None:
    """Serve one text until interrupted."""
    parser = argparse.ArgumentParser(description="a server on 127.0.0.1 that speaks OpenAI's chat completions")
    parser.add_argument("--text", default="hello", help="the reply to everything")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    with LoopbackServer([ok(options.text)], options.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            server.stopped.wait()


if __name__ == "__main__":
    main()
