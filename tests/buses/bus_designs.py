"""Small designs behind buses, for tests: their descriptions, and how tests of them are played."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.schema import Beats, StimulusSchema, TrackSchema
from dv_agent.designs.language.stimulus import Step, Test
from dv_agent.designs.observation import Observation
from dv_agent.runners.checks.run_checks import CheckFailure, check
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Run

HERE = Path(__file__).parent
NOTHING = Observation({}, {})


def bits(names: str, **wide: int) -> dict[str, Any]:
    """Signals named as their roles: `names` of one bit, and `wide` ones."""
    return {name: name for name in names.split()} | {
        name: {"signal": name, "width": width} for name, width in wide.items()
    }


APB = {
    "kind": "apb", "reads_back": True,
    "signals": bits("psel penable pwrite pready pslverr", paddr=6, pwdata=32, prdata=32, pstrb=4),
}  # fmt: skip
AXI_LITE = {
    "kind": "axi_lite", "reads_back": True,
    "signals": bits(
        "awvalid awready wvalid wready bvalid bready arvalid arready rvalid rready",
        awaddr=6, awprot=3, wdata=32, wstrb=4, bresp=2, araddr=6, arprot=3, rdata=32, rresp=2,
    ),
}  # fmt: skip

WISHBONE = {
    "kind": "wishbone", "reads_back": True,
    "signals": {
        **{role: f"wb_{role}_i" for role in ("cyc", "stb", "we")}, "ack": "wb_ack_o", "err": "wb_err_o",
        "adr": {"signal": "wb_adr_i", "width": 6}, "dat_i": {"signal": "wb_dat_i", "width": 32},
        "sel": {"signal": "wb_sel_i", "width": 4}, "dat_o": {"signal": "wb_dat_o", "width": 32},
        "cti": {"signal": "wb_cti_i", "width": 3},
    },
}  # fmt: skip
PIPELINED = {
    "kind": "wishbone", "reads_back": True,
    "signals": bits("cyc stb we stall ack rty", adr=6, dat_i=32, dat_o=32, sel=4),
}  # fmt: skip
AXI4 = {
    "kind": "axi4", "reads_back": True,
    "signals": bits(
        "awvalid awready wvalid wready wlast bvalid bready arvalid arready rvalid rready rlast",
        awid=2, awaddr=8, awlen=8, awsize=3, awburst=2, wdata=32, wstrb=4, bid=2, bresp=2,
        arid=2, araddr=8, arlen=8, arsize=3, arburst=2, rid=2, rdata=32, rresp=2,
    ),
}  # fmt: skip
MEMORY: dict[str, Any] = {
    "valid": "mem_valid", "ready": "mem_ready", "addr": {"signal": "mem_addr", "width": 32},
    "strb": {"signal": "mem_wstrb", "width": 4}, "wdata": {"signal": "mem_wdata", "width": 32},
    "rdata": {"signal": "mem_rdata", "width": 32}, "rvalid": "mem_rvalid",
}  # fmt: skip


def design(top: str, port: dict[str, Any], clock: str = "clk", reset: str = "rst", **more: Any) -> Design:
    """A design with one port `bus`; a reset whose name ends in n is active low."""
    data = {
        "schema_version": 1, "name": top, "title": top, "task_version": 1, "top": top, "sources": [f"rtl/{top}.v"],
        "clock": {"signal": clock}, "reset": {"signal": reset, "active": "low" if reset.endswith("n") else "high"},
        "ports": {"bus": port}, "limits": {"quiet_cycles": 40, "max_cycles": 4000}, "folder": HERE, **more,
    }  # fmt: skip
    return Design.model_validate(data)


def apb_regs(**more: Any) -> Design:
    return design("apb_regs", APB, "pclk", "presetn", **more)


def axil_regs(**more: Any) -> Design:
    return design("axil_regs", AXI_LITE, "aclk", "aresetn", **more)


def wb_regs(**more: Any) -> Design:
    return design("wb_regs", WISHBONE, **more)


def wbp_regs(**more: Any) -> Design:
    return design("wbp_regs", PIPELINED, **more)


def axi_ram(**more: Any) -> Design:
    return design("axi_ram", AXI4, "aclk", "aresetn", **more)


def axi_mover(beats: int) -> Design:
    """A manager of AXI4, or of AXI4-Lite if bursts have one beat."""
    signals = bits(
        "arvalid arready rvalid rready awvalid awready wvalid wready bvalid bready",
        araddr=16, awaddr=16, rdata=32, wdata=32, wstrb=4, rresp=2, bresp=2,
    )  # fmt: skip
    bursts = bits("rlast wlast", arlen=8, awlen=8, arid=2, awid=2, rid=2, bid=2)
    lite = beats == 1
    ports = {
        "bus": {"kind": "axi_lite_memory", "signals": signals} if lite
        else {"kind": "axi4_memory", "signals": signals | bursts},
        "in": {"kind": "source", "valid": "in_valid", "ready": "in_ready",
               "fields": {"place": {"signal": "in_place", "width": 4}}},
    }  # fmt: skip
    ties = {"rlast": 1, "rid": 0, "bid": 0} if lite else {}
    return design("axi_mover", {}, ports=ports, parameters={"BEATS": beats}, ties=ties)


def copier(mode: int) -> Design:
    """A design that asks a memory, in one of the three ways to answer."""
    lacking = ({"rvalid"}, {"rvalid", "ready"}, set[str]())[mode]
    signals = {role: signal for role, signal in MEMORY.items() if role not in lacking}
    ports = {
        "bus": {"kind": "memory", "signals": signals},
        "in": {"kind": "source", "valid": "in_valid", "ready": "in_ready",
               "fields": {"place": {"signal": "in_place", "width": 8}}},
        "out": {"kind": "sink", "valid": "out_valid", "ready": "out_ready",
                "fields": {"word": {"signal": "out_word", "width": 32}}},
    }  # fmt: skip
    ties = {MEMORY[role]: 0 for role in lacking}
    return design("copier", {}, ports=ports, parameters={"MODE": mode}, ties=ties)


def schema(one: Design, **tracks: TrackSchema) -> StimulusSchema:
    """The schema of a design without a stimulus.yaml."""
    names = {name: TrackSchema(beats=Beats(max=16 if part.packets else 1)) for name, part in one.grammars.items()}
    names["reset"] = TrackSchema()
    return StimulusSchema(schema_version=1, tracks=names | tracks)


def random_tests(count: int, most: int = 30, **keys: Any) -> list[Test]:
    """Tests of random accesses, a fifth of them with resets."""
    source = random.Random(5)
    tests = []
    for seed in range(count):
        block: dict[str, Any] = {"count": source.randint(1, most), "gap": source.choice([0, [0, 2], [0, 9]]), **keys}
        tracks: dict[str, tuple[Step, ...]] = {"bus": ({"random": block},)}
        if source.random() < 0.2:
            tracks["reset"] = ({"random": {"count": [1, 2], "wait": [2, 60], "width": [1, 3]}},)
        tests.append(Test(seed=seed, tracks=tracks))
    return tests


def play(one: Design, tests: Sequence[Test], simulator: str = "icarus") -> list[tuple[Run, tuple[CheckFailure, ...]]]:
    """What the simulator did, and the checks that fail, without any model."""
    rules = schema(one)
    with find_simulator(simulator).open(one) as session:
        runs = [session.run(expand(one, rules, test)) for test in tests]
    return [(run, check(one, run.trace, NOTHING)) for run in runs]


def steps(*given: Step) -> Test:
    return Test(tracks={"bus": given})


def faulty(one: Design, fault: int) -> Design:
    return one.model_copy(update={"parameters": {**one.parameters, "FAULT": fault}})
