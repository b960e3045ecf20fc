"""A signal of the top module as design.yaml names it: a port, a slice of one, or an element of an unpacked array."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

OPEN = -1
MOST_BITS = 1 << 16
MOST_ELEMENTS = 1 << 12
_FORM = re.compile(
    r"([A-Za-z_][A-Za-z0-9_]{0,63})((?:\{[0-9]{0,4}\}){0,4})(?:\[([0-9]{1,5})(?::([0-9]{1,5}))?\])?", re.ASCII
)
_EXPECTED = "expected a name such as valid, valid[3], data[7:4], or word{2} for an element of an unpacked array"


class Parts(NamedTuple):
    """A signal taken apart.

    Attributes:
        base: the port of the top module.
        elements: position in each unpacked dimension, outermost first, counted from the left of its declaration;
            `OPEN` for ``{}``.
        high, low: the bits, counted from the least significant one; both None for all bits.
    """

    base: str
    elements: tuple[int, ...]
    high: int | None
    low: int | None


class Signal(str):
    """A signal: ``name``, ``name[3]``, ``name[7:4]``, ``name{2}``, or ``name{2}[7:4]``.

    Bits are counted from the least significant one, which is 0 however the port is declared, and elements from the
    left of the declaration: ``name{0}`` is ``name[0]`` of a port declared ``name [4]`` or ``name [0:3]``.
    """

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as text of this form."""
        del source, handler
        text = core_schema.str_schema(max_length=120)
        return core_schema.no_info_after_validator_function(cls._checked, text)

    @classmethod
    def _checked(cls, text: str) -> Signal:
        parts = split(text)
        if parts.high is not None and parts.low is not None and not 0 <= parts.high - parts.low < MOST_BITS:
            raise ValueError(f"{text!r}: a slice is written [high:low], with high >= low")
        return cls(text)

    @property
    def parts(self) -> Parts:
        """The parts of the name."""
        return split(self)

    @property
    def base(self) -> str:
        """The port of the top module that it belongs to."""
        return split(self).base

    @property
    def is_open(self) -> bool:
        """Whether the number of an element is left open, for a port with a count to fill in."""
        return OPEN in split(self).elements

    @property
    def width(self) -> int | None:
        """Bits of the slice; None if it is none."""
        _, _, high, low = split(self)
        return None if high is None or low is None else high - low + 1

    @property
    def wire(self) -> str:
        """The same signal in Verilog, such as ``word[2][7:4]``."""
        base, elements, high, low = split(self)
        bits = "" if high is None else f"[{high}]" if high == low else f"[{high}:{low}]"
        return base + "".join(f"[{element}]" for element in elements) + bits


@lru_cache(maxsize=4096)
def split(text: str) -> Parts:
    """Take the name of a signal apart.

    Raises:
        ValueError: it does not have this form.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:80]!r} names no signal; {_EXPECTED}")
    elements = tuple(int(one) if one else OPEN for one in re.findall(r"\{([0-9]*)\}", found[2]))
    if any(one >= MOST_ELEMENTS for one in elements):
        raise ValueError(f"{text!r}: at most {MOST_ELEMENTS} elements")
    high = int(found[3]) if found[3] else None
    return Parts(found[1], elements, high, int(found[4]) if found[4] else high)


def _one_bit(signal: Signal) -> Signal:
    if signal.width not in (None, 1):
        raise ValueError(f"{str(signal)!r} has {signal.width} bits; one is expected")
    return signal


Bit = Annotated[Signal, AfterValidator(_one_bit)]
"""A signal of one bit."""
