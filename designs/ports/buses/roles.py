"""The signals of each bus by their roles: direction, width, whether a design may lack them, and other usual names.

Directions are those of the design. A width is a number of bits, or a rule: ``address``, ``data`` and ``id`` are
free and equal within one bus, ``strobe`` is one bit for each byte of the data, ``any`` is free.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Width = int | Literal["address", "data", "strobe", "id", "any"]


@dataclass(frozen=True, slots=True)
class Role:
    """One signal of a bus.

    Attributes:
        into: whether it is an input of the design.
        optional: whether a design may lack it.
        group: a set of signals that a design may lack as a whole, such as the write channels; empty if it may not.
        idle: the value that is driven if no step sets it.
        also: other usual names, without prefix and in small letters.
    """

    name: str
    into: bool
    width: Width = 1
    optional: bool = False
    group: str = ""
    idle: int = 0
    also: tuple[str, ...] = ()


def _in(name: str, width: Width = 1, *, optional: bool = False, group: str = "", idle: int = 0,
        also: tuple[str, ...] = ()) -> Role:  # fmt: skip
    return Role(name, True, width, optional, group, idle, also)


def _out(name: str, width: Width = 1, *, optional: bool = False, group: str = "", also: tuple[str, ...] = ()) -> Role:
    return Role(name, False, width, optional, group, 0, also)


APB = (
    _in("psel", also=("psel0", "pselx")),
    _in("penable"),
    _in("pwrite"),
    _in("paddr", "address"),
    _in("pwdata", "data"),
    _out("prdata", "data"),
    _out("pready", optional=True),
    _out("pslverr", optional=True),
    _in("pstrb", "strobe", optional=True),
    _in("pprot", 3, optional=True),
)

AXI_LITE = (
    _in("awvalid", group="write"),
    _out("awready", group="write"),
    _in("awaddr", "address", group="write"),
    _in("awprot", 3, optional=True, group="write"),
    _in("wvalid", group="write"),
    _out("wready", group="write"),
    _in("wdata", "data", group="write"),
    _in("wstrb", "strobe", optional=True, group="write"),
    _out("bvalid", group="write"),
    _in("bready", group="write"),
    _out("bresp", 2, optional=True, group="write"),
    _in("arvalid", group="read"),
    _out("arready", group="read"),
    _in("araddr", "address", group="read"),
    _in("arprot", 3, optional=True, group="read"),
    _out("rvalid", group="read"),
    _in("rready", group="read"),
    _out("rdata", "data", group="read"),
    _out("rresp", 2, optional=True, group="read"),
)


def _burst_request(channel: str, group: str) -> tuple[Role, ...]:
    """Return the signals of an AXI4 request channel beyond valid, ready and address. Incrementing bursts only."""
    return (
        _in(f"{channel}id", "id", optional=True, group=group),
        _in(f"{channel}len", 8, group=group),
        _in(f"{channel}size", 3, optional=True, group=group),
        _in(f"{channel}burst", 2, optional=True, group=group, idle=1),
        *(
            _in(f"{channel}{name}", width, optional=True, group=group)
            for name, width in _SIDE_BITS.items()
        ),
        _in(f"{channel}user", "any", optional=True, group=group),
    )  # fmt: skip


_SIDE_BITS: dict[str, Width] = {"lock": 1, "cache": 4, "qos": 4, "region": 4}

AXI4 = (
    *AXI_LITE,
    *_burst_request("aw", "write"),
    _in("wlast", group="write"),
    _in("wuser", "any", optional=True, group="write"),
    _out("bid", "id", optional=True, group="write"),
    _out("buser", "any", optional=True, group="write"),
    *_burst_request("ar", "read"),
    _out("rid", "id", optional=True, group="read"),
    _out("rlast", group="read"),
    _out("ruser", "any", optional=True, group="read"),
)

WISHBONE = (
    _in("cyc", also=("cyc_i", "cyc_o")),
    _in("stb", also=("stb_i",)),
    _in("we", also=("we_i",), optional=True),
    _in("adr", "address", also=("adr_i", "addr", "addr_i"), optional=True),
    _in("dat_i", "data", also=("dat_w", "data_i", "wdat", "mosi", "dat", "data"), optional=True),
    _out("dat_o", "data", also=("dat_r", "data_o", "rdat", "rdt", "miso", "dat", "data"), optional=True),
    _in("sel", "strobe", also=("sel_i",), optional=True),
    _out("ack", also=("ack_o",)),
    _out("err", also=("err_o",), optional=True),
    _out("rty", also=("rty_o",), optional=True),
    _out("stall", also=("stall_o",), optional=True),
    _in("cti", 3, also=("cti_i",), optional=True),
    _in("bte", 2, also=("bte_i",), optional=True),
    _in("lock", also=("lock_i",), optional=True),
)

MEMORY = (
    _out("valid", also=("req", "en", "ce", "cs", "cyc", "stb", "cyc_o", "req_o")),
    _in("ready", also=("gnt", "ack", "gnt_i", "ack_i"), optional=True),
    _out("addr", "address", also=("adr", "address", "addr_o", "adr_o")),
    _out("write", also=("we", "wen", "wr", "we_o"), optional=True),
    _out("strb", "strobe", also=("wstrb", "be", "sel", "wmask", "be_o", "sel_o"), optional=True),
    _out("wdata", "data", also=("din", "dat", "wdata_o", "dat_o"), optional=True),
    _in("rvalid", also=("rsp_valid", "rvalid_i"), optional=True),
    _in("rdata", "data", also=("dout", "rdt", "rdata_i", "dat_i"), optional=True),
)


def turned(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    """Return the roles of a bus seen from its other side."""
    return tuple(replace(role, into=not role.into) for role in roles)


BUSES: dict[str, tuple[Role, ...]] = {
    "apb": APB,
    "axi_lite": AXI_LITE,
    "axi4": AXI4,
    "wishbone": WISHBONE,
    "memory": MEMORY,
    "axi_lite_memory": turned(AXI_LITE),
    "axi4_memory": turned(AXI4),
}
"""Kind of port -> its signals."""
