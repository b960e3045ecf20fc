"""Checks of levels: values after reset and codes as design.yaml gives them, and levels that the model foretells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dv_agent.designs.epoch_runs import runs_of
from dv_agent.designs.rules.check_rules import CheckRules
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace
from dv_agent.runners.checks.failure import CheckFailure

MAX_EACH = 3
_SHOWN = 8


def level_failures(rules: CheckRules, trace: Trace) -> Iterator[CheckFailure]:
    """Return the failures of `CheckRules.reset` and `CheckRules.codes`, signal by signal; X and Z fail both."""
    settled = _settled(trace)
    for signal, value in rules.reset.items():
        if signal in trace.signals:
            values, unknown = _words(trace, signal)
            for row in _first_rows(settled & ((values != value) | unknown)):
                seen = "X or Z" if unknown[row] else f"{values[row]}"
                yield CheckFailure(
                    check="reset_value", cycle=row, field=signal, expected=value,
                    seen=None if unknown[row] else int(values[row]),
                    message=f"{signal} is {seen} after reset, expected {value}",
                )  # fmt: skip
    for signal, codes in rules.codes.items():
        if signal in trace.signals:
            values, unknown = _words(trace, signal)
            for row in _first_rows(~trace.in_reset & (~np.isin(values, codes) | unknown)):
                seen = "X or Z" if unknown[row] else f"{values[row]}"
                known = ", ".join(str(code) for code in codes[:_SHOWN]) + (", ..." if len(codes) > _SHOWN else "")
                yield CheckFailure(
                    check="code", cycle=row, field=signal, seen=None if unknown[row] else int(values[row]),
                    message=f"{signal} is {seen}, which does not occur by the specification (only {known})",
                )  # fmt: skip


def foretold_failures(levels: Mapping[str, IntColumn], rules: CheckRules, trace: Trace) -> Iterator[CheckFailure]:
    """Return the differences from `Observation.levels`: of each reset epoch the first cycle that has any.

    Later cycles follow from it. What `level_failures` reports is left out.
    """
    settled = _settled(trace)
    wrong = {name: _differs(levels[name], trace, name) & ~(settled & (name in rules.reset)) for name in levels}
    if not wrong:
        return
    rows = np.flatnonzero(np.logical_or.reduce([*wrong.values()]))
    firsts = runs_of(trace.epoch[rows]).first
    for row in rows[firsts][:MAX_EACH].tolist():
        for name in (one for one in wrong if wrong[one][row]):
            values, unknown = _words(trace, name)
            seen, expected = None if unknown[row] else int(values[row]), int(levels[name][row])
            message = f"{name} is {'X or Z' if seen is None else seen}, the model foretells {expected}"
            yield CheckFailure(check="level", cycle=row, field=name, expected=expected, seen=seen, message=message)


def _differs(level: IntColumn, trace: Trace, name: str) -> BoolColumn:
    values, unknown = _words(trace, name)
    return np.asarray((values != level) | unknown)


def _settled(trace: Trace) -> BoolColumn:
    """Return bool[cycles]: values are sampled before the edge, so what an edge in reset sets is seen a cycle later."""
    return np.concatenate([np.ones(1, np.bool_), trace.in_reset[:-1]])[: trace.cycles]


def _words(trace: Trace, signal: str) -> tuple[IntColumn, BoolColumn]:
    """Return the values of `signal` (of a wide one, its low 62 bits) and where they are X or Z."""
    values = trace.signals[signal]
    if values.ndim > 1:
        values = values[:, 0] + (values[:, 1] << 32) * (values.shape[1] > 1)
    return values, trace.unknown.get(signal, np.zeros(trace.cycles, np.bool_))


def _first_rows(wrong: BoolColumn) -> list[int]:
    """Return the first row of each of the first few runs of true."""
    before = np.concatenate([np.zeros(1, np.bool_), wrong[:-1]])[: len(wrong)]
    rows: list[int] = np.flatnonzero(wrong & ~before)[:MAX_EACH].tolist()
    return rows
