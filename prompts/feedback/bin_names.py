"""Compact lists of bin names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.structure import Bin
from dv_agent.coverage.values import range_text

MOST = 150


def compact_names(bins: Sequence[Bin], most: int = MOST) -> str:
    """Return the names of `bins` of one coverpoint or cross.

    Cross bins are grouped by all members but the last: ``-8: 0..3, 6; -7: 0``. If a name does not express its values,
    they follow it: ``greatest = 29952``.
    """
    shown, rest = bins[:most], len(bins) - most
    if shown and shown[0].kind == "cross":
        groups = groupby(shown, key=lambda one: one.members[:-1])
        text = "; ".join(_prefixed(prefix, [one.members[-1] for one in members]) for prefix, members in groups)
    else:
        text = ", ".join(joined([_with_values(one) for one in shown]))
    return f"{text} ... {rest} more" if rest > 0 else text


def joined(names: Iterable[str]) -> list[str]:
    """Return `names` with runs of three or more successive integers written as ``first..last``."""
    result: list[str] = []
    run: list[int] = []
    for name in names:
        value = int(name) if name.lstrip("-").isdigit() and name.isascii() else None
        if run and value != run[-1] + 1:
            result.extend(_run(run))
            run = []
        if value is None:
            result.append(name)
        else:
            run.append(value)
    return result + _run(run)


def values_text(one: Bin) -> str:
    """Return the values of a bin, or the steps of a transition: ``1..6``, ``8 > 7 > 6``; repeated steps are counted."""
    sets = [f"({values})" if len(values.ranges) > 1 else str(values) for values in one.values]
    steps = [(text, len(list(same))) for text, same in groupby(sets)]
    return " > ".join(text if count == 1 else f"{text} x{count}" for text, count in steps)


def _run(run: list[int]) -> list[str]:
    return [range_text(run[0], run[-1])] if len(run) > 2 else [str(value) for value in run]


def _prefixed(prefix: tuple[str, ...], last: list[str]) -> str:
    return f"{' x '.join(prefix)}: {', '.join(joined(last))}" if prefix else ", ".join(joined(last))


def _with_values(one: Bin) -> str:
    if one.covergroup == CODE:
        return one.name
    values = values_text(one)
    return one.name if values == one.name else f"{one.name} = {values}"
