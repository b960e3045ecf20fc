"""The bins and exclusions of a plan as a monitor: a bit for each, high in the cycle in which it is hit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dv_agent.coverage.plan import Plan
from dv_agent.coverage.predicates.signal_tables import SignalTable, SignalTables
from dv_agent.coverage.predicates.verilog_numbers import Expressions, Lines, NotOverSignalsError
from dv_agent.coverage.predicates.watched_signals import Unknown
from dv_agent.coverage.structure import Covergroup, Coverpoint, Cross
from dv_agent.coverage.values import ValueSet
from dv_agent.designs.design import Design
from dv_agent.designs.properties.monitor import MONITOR, Monitor

Kind = Literal["bin", "ignored", "illegal"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A bin, or what a plan says is unreachable.

    Attributes:
        why: the argument of the plan.
        reason: why it is not over signals; empty if it is.
    """

    kind: Kind
    id: str
    why: str = ""
    reason: str = ""

    @property
    def key(self) -> str:
        """Its name among the properties: an exclusion may have the id of a bin."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class PlanMonitor:
    """A monitor of a plan.

    Attributes:
        claimed: all bins, ignored and illegal values, in the order of the plan.
        unknown: what each bit of the monitor's input ``unknown`` stands for.
    """

    monitor: Monitor
    claimed: tuple[Claimed, ...]
    unknown: tuple[Unknown, ...] = field(repr=False)


def plan_monitor(
    plan: Plan, design: Design, *, plain: bool, only: frozenset[str] | None = None, exact: bool = False
) -> PlanMonitor:
    """Return the monitor of a plan.

    Args:
        plain: whether the design has no model; see `SignalTables`.
        only: the keys to watch; None: all. The others are `claimed` all the same, with a reason.
        exact: whether counts without a bound are exact for long, because a test is searched; see `WatchedSignals`.
    """
    return _Maker(design, plain=plain, only=only, exact=exact).made(plan)


class _Maker:
    def __init__(self, design: Design, *, plain: bool, only: frozenset[str] | None, exact: bool) -> None:
        self._lines = Lines()
        self._tables = SignalTables(design, self._lines, plain=plain, exact=exact)
        self._only = only
        self._claimed: list[Claimed] = []
        self._hits: list[tuple[str, str]] = []
        self._expressions: dict[str, Expressions] = {}

    def made(self, plan: Plan) -> PlanMonitor:
        for group in plan.covergroups:
            self._group(group)
        signals = self._tables.watched.signals
        bits = sum(one.width for one in self._tables.watched.unknown)
        monitor = Monitor(
            text=self._text(bits), signals=tuple((name, width) for name, (_, width) in signals.items()), unknown=bits,
            properties=tuple(name for name, _ in self._hits),
        )  # fmt: skip
        return PlanMonitor(monitor, tuple(self._claimed), tuple(self._tables.watched.unknown))

    def _text(self, bits: int) -> str:
        signals = self._tables.watched.signals.values()
        ports = ["input clock", "input started", f"input [{max(bits, 1) - 1}:0] unknown"]
        ports += [f"input [{width - 1}:0] {name}" for name, width in signals]
        ports.append(f"output [{max(len(self._hits), 1) - 1}:0] hit")
        hits = [f"  assign hit[{index}] = {bit};" for index, (_, bit) in enumerate(self._hits)] or [
            "  assign hit = 1'b0;"
        ]
        return "\n".join([f"module {MONITOR}({', '.join(ports)});", *self._lines.text, *hits, "endmodule", ""])

    def _group(self, group: Covergroup) -> None:
        found: dict[str, dict[str, str]] = {}
        for point in group.coverpoints:
            found[point.name] = self._point(group, point)
        for cross in group.crosses:
            self._cross(group, cross, found)

    def _claim(self, kind: Kind, name: str, why: str, bit: str | NotOverSignalsError) -> None:
        if isinstance(bit, NotOverSignalsError):
            self._claimed.append(Claimed(kind, name, why, f"it {bit}"))
            return
        one = Claimed(kind, name, why)
        if self._only is not None and one.key not in self._only:
            self._claimed.append(Claimed(kind, name, why, "it was not asked about"))
            return
        self._claimed.append(one)
        self._hits.append((one.key, bit))

    def _row(self, group: Covergroup) -> tuple[SignalTable, Expressions, str]:
        """Return the table of a covergroup, its expressions, and whether a row is sampled."""
        table = self._tables.table(group.on)
        if group.on not in self._expressions:
            self._expressions[group.on] = Expressions(self._lines, table.column)
        expressions = self._expressions[group.on]
        if group.when is None:
            return table, expressions, table.row
        passes = expressions.number(group.when.root)
        return table, expressions, self._lines.bit(f"{table.row} && ({passes.wire} != 0)")

    def _point(self, group: Covergroup, point: Coverpoint) -> dict[str, str]:
        """Claim what a coverpoint has; return bin -> bit, for crosses."""
        kinds: list[tuple[Kind, str, str, Sequence[ValueSet]]] = [
            ("bin", one.id, "", one.values) for one in point.bins if not point.hidden
        ]
        kinds += [("ignored", one.id, one.why, one.values) for one in point.ignored]
        kinds += [("illegal", one.id, one.why, one.values) for one in point.illegal]
        try:
            table, expressions, row = self._row(group)
            number = expressions.number(point.of.root)
        except NotOverSignalsError as error:
            for kind, name, why, _ in kinds:
                self._claim(kind, name, why, error)
            return {}
        for kind, name, why, values in kinds:
            steps = [self._lines.within(number, one) for one in values]
            hit = self._sequence(table, row, steps) if point.kind == "transition" else self._both(row, steps)
            self._claim(kind, name, why, hit)
        if point.kind == "transition":
            return {}
        return {one.name: self._both(row, [self._lines.within(number, one.values[0])]) for one in point.bins}

    def _cross(self, group: Covergroup, cross: Cross, points: dict[str, dict[str, str]]) -> None:
        pairs: Iterator[tuple[Kind, str, str, tuple[str, ...] | None]] = itertools.chain(
            (("bin", one.id, "", one.members) for one in cross.bins),
            (("ignored", one.id, one.why, self._members(group, cross, one.id)) for one in cross.ignored),
        )
        for kind, name, why, members in pairs:
            if members is None or any(not points[point] for point in cross.of):
                self._claim(kind, name, why, NotOverSignalsError(self._why_not(group, cross)))
                continue
            bits = [points[point][member] for point, member in zip(cross.of, members, strict=True)]
            self._claim(kind, name, why, self._lines.bit(" && ".join(bits)))

    def _why_not(self, group: Covergroup, cross: Cross) -> str:
        of = {point.name: point for point in group.coverpoints}
        for name in cross.of:
            try:
                _, expressions, _ = self._row(group)
                expressions.number(of[name].of.root)
            except NotOverSignalsError as error:
                return str(error)
        return "is a cross whose members are not known"

    def _members(self, group: Covergroup, cross: Cross, name: str) -> tuple[str, ...] | None:
        """Return the members of an ignored combination, of which the plan keeps the joined name only."""
        of = {point.name: [one.name for one in point.bins] for point in group.coverpoints}
        wanted = name.removeprefix(f"{group.name}.{cross.name}.")
        found = [one for one in itertools.product(*(of[point] for point in cross.of)) if "+".join(one) == wanted]
        return found[0] if len(found) == 1 else None

    def _both(self, row: str, steps: Sequence[str]) -> str:
        return self._lines.bit(" && ".join([row, *steps]))

    def _sequence(self, table: SignalTable, row: str, steps: Sequence[str]) -> str:
        """Return whether the last of `steps` comes now, behind the others on the sampled rows before, in one epoch."""
        before = ""
        for step in steps[:-1]:
            now = self._lines.bit(f"{before} && {step}") if before else step
            register = f"r{len(self._lines.text)}"
            kept = f"({row} ? {now} : {register} && !{table.epoch})"
            self._lines.text += [f"  reg {register} = 1'b0;", f"  always @(posedge clock) {register} <= {kept};"]
            before = self._lines.bit(f"{register} && !{table.epoch}")
        return self._both(row, [*([before] if before else []), steps[-1]])
