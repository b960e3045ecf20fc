"""Checks of levels: values after reset and codes as design.yaml gives them, and levels that the model foretells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dv_agent.designs.rules.check_rules import CheckRules
from dv_agent.designs.trace import BoolColumn, IntColumn, Trace
from dv_agent.runners.checks.failure import CheckFailure
from dv_agent.runners.checks.rules.epoch_runs import runs_of

MAX_EACH = 3
_SHOWN = 8


def level_failures(rules: CheckRules, trace: Trace) -> Iterator[CheckFailure]:
    """Return the failures of `CheckRules.reset` and `CheckRules.codes`, signal by signal; X and Z fail both."""
    settled = np.flatnonzero(_settled(trace))
    for signal, value in rules.reset.items():
        if signal in trace.signals:
            values, unknown = _words(trace, signal)
            for row in _first_of_runs(settled[_or_unknown(values != value, unknown)[settled]]):
                seen = "X or Z" if unknown is not None and unknown[row] else f"{values[row]}"
                yield CheckFailure(
                    check="reset_value", cycle=row, field=signal, expected=value,
                    seen=None if unknown is not None and unknown[row] else int(values[row]),
                    message=f"{signal} is {seen} after reset, expected {value}",
                )  # fmt: skip
    for signal, codes in rules.codes.items():
        if signal in trace.signals:
            values, unknown = _words(trace, signal)
            for row in _first_of_runs(np.flatnonzero(_or_unknown(_in_none(values, codes), unknown) & ~trace.in_reset)):
                seen = "X or Z" if unknown is not None and unknown[row] else f"{values[row]}"
                known = ", ".join(str(code) for code in codes[:_SHOWN]) + (", ..." if len(codes) > _SHOWN else "")
                yield CheckFailure(
                    check="code", cycle=row, field=signal,
                    seen=None if unknown is not None and unknown[row] else int(values[row]),
                    message=f"{signal} is {seen}, which does not occur by the specification (only {known})",
                )  # fmt: skip


def foretold_failures(levels: Mapping[str, IntColumn], rules: CheckRules, trace: Trace) -> Iterator[CheckFailure]:
    """Return the differences from `Observation.levels`: of each reset epoch the first cycle that has any.

    Later cycles follow from it. What `level_failures` reports is left out.
    """
    if not levels:
        return
    loose = ~_settled(trace)
    wrong = {name: _differs(levels[name], trace, name) for name in levels}
    wrong = {name: differs & loose if name in rules.reset else differs for name, differs in wrong.items()}
    rows = np.flatnonzero(np.logical_or.reduce([*wrong.values()]))
    firsts = runs_of(trace.epoch[rows]).first
    for row in rows[firsts][:MAX_EACH].tolist():
        for name in (one for one in wrong if wrong[one][row]):
            values, unknown = _words(trace, name)
            seen = None if unknown is not None and unknown[row] else int(values[row])
            expected = int(levels[name][row])
            message = f"{name} is {'X or Z' if seen is None else seen}, the model foretells {expected}"
            yield CheckFailure(check="level", cycle=row, field=name, expected=expected, seen=seen, message=message)


def _differs(level: IntColumn, trace: Trace, name: str) -> BoolColumn:
    values, unknown = _words(trace, name)
    return _or_unknown(values != level, unknown)


def _in_none(values: IntColumn, codes: Sequence[int]) -> BoolColumn:
    """Return bool[cycles], whether a value is none of `codes`."""
    if len(codes) > _SHOWN:
        return ~np.isin(values, codes)
    wrong = np.ones(len(values), np.bool_)
    for code in codes:
        wrong &= values != code
    return wrong


def _or_unknown(wrong: BoolColumn, unknown: BoolColumn | None) -> BoolColumn:
    return wrong if unknown is None else np.asarray(wrong | unknown)


def _settled(trace: Trace) -> BoolColumn:
    """Return bool[cycles]: values are sampled before the edge, so what an edge in reset sets is seen a cycle later."""
    return np.concatenate([np.ones(1, np.bool_), trace.in_reset[:-1]])[: trace.cycles]


def _words(trace: Trace, signal: str) -> tuple[IntColumn, BoolColumn | None]:
    """Return the values of `signal` (of a wide one, its low 62 bits) and where they are X or Z; None: nowhere."""
    values = trace.signals[signal]
    if values.ndim > 1:
        values = values[:, 0] + (values[:, 1] << 32) * (values.shape[1] > 1)
    return values, trace.unknown.get(signal)


def _first_of_runs(rows: IntColumn) -> list[int]:
    """Return the first row of each of the first few runs of rows that follow each other."""
    if not len(rows):
        return []
    begins: list[int] = rows[np.diff(rows, prepend=rows[0] - 2) != 1][:MAX_EACH].tolist()
    return begins
