"""Circuits of AND gates and registers, read from and written as AIGER files (http://fmv.jku.at/aiger)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dv_agent.errors import BuildError

MOST_GATES = 4_000_000


@dataclass(frozen=True, slots=True)
class Circuit:
    """Gates in topological order. A literal is twice a variable, plus one if inverted; variable 0 is constant 0.

    Variables are the inputs first, then the registers, then the gates. Registers are 0 at power-up.

    Attributes:
        next: for each register the literal that it takes over.
        gates: for each gate its two operands.
        properties: name -> the literal that is 1 when it is hit.
    """

    inputs: int
    next: tuple[int, ...]
    gates: tuple[tuple[int, int], ...]
    properties: dict[str, int] = field(repr=False)

    @property
    def first_register(self) -> int:
        """The variable of the first register."""
        return self.inputs + 1

    @property
    def first_gate(self) -> int:
        """The variable of the first gate."""
        return self.first_register + len(self.next)

    @property
    def variables(self) -> int:
        """Number of variables, the constant included."""
        return self.first_gate + len(self.gates)

    def cone(self, literals: Sequence[int]) -> set[int]:
        """Return the variables that `literals` depend on, through registers too."""
        seen: set[int] = set()
        waiting = [one >> 1 for one in literals]
        while waiting:
            variable = waiting.pop()
            if variable in seen:
                continue
            seen.add(variable)
            if variable >= self.first_gate:
                left, right = self.gates[variable - self.first_gate]
                waiting += [left >> 1, right >> 1]
            elif variable >= self.first_register:
                waiting.append(self.next[variable - self.first_register] >> 1)
        return seen

    def reduced(self, names: Sequence[str]) -> Circuit:
        """Return the part that the properties `names` depend on; all inputs are kept."""
        cone = self.cone([self.properties[name] for name in names])
        kept = [one for one in range(self.first_register, self.variables) if one in cone]
        place = {one: one for one in range(self.first_register)}
        place |= {old: self.first_register + new for new, old in enumerate(kept)}

        def moved(literal: int) -> int:
            return 2 * place[literal >> 1] + (literal & 1)

        registers = [one - self.first_register for one in kept if one < self.first_gate]
        gates = [self.gates[one - self.first_gate] for one in kept if one >= self.first_gate]
        return Circuit(
            self.inputs, tuple(moved(self.next[one]) for one in registers),
            tuple((moved(a), moved(b)) for a, b in gates), {name: moved(self.properties[name]) for name in names},
        )  # fmt: skip


def read_aiger(data: bytes) -> tuple[Circuit, tuple[int, ...], tuple[int, ...]]:
    """Return a circuit without properties, and the literals of its outputs and of its bad states.

    Raises:
        BuildError: it is not a binary AIGER file, it has registers with other values than 0 at power-up, or it is
            too large.
    """
    try:
        return _read(data)
    except (ValueError, IndexError):
        raise BuildError("yosys wrote no AIGER file that can be read") from None


def _read(data: bytes) -> tuple[Circuit, tuple[int, ...], tuple[int, ...]]:
    head, _, rest = data.partition(b"\n")
    words = head.split()
    if len(words) < 6 or words[0] != b"aig":
        raise ValueError("no header")
    numbers = [int(word) for word in words[1:]] + [0] * 4
    most, inputs, registers, outputs, gates, bad = numbers[:6]
    if gates > MOST_GATES:
        raise BuildError(f"the RTL has {gates:,} gates, more than {MOST_GATES:,}")
    if min(numbers) < 0 or most != inputs + registers + gates:
        raise ValueError("a header that is no sum")
    following: list[int] = []
    for _ in range(registers):
        line, _, rest = rest.partition(b"\n")
        value = [int(word) for word in line.split()]
        if len(value) > 1 and value[1] != 0:
            raise ValueError("a register that is not 0 at power-up")
        following.append(value[0])
    outs: list[int] = []
    for _ in range(outputs + bad):
        line, _, rest = rest.partition(b"\n")
        outs.append(int(line))
    pairs = []
    place = 0
    variable = inputs + registers + 1
    for _ in range(gates):
        delta, place = _number(rest, place)
        left = 2 * variable - delta
        delta, place = _number(rest, place)
        pairs.append((left, left - delta))
        variable += 1
    if any(not 0 <= one <= 2 * most + 1 for pair in ((*following, *outs), *pairs) for one in pair):
        raise ValueError("a literal of no variable")
    return Circuit(inputs, tuple(following), tuple(pairs), {}), tuple(outs[:outputs]), tuple(outs[outputs:])


def _number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[place]
        place += 1
        value |= (octet & 0x7F) << shift
        if not octet & 0x80:
            return value, place
        shift += 7


def write_aiger(circuit: Circuit, name: str) -> bytes:
    """Return a circuit with the one property `name` as a binary AIGER file with one output."""
    registers, gates = len(circuit.next), len(circuit.gates)
    head = f"aig {circuit.variables - 1} {circuit.inputs} {registers} 1 {gates}\n"
    lines = "".join(f"{one}\n" for one in (*circuit.next, circuit.properties[name]))
    return head.encode() + lines.encode() + bytes(_gates(circuit))


def _gates(circuit: Circuit) -> Iterator[int]:
    for number, (left, right) in enumerate(circuit.gates):
        own = 2 * (circuit.first_gate + number)
        high, low = max(left, right), min(left, right)
        for value in (own - high, high - low):
            rest = value
            while rest > 0x7F:
                yield (rest & 0x7F) | 0x80
                rest >>= 7
            yield rest
