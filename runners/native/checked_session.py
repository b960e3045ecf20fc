"""A session of native workers, a share of whose tests is played through cocotb too."""

from __future__ import annotations

from dv_agent.designs.design import Design
from dv_agent.designs.program import Program
from dv_agent.errors import SimulationError
from dv_agent.runners.cocotb.row_forms import PackedRows
from dv_agent.runners.cocotb.session import CocotbSession
from dv_agent.runners.equivalence import run_differences
from dv_agent.runners.native.several_copies import BuiltCopy
from dv_agent.runners.repeating_session import Repeats
from dv_agent.runners.simulator import Run, Session, Simulator
from dv_agent.runners.verilator import VERILATOR

_UNKNOWN = frozenset(b"XZxz")  # of a judge with four states, which are not compared


class CheckedSession(CocotbSession):
    """Plays programs in a native worker, which speaks the messages of a simulator under cocotb.

    Args:
        judge: plays the share of the tests a second time.
        share: one of so many tests; 0: none.
    """

    def __init__(
        self, design: Design, built: BuiltCopy, hang_seconds: float, repeats: Repeats, judge: Simulator, share: int
    ) -> None:
        self._judge, self._share = judge, share
        self._played = 0
        self._second: Session | None = None
        layout = built.build.layout
        super().__init__(design, built.command, layout, hang_seconds, repeats=repeats, environment={}, rows=PackedRows)

    def run(self, program: Program) -> Run:
        """See `Session.run`.

        Raises:
            SimulationError: also if cocotb gives another result; nothing that this session said can be relied on.
        """
        done = super().run(program)
        self._played += 1
        if self._share and self._played % self._share == 0:
            self._compare(program, done)
        return done

    def close(self) -> None:
        """See `Session.close`."""
        super().close()
        if self._second:
            self._second.close()
        self._second = None

    def _compare(self, program: Program, done: Run) -> None:
        self._second = self._second or self._judge.open(self._design)
        again = self._second.run(program)
        differences = [str(one) for one in run_differences(self._played, done, again)]
        if not differences and done.rows != again.rows and _UNKNOWN.isdisjoint(again.rows):
            differences = ["in their rows"]
        # Of other simulators, some do not know all assertions.
        if not differences and self._judge.name == VERILATOR and _reports(done) != _reports(again):
            differences = ["in the errors that the RTL reported"]
        if differences:
            raise SimulationError(
                f"{self._design.name}: the native simulator and {self._judge.name} differ, "
                f"{differences[0]}; use --simulator {self._judge.name}, and report this"
            )


def _reports(run: Run) -> list[tuple[str, int, int]]:
    return sorted((one.file, one.line, one.count) for one in run.trace.reported)
