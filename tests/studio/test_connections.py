"""Half requests, silence and crowds: the studio goes on answering, and keeps nobody for ever."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from studio_server import Studio, places_in, running

from dv_agent.studio.connection import bounded_connections

HALVES = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "headers without an end": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "a body that never comes": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "a second request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT",
}


def connected(studio: Studio, stack: ExitStack, text: bytes = b"") -> socket.socket:
    found = stack.enter_context(socket.create_connection(("127.0.0.1", studio.policy.port), timeout=20))
    found.sendall(text)
    return found


def ended(one: socket.socket) -> bool:
    """Whether the other side closed the connection (waits for it, 20 s at most)."""
    try:
        while one.recv(4096):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def trickle(one: socket.socket) -> None:
    for letter in b"GET / HTTP/1.1\r\nX: " + b"a" * 400:
        one.sendall(bytes([letter]))
        time.sleep(0.05)


@pytest.mark.parametrize("half", HALVES)
def test_a_request_that_stays_half_ends(home: Path, monkeypatch: pytest.MonkeyPatch, half: str) -> None:
    monkeypatch.setattr(bounded_connections, "REQUEST_SECONDS", 0.5)
    with running(places_in(home)) as studio, ExitStack() as stack:
        assert ended(connected(studio, stack, HALVES[half]))
        trickling = connected(studio, stack)
        with pytest.raises(ConnectionError):
            trickle(trickling)


def test_a_crowd_of_half_requests_keeps_nobody_out(home: Path) -> None:
    most = bounded_connections.MOST
    with running(places_in(home)) as studio, ExitStack() as stack:
        crowd = [connected(studio, stack, b"GET / HTTP/1.1\r\n") for _ in range(most + 60)]
        assert studio.get("/").status == 200
        assert all(map(ended, crowd[:60]))  # the first ones made room
        crowd[-1].setblocking(False)
        with pytest.raises(BlockingIOError):
            crowd[-1].recv(1)


def test_long_headers_and_other_protocols_are_refused(studio: Studio) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    answer = studio.get("/", **upgrade, **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert (answer.status, "WebSocket" in answer.text) == (400, True)
    assert studio.get("/", Connection="Upgrade", Upgrade="h2c").status == 400
    with ExitStack() as stack:
        long = connected(studio, stack, b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000)
        assert long.recv(100).startswith(b"HTTP/1.1 400")
    assert studio.get("/").status == 200
