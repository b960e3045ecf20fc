"""The first pass of a verification: the run again on the native path, with a share on the simulator of the record.

If everything is as recorded, it is true: a record could only be wrong there if both simulators differed on a design of
this installation, which the share would show. Anything else is looked at again on the simulator of the record alone.
"""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.errors import SimulationError
from dv_agent.runners.native.simulator import NativeSimulator
from dv_agent.runners.simulator import NATIVE, Session, Simulator

SHARE = 16
PAYS_FROM = 30_000  # cycles of a run from which on the build of a native worker costs less than it saves


def first_session(official: Simulator, design: Design, cycles: int) -> Session | None:
    """Return a native session of `design`, one of `SHARE` tests of which is played on `official` too.

    None if there is no native path, if it is itself the simulator of the record, or if a run of that many clock
    cycles is too short for it to pay.

    Raises:
        BuildError, PrerequisiteError: not even `official` can simulate the design.
    """
    if official.name == NATIVE or cycles < PAYS_FROM:
        return None
    native = NativeSimulator(share=SHARE, judge=official, say=lambda words: None)
    try:
        session = native.open(design)
    except SimulationError:
        return None
    if native.name == NATIVE:
        return session
    session.close()
    return None
