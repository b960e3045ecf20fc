"""A studio in a thread of the test, and requests to it byte by byte: no client library tidies them up."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from dv_agent.studio.allowed_folders import AllowedFolders
from dv_agent.studio.connection.guard import AccessPolicy
from dv_agent.studio.connection.loopback import listen
from dv_agent.studio.connection.server import make_server, new_policy
from dv_agent.studio.session_registry import SessionRegistry

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

    policy: AccessPolicy
    places: AllowedFolders

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.policy.port}"

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """A request with these headers and no others but ``Content-Length``; `target` goes out as it stands."""
        connection = http.client.HTTPConnection("127.0.0.1", self.policy.port, timeout=60)
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
        return {"Host": f"127.0.0.1:{self.policy.port}", "Cookie": f"{self.policy.cookie}={self.policy.token}"}

    def get(self, target: str, **more: str) -> Answer:
        return self.send("GET", target, {**self.known, **more})

    def post(self, target: str, **fields: str) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base}
        return self.send("POST", target, {**self.known, **kind}, urlencode(fields).encode() or b" ")


@contextmanager
def running(places: AllowedFolders, port: int = 0) -> Iterator[Studio]:
    """A studio on a free port until the end of the block."""
    listening = listen(port)
    policy, registry = new_policy(listening), SessionRegistry(places.resolved())
    server = make_server(places.resolved(), policy, registry)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Studio(policy, places.resolved())
    finally:
        server.should_exit = True
        thread.join(20)
        registry.close()
        listening.close()


def places_in(folder: Path) -> AllowedFolders:
    """The three folders below one."""
    return AllowedFolders(folder / "runs", folder / "sessions", folder / "strategies")
