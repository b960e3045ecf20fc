"""The tool `find_cycles`: the cycles of a test in which a condition over pins and inner signals holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

import numpy as np
from numpy.typing import NDArray

from dv_agent.agents.toolbox.arguments import FindCycles
from dv_agent.agents.toolbox.inner_signals import MAX_CYCLES
from dv_agent.agents.toolbox.show_waveform import Waves, signed_pins
from dv_agent.agents.toolbox.text import ToolError, fenced_data, unknown_name
from dv_agent.designs.design import Design
from dv_agent.designs.language.expression import Expression, parse
from dv_agent.designs.language.expression_nodes import ExpressionError
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import IntColumn, Trace

PAGE = 40
WIDEST = 63
_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def find_cycles(design: Design, waves: Waves, test: Test, asked: FindCycles, room: int) -> str:
    """Return the stretches of cycles in which the condition is not 0.

    Cycles with X do not count, and those in reset only if the condition names a reset.

    Raises:
        ToolError: the condition is wrong, or names a signal that does not exist.
        DvAgentError: inner signals are not available.
    """
    paths = {f"path_{number}": path for number, path in enumerate(dict.fromkeys(_PATH.findall(asked.condition)))}
    text = asked.condition
    for name, path in sorted(paths.items(), key=lambda one: -len(one[1])):
        text = re.sub(rf"(?<![\w.]){re.escape(path)}(?![\w.])", name, text)
    try:
        condition = parse(text)
    except ExpressionError as error:
        raise ToolError(f"condition: {error}") from None
    trace = waves.trace(test)
    columns, known = _columns(design, waves, test, trace, condition, paths)
    cycles = len(known)
    if asked.first_cycle >= cycles:
        raise ToolError(f"first_cycle: test {asked.test} can be searched in cycles 0 to {cycles - 1}")
    value = condition.evaluate_columns({name: one[:cycles] for name, one in columns.items()}) != 0
    value = np.broadcast_to(value, (cycles,)) & known
    pins = {paths.get(name, name).removeprefix(f"{design.top}.") for name in condition.names()}
    in_reset = trace.in_reset[:cycles] & (not pins & {one.signal for one in design.resets})
    holds = value & ~in_reset
    stretches = _stretches(np.flatnonzero(holds[asked.first_cycle :]) + asked.first_cycle)
    searched = f"test {asked.test}, cycles {asked.first_cycle} to {cycles - 1} of {trace.cycles}"
    if not stretches:
        first = asked.first_cycle
        why = _why_never(design, pins, int((value & in_reset)[first:].sum()), int((~known[first:]).sum()))
        return f"{searched}: it never holds{why}"
    lines = [f"{low}" if low == high else f"{low} to {high}" for low, high in stretches[:PAGE]]
    rest = f"\n{len(stretches) - PAGE} more stretches; go on with first_cycle" if len(stretches) > PAGE else ""
    total = sum(high - low + 1 for low, high in stretches)
    return fenced_data(f"{searched}: it holds in {counted(total, 'cycle')}", "\n".join(lines), room - 400) + rest


def _columns(
    design: Design, waves: Waves, test: Test, trace: Trace, condition: Expression, paths: Mapping[str, str]
) -> tuple[dict[str, IntColumn], NDArray[np.bool_]]:
    """Return the column of each name, and the cycles in which none of them is X."""
    columns: dict[str, IntColumn] = {}
    known = np.ones(trace.cycles, dtype=np.bool_)
    signed = signed_pins(design)
    inner = {}
    for name in condition.names():
        path = paths.get(name, name).removeprefix(f"{design.top}.")
        if path not in trace.signals:
            inner[name] = path
            continue
        if trace.signals[path].ndim > 1:
            raise ToolError(f"{path} is wider than {WIDEST} bits; name a narrower signal")
        column = trace.signals[path].astype(np.int64)
        bits = signed.get(path, 0)
        columns[name] = np.where(column >> (bits - 1) & 1, column - (1 << bits), column) if bits else column
        if path in trace.unknown:
            known &= ~trace.unknown[path]
    if inner:
        shown = waves.inner(test, list(inner.values()), min(trace.cycles, MAX_CYCLES))
        for name, path in inner.items():
            if path not in shown.values:
                raise unknown_name("signal", path, [*trace.signals, *shown.widths], "Inner ones by instance path.")
            columns[name], certain = _inner(shown.values[path])
            most = min(len(known), len(certain))
            known = known[:most] & certain[:most]
    return columns, known


def _why_never(design: Design, pins: Set[str], in_reset: int, unknown: int) -> str:
    """Return what may be the reason that a condition over `pins` holds in no cycle that counts.

    Args:
        in_reset: number of cycles in reset in which it holds.
        unknown: number of cycles in which one of its signals is X.
    """
    said = []
    if in_reset:
        cycles = counted(in_reset, "cycle")
        said.append(f"it does in {cycles} in reset: such cycles count only if the condition names the reset")
    if unknown:
        said.append(f"{counted(unknown, 'cycle')} with X on one of its signals: not counted")
    if pins & {one.signal for one in design.resets}:
        said.append("the reset that every test begins with lies before cycle 0")
    if pins & {one.signal for one in design.all_clocks.values()}:
        said.append("a clock reads 0, since all is sampled just before it rises")
    return "".join(f"; {one}" for one in said)


def _inner(texts: tuple[str, ...]) -> tuple[IntColumn, NDArray[np.bool_]]:
    """Return the values of a signal, and where none of its bits is X or Z."""
    if any(len(one) > WIDEST for one in texts[:1]):
        raise ToolError(f"a signal wider than {WIDEST} bits cannot be compared; name a narrower one")
    certain = np.array([not set(one) - {"0", "1"} for one in texts], dtype=np.bool_)
    values = [int(one, 2) if good else 0 for one, good in zip(texts, certain.tolist(), strict=True)]
    return np.array(values, dtype=np.int64), certain


def _stretches(cycles: IntColumn) -> list[tuple[int, int]]:
    if not len(cycles):
        return []
    breaks = np.flatnonzero(np.diff(cycles) > 1)
    return list(zip(cycles[[0, *(breaks + 1)]].tolist(), cycles[[*breaks, -1]].tolist(), strict=True))
