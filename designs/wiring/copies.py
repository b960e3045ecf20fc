"""Equal ports whose signals are packed in vectors: `count` copies of one port are declared at once.

Copy i of a port P is the port ``P<i>``, with these signals:

* ``x`` (valid, ready, last, enable; one bit each) is ``x[i]``;
* a field of b bits (width times lanes) on ``x`` is ``x[i*b+b-1 : i*b]``;
* ``x{}`` is element i of an unpacked array, ``x{i}``.

So ``s`` with ``count: 2``, valid ``s_tvalid`` and a field of 8 bits on ``s_tdata`` becomes ``s0`` (``s_tvalid[0]``,
``s_tdata[7:0]``) and ``s1`` (``s_tvalid[1]``, ``s_tdata[15:8]``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel

from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.wiring.signal_slice import Signal

Model = TypeVar("Model", bound=BaseModel)
_Change = Callable[[Signal, int], Signal]


def copy_of(port: Model, index: int) -> Model:
    """Return copy `index` of a port with a count.

    Raises:
        ValueError: a signal of the port is a slice or an element already.
    """
    changed: Model = _changed(port, lambda signal, bits: _signal(signal, bits, index))
    return changed.model_copy(update={"count": None})


def signals_in(value: Any) -> Iterator[Signal]:
    """Yield every signal in a part of a port."""
    if isinstance(value, Signal):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from signals_in(getattr(value, name))
    elif isinstance(value, dict):
        for one in value.values():
            yield from signals_in(one)


def _signal(signal: Signal, bits: int, index: int) -> Signal:
    if signal.is_open:
        return Signal(signal.replace("{}", f"{{{index}}}"))
    base, elements, high, _ = signal.parts
    if elements or high is not None:
        raise ValueError(
            f"{str(signal)!r} in a port with a count: write the whole vector, or {base}{{}} for one element each"
        )
    low = index * bits
    return Signal(f"{base}[{low}]" if bits == 1 else f"{base}[{low + bits - 1}:{low}]")


def _changed(value: Any, change: _Change) -> Any:
    """Return a copy of a part of a port in which every signal is changed."""
    if isinstance(value, FieldSpec):
        return value.model_copy(update={"signal": change(value.signal, value.bits)})
    if isinstance(value, BaseModel):
        parts = {name: _changed(getattr(value, name), change) for name in type(value).model_fields}
        return value.model_copy(update=parts)
    if isinstance(value, dict):
        return {key: _changed(one, change) for key, one in value.items()}
    return change(value, 1) if isinstance(value, Signal) else value
