"""How long the interrupt is held back, section 3.4."""

from __future__ import annotations

from dataclasses import dataclass

MOST_EVENTS, MOST_AGE = 15, 1023
UNIT = 4  # cycles of a step of the timeout


@dataclass
class Spell:
    """What the moderation knows at the beginning of a cycle."""

    events: int = 0
    age: int = 0
    ripe: bool = False

    @property
    def facts(self) -> tuple[int, int, int]:
        """Events, age (cycles) and whether it is ripe."""
        return self.events, self.age, int(self.ripe)

    def step(self, events: int, threshold: int, timeout: int, *, raised: bool) -> None:
        """Pass one cycle, in which `events` events count."""
        self.events = min((self.events if raised else 0) + events, MOST_EVENTS)
        self.age = min(self.age + 1, MOST_AGE) if raised else 0
        old = raised and timeout != 0 and self.age >= UNIT * timeout
        self.ripe = (raised and self.ripe) or self.events >= threshold or old

    def calm(self, threshold: int, timeout: int, most: int, *, raised: bool) -> int:
        """Return how many cycles without events, up to `most`, can pass before it may get or stop being ripe."""
        if not raised:
            settled = self.events == 0 and self.age == 0 and self.ripe == (threshold == 0)
            return most if settled else 0
        if self.ripe:
            return most
        if self.events >= threshold:
            return 0
        return most if timeout == 0 else max(min(most, UNIT * timeout - 1 - self.age), 0)

    def skip(self, cycles: int, *, raised: bool) -> None:
        """Pass that many calm cycles."""
        if raised:
            self.age = min(self.age + cycles, MOST_AGE)
