"""Do two versions of a design do the same at their pins, whatever a test does? Proof, difference, or neither.

Registers of one name are assumed to hold the same value, so that only what depends on the change is left of the second
version. Those that may differ are then told apart, until the rest is proved together with the pins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.properties.monitor import MONITOR, Monitor
from dv_agent.designs.text.wording import counted
from dv_agent.runners.formal.bmc_and_induction import hits_in, inductive, way_to
from dv_agent.runners.formal.equivalence.paired_circuits import PINS, Paired, any_of, paired, register_pairs
from dv_agent.runners.formal.netlist import READ_SECONDS, Netlist, build_netlist
from dv_agent.runners.formal.reachability import prove
from dv_agent.runners.formal.stepping import played
from dv_agent.runners.formal.unrolling import OutOfTimeError, Unrolling

_STARTED = Monitor(
    f"module {MONITOR}(input clock, input started, input unknown, output hit);\n  assign hit = started;\nendmodule\n",
    (), 0, ("started",),
)  # fmt: skip
_BOUNDED_CYCLES = 20
_DEPTHS = (1, 2, 4)
_LEAST_SECONDS = 2.0
_ANY = "any"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two versions of a design do the same at their pins, under `environment.assumptions`.

    Attributes:
        verdict: ``equivalent``: every pin has the same value in every cycle from the end of the first reset on, in
            whatever way undefined values are chosen; that a simulator shows X in other places is not excluded.
            ``differs``: what is undefined being 0, some pin differs. ``unknown``: neither is known.
        method: of a proof: ``structure``, ``induction`` or ``pdr``; of a difference ``bounded``.
        cycles: of a difference: cycles from the end of the first reset to it, that one included.
        clean, changed: of a difference: the samples of both, as `Run.rows` holds them, probes being 0; they
            differ in the last one.
        reason: why it is unknown.
    """

    verdict: Literal["equivalent", "differs", "unknown"]
    method: Literal["", "structure", "induction", "pdr", "bounded"] = ""
    cycles: int = 0
    clean: bytes = field(default=b"", repr=False)
    changed: bytes = field(default=b"", repr=False)
    reason: str = ""


def read_pins(design: Design, seconds: float = READ_SECONDS) -> Netlist:
    """Read a design into a circuit that `same_at_pins` compares.

    Raises:
        PrerequisiteError: the extra `formal` is missing.
        BuildError: yosys cannot read the RTL, it has several clocks, or it took too long.
    """
    netlist = build_netlist(design, _STARTED, seconds=seconds)
    hidden = sum(one.width for one in design.probes.values())  # the last signals of a sample, which are no pins
    return replace(netlist, seen=(0,) * hidden + netlist.seen[hidden:])


def same_at_pins(
    clean: Netlist, changed: Netlist, seconds: float, say: Callable[[str], None] = lambda _: None
) -> Comparison:
    """Compare two versions of a design that `read_pins` has read; both have the ports of one design.yaml.

    Args:
        seconds: time limit of the whole.
        say: called with progress.
    """
    end = time.monotonic() + seconds
    try:
        found = _Question(clean, changed, end, say, settled=False).answer()
        if found.verdict != "differs" or not _undefined(clean, changed):
            return found
        again = _Question(clean, changed, end, say, settled=True).answer()
    except OutOfTimeError:
        return Comparison("unknown", reason=f"neither a proof nor a difference within {seconds:.0f} s")
    if again.verdict == "equivalent":
        return Comparison("unknown", reason="they differ only if what is undefined is not 0")
    return again


def _undefined(clean: Netlist, changed: Netlist) -> bool:
    return bool(paired(clean, changed, {}, settled=False).undefined)


class _Question:
    """One comparison: `settled` says whether what is undefined is 0."""

    def __init__(
        self, clean: Netlist, changed: Netlist, end: float, say: Callable[[str], None], *, settled: bool
    ) -> None:
        self._clean, self._changed, self._end, self._say, self._settled = clean, changed, end, say, settled
        self._same = register_pairs(clean, changed)
        self._cycles = _BOUNDED_CYCLES

    def answer(self) -> Comparison:
        while True:
            made = paired(self._clean, self._changed, self._same, settled=self._settled)
            names = made.needed()
            self._say(f"{counted(len(self._same), 'register')} taken for the same, {len(names)} questions")
            if not names:
                return Comparison("equivalent", "structure")
            hit = self._first_hits(made, names)
            if PINS in hit:
                return self._difference(made, hit[PINS])
            if hit:
                self._part(hit)
                continue
            left, method = self._not_inductive(made, names)
            if not left:
                return Comparison("equivalent", method)
            answer = self._decided(made, left)
            if answer is not None:
                return answer

    def _part(self, names: Sequence[str] | dict[str, int]) -> None:
        """Tell the registers of `names` apart."""
        for name in names:
            del self._same[int(name.split()[1])]

    def _first_hits(self, made: Paired, names: Sequence[str]) -> dict[str, int]:
        """Return the properties hit in the first cycle in which any is -> that cycle: a true difference."""
        part = made.circuit.reduced(names)
        with Unrolling(part, from_power_up=True, deadline=self._end) as model:
            for cycle in range(self._cycles if part.next else 1):
                if found := hits_in(model, part, names, cycle):
                    return dict.fromkeys(found, cycle)
        return {}

    def _not_inductive(self, made: Paired, names: Sequence[str]) -> tuple[list[str], Literal["induction"]]:
        left = list(names)
        for depth in _DEPTHS:
            proved = set(inductive(made.circuit, left, depth, self._end))
            left = [name for name in left if name not in proved]
            if not left:
                break
        return left, "induction"

    def _decided(self, made: Paired, left: Sequence[str]) -> Comparison | None:
        """Return the answer if `pdr` finds it; None if registers were told apart."""
        seconds = self._end - time.monotonic()
        if seconds < _LEAST_SECONDS:
            raise OutOfTimeError
        only_pins = [*left] == [PINS]
        self._say(f"pdr: {len(left)} questions as one")
        answer = prove(any_of(made, left, _ANY).circuit, _ANY, seconds if only_pins else seconds / 3)
        if answer.verdict == "unreachable":
            return Comparison("equivalent", "pdr")
        if answer.verdict == "reachable":
            self._cycles = max(self._cycles, answer.depth + 1)
            return None
        if only_pins:
            raise OutOfTimeError
        self._part([name for name in left if name != PINS])
        return None

    def _difference(self, made: Paired, cycle: int) -> Comparison:
        inputs = way_to(made.circuit.reduced([PINS]), PINS, cycle, self._end)
        watched = np.array([made.started, *made.clean[::-1], *made.changed[::-1]], dtype=np.int64)
        seen = played(made.circuit, inputs, watched)
        rows = np.where(seen[seen[:, 0]], b"1", b"0")[:, 1:]
        width = len(made.clean)
        return Comparison("differs", "bounded", len(rows), rows[:, :width].tobytes(), rows[:, width:].tobytes())
