"""Reading of the body of an answer within a bound on its size after decompression, and on the time of the attempt.

HTTP clients bound neither: a server that never ends, or a small body that decompresses to gigabytes, would fill the
memory, also after the caller has given up waiting for the answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import httpx

MOST_BYTES = 40_000_000
MOST_BYTES_OF_ERROR = 1_000_000


def read_bounded(answer: httpx.Response, most: int, end: float | None) -> tuple[bytes, bool]:
    """Read and close `answer`; return the first `most` bytes of its body, and whether there were more.

    Args:
        end: monotonic time at which the attempt is over; None if there is no limit.

    Raises:
        httpx.ReadTimeout: the body was not complete at that time.
    """
    try:
        return _bounded(answer.iter_bytes(65_536), most, end)
    finally:
        answer.close()


def _bounded(chunks: Iterable[bytes], most: int, end: float | None) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            return bytes(body[:most]), True
        if end is not None and time.monotonic() > end:
            raise httpx.ReadTimeout("the answer was not complete in time")
    return bytes(body), False


def end_of(request: httpx.Request) -> float | None:
    """Return the monotonic time at which an attempt that begins now is over, by the read timeout of its client."""
    limit = request.extensions.get("timeout", {}).get("read")
    return time.monotonic() + limit if isinstance(limit, int | float) else None
