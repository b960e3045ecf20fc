"""A socket on 127.0.0.1, and nowhere else."""

from __future__ import annotations

import socket

from dv_agent.errors import UsageError

LOOPBACK = "127.0.0.1"
PORT = 8765


def listen(port: int | None, usual: int = PORT) -> socket.socket:
    """A socket on 127.0.0.1: `port`; or `usual`, or any free one where that is taken, if None.

    Raises:
        UsageError: the port is taken.
    """
    wanted = [port] if port is not None else [usual, 0]
    for one in wanted:
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((LOOPBACK, one))
            found.listen(64)
        except OSError as error:
            found.close()
            reason = error.strerror
        else:
            return found
    raise UsageError(f"port {wanted[0]} of {LOOPBACK}: {reason}; give another with --port, or 0 for any free one")
