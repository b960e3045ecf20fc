"""The ports of the top module as the wrapper declares them, worked out of the signals that design.yaml names.

Of a port that is named by slices only, the width is that of the highest bit named; a simulator refuses the wrapper if
the port is wider. Of an unpacked array, the size is that of the last element named.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.wiring.signal_slice import Signal
from dv_agent.errors import InputFileError

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Net:
    """A port of the top module.

    Attributes:
        width: bits of one element.
        elements: sizes of the unpacked dimensions, outermost first; empty for a plain vector.
    """

    name: str
    width: int
    elements: tuple[int, ...] = ()

    @property
    def declaration(self) -> str:
        """The declaration of its wire in the wrapper."""
        return f"wire {vector(self.width)}p_{self.name}{''.join(f' [0:{size - 1}]' for size in self.elements)};"

    def places(self) -> Iterator[tuple[int, ...]]:
        """Yield the position of every element; one empty position for a plain vector."""
        return itertools.product(*map(range, self.elements))


def vector(width: int) -> str:
    """Return the range of a vector of `width` bits, such as ``[7:0] ``."""
    return f"[{width - 1}:0] "


def pin(signal: str) -> str:
    """Return the wire of a signal, or the part of it, such as ``p_data[7:4]``."""
    return f"p_{Signal(signal).wire}"


def nets_of(design: Design, sample: Mapping[str, tuple[int, int]]) -> dict[str, Net]:
    """Return the nets by name, in the order of their first signals.

    Args:
        sample: signal -> (place, bits); see `dv_agent.runners.build.wrappers.layout.Layout`.

    Raises:
        InputFileError: a port is named with two widths or shapes.
    """
    nets: dict[str, Net] = {}
    used = [(Signal(text), width) for text, (_, width) in sample.items()]
    used += [(signal, signal.width) for signal in design.ties if signal.width is not None]
    for signal, width in used:
        base, elements, high, _ = signal.parts
        whole = width if high is None else 0
        old = nets.get(base, Net(base, 0, (0,) * len(elements)))
        if len(old.elements) != len(elements):
            raise _error(design, f"{base} is named with and without elements of an unpacked array")
        sizes = tuple(max(size, place + 1) for size, place in zip(old.elements, elements, strict=True))
        nets[base] = Net(base, max(old.width, whole, 0 if high is None else high + 1), sizes)
    for signal, width in used:
        if signal.parts.high is None and width != nets[signal.base].width:
            raise _error(design, f"signal {signal.base} has two widths, {width} and {nets[signal.base].width}")
    return nets


def reject_bad_drivers(design: Design, driven: Iterable[tuple[Signal, int]], nets: Mapping[str, Net]) -> None:
    """Check that every bit of an input that is named has one driver.

    Args:
        driven: (signal, bits) of everything that the testbench drives, clocks, resets and ties included.

    Raises:
        InputFileError: a bit has two drivers, or a part of an input has none.
    """
    taken: dict[tuple[str, tuple[int, ...]], int] = {}
    for signal, bits in driven:
        base, elements, _, low = signal.parts
        mask = ((1 << bits) - 1) << (low or 0)
        if taken.get((base, elements), 0) & mask or (low is not None and _is_tied(design, base)):
            raise _error(design, f"signal {signal} would have two drivers")
        taken[base, elements] = taken.get((base, elements), 0) | mask
    open_bits = []
    for base in dict.fromkeys(base for base, _ in taken if base in nets):
        net = nets[base]
        for place in net.places():
            missing = ~taken.get((base, place), 0) & ((1 << net.width) - 1)
            element = "".join(f"{{{index}}}" for index in place)
            open_bits += [f"{base}{element}[{bit}]" for bit in range(net.width) if missing >> bit & 1]
    if open_bits:
        more = f" and {len(open_bits) - _SHOWN} more" if len(open_bits) > _SHOWN else ""
        raise _error(design, f"nothing drives {', '.join(open_bits[:_SHOWN])}{more}; add a port, or `ties`")


def _is_tied(design: Design, base: str) -> bool:
    return any(tied.base == base and tied.parts.high is None for tied in design.ties)


def _error(design: Design, message: str) -> InputFileError:
    return InputFileError(design.folder / "design.yaml", f"ports: {message}")
