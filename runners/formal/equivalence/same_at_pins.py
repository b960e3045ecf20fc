"""Do two versions of a design do the same at their pins, whatever a test does? Proof, difference, or neither.

Registers of one name are assumed to hold the same value, and gates that did the same in a simulation too, so that
only what depends on the change is left of the second version. Those that may differ are then told apart, until the rest
is proved together with the pins. Lemmas that simulations suggest are proved with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from dv_agent.designs.design import Design
from dv_agent.designs.properties.monitor import MONITOR, Monitor
from dv_agent.designs.text.wording import counted
from dv_agent.runners.formal.bmc_and_induction import way_to
from dv_agent.runners.formal.equivalence.likeness import likeness
from dv_agent.runners.formal.equivalence.one_by_one import first_hits, proved_together
from dv_agent.runners.formal.equivalence.paired_circuits import (
    GATE,
    LEMMA,
    PAIR,
    PINS,
    Paired,
    any_of,
    inputs_of,
    paired,
    register_pairs,
)
from dv_agent.runners.formal.equivalence.reference import Reference, Zero
from dv_agent.runners.formal.equivalence.shared_inputs import shared_inputs, undefined
from dv_agent.runners.formal.netlist import READ_SECONDS, Netlist, build_netlist
from dv_agent.runners.formal.reachability import prove
from dv_agent.runners.formal.stepping import played
from dv_agent.runners.formal.unrolling import OutOfTimeError

_STARTED = Monitor(
    f"module {MONITOR}(input clock, input started, input unknown, output hit);\n  assign hit = started;\nendmodule\n",
    (), 0, ("started",),
)  # fmt: skip
_BOUNDED_CYCLES = 8
_DEPTHS = (1, 2, 4)
_LEAST_SECONDS = 2.0
_ANY = "any"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two versions of a design do the same at their pins, under `environment.assumptions`.

    Attributes:
        verdict: ``equivalent``: every pin has the same value in every cycle from the end of the first reset on. What
            is undefined in both, such as a read beyond a memory, has one value in both, whichever; but for the method
            ``structure``, registers that have no value at power-up begin with 0. That a simulator shows X in other
            places is not excluded. ``differs``: what is undefined being 0, some pin differs. ``unknown``: neither is
            known.
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
    netlist = build_netlist(design, _STARTED, seconds=seconds, narrow=True)
    hidden = sum(one.width for one in design.probes.values())  # the last signals of a sample, which are no pins
    return replace(netlist, seen=(0,) * hidden + netlist.seen[hidden:])


def same_at_pins(
    clean: Netlist | Reference, changed: Netlist, seconds: float, say: Callable[[str], None] = lambda _: None
) -> Comparison:
    """Compare two versions of a design that `read_pins` has read; both have the ports of one design.yaml.

    Args:
        clean: as a `Reference` if it is compared with several.
        seconds: time limit, simulations apart; as much again, once, for what is proved of `clean` alone.
        say: called with progress.
    """
    reference = clean if isinstance(clean, Reference) else Reference(clean)
    try:
        shared = shared_inputs(reference.netlist, changed)
        names = register_pairs(reference.netlist, changed)
        if not paired(reference.netlist, changed, names, {}, shared).needed():
            return Comparison("equivalent", "structure")
        found = _Question(reference, changed, shared, "registers", seconds, say).answer()
        if found.verdict == "differs":
            found = _Question(reference, changed, shared, "all", seconds, say).answer()
            if found.verdict == "equivalent":
                return Comparison("unknown", reason="they differ only if what is undefined is not 0")
    except OutOfTimeError:
        return Comparison("unknown", reason=f"neither a proof nor a difference within {seconds:.0f} s")
    return found


class _Question:
    """One comparison."""

    def __init__(
        self, reference: Reference, changed: Netlist, shared: Mapping[int, int], zero: Zero, seconds: float,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._clean, self._changed, self._say, self._shared = reference.netlist, changed, say, shared
        inputs = inputs_of(self._clean, changed, shared)
        own = [*changed.begins.values(), *(undefined(changed) if zero == "all" else [])]
        self._zero = reference.zero(zero) | {inputs[one] for one in own}
        alike = likeness(self._clean, reference.seen(zero), changed, inputs, self._zero)
        self._same, self._merged, self._against = alike.same, alike.merged, alike.against
        known = reference.lemmas(zero, seconds, say)
        self._known = [f"{LEMMA} {number}" for number in range(len(known))]
        self._lemmas = dict(enumerate([*known, *alike.lemmas]))
        say(f"{len(known)} lemmas known, {len(alike.lemmas)} to prove")
        self._cycles = _BOUNDED_CYCLES
        self._end = time.monotonic() + seconds

    def answer(self) -> Comparison:
        while True:
            made = self._made()
            names = [name for name in made.needed() if name not in set(self._known)]
            self._say(f"{counted(len(self._same), 'register')} taken for the same, {len(names)} questions")
            if not any(_kind(name) != LEMMA for name in names):
                return Comparison("equivalent", "structure")
            hints = [name for name in names if _kind(name) in (GATE, LEMMA)]
            hit = first_hits(made.circuit, names, hints, self._cycles, self._end)
            if PINS in hit and not any(_kind(name) == GATE for name in hit):
                return self._difference(made, hit[PINS])
            if hit:
                self._say(f"hit: {[*hit][:6]} in {next(iter(hit.values()))}")
                self._part(hit)
                continue
            left, method = self._not_inductive(made, names)
            self._say(f"not inductive: {len(left)} {left[:6]} {left[-3:]}")
            if not any(_kind(name) != LEMMA for name in left):
                return Comparison("equivalent", method)
            self._part([name for name in left if _kind(name) == LEMMA])
            if gates := [name for name in left if _kind(name) == GATE]:
                self._part(gates)
                continue
            answer = self._decided(made, left)
            if answer is not None:
                return answer

    def _made(self) -> Paired:
        return paired(
            self._clean, self._changed, self._same, self._merged, self._shared, zero=self._zero, lemmas=self._lemmas,
            against=self._against,
        )  # fmt: skip

    def _part(self, names: Iterable[str]) -> None:
        """Tell the registers and gates of `names` apart."""
        parts: dict[str, dict[int, Any]] = {GATE: self._merged, PAIR: self._same, LEMMA: self._lemmas}
        for name in names:
            if name != PINS:
                del parts[_kind(name)][int(name.split()[1])]

    def _not_inductive(self, made: Paired, names: Sequence[str]) -> tuple[list[str], Literal["induction"]]:
        left, known = list(names), [name for name in self._known if made.circuit.properties[name]]
        for depth in _DEPTHS:
            proved = proved_together(made.circuit, left, known, depth, self._end)
            known += proved
            left = [name for name in left if name not in set(proved)]
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
        asked = any_of(made, [name for name in left if _kind(name) != LEMMA], _ANY).circuit
        answer = prove(asked, _ANY, seconds if only_pins else seconds / 3)
        if answer.verdict == "unreachable":
            return Comparison("equivalent", "pdr")
        if answer.verdict == "reachable":
            self._cycles = max(self._cycles, answer.depth + 1)
            return None
        if only_pins:
            raise OutOfTimeError
        self._part(left)
        return None

    def _difference(self, made: Paired, cycle: int) -> Comparison:
        inputs = way_to(made.circuit.reduced([PINS]), PINS, cycle, self._end)
        watched = np.array([made.started, *made.clean[::-1], *made.changed[::-1]], dtype=np.int64)
        seen = played(made.circuit, inputs, watched)
        rows = np.where(seen[seen[:, 0]], b"1", b"0")[:, 1:]
        width = len(made.clean)
        return Comparison("differs", "bounded", len(rows), rows[:, :width].tobytes(), rows[:, width:].tobytes())


def _kind(name: str) -> str:
    return name.split(maxsplit=1)[0]
