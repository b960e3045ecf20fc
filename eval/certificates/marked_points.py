"""Points of code coverage as marks: what a proof asks about each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dv_agent.coverage.code.points import CodePoint
from dv_agent.designs.code.counter import CodeCounter
from dv_agent.designs.code.marking import MarkedBranch, MarkedBranches, Unread, marked_branches, marked_files
from dv_agent.designs.design import Design
from dv_agent.designs.properties.monitor import MONITOR, Monitor
from dv_agent.errors import BuildError
from dv_agent.runners.formal.netlist import Marks, Netlist, build_netlist
from dv_agent.runners.formal.playable.drivers import Beats
from dv_agent.runners.formal.reading_script import MARK

NOTHING = Monitor(
    f"module {MONITOR}(input clock, input started, input unknown, output hit);\n  assign hit = 1'b0;\nendmodule\n",
    (), 0, (),
)  # fmt: skip
_SIGNALS = 1_000_000  # the marks of signals are numbered from here, two for each
_PATH = re.compile(r"dut(\.[A-Za-z_][A-Za-z0-9_$]*(\[\d+\])?)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_UNSETTLED = "a loop of signals without a register leads to it: a simulator counts what does not last there"
_NO_MARK = {
    "line": "no branch of statements of its own was found for it",
    "branch": "no statement was found at which its condition can be asked about",
    "expression": "its terms cannot be asked about at a statement",
    "toggle": "the signal cannot be named from outside",
}


@dataclass(frozen=True, slots=True)
class MarkedPoints:
    """The circuit of a design with marks.

    Attributes:
        netlist: None if the RTL cannot be read; then `reasons` has the same text for all.
        asked: index of a point -> its properties: a point is unreachable if one of them is.
        reasons: index of a point without any -> why.
    """

    netlist: Netlist | None
    asked: Mapping[int, tuple[str, ...]]
    reasons: Mapping[int, str]


def mark_points(
    design: Design, points: Sequence[CodePoint], wanted: Sequence[int], beats: Beats | None = None
) -> MarkedPoints:
    """Mark the points `wanted` (their indices) in copies of the RTL, and read those into a circuit.

    Args:
        beats: see `build_netlist`.

    Raises:
        PrerequisiteError: the extra `formal` is missing.
    """
    found = marked_branches(design, [_counter(one) for one in points])
    unsettled = dict.fromkeys([index for index in wanted if index in found.unsettled], _UNSETTLED)
    wanted = [index for index in wanted if index not in unsettled]
    chosen = [one for one in found.branches if one.counter in {*wanted}]
    beside, of_signal = _beside(points, wanted)
    try:
        marks = Marks(_texts(design, chosen, found.unread), beside)
        netlist = build_netlist(design, NOTHING, marks, beats=beats)
    except BuildError as error:
        return MarkedPoints(None, {}, unsettled | dict.fromkeys(wanted, " ".join(str(error).split())[:400]))
    known = netlist.circuit.properties
    asked: dict[int, tuple[str, ...]] = {}
    asked |= {one.counter: (f"{MARK}{one.counter}",) for one in chosen if f"{MARK}{one.counter}" in known}
    asked |= {index: names for index, names in of_signal.items() if all(name in known for name in names)}
    reasons = unsettled | {index: _NO_MARK[points[index].kind] for index in wanted if index not in asked}
    for index in [index for index, names in asked.items() if _reads_clock(netlist, names)]:
        del asked[index]
        reasons[index] = "it depends on the level of the clock"
    return MarkedPoints(netlist, asked, reasons)


def _texts(design: Design, branches: Sequence[MarkedBranch], unread: tuple[Unread, ...]) -> dict[str, tuple[str, ...]]:
    """Return the marked files: with all marks, then without those of conditions, which yosys may not understand."""
    plain = tuple(one for one in branches if not one.condition)
    every = marked_files(design, MarkedBranches(branches=tuple(branches), unread=unread), _mark)
    fewer = marked_files(design, MarkedBranches(branches=plain, unread=unread), _mark)
    return {name: (text, *([fewer[name]] if name in fewer else [])) for name, text in every.items()}


def _mark(number: int, condition: str) -> str:
    return f"{MARK}{number}: assert({f'!({condition})' if condition else '0'});"


def _reads_clock(netlist: Netlist, names: Sequence[str]) -> bool:
    circuit = netlist.circuit
    return netlist.clock >= 0 and 1 + netlist.clock in circuit.cone([circuit.properties[name] for name in names])


def _counter(one: CodePoint) -> CodeCounter:
    return CodeCounter(
        index=None, kind=one.kind, file=one.file, line=one.line, column=one.column, module=one.module,
        instance=one.instances[0] if one.instances else "dut", comment=one.text,
    )  # fmt: skip


def _beside(points: Sequence[CodePoint], wanted: Sequence[int]) -> tuple[tuple[str, ...], dict[int, tuple[str, ...]]]:
    """Return lines that ask whether some bit of a signal is ever 1, and ever 0: without both it does not change."""
    lines, found = [], {}
    for index in wanted:
        one = points[index]
        named = one.kind == "toggle" and _NAME.fullmatch(one.text) and one.count == len(one.instances)
        if not named or not all(_PATH.fullmatch(path) for path in one.instances):
            continue
        names = []
        for place, sign in enumerate(("|", "~&")):
            name = f"{MARK}{_SIGNALS + 2 * index + place}"
            value = " || ".join(f"({sign}{path}.{one.text})" for path in one.instances)
            lines.append(f"  always_comb begin : {name}_block {name}: assert(!({value})); end")
            names.append(name)
        found[index] = tuple(names)
    return tuple(lines), found
