"""Guesses about a design: each is a part of design.yaml with its reason and its certainty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from dv_agent.designs.elaboration.interface import Interface, PortShape

Certainty = Literal["certain", "likely", "guess"]


@dataclass(frozen=True, slots=True)
class Guess:
    """One part of design.yaml.

    Attributes:
        key: its key, or the name of a port.
        value: plain data.
        reason: why, in one sentence.
        certainty: ``certain`` by the RTL or by a whole set of names, ``likely`` by usual names, else ``guess``.
    """

    key: str
    value: Any
    reason: str
    certainty: Certainty


@dataclass
class Pool:
    """The ports that no guess has claimed yet, and the guesses so far.

    Attributes:
        top: the elaborated top.
        free: name -> port, in declaration order.
        wiring: guesses about clocks, resets and ties: keys of design.yaml.
        ports: guesses about ports.
        notes: what a user should know and do, one sentence each.
    """

    top: Interface
    free: dict[str, PortShape] = field(init=False)
    wiring: list[Guess] = field(default_factory=list)
    ports: list[Guess] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = {one.name: one for one in self.top.ports}

    def inputs(self) -> list[PortShape]:
        """Return the inputs that are free."""
        return [one for one in self.free.values() if one.direction == "input"]

    def outputs(self) -> list[PortShape]:
        """Return the outputs that are free."""
        return [one for one in self.free.values() if one.direction == "output"]

    def claim(self, names: Iterable[str]) -> None:
        """Mark ports as used."""
        for name in names:
            self.free.pop(name, None)

    def add(self, guess: Guess, claimed: Iterable[str]) -> None:
        """Add a port, under a name that is not used yet."""
        taken = {one.key for one in self.ports} | {"reset"}
        names = (guess.key, *(f"{guess.key}_{number}" for number in range(2, 1000)))
        key = next(one for one in names if one not in taken)
        self.ports.append(Guess(key, guess.value, guess.reason, guess.certainty))
        self.claim(claimed)

    def wired(self, key: str) -> Any:
        """Return the value of a guess about the wiring; None if there is none."""
        return next((one.value for one in self.wiring if one.key == key), None)

    def sinks(self) -> Iterator[Guess]:
        """Return the guesses about ports on which the design drives valid."""
        yield from (one for one in self.ports if one.value["kind"] == "sink")
