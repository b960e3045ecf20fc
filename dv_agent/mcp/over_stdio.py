"""The server on standard input and output: for clients that start it themselves."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from io import TextIOWrapper
from typing import IO, Any

import anyio
from mcp.server.stdio import stdio_server

from dv_agent.cli.terminal import complain
from dv_agent.mcp.protocol import McpServer

MOST_LINE = 4_000_000
"""Bytes of one message."""


async def serve_stdio(server: McpServer) -> None:
    """Speak with the client until it closes its end."""
    read, write = _taken_over()
    lines: Any = _Lines(read)
    async with stdio_server(lines, anyio.wrap_file(write)) as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _taken_over() -> tuple[IO[bytes], TextIOWrapper]:
    """Return the ends of the client; whatever else reads or writes here gets nothing, and standard error."""
    read, write = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(read, "rb"), TextIOWrapper(os.fdopen(write, "wb"), encoding="utf-8")


class _Lines:
    """The messages of the client, one a line; read by a thread that nothing has to wait for at the end."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        threading.Thread(target=self._read, name="mcp stdin", daemon=True).start()

    def _read(self) -> None:
        try:
            while line := self._source.readline(MOST_LINE):
                if len(line) == MOST_LINE and not line.endswith(b"\n"):
                    complain(f"dv-agent: a message of more than {MOST_LINE:,} bytes was refused; send shorter ones")
                    while line and not line.endswith(b"\n"):
                        line = self._source.readline(MOST_LINE)
                    continue
                self._put(line.decode("utf-8", "replace"))
            self._put(None)
        except (OSError, RuntimeError):  # closed, or the loop has ended
            return

    def _put(self, line: str | None) -> None:
        self._loop.call_soon_threadsafe(self._queue.put_nowait, line)

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield the messages until the client closes its end."""
        while (line := await self._queue.get()) is not None:
            if line.strip():
                yield line
