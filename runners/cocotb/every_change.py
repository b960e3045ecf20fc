"""Calling a function at every change of a signal, without waking a task of cocotb each time: a third of its work.

Runs inside the simulator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocotb import simulator
from cocotb.triggers import ValueChange

Step = Callable[[], bool]
"""Returns whether it wants to be called at the next change too."""


async def at_every_change(signal: Any, step: Step) -> None:
    """Call `step` at each change of a signal, in the same region of the time step in which ``await`` goes on.

    Raises:
        Exception: what `step` raised.
    """
    if not all(hasattr(*one) for one in _USED):
        await _by_tasks(signal, step)
        return
    trigger = _EveryChange._make(signal)
    trigger.step, trigger.error = step, None
    await trigger
    if trigger.error:
        raise trigger.error


class _EveryChange(ValueChange):
    """Fires when its `step` wants no more."""

    step: Step
    error: Exception | None

    def _prime(self) -> None:
        self._cbhdl = simulator.register_value_change_callback(
            self.signal._handle, self._changed, simulator.VALUE_CHANGE
        )
        if self._cbhdl is None:
            raise RuntimeError(f"{self!r} cannot be waited for")

    def _changed(self) -> None:
        try:
            more = self.step()
        except Exception as error:
            self.error, more = error, False
        if more:
            self._prime()
        else:
            self._react()


async def _by_tasks(signal: Any, step: Step) -> None:
    changed = signal.value_change
    await changed
    while step():
        await changed


# Not part of cocotb's documented interface: without them a task is woken.
_USED = (
    (simulator, "register_value_change_callback"), (simulator, "VALUE_CHANGE"),
    (ValueChange, "_make"), (ValueChange, "_prime"), (ValueChange, "_react"),
)  # fmt: skip
