"""Two circuits as one: inputs and gates are shared, registers too where both are assumed to hold the same value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.netlist import Netlist

PINS = "pins"
"""The property that some pin differs."""
PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Paired:
    """Two circuits as one.

    Attributes:
        circuit: with the property `PINS`, and for each shared register the property ``pair <number>``: the two would
            not hold the same value in the next cycle.
        free: for each of the drive bits the number of the circuit's input, -1 for one that nothing reads.
        started: the literal that is 1 from the end of the first reset on.
        clean, changed: the literals of the sample vectors of both, lowest bit first.
        undefined: numbers of the inputs that stand for what is undefined, in one or in both.
    """

    circuit: Circuit
    free: tuple[int, ...]
    started: int
    clean: tuple[int, ...] = field(repr=False)
    changed: tuple[int, ...] = field(repr=False)
    undefined: tuple[int, ...] = field(repr=False)
    same: Mapping[int, int] = field(repr=False)

    def needed(self) -> list[str]:
        """Return those of `PINS` and of the registers that the pins depend on which are not constant."""
        partners: dict[int, list[int]] = {}
        for number, partner in self.same.items():
            partners.setdefault(self.circuit.first_register + partner, []).append(number)
        found, new = {PINS: True}, [PINS]
        shown = self.clean  # also where both have one literal, because of registers that are taken for the same
        while new:
            cone = self.circuit.cone([*shown, *(self.circuit.properties[name] for name in new)])
            names = [f"{PAIR} {number}" for one in cone for number in partners.get(one, [])]
            new = [name for name in dict.fromkeys(names) if name not in found]
            found |= dict.fromkeys(new, True)
        return [name for name in found if self.circuit.properties[name]]


def register_pairs(clean: Netlist, changed: Netlist) -> dict[int, int]:
    """Return register of `changed` -> register of `clean` that has a name in common and the same value at power-up."""
    found: dict[int, int] = {}
    for name, literal in changed.registers.items():
        other = clean.registers.get(name)
        if other is not None and (other ^ literal) & 1 == 0:
            number = (literal >> 1) - changed.circuit.first_register
            found.setdefault(number, (other >> 1) - clean.circuit.first_register)
    return found


def paired(clean: Netlist, changed: Netlist, same: Mapping[int, int], *, settled: bool) -> Paired:
    """Return two circuits of one environment as one.

    Args:
        clean, changed: read by `read_pins`.
        same: register of `changed` -> register of `clean` that is assumed to hold the same value.
        settled: what is undefined is 0; otherwise it may be anything, and in each circuit something else, but for the
            value at power-up of a register of one name.
    """
    return _Pairing(clean, changed, same, settled=settled).made()


class _Pairing:
    def __init__(self, clean: Netlist, changed: Netlist, same: Mapping[int, int], *, settled: bool) -> None:
        self._clean, self._changed, self._same, self._settled = clean, changed, same, settled
        left, right = clean.circuit, changed.circuit
        partners = _shared_inputs(clean, changed)
        own = [one for one in range(right.inputs) if one not in partners]
        self._inputs = left.inputs + len(own)
        self._of_input = partners | {one: left.inputs + number for number, one in enumerate(own)}
        alone = [one for one in range(len(right.next)) if one not in same]
        first = 1 + self._inputs
        self._registers = {one: first + len(left.next) + number for number, one in enumerate(alone)}
        self._registers |= {one: first + other for one, other in same.items()}
        self._alone = alone
        self._first_gate = first + len(left.next) + len(alone)
        self._gates: list[tuple[int, int]] = []
        self._known: dict[tuple[int, int], int] = {}
        self._free = tuple(
            one if one >= 0 else self._of_input.get(two, -1) for one, two in zip(clean.free, changed.free, strict=True)
        )
        known = {*self._free, clean.clock, self._of_input.get(changed.clock, -1)}
        self._undefined = tuple(one for one in range(self._inputs) if one not in known)

    def made(self) -> Paired:
        left, right = self._clean.circuit, self._changed.circuit
        first = 1 + self._inputs
        one = self._placed(left, [*range(left.inputs)], [first + number for number in range(len(left.next))])
        inputs = [self._of_input[number] for number in range(right.inputs)]
        two = self._placed(right, inputs, [self._registers[number] for number in range(len(right.next))])
        following = [_moved(one, literal) for literal in left.next]
        other = [_moved(two, literal) for literal in right.next]
        shown = tuple(_moved(one, literal) for literal in self._clean.seen)
        changed = tuple(_moved(two, literal) for literal in self._changed.seen)
        differs = self._any([self._unlike(*pair) for pair in zip(shown, changed, strict=True)])
        started = _moved(one, next(iter(left.properties.values())))
        properties = {PINS: self._both(started, differs)}
        for number, partner in self._same.items():
            properties[f"{PAIR} {number}"] = self._unlike(following[partner], other[number])
        circuit = Circuit(
            self._inputs, (*following, *(other[number] for number in self._alone)), tuple(self._gates), properties
        )
        return Paired(circuit, self._free, started, shown, changed, self._undefined, dict(self._same))

    def _placed(self, circuit: Circuit, inputs: Sequence[int], registers: Sequence[int]) -> list[int]:
        """Add the gates of a circuit; return variable of the circuit -> literal."""
        none = set(self._undefined) if self._settled else set()
        literals = [0, *(0 if number in none else 2 * (1 + number) for number in inputs)]
        literals += [2 * variable for variable in registers]
        for left, right in circuit.gates:
            literals.append(self._both(_moved(literals, left), _moved(literals, right)))
        return literals

    def _both(self, left: int, right: int) -> int:
        """Return the literal of a gate; one that is there already, or a constant, where that does."""
        if left > right:
            left, right = right, left
        if left == 0 or left == right ^ 1:
            return 0
        if left in (1, right):
            return right
        if (left, right) not in self._known:
            self._gates.append((left, right))
            self._known[left, right] = 2 * (self._first_gate + len(self._gates) - 1)
        return self._known[left, right]

    def _unlike(self, left: int, right: int) -> int:
        if left == right:
            return 0
        return self._both(self._both(left, right) ^ 1, self._both(left ^ 1, right ^ 1) ^ 1)

    def _any(self, literals: Sequence[int]) -> int:
        none = 1
        for literal in literals:
            none = self._both(none, literal ^ 1)
        return none ^ 1


def any_of(made: Paired, names: Sequence[str], name: str) -> Paired:
    """Return `made` with the one property `name`: that one of the properties `names` is hit."""
    circuit = made.circuit
    gates = list(circuit.gates)
    none = circuit.properties[names[0]] ^ 1
    for one in names[1:]:
        gates.append((none, circuit.properties[one] ^ 1))
        none = 2 * (circuit.first_gate + len(gates) - 1)
    return replace(made, circuit=replace(circuit, gates=tuple(gates), properties={name: none ^ 1}))


def _moved(literals: Sequence[int], literal: int) -> int:
    return literals[literal >> 1] ^ (literal & 1)


def _shared_inputs(clean: Netlist, changed: Netlist) -> dict[int, int]:
    """Return input of `changed` -> input of `clean`: the drive vector, the clock, values at power-up of one name."""
    pairs = [*zip(changed.free, clean.free, strict=True), (changed.clock, clean.clock)]
    pairs += [(number, clean.begins[name]) for name, number in changed.begins.items() if name in clean.begins]
    found: dict[int, int] = {}
    taken: set[int] = set()
    for one, other in pairs:
        if one >= 0 and other >= 0 and one not in found and other not in taken:
            found[one] = other
            taken.add(other)
    return found
