"""The words of section 3 of the specification: registers, bits, and states."""

from __future__ import annotations

ID, CTRL, STATUS, ERROR, MASK, STATE, ARB, COUNT, JOB0, JOB1, EXP0, EXP1, CREDIT, COAL = range(14)
READ_ONLY = (ID, STATE, COUNT)
IDENTITY = 0x56495431
OKAY, SLVERR = 0, 2
REFUSED, OVERLONG, LOAD, RANGE, ADDRESS = 0, 2, 4, 5, 7  # bits of ERROR
DONE, ABORTED = 0, 2  # bits of STATUS
KILLED, BAD = 1, 2  # bits of a marker
WEIGHTS, FACTORS, KEYS, NORM_SET = range(4)  # kinds of a load
IDLE, ACCEPTING, DRAINING, ABORTING = range(4)  # phases of a context
SLOTS = 4
MOST_CREDITS = 63
NONE = -1


def refuses_write(word: int) -> bool:
    """Return whether a write to this word is answered with an error."""
    return word in READ_ONLY or word > COAL


def merged(held: int, word: int, data: int, strb: int) -> int:
    """Return a job or exponent register after a write."""
    mask = (255 if strb & 1 else 0) | (0xFF00 if strb & 2 else 0)
    return (held & ~mask | data & mask) & (0xFFF if word >= EXP0 else 0x7FFF)


def signed(value: int, width: int) -> int:
    """Return the low bits of a number as a signed one."""
    low = value & ((1 << width) - 1)
    return low - (1 << width) if low >> (width - 1) else low
