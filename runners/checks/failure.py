"""The noun CheckFailure: one thing that the design did wrong."""

from __future__ import annotations

from pydantic import Field

from dv_agent.designs.bounds import Count
from dv_agent.designs.frozen import Frozen


class CheckFailure(Frozen):
    """A check of the design under test that failed: a result, not an error.

    ============  ==========================================================================================
    check         the design ...
    ============  ==========================================================================================
    value         delivered a transfer with a wrong field (`field`, `expected`, `seen`)
    lost          did not deliver a transfer, although the test drained, or delivered a later one first
    extra         delivered a transfer that nothing had caused (yet)
    duplicate     delivered the previous transfer again
    order         delivered two neighbouring transfers the wrong way round
    stable        took back valid, or changed its payload, while ready was low
    unknown       showed X or Z on valid, on ready, or on the payload of a valid output
    after_reset   had a valid output in the first cycle after a reset
    deadlock      stopped accepting, with nothing left that could release it
    hung          made the simulator hang
    crashed       ended the simulation
    ============  ==========================================================================================

    Other packages add checks of their own under other names.

    Attributes:
        port: the stream, such as ``out`` or ``ld.request``, or empty.
        cycle: clock cycle of the test in which it shows.
        index: which transfer of the port, counted from 0 over the whole test.
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

    def __str__(self) -> str:
        where = f" on {self.port}" if self.port else ""
        when = f" in cycle {self.cycle}" if self.cycle is not None else ""
        return f"{self.check}{where}{when}: {self.message}"
