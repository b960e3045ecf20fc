"""The tool `explain_failure`: all failed checks of a test; of one of them the output, what was due, and its inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dv_agent.agents.toolbox.arguments import ExplainFailure
from dv_agent.agents.toolbox.inspection.expectations import Expectations
from dv_agent.agents.toolbox.text import ToolError, fenced_data
from dv_agent.designs.design import Design
from dv_agent.designs.packet_columns import begins_packet
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import IntColumn, Transfers
from dv_agent.runners.checks.failure import CheckFailure

BEATS = 16
_MARGIN = 400


def explain_failure(design: Design, found: Expectations, asked: ExplainFailure, room: int) -> str:
    """Return the failed checks of a test, numbered, and one of them in detail.

    Raises:
        ToolError: the test fails no check, or has no such failure.
    """
    if not found.failures:
        raise ToolError(f"test {asked.test} fails no check")
    if asked.number >= len(found.failures):
        raise ToolError(f"number: test {asked.test} has failures 0 to {len(found.failures) - 1}")
    lines = [f"{number}: {one.told[:300]}" for number, one in enumerate(found.failures)]
    lines += ["", f"failure {asked.number}:", *_details(design, found, found.failures[asked.number])]
    return fenced_data(f"failed checks of test {asked.test}", "\n".join(lines), room - _MARGIN)


def _details(design: Design, found: Expectations, failure: CheckFailure) -> Iterator[str]:
    due = found.expected.get(failure.port)
    if due is None or failure.index is None:
        yield "no transfer of an output: look at the waveform around its cycle"
        return
    seen = found.trace.accepted[failure.port]
    if failure.index < len(seen):
        yield f"{failure.port}, transfer {failure.index}, cycle {int(seen.cycle[failure.index])}"
        yield f"  came: {_beat(seen.columns, failure.index)}"
    if failure.index >= len(due):
        yield "  due: nothing, no input had asked for it"
        return
    yield f"  due:  {_beat(due.columns, failure.index)}"
    cause = int(due.cause_cycle[failure.index])
    yield f"the input that completes it was accepted in cycle {cause}"
    for stream in design.streams:
        accepted = found.trace.accepted.get(stream.key)
        if accepted is None or stream.key in found.expected:
            continue
        yield from _inputs(stream.key, accepted, cause)


def _inputs(name: str, accepted: Transfers, cause: int) -> Iterator[str]:
    last = int(np.searchsorted(accepted.cycle, cause, side="right")) - 1
    if last < 0:
        return
    first = last
    if "last" in accepted.columns:
        begins = begins_packet(accepted.columns["last"], accepted.epoch)
        first = int(np.flatnonzero(begins[: last + 1])[-1])
    shown = range(max(first, last - BEATS + 1), last + 1)
    number = int((accepted.columns["last"][:first] != 0).sum()) if "last" in accepted.columns else last
    what = f"packet {number}" if "last" in accepted.columns else f"transfer {number}"
    yield f"{name}, {what}, {counted(last - first + 1, 'transfer')} up to then:"
    yield from (f"  cycle {int(accepted.cycle[at])}: {_beat(accepted.columns, at)}" for at in shown)


def _beat(columns: dict[str, IntColumn], at: int) -> str:
    return ", ".join(f"{name} {column[at].tolist()}" for name, column in columns.items())
