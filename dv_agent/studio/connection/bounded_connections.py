"""Connections of the studio: so many at a time, and none that takes its time to say what it wants."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 128
REQUEST_SECONDS = 10.0
"""Until the headers and the body of a request must be there: from a connection's beginning, or its first byte."""


class BoundedProtocol(H11Protocol):
    """HTTP as uvicorn speaks it; a connection ends whose request is not whole in time.

    Where `MOST` connections are open, the one that has waited longest for its request makes room for a new one.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait, if there is room."""
        assert isinstance(transport, asyncio.Transport)
        if len(self.connections) >= MOST and not self._make_room():
            transport.abort()
            return
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_waiting()
        if self.transport is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Wait on, unless the request is whole."""
        if self.transport is None:
            return
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._wait()
        else:
            self._stop_waiting()

    def eof_received(self) -> None:
        """Nothing more will come."""
        if self.transport is not None:
            super().eof_received()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()

    def _make_room(self) -> bool:
        """End the connection that has waited longest; whether there was one."""
        waiting = [
            (one._deadline.when(), one)
            for one in self.connections
            if isinstance(one, BoundedProtocol) and one._deadline is not None
        ]
        if not waiting:
            return False
        _, oldest = min(waiting, key=lambda pair: pair[0])
        oldest._stop_waiting()
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True
