"""What seems never to happen: bits of the state that are never both 1, registers that are unlike in other states only.

Such lemmas are found in random tests, and proved together with the questions that they help to answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.equivalence.paired_circuits import OF_CLEAN, UNLIKE, Lemma, Term
from dv_agent.runners.formal.equivalence.prints import Words
from dv_agent.runners.formal.netlist import Netlist

_EXPECTED = 12.0  # how often two bits would both be 1 if they had nothing to do with each other
_MOST, _EACH, _EACH_PAIR, _GLANCE = 3_000, 12, 24, 64
_SHORT_STATES, _SHORT, _FEW, _CONTROLS = 4, 3, 4, 140


def of_states(netlist: Netlist, seen: Words) -> list[Lemma]:
    """Return lemmas on registers: those that stay 0 or 1, and bits of short words that are never both 1.

    Args:
        seen: uint64[registers, columns], what they did.
    """
    circuit = netlist.circuit
    columns, literals = np.concatenate([seen, ~seen]), _literals(circuit)
    found: list[Lemma] = [
        ((OF_CLEAN, literals[place]), (OF_CLEAN, literals[place]))
        for place in np.flatnonzero(~columns.any(axis=1)).tolist()
    ]
    some = columns[:, :: max(1, columns.shape[1] // _GLANCE)]
    short = _short(netlist, _SHORT_STATES)
    some[[place for place, literal in enumerate(literals) if literal >> 1 not in short]] = ~np.uint64(0)
    for number, literal in enumerate(literals):
        late = number + 1 + np.flatnonzero(~(some[number + 1 :] & some[number]).any(axis=1))
        places: list[int] = late[[*_never(columns[number], columns[late])]].tolist() if len(late) else []
        found += [((OF_CLEAN, literal), (OF_CLEAN, literals[place])) for place in places]
    return found[:_MOST]


def of_differences(
    circuit: Circuit, seen: Words, unlike: Mapping[int, Words], control: Sequence[int], moved: Words
) -> list[Lemma]:
    """Return lemmas on when registers are unlike.

    Args:
        circuit: the clean one.
        seen: what its registers did.
        unlike: register of the changed version -> when it was unlike.
        control: literals of the clean circuit, see `control_of`.
        moved: what they did.
    """
    columns, literals = np.concatenate([seen, ~seen]), _literals(circuit)
    states, words = [*control, *(one ^ 1 for one in control)], np.concatenate([moved, ~moved])
    together = _together(words) if unlike else np.zeros((0, 0), dtype=np.int64)
    found: list[Lemma] = []
    for number, when in unlike.items():
        one: Term = (UNLIKE, number)
        found += [(one, (OF_CLEAN, literals[place])) for place in [*_never(when, columns)][:_EACH]]
        found += [
            (one, (OF_CLEAN, states[low]), (OF_CLEAN, states[high])) for low, high in _pairs(when, words, together)
        ]
    return found[:_MOST]


def _pairs(when: Words, words: Words, together: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return rows of `words` that are 1 together, and with `when` each, but never all three, the least likely first.

    Args:
        together: how often two rows are 1.
    """
    share = int(_ones(when[None])[0]) / (64 * len(when))
    alone = np.flatnonzero((words & when).any(axis=1))
    found = []
    for index, place in enumerate(alone.tolist()):
        others = alone[index + 1 :]
        others = others[together[place, others] * share >= _EXPECTED]
        others = others[~(words[others] & (when & words[place])).any(axis=1)]
        found += [(-int(together[place, other]), place, other) for other in others.tolist()]
    return [(low, high) for _, low, high in sorted(found)[:_EACH_PAIR]]


def _together(words: Words) -> NDArray[np.int64]:
    bits = np.unpackbits(words.view(np.uint8), axis=1).astype(np.float32)
    found: NDArray[np.int64] = np.rint(bits @ bits.T).astype(np.int64)
    return found


def control_of(netlist: Netlist) -> list[int]:
    """Return literals of what decides on states: bits of short words, and gates that depend on few of them only."""
    circuit = netlist.circuit
    support = {one: frozenset((one,)) for one in _short(netlist, _SHORT)}
    for number, (left, right) in enumerate(circuit.gates):
        one, other = support.get(left >> 1), support.get(right >> 1)
        if one is not None and other is not None and len(one | other) <= _FEW:
            support[circuit.first_gate + number] = one | other
    return [2 * variable for variable in support][:_CONTROLS]


def _short(netlist: Netlist, most: int) -> set[int]:
    """Return the registers, as variables, of words with at most `most` bits."""
    widths: dict[str, int] = {}
    for name in netlist.registers:
        word, _, bit = name.rpartition("[")
        widths[word] = max(widths.get(word, 0), 1 + int(bit[:-1]))
    return {literal >> 1 for name, literal in netlist.registers.items() if widths[name.rpartition("[")[0]] <= most}


def _literals(circuit: Circuit) -> list[int]:
    registers = [2 * (circuit.first_register + number) for number in range(len(circuit.next))]
    return [*registers, *(one + 1 for one in registers)]


def _never(one: Words, others: Words) -> Iterator[int]:
    """Yield the rows of `others` that are never 1 where `one` is, though they often would be by chance, those first."""
    never = np.flatnonzero(~(others & one).any(axis=1))
    share = int(_ones(one[None])[0]) / (64 * one.shape[0])
    expected = _ones(others[never]) * share
    order = np.argsort(-expected, kind="stable")
    yield from never[order[: int((expected >= _EXPECTED).sum())]].tolist()


def _ones(words: Words) -> NDArray[np.int64]:
    found: NDArray[np.int64] = np.array(
        [int.from_bytes(row.tobytes(), "little").bit_count() for row in words], np.int64
    )
    return found
