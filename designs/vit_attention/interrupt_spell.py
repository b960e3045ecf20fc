"""How long the interrupt is held back, section 3.4."""

from __future__ import annotations

from dataclasses import dataclass

from dv_agent.designs.vit_attention.register_map import NONE

MOST_EVENTS, MOST_AGE = 15, 1023
UNIT = 4  # cycles of a step of the timeout


@dataclass
class Spell:
    """What the moderation knows at the beginning of a cycle."""

    events: int = 0
    age: int = 0
    ripe: bool = False
    why: int = 0  # once it is ripe: 1 enough events, 2 old enough, 3 both, 4 nothing is held back

    @property
    def facts(self) -> tuple[int, int, int]:
        """Events, age (cycles) and whether it is ripe."""
        return self.events, self.age, int(self.ripe)

    def step(self, events: int, threshold: int, timeout: int, *, raised: bool) -> None:
        """Pass one cycle, in which `events` events count."""
        self.events = min((self.events if raised else 0) + events, MOST_EVENTS)
        self.age = min(self.age + 1, MOST_AGE) if raised else 0
        old = raised and timeout != 0 and self.age >= UNIT * timeout
        enough = self.events >= threshold
        if not (raised and self.ripe):
            self.why = 4 if threshold == 0 else enough + 2 * old
        self.ripe = (raised and self.ripe) or enough or old

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


SPELL_COLUMNS = (
    "began", "gap", "lasted", "ripe_after", "late", "why", "events", "at_ripe", "jump", "threshold", "timeout", "seen",
    "survived", "saved", "behind_write",
)  # fmt: skip


@dataclass
class Watched:
    """What the table of spells tells of one that goes on."""

    began: int
    gap: int  # cycles between the end of the one before and this one
    ripe_at: int = NONE
    why: int = 0
    at_ripe: int = 0  # events as it gets ripe
    jump: int = 0  # of them in the last cycle
    events: int = 0
    seen: int = 0  # bits of STATUS
    survived: int = 0  # clears after which it goes on
    saved: int = 0  # bits of STATUS that were set in the cycle of a clear and alone keep it going
    written: int = NONE  # cycle in which COAL was written
    behind_write: int = 0  # whether that made it ripe

    def facts(self, end: int, threshold: int, timeout: int) -> tuple[int, ...]:
        """The columns `SPELL_COLUMNS`, as it ends before cycle `end`."""
        ripe = self.ripe_at != NONE
        return (
            self.began, self.gap, end - self.began, self.ripe_at - self.began if ripe else NONE,
            end - self.ripe_at if ripe else NONE, self.why, self.events, self.at_ripe, self.jump, threshold, timeout,
            self.seen, self.survived, self.saved, self.behind_write,
        )  # fmt: skip
