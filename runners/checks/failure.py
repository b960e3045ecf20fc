"""CheckFailure: one failed check, such as a wrong value or a protocol violation."""

from __future__ import annotations

from pydantic import Field

from dv_agent.designs.bounds import Count
from dv_agent.designs.frozen import Frozen

_LEVELS = ("level", "reset_value", "code")  # checks that X and Z fail as well as wrong values do


class CheckFailure(Frozen):
    """A check of the design under test that failed: a result, not an error.

    ============  ==========================================================================================
    check         the design ...
    ============  ==========================================================================================
    value         delivered a transfer with a wrong field (`field`, `expected`, `seen`)
    lost          did not deliver a transfer, although the test drained, or delivered a later one first
    extra         delivered a transfer that no input had caused (yet)
    duplicate     delivered the previous transfer again
    order         delivered two consecutive transfers in the wrong order
    stable        deasserted valid, or changed its payload, while ready was low
    unknown       showed X or Z on valid, on ready, on the payload of a valid output, or on an observed flag
    after_reset   had a valid output in the first cycle after a reset
    deadlock      stopped accepting, and no further input could make it continue
    assertion     reported an error itself: ``$error``, ``$fatal``, an assertion, ``unique case`` out of range
    unasked       answered on a bus without a request
    unanswered    did not answer a request on a bus
    id            answered with an id of no open request
    beats         ended a burst with another beat than the last one that was asked for
    exclusive     raised two of ack, err and rty together
    illegal       gave a response that the bus does not know
    read_back     read something else than was written before, where design.yaml says that reads give what was written
    refused       answered with an error there
    reset_value   had another value after reset than `CheckRules.reset` says
    code          showed a value that `CheckRules.codes` does not have
    level         had another level than the reference model foretells (`Observation.levels`)
    early, late   delivered an output sooner or later than `CheckRules.latency` allows
    capacity      refused an offer although it had room, or held more than it may (`CheckRules.capacity`)
    patience      let an offer wait too long (`CheckRules.patience`)
    hung          made the simulator hang
    crashed       ended the simulation
    ============  ==========================================================================================

    Other packages add checks of their own under other names.

    Attributes:
        port: the stream, such as ``out`` or ``ld.request``, or empty.
        cycle: clock cycle of the test in which it is observed.
        index: number of the transfer of the port, counted from 0 over the whole test.
        field: field, with its lane as in ``m[1]``, or signal.
    """

    check: str
    port: str = ""
    cycle: Count | None = None
    index: Count | None = None
    field: str = ""
    expected: int | None = None
    seen: int | None = None
    message: str = Field(max_length=4000)

    @property
    def by_value(self) -> bool:
        """Whether it is no X or Z that failed, so that a simulator with two values may show it too."""
        return self.check != "unknown" and not (self.check in _LEVELS and self.seen is None)

    @property
    def told(self) -> str:
        """Return it in words for a model: with the number of the transfer."""
        if self.index is None or not self.port:
            return str(self)
        return str(self).replace(f" on {self.port}", f" on {self.port}, transfer {self.index},", 1)

    def __str__(self) -> str:
        where = f" on {self.port}" if self.port else ""
        when = f" in cycle {self.cycle}" if self.cycle is not None else ""
        return f"{self.check}{where}{when}: {self.message}"
