"""The README of an exported project: what is in it, how it is run, what it does not check."""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.designs.text.wording import counted
from dv_agent.eval.cocotb_project.chosen_tests import Chosen
from dv_agent.eval.cocotb_project.kept_kills import Kept

_TEXT = """# Tests of {design}

{tests} of {all}, the smallest set found that hits the same {bins} as all of them. From the run {run}.

```
pip install -r requirements.txt     # cocotb and pytest
pytest                              # Icarus Verilog
SIM=verilator pytest                # Verilator
RTL=changed pytest                  # sources of the same names from another folder
```

| file | what it is |
|---|---|
| `test_design.py` | pytest: builds the RTL, plays each test in a simulator of its own |
| `bus_drivers.py` | the driver of AXI4-Lite ports |
| `play_test.py` | the cocotb test: the loop over cycles, sampling, the end of a test |
| `port_drivers.py` | the drivers of the ports |
| `output_checks.py` | the checks: scoreboard, handshake rules, X, levels, the end |
| `design.json` | pins, streams and ports |
| `data/` | one test a file: `tracks` is the stimulus step by step, `expected` the transfers by port and reset epoch, \
`levels` outputs cycle by cycle as [level, cycles] |
| `rtl/` | the RTL, without any seeded bug |

Expected values are those of {source}. A reset in the middle of a test is timed in cycles, so a change of
the RTL's latency may change what is delivered before it.
{kills}"""


def readme_text(
    chosen: Chosen, unseen: Sequence[Kept], run_tests: int, run: str, design: str, judged: bool = True
) -> str:
    """Return the text.

    Args:
        run_tests: number of tests of the run.
        judged: whether a reference model says what is expected.
    """
    source = "the reference model" if judged else "the RTL itself: there is no reference model"
    return _TEXT.format(
        design=design, tests=counted(len(chosen.tests), "test"), all=counted(run_tests, "test"),
        bins=counted(chosen.bins, "bin"), run=run, source=source, kills=_kills(chosen, unseen),
    )  # fmt: skip


def _kills(chosen: Chosen, unseen: Sequence[Kept]) -> str:
    lost = {one.bug for one in unseen}
    rows = [f"| {one.bug} | test_{one.test:04} | {one.check} |" for one in chosen.kills if one.bug not in lost]
    text = "\n| seeded bug | killed by | check |\n|---|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    for one in unseen:
        text += f"\nNot kept: {one.bug}, which test_{one.test:04} kills by the check `{one.check}`, missing here.\n"
    if chosen.failing:
        names = ", ".join(f"test_{number:04}" for number in chosen.failing)
        text += f"\nThese tests failed a check in the run: {names}.\n"
    return text
