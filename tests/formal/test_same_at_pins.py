"""Two versions of a design are proved to do the same at their pins, or a difference is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from formal_designs import RTL, need_yosys, write_steps

from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.formal.circuit_simulation import NEVER, Recorded, replay
from dv_agent.runners.formal.equivalence.same_at_pins import Comparison, read_pins, same_at_pins
from dv_agent.runners.formal.netlist import Netlist

pytest.importorskip("pysat")
Reader = Callable[..., Netlist]
NOTHING = np.zeros((0, 0), dtype=np.bool_)
LOST = "        unused <= unused + 1;\n        now <= IDLE;"
"""What is done in a state that is never reached."""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Reads a version of the design `steps`."""
    need_yosys()
    folder = tmp_path_factory.mktemp("versions")

    @cache
    def version(old: str = "", new: str = "") -> Netlist:
        assert old in RTL
        return read_pins(write_steps(folder / str(len([*folder.iterdir()])), rtl=RTL.replace(old, new, 1)).design)

    return version


def compared(read: Reader, old: str, new: str, seconds: float = 30.0) -> Comparison:
    return same_at_pins(read(), read(old, new), seconds)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),  # nothing at all
        (LOST, "now <= WORK;\n        count <= 7;"),  # in a state that is never reached
        ("if (count > 4'd9)", "if (count > 4'd11)"),  # of a count that never gets there
        ("now == IDLE;", "now == LOST ? 1'bx : now == IDLE;"),
        ("out_data <= in_data;", "out_data <= in_data; unused <= 4'bx;"),
    ],
)
def test_a_change_that_no_pin_ever_shows_is_proved_equivalent(read: Reader, old: str, new: str) -> None:
    assert compared(read, old, new).verdict == "equivalent"


@pytest.mark.parametrize(
    ("old", "new"),
    [("count == 4'd9", "count == 4'd8"), ("out_data <= in_data", "out_data <= ~in_data"), ("now <= IDLE;\n", "\n")],
)
def test_a_difference_comes_with_what_the_pins_of_both_do(read: Reader, tmp_path: Path, old: str, new: str) -> None:
    found = compared(read, old, new)
    assert (found.verdict, found.method) == ("differs", "bounded")
    design = write_steps(tmp_path / "steps").design
    layout = layout_of(design)
    width = layout.sample_width
    assert found.clean[:-width] == found.changed[:-width]
    assert found.clean[-width:] != found.changed[-width:]
    assert len(found.clean) == found.cycles * width
    for netlist, rows in ((read(), found.clean), (read(old, new), found.changed)):
        played = replay(netlist, design, layout, [Recorded(rows, NOTHING)], 1000)
        assert list(played.differs) == [NEVER]  # what a test drives leads there


def test_what_differs_in_undefined_values_only_is_unknown(read: Reader) -> None:
    found = compared(read, "now == IDLE;", "now == WORK ? 1'bx : now == IDLE;")
    assert (found.verdict, found.reason) == ("unknown", "they differ only if what is undefined is not 0")


def test_without_time_nothing_is_said(read: Reader) -> None:
    found = compared(read, "count == 4'd9", "count == 4'd8", seconds=0.0)
    assert found.verdict == "unknown"
    assert "within 0 s" in found.reason
