"""The steps that docs/test-language.md names for an event in a known cycle, port kind by port kind."""

from __future__ import annotations

from typing import Any

import pytest
from runner_fixtures import Opener, adder, bits, make_design, stream, walker

from dv_agent.designs.defaults.schema_from_ports import schema_from_ports
from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.trace import Trace

SEND, AFTER = {"beat": [{"x": 5}]}, {"after": {"port": "in", "accepted": 1}}
HELD, ASK = {"stall": AFTER}, {"beat": [{"n": 1, "a": 0}]}
SET = {"set": {"offset": 7}}


def on_pins() -> Design:
    """The adder, whose configuration is levels."""
    fields = {"offset": bits("cfg_offset", 8, signed=True), "write": bits("cfg_write", 1)}
    ports = {
        "in": stream("source", "in", {"x": bits("in_x", 8, signed=True)}),
        "cfg": {"kind": "pins", "fields": fields},
        "out": stream("sink", "out", {"y": bits("out_y", 9, signed=True)}),
    }
    return make_design("adder", ports)


def played(open_session: Opener, design: Design, tracks: dict[str, Any]) -> Trace:
    test = Test(tracks={name: tuple(steps) for name, steps in tracks.items()})
    return open_session(design).run(expand(design, schema_from_ports(design), test)).trace


@pytest.mark.parametrize(
    ("design", "stream_of", "at", "behind"),
    [
        (adder, "in", {"in": [{"at": 40}, SEND]}, {"in": [SEND, AFTER, {"idle": 3}, SEND]}),
        (adder, "out", {"in": [SEND], "out": [{"stall": {"at": 40}}]}, {"in": [SEND], "out": [HELD, {"stall": 3}]}),
        (adder, "cfg", {"cfg": [{"at": 40}, {"write": {"offset": 7}}]},
         {"in": [SEND], "cfg": [AFTER, {"idle": 3}, {"write": {"offset": 7}}]}),
        (walker, "ld.request", {"in": [ASK], "ld": [{"stall": {"at": 40}}]},
         {"in": [ASK], "ld": [HELD, {"serve": 1, "stall": 3}]}),
    ],
)  # fmt: skip
def test_a_transfer_comes_in_the_cycle_that_its_test_names(
    open_session: Opener, design: Any, stream_of: str, at: dict[str, Any], behind: dict[str, Any]
) -> None:
    first, second = (played(open_session, design(), tracks).accepted for tracks in (at, behind))
    assert first[stream_of].cycle.tolist() == [40]
    assert second[stream_of].cycle[-1] == second["in"].cycle[0] + 1 + 3
    if stream_of == "ld.request":
        assert first["ld.response"].cycle.tolist() == [41]


def test_levels_and_resets_change_in_the_cycle_that_their_test_names(open_session: Opener) -> None:
    first = played(open_session, on_pins(), {"cfg": [{"at": 40}, SET], "reset": [{"at": 60}, {"pulse": 1}]})
    assert first.signals["cfg_offset"].tolist().index(7) == 40
    assert first.in_reset.nonzero()[0].tolist() == [60]
    waits = {"cfg": [AFTER, {"hold": 3}, SET], "reset": [AFTER, {"idle": 9}, {"pulse": 1}]}
    second = played(open_session, on_pins(), {"in": [SEND], **waits})
    sent = int(second.accepted["in"].cycle[0])
    assert second.signals["cfg_offset"].tolist().index(7) == sent + 1 + 3
    assert second.in_reset.nonzero()[0].tolist() == [sent + 1 + 9]
