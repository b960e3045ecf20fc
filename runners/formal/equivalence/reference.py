"""The version that others are compared with: what it does in simulations, and what is proved of its states, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from dv_agent.designs.text.wording import counted
from dv_agent.runners.formal.equivalence.lemmas import of_states
from dv_agent.runners.formal.equivalence.likeness import Seen, seen_of
from dv_agent.runners.formal.equivalence.one_by_one import first_hits, proved_together
from dv_agent.runners.formal.equivalence.paired_circuits import LEMMA, Lemma, paired
from dv_agent.runners.formal.equivalence.shared_inputs import undefined
from dv_agent.runners.formal.netlist import Netlist
from dv_agent.runners.formal.unrolling import OutOfTimeError

Zero = Literal["registers", "all"]
"""What is 0 of what is undefined: registers at power-up, or all."""
_DEPTHS = (1, 2)
_BOUNDED_CYCLES = 6


class Reference:
    """A clean version. Args: netlist: read by `read_pins`."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist = netlist
        self._seen: dict[Zero, Seen] = {}
        self._lemmas: dict[Zero, tuple[Lemma, ...]] = {}

    def zero(self, zero: Zero) -> frozenset[int]:
        """Return the inputs that are 0."""
        return frozenset((*self.netlist.begins.values(), *(undefined(self.netlist) if zero == "all" else [])))

    def seen(self, zero: Zero) -> Seen:
        """Return what it does in simulations."""
        if zero not in self._seen:
            self._seen[zero] = seen_of(self.netlist, self.zero(zero))
        return self._seen[zero]

    def lemmas(self, zero: Zero, seconds: float, say: Callable[[str], None]) -> tuple[Lemma, ...]:
        """Return what is proved of its states, with what is 0; nothing if it took longer than the first call said."""
        if zero not in self._lemmas:
            try:
                self._lemmas[zero] = self._proved(zero, seconds, say)
            except OutOfTimeError:
                self._lemmas[zero] = ()
        return self._lemmas[zero]

    def _proved(self, zero: Zero, seconds: float, say: Callable[[str], None]) -> tuple[Lemma, ...]:
        circuit = self.netlist.circuit
        lemmas = dict(enumerate(of_states(self.netlist, self.seen(zero).tests.seen[: len(circuit.next)])))
        same = {one: one for one in range(len(circuit.next))}
        shared = {one: one for one in range(circuit.inputs)}
        made = paired(self.netlist, self.netlist, same, {}, shared, zero=self.zero(zero), lemmas=lemmas).circuit
        deadline = time.monotonic() + seconds
        left = [f"{LEMMA} {number}" for number in lemmas]
        say(f"{counted(len(left), 'lemma')} on the states of the clean version")
        while hit := first_hits(made, left, left, _BOUNDED_CYCLES, deadline) if left else {}:
            left = [name for name in left if name not in hit]
        known: list[str] = []
        for depth in _DEPTHS:
            known += proved_together(made, left, known, depth, deadline)
            left = [name for name in left if name not in set(known)]
        say(f"{len(known)} are proved")
        return tuple(lemmas[int(name.split()[1])] for name in known)
