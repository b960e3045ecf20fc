"""What seems never to happen: bits of the state that are never both 1, registers that are unlike in other states only.

Such lemmas are found in random tests, and proved together with the questions that they help to answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from dv_agent.runners.formal.aiger import Circuit
from dv_agent.runners.formal.equivalence.paired_circuits import OF_CLEAN, UNLIKE, Lemma
from dv_agent.runners.formal.equivalence.prints import Words

_EXPECTED = 12.0  # how often two bits would both be 1 if they had nothing to do with each other
_MOST, _EACH, _GLANCE = 3_000, 12, 64


def of_states(circuit: Circuit, seen: Words) -> list[Lemma]:
    """Return lemmas on the registers of a circuit. Args: seen: uint64[registers, columns], what they did."""
    columns, literals = np.concatenate([seen, ~seen]), _literals(circuit)
    found: list[Lemma] = [
        ((OF_CLEAN, literals[place]), (OF_CLEAN, literals[place]))
        for place in np.flatnonzero(~columns.any(axis=1)).tolist()
    ]
    some = columns[:, :: max(1, columns.shape[1] // _GLANCE)]
    for number, literal in enumerate(literals):
        late = number + 1 + np.flatnonzero(~(some[number + 1 :] & some[number]).any(axis=1))
        places: list[int] = late[[*_never(columns[number], columns[late])]].tolist() if len(late) else []
        found += [((OF_CLEAN, literal), (OF_CLEAN, literals[place])) for place in places]
    return found[:_MOST]


def of_differences(circuit: Circuit, seen: Words, unlike: Mapping[int, Words]) -> list[Lemma]:
    """Return lemmas on when registers are unlike.

    Args:
        circuit: the clean one.
        seen: what its registers did.
        unlike: register of the changed version -> when it was unlike.
    """
    columns, literals = np.concatenate([seen, ~seen]), _literals(circuit)
    return [
        ((UNLIKE, number), (OF_CLEAN, literals[place]))
        for number, when in unlike.items()
        for place in [*_never(when, columns)][:_EACH]
    ][:_MOST]


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
