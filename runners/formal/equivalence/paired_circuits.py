"""Two circuits as one: inputs and gates are shared, and what is assumed to have one value in both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.netlist import Netlist

Term = tuple[int, int]
"""`OF_CLEAN`, a literal; or `UNLIKE`, a register of `changed`: it has not the value of a certain literal of `clean`."""
OF_CLEAN, UNLIKE = range(2)
Lemma = tuple[Term, ...]
"""Terms that are never all 1."""
PINS = "pins"
"""The property that some pin differs."""
PAIR, GATE, LEMMA = "pair", "gate", "lemma"


@dataclass(frozen=True, slots=True)
class Paired:
    """Two circuits as one.

    Attributes:
        circuit: with the property `PINS`, and for each shared register the property ``pair <number>``: the two would
            not hold the same value in the next cycle; for each merged variable ``gate <variable>``: it would not have
            the value of what it is merged with; ``lemma <number>``: all of its terms are 1.
        free: for each of the drive bits the number of the circuit's input, -1 for one that nothing reads.
        started: the literal that is 1 from the end of the first reset on.
        clean, changed: the literals of the sample vectors of both, lowest bit first.
    """

    circuit: Circuit
    free: tuple[int, ...]
    started: int
    clean: tuple[int, ...] = field(repr=False)
    changed: tuple[int, ...] = field(repr=False)
    questions: tuple[str, ...] = field(repr=False)

    def needed(self) -> list[str]:
        """Return those of `PINS` and of what the pins of `changed` depend on which are not constant."""
        names = [name for name in self.questions if self.circuit.properties[name]]
        order = {GATE: 0, PAIR: 1, LEMMA: 2, PINS: 3}
        return sorted(names, key=lambda name: order[name.rsplit(maxsplit=1)[0]])


def register_pairs(clean: Netlist, changed: Netlist) -> dict[int, int]:
    """Return register of `changed` -> register of `clean` that has a name in common and the same value at power-up."""
    found: dict[int, int] = {}
    for name, literal in changed.registers.items():
        other = clean.registers.get(name)
        if other is not None and (other ^ literal) & 1 == 0:
            number = (literal >> 1) - changed.circuit.first_register
            found.setdefault(number, (other >> 1) - clean.circuit.first_register)
    return found


def paired(
    clean: Netlist, changed: Netlist, same: Mapping[int, int], merged: Mapping[int, int], shared: Mapping[int, int],
    *, zero: Collection[int] = (), lemmas: Mapping[int, Lemma] | None = None, against: Mapping[int, int] | None = None,
) -> Paired:  # fmt: skip
    """Return two circuits of one environment as one.

    Args:
        clean, changed: read by `read_pins`.
        same: register of `changed` -> register of `clean` that is assumed to hold the same value.
        merged: variable of a gate or a register of `changed` -> the literal of `clean` that it is assumed to have.
        shared: input of `changed` -> input of `clean`, see `shared_inputs`.
        zero: inputs of both that are always 0, by their numbers in the pair.
        lemmas: number -> what is assumed never to be the case.
        against: register of `changed` -> the literal of `clean` that lemmas compare it with.
    """
    return _Pairing(clean, changed, same, merged, shared, zero).made(lemmas or {}, against or {})


def inputs_of(clean: Netlist, changed: Netlist, shared: Mapping[int, int]) -> dict[int, int]:
    """Return input of `changed` -> input of the pair; those of `clean` are its first ones."""
    own = [one for one in range(changed.circuit.inputs) if one not in shared]
    return dict(shared) | {one: clean.circuit.inputs + number for number, one in enumerate(own)}


class _Pairing:
    def __init__(
        self,
        clean: Netlist,
        changed: Netlist,
        same: Mapping[int, int],
        merged: Mapping[int, int],
        partners: Mapping[int, int],
        zero: Collection[int],
    ) -> None:
        self._clean, self._changed, self._same, self._zero = clean, changed, same, frozenset(zero)
        self._merged = merged
        left, right = clean.circuit, changed.circuit
        self._of_input = inputs_of(clean, changed, partners)
        self._inputs = max(left.inputs, 1 + max(self._of_input.values(), default=-1))
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

    def made(self, lemmas: Mapping[int, Lemma], against: Mapping[int, int]) -> Paired:
        left, right = self._clean.circuit, self._changed.circuit
        first = 1 + self._inputs
        one = self._placed(left, [*range(left.inputs)], [first + number for number in range(len(left.next))])
        self._own = {*range(first + len(left.next), self._first_gate)}
        self._end = self._first_gate + len(self._gates)
        inputs = [self._of_input[number] for number in range(right.inputs)]
        properties: dict[str, int] = {PINS: 0}
        registers = [self._registers[number] for number in range(len(right.next))]
        two = self._placed(right, inputs, registers, one, properties)
        following = [_moved(one, literal) for literal in left.next]
        other = [_moved(two, literal) for literal in right.next]
        shown = tuple(_moved(one, literal) for literal in self._clean.seen)
        changed = tuple(_moved(two, literal) for literal in self._changed.seen)
        differs = self._any([self._unlike(*pair) for pair in zip(shown, changed, strict=True)])
        started = _moved(one, next(iter(left.properties.values())))
        properties[PINS] = self._both(started, differs)
        for number, partner in self._same.items():
            properties[f"{PAIR} {number}"] = self._unlike(following[partner], other[number])
        watched = [number for terms in lemmas.values() for kind, number in terms if kind == UNLIKE]
        cone = right.cone([*self._changed.seen, *(2 * (right.first_register + number) for number in watched)])
        questions = [name for name in properties if name == PINS or self._variable(name) in cone]
        for number, terms in lemmas.items():
            properties[f"{LEMMA} {number}"] = self._all([self._term(term, one, against) for term in terms])
            questions.append(f"{LEMMA} {number}")
        circuit = Circuit(
            self._inputs, (*following, *(other[number] for number in self._alone)), tuple(self._gates), properties
        )
        return Paired(circuit, self._free, started, shown, changed, tuple(questions))

    def _variable(self, name: str) -> int:
        kind, number = name.split()
        return int(number) + (self._changed.circuit.first_register if kind == PAIR else 0)

    def _term(self, term: Term, clean: Sequence[int], against: Mapping[int, int]) -> int:
        kind, number = term
        if kind == OF_CLEAN:
            return _moved(clean, number)
        return self._unlike(_moved(clean, against[number]), 2 * self._registers[number])

    def _placed(
        self, circuit: Circuit, inputs: Sequence[int], registers: Sequence[int], clean: Sequence[int] = (),
        properties: dict[str, int] | None = None,
    ) -> list[int]:  # fmt: skip
        """Add the gates of a circuit; return variable of the circuit -> literal.

        Args:
            clean: variable of the clean circuit -> its literal, if this is the changed one.
            properties: gets those that say what merged variables are.
        """
        literals = [0, *(0 if number in self._zero else 2 * (1 + number) for number in inputs)]
        literals += [2 * variable for variable in registers]
        merged = self._merged if properties is not None else {}
        for variable in merged:
            if circuit.first_register <= variable < circuit.first_gate and properties is not None:
                literals[variable] = self._merge(variable, literals[variable], clean, properties)
        for left, right in circuit.gates:
            found = self._both(_moved(literals, left), _moved(literals, right))
            if len(literals) in merged and properties is not None:
                found = self._merge(len(literals), found, clean, properties)
            literals.append(found)
        return literals

    def _merge(self, variable: int, own: int, clean: Sequence[int], properties: dict[str, int]) -> int:
        if own >> 1 < self._end and own >> 1 not in self._own:
            return own  # the clean circuit has it
        other = _moved(clean, self._merged[variable])
        if (unlike := self._unlike(own, other)) != 0:
            properties[f"{GATE} {variable}"] = unlike
        return other

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
        if left == right ^ 1:
            return 1
        return self._both(self._both(left, right) ^ 1, self._both(left ^ 1, right ^ 1) ^ 1)

    def _all(self, literals: Sequence[int]) -> int:
        return self._any([one ^ 1 for one in literals]) ^ 1

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
