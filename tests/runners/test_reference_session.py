"""The pure-Python session: strobes, responders and resets without a simulator."""

from __future__ import annotations

from runner_fixtures import (
    AdderModel,
    LowResetModel,
    PipeModel,
    WalkerModel,
    adder,
    beats,
    bits,
    lowreset,
    make_design,
    pipe,
    program,
    stream,
    walker,
)  # fmt: skip

from dv_agent.designs.observation import Observation
from dv_agent.designs.program import Op, Program
from dv_agent.designs.trace import End, Trace
from dv_agent.runners.checks.run_checks import check
from dv_agent.runners.reference.session import ReferenceSession, ReferenceSimulator
from dv_agent.runners.simulator import Session, Simulator


def test_inputs_are_accepted_one_a_cycle_and_outputs_follow() -> None:
    done = ReferenceSession(pipe(), PipeModel()).run(program(in_=(*beats(1, 2), *beats(3, gap=2))))
    assert done.trace.accepted["in"].cycle.tolist() == [0, 1, 4]
    assert done.trace.accepted["out"].columns["data"].tolist() == [1, 2, 3]
    assert done.trace.end == End.DRAINED
    assert done.step_starts["in"][0] == (0, 0)


def test_attached_strobes_share_the_cycle_of_their_beat() -> None:
    sends = (Op("send", 1, strobes=(("cfg", 10),)), Op("send", 2), Op("send", 3, strobes=(("cfg", 0xFF),)))
    trace = ReferenceSession(adder(), AdderModel()).run(program(in_=sends, cfg=(Op("write", 7),))).trace
    assert trace.accepted["cfg"].cycle.tolist() == [0, 1, 2]
    assert trace.accepted["cfg"].columns["offset"].tolist() == [10, 7, -1]
    assert trace.accepted["out"].columns["y"].tolist() == [11, 9, 2]


def test_the_model_asks_and_the_memory_answers() -> None:
    sends = (Op("send", 3 | 15 << 4), Op("send", 0), Op("send", 2))
    trace = ReferenceSession(walker(), WalkerModel()).run(Program({"in": sends}, 500, {"ld": (5, 6, 7)})).trace
    assert trace.accepted["ld.request"].columns["addr"].tolist() == [15, 0, 1, 0, 1]
    assert trace.accepted["ld.response"].columns["word"].tolist() == [5, 5, 6, 5, 6]
    assert trace.accepted["out"].columns["sum"].tolist() == [16, 0, 11]
    assert check(walker(), trace, WalkerModel().observe(trace)) == ()


def test_a_reset_ends_an_epoch_also_when_it_is_active_low() -> None:
    tracks: dict[str, tuple[Op, ...]] = {
        "in": (Op("send", 1), Op("send", 2, gap=5)),
        "reset": (Op("at", 3), Op("pulse", 2)),
    }
    trace = ReferenceSession(lowreset(), LowResetModel()).run(Program(tracks, 500)).trace
    assert trace.accepted["in"].epoch.tolist() == [0, 1]
    assert trace.accepted["out"].columns["count"].tolist() == [0, 0]


def test_it_fits_the_seams() -> None:
    simulator: Simulator = ReferenceSimulator(PipeModel())
    with simulator.open(pipe()) as session:
        seam: Session = session
        assert seam.run(program(in_=beats(1))).trace.end == End.DRAINED
    assert (simulator.name, simulator.version()) == ("reference", "reference model")


def test_two_sources_share_a_strobe_port_one_after_the_other() -> None:
    ports = {
        "one": stream("source", "one", {"x": bits("one_x", 4)}),
        "two": stream("source", "two", {"x": bits("two_x", 4)}),
        "cfg": {"kind": "strobe", "enable": "cfg_write", "fields": {"v": bits("cfg_v", 4)}},
    }
    tracks: dict[str, tuple[Op, ...]] = {
        "one": (Op("send", 1, strobes=(("cfg", 3),)), Op("send", 2)),
        "two": (Op("send", 3, strobes=(("cfg", 4),)), Op("send", 4)),
    }

    class NoOutputs:
        def observe(self, _trace: Trace) -> Observation:
            return Observation({}, {})

    trace = ReferenceSession(make_design("shared", ports), NoOutputs()).run(Program(tracks, 100)).trace
    assert trace.accepted["cfg"].columns["v"].tolist() == [3, 4]
    assert trace.accepted["one"].cycle.tolist() == [0, 1]
    assert trace.accepted["two"].cycle.tolist() == [1, 2]
