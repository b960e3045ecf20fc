"""A studio in a thread of the test, and requests to it byte by byte: no client library tidies them up."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from dv_agent.studio.desk import Desk
from dv_agent.studio.guard import Door
from dv_agent.studio.places import Places
from dv_agent.studio.server import listen, make_server, new_door

RUN = "20261120T000000Z_mxint_softmax_fixed_0abc12"


@dataclass(frozen=True)
class Answer:
    """What came back; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Studio:
    """A running studio."""

    door: Door
    places: Places

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """A request with these headers and no others but ``Content-Length``; `target` goes out as it stands."""
        connection = http.client.HTTPConnection("127.0.0.1", self.door.port, timeout=60)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            reply = connection.getresponse()
            lower = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, lower, reply.read().decode())
        finally:
            connection.close()

    @property
    def known(self) -> dict[str, str]:
        """Headers of a browser that was let in."""
        return {"Host": f"127.0.0.1:{self.door.port}", "Cookie": f"{self.door.cookie}={self.door.token}"}

    def get(self, target: str, **more: str) -> Answer:
        return self.send("GET", target, {**self.known, **more})

    def post(self, target: str, **fields: str) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base}
        return self.send("POST", target, {**self.known, **kind}, urlencode(fields).encode() or b" ")


@contextmanager
def running(places: Places, port: int = 0) -> Iterator[Studio]:
    """A studio on a free port until the end of the block."""
    listening = listen(port)
    door, desk = new_door(listening), Desk(places.resolved())
    server = make_server(places.resolved(), door, desk)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Studio(door, places.resolved())
    finally:
        server.should_exit = True
        thread.join(20)
        desk.close()
        listening.close()


def places_in(folder: Path) -> Places:
    """The three folders below one."""
    return Places(folder / "runs", folder / "sessions", folder / "strategies")
