"""The forms in which a simulator process records the rows of a test: as text, or as bits in whole words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dv_agent.runners.recording.sampled_bits import Samples, from_text, from_words

_WORD = 4  # bytes


class RowForm(Protocol):
    """One of the forms."""

    @property
    def size(self) -> int:
        """Bytes of a recorded row."""

    def text(self, recorded: bytes) -> bytes:
        """Return recorded rows as text: one character for each bit, most significant bit first."""

    def samples(self, recorded: bytes) -> Samples:
        """Return recorded rows as samples."""


@dataclass(frozen=True, slots=True)
class TextRows:
    """Rows that are recorded as text, as they are where a bit has four states.

    Attributes:
        width: bits of a sample.
    """

    width: int

    @property
    def size(self) -> int:
        """See `RowForm.size`."""
        return self.width

    def text(self, recorded: bytes) -> bytes:
        """See `RowForm.text`."""
        return recorded

    def samples(self, recorded: bytes) -> Samples:
        """See `RowForm.samples`."""
        return from_text(recorded, self.width)


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Rows of bits with two states in words of 32, least significant word and byte first.

    Attributes:
        width: bits of a sample.
    """

    width: int

    @property
    def size(self) -> int:
        """See `RowForm.size`."""
        return -(-self.width // (8 * _WORD)) * _WORD

    def text(self, recorded: bytes) -> bytes:
        """See `RowForm.text`."""
        rows = np.frombuffer(recorded, np.uint8).reshape(-1, self.size)[:, ::-1]
        bits = np.unpackbits(rows, axis=1)[:, 8 * self.size - self.width :]
        return (bits | ord("0")).tobytes()

    def samples(self, recorded: bytes) -> Samples:
        """See `RowForm.samples`."""
        return from_words(recorded, self.width)
