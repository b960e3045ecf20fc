"""Packed lines of ``turns.jsonl``: a long line is written compressed, with reference to the lines before it.

Tests that are mutations of one another repeat most of their steps, often many turns later. So an object without objects
in it (a step, a beat) that was written before is replaced by its number, and what is left is compressed with the end of
the previous packed line as dictionary. A packed line is JSON too: ``{"kind":"packed","fresh":...,"zlib":"<base85>"}``;
``fresh`` means that it refers to nothing before it, as after a resume. Short lines stay as they are.
"""

from __future__ import annotations

import json
import re
import zlib

from dv_agent.agents.records.packing.base85 import decoded, encoded

MIN_LINE = 8192
"""Bytes from which a line is packed."""
MOST_OBJECTS = 1 << 16
"""Objects that are remembered; later ones are not replaced."""
_MIN_OBJECT = 24
_WINDOW = 1 << 15
_START = b'{"kind":"packed",'
# JSON holds no control character, so these can mark a number of an object.
_OBJECT = re.compile(rb"\{[^{}\x01]*\}")
_NUMBER = re.compile(rb"\x01([0-9a-f]{1,8})\x02")


class Packer:
    """Packs the lines of one file, in order."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._window = b""

    def pack(self, line: bytes) -> bytes:
        """Return a line (with its end) as it is written."""
        if len(line) < MIN_LINE:
            return line
        fresh = not self._window
        text = _OBJECT.sub(self._number, line)
        press = zlib.compressobj(6) if fresh else zlib.compressobj(6, zdict=self._window)
        packed = encoded(press.compress(text) + press.flush()).decode()
        self._window = (self._window + text)[-_WINDOW:]
        return json.dumps({"kind": "packed", "fresh": fresh, "zlib": packed}, separators=(",", ":")).encode() + b"\n"

    def _number(self, found: re.Match[bytes]) -> bytes:
        one = found[0]
        if len(one) < _MIN_OBJECT:
            return one
        if one in self._numbers:
            return b"\x01%x\x02" % self._numbers[one]
        if len(self._numbers) < MOST_OBJECTS:
            self._numbers[one] = len(self._numbers)
        return one


class Unpacker:
    """Unpacks the lines of one file, in order.

    Args:
        most: bytes that a line may have when it is unpacked.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._objects: list[bytes] = []
        self._window = b""

    def unpack(self, line: bytes) -> bytes:
        """Return a line as it was before it was packed.

        Raises:
            ValueError: damaged, or longer than allowed; the message says so.
        """
        if not line.startswith(_START):
            return line
        fresh, packed = _parts(line)
        if fresh:
            self._objects, self._window = [], b""
        text = self._inflated(packed)
        self._window = (self._window + text)[-_WINDOW:]
        room = MOST_OBJECTS - len(self._objects)
        self._objects += [one for one in _OBJECT.findall(text) if len(one) >= _MIN_OBJECT][:room]
        numbers = [int(one, 16) for one in _NUMBER.findall(text)]
        if numbers and max(numbers) >= len(self._objects):
            raise ValueError("a packed line refers to a step that was not written before it")
        if len(text) + sum(len(self._objects[number]) for number in numbers) > self._most:
            raise ValueError(f"a packed line of more than {self._most:,} bytes")
        return _NUMBER.sub(lambda found: self._objects[int(found[1], 16)], text)

    def _inflated(self, packed: bytes) -> bytes:
        stream = zlib.decompressobj(zdict=self._window) if self._window else zlib.decompressobj()
        try:
            text = stream.decompress(packed, self._most + 1)
        except zlib.error as error:
            raise ValueError(f"a packed line is damaged: {error}") from None
        if len(text) > self._most:
            raise ValueError(f"a packed line of more than {self._most:,} bytes")
        if not stream.eof or not text.endswith(b"\n"):
            raise ValueError("a packed line is damaged: it ends too early")
        return text


def _parts(line: bytes) -> tuple[bool, bytes]:
    try:
        data = json.loads(line)
        return bool(data["fresh"]), decoded(data["zlib"].encode())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("a packed line is damaged") from None
