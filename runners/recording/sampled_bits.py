"""The sampled bits of a test in words, and the values of its signals, each made when it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.trace import BoolColumn, IntColumn, sign_extended

WORD = 32
"""Bits of a word."""
_ZERO, _ONE = ord("0"), ord("1")
_BYTES = WORD // 8


@dataclass(frozen=True, slots=True)
class Samples:
    """All samples of a test.

    Attributes:
        words: uint32[words + 1, cycles], bit 0 of a sample in the lowest bit of the first word; X and Z are 0, and so
            is the last word, so that two neighbours can always be read.
        strange: bool[cycles, width], where a bit is X or Z, in the order of text; None if none is.
        width: bits of a sample.
    """

    words: NDArray[np.uint32]
    strange: BoolColumn | None
    width: int

    @property
    def cycles(self) -> int:
        """The number of samples."""
        return int(self.words.shape[1])

    def bit(self, place: int) -> BoolColumn:
        """Return bool[cycles], whether a bit is 1. Args: place: its index in the text of a sample."""
        low = self.width - 1 - place
        return np.asarray(self.words[low // WORD] & np.uint32(1 << low % WORD), np.bool_)

    def values(self, first: int, width: int) -> IntColumn:
        """Return a signal in the form of `Trace.signals`. Args: first: index of its highest bit in the text."""
        low = self.width - first - width
        if width < 64:
            return self._numbers(low, width).astype(np.int64)
        parts = [self._numbers(low + done, min(WORD, width - done)) for done in range(0, width, WORD)]
        return np.stack(parts, axis=1).astype(np.int64)

    def field(self, first: int, spec: FieldSpec, rows: IntColumn) -> IntColumn:
        """Return int64[rows], or int64[rows, lanes] if `spec` has lanes: the field in some of the cycles.

        Args:
            first: index of the highest bit of its signal in the text of a sample.
        """
        low = self.width - first - spec.bits
        lows = np.arange(low, low + spec.bits, spec.width)
        shift = (lows % WORD).astype(np.uint64)[:, None]
        place = lows // WORD
        kept = self.words[place[0] : place[-1] + 3, rows].astype(np.uint64)
        place -= place[0]
        values = (kept[place] | kept[place + 1] << np.uint64(WORD)) >> shift
        if int(shift.max()) + spec.width > 2 * WORD:
            # Where the shift is 0, nothing is taken from a third word: a shift by all bits of a number is undefined.
            third = np.vstack([kept, np.zeros((1, len(rows)), np.uint64)])[place + 2]
            values |= np.where(shift > 0, third << (np.uint64(2 * WORD) - np.maximum(shift, np.uint64(1))), 0)
        if spec.width < 64:
            values &= np.uint64((1 << spec.width) - 1)
        found = with_sign(values.view(np.int64), spec)
        return found[0] if spec.lanes == 1 else np.ascontiguousarray(found.T)

    def _numbers(self, low: int, width: int) -> NDArray[np.uint32] | NDArray[np.uint64]:
        """Return a number of at most 63 bits."""
        place, shift = divmod(low, WORD)
        words = self.words[place]
        if shift + width <= WORD:
            words = words >> np.uint32(shift) if shift else words
            return np.asarray(words & np.uint32((1 << width) - 1) if width < WORD else words)
        wide = words.astype(np.uint64) | self.words[place + 1].astype(np.uint64) << np.uint64(WORD)
        wide >>= np.uint64(shift)
        if shift + width > 2 * WORD:
            wide |= self.words[place + 2].astype(np.uint64) << np.uint64(2 * WORD - shift)
        return np.asarray(wide & np.uint64((1 << width) - 1))


class SampledSignals(Mapping[str, IntColumn]):
    """The signals of a test in the form of `Trace.signals`.

    Args:
        places: signal -> (index of its highest bit in the text of a sample, width).
    """

    def __init__(self, samples: Samples, places: Mapping[str, tuple[int, int]]) -> None:
        self._samples, self._places = samples, places
        self._found: dict[str, IntColumn] = {}

    def __getitem__(self, name: str) -> IntColumn:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._samples.values(*self._places[name])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def with_sign(values: IntColumn, spec: FieldSpec) -> IntColumn:
    """Return unsigned values as the field has them."""
    if not spec.signed or spec.width >= 64:
        return values
    return sign_extended(values, spec.width)


def from_text(rows: bytes, width: int) -> Samples:
    """Return the samples in consecutive rows of `width` characters of ``01xz``, most significant bit first."""
    cycles = len(rows) // width
    text = np.frombuffer(rows, np.uint8, cycles * width).reshape(cycles, width)
    ones = text == _ONE
    strange = ~ones & (text != _ZERO)
    packed = np.packbits(ones[:, ::-1], axis=1, bitorder="little")
    return Samples(_columns(packed), strange if strange.any() else None, width)


def from_words(recorded: bytes, width: int) -> Samples:
    """Return the samples in consecutive rows of words of 32 bits, least significant word and byte first."""
    size = -(-width // WORD) * _BYTES
    cycles = len(recorded) // size
    return Samples(_columns(np.frombuffer(recorded, np.uint8, cycles * size).reshape(cycles, size)), None, width)


def _columns(octets: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return uint32[words + 1, cycles] from uint8[cycles, n], least significant byte first."""
    cycles, count = octets.shape
    words = -(-count // _BYTES)
    if count % _BYTES:
        full = np.zeros((cycles, words * _BYTES), np.uint8)
        full[:, :count] = octets
        octets = full
    columns = np.zeros((words + 1, cycles), np.uint32)
    columns[:words] = octets.view("<u4").T
    return columns
