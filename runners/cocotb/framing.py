"""Messages on the socket between the parent and the simulator process: length-prefixed JSON.

Standard library only: the simulator process imports this module, and users wait for its start-up.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

# The recording is memory shared by both processes: rows as text, after this header. So every cycle up to the one
# in which the RTL hangs or crashes is kept, even if the process dies.
RECORDING_HEADER = 64  # bytes; the first 8 are the number of rows, little endian
MAX_MESSAGE = 1 << 30  # bytes

_PREFIX = struct.Struct("<I")


class Closed(ConnectionError):
    """The error that the other side closed the connection."""


def send(connection: socket.socket, message: Any) -> None:
    """Send one JSON value.

    Raises:
        OSError: the other side closed the connection.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    connection.sendall(_PREFIX.pack(len(body)) + body)


def receive(connection: socket.socket) -> Any:
    """Receive one JSON value; blocks.

    Raises:
        Closed: the other side closed the connection.
        TimeoutError: the socket's time-out passed.
        ValueError: not a message.
    """
    (length,) = _PREFIX.unpack(_exactly(connection, _PREFIX.size))
    if length > MAX_MESSAGE:
        raise ValueError(f"message of {length} bytes")
    return json.loads(_exactly(connection, length))


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        try:
            part = connection.recv(count - len(parts))
        except ConnectionError as error:
            raise Closed from error
        if not part:
            raise Closed
        parts += part
    return bytes(parts)
