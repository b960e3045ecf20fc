"""What the columns of event tables mean that every design has, one line each; for prompts and lists."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dv_agent.designs.design import Design

_PLACES = {
    "gap_before": "cycles without a transfer before the packet, back-pressure included; -1 for the first",
    "longest_gap": "most cycles without a transfer between two beats of the packet, back-pressure included",
}
_PACKETS = {
    **_PLACES,
    "cut": "1 if a reset cut the packet, else 0",
    "length": "its beats",
    "first_cycle": "cycle of its first transfer",
}
_BEATS = {
    "gap": "cycles without a transfer since the one before; -1 for the first behind a reset",
    "since_reset": "transfers between the last reset and this one",
    "place": "number of the beat in its packet, from 0",
    "last": "1 for the last beat of a packet",
}
_OF_STREAM = {
    "valid": "valid, 0 or 1",
    "ready": "ready, 0 or 1",
    "transfer": "1 in a cycle with a transfer",
    "stall": "cycles, this one included, that valid has waited for ready; 0 if none",
    "idle": "cycles without valid, this one included",
    "strobe": "1 in a cycle with a write",
    "beat": "beats of the packet under way accepted before this reset",
    "after": "transfers of that stream from this reset to the next one, or to the end",
    "before": "its transfers since the reset before",
    "ended": "its packets that ended since the reset before",
}
_TRANSFER = {
    "gap": "cycles without valid since the transfer before; cycles with valid and no ready do not count",
    "stall": "cycles that valid waited for ready",
    "beat": "number of the beat in its packet, from 0",
    "last": "1 for the last beat of a packet",
    "back_to_back": "1 if the transfer before was one cycle earlier",
    "behind": "`stall` of the transfer one cycle earlier; 0 if there was none",
    "number": "number of the transfer since the last reset, from 0",
}
_ACCESS = {
    "write": "1 for a write, 0 for a read",
    "latency": "cycles from the complete request to the answer",
    "gap": "cycles between the answer before and this one; -1 if there is none",
    "same_address": "1 if the access before had this address",
}
_RESET = {"width": "cycles of the pulse"}
_ANY = {"epoch": "number of resets so far", "in_reset": "1 during a reset"}


_ROWS = {
    "cycle": "every cycle",
    "reset": "every reset pulse but the first",
    "transfer_": "every accepted transfer of {port}",
    "beat_": "every accepted transfer of {port}, with its fields",
    "packet_": "every complete packet of {port}, in the cycle of its last transfer",
    "access_": "every answered access of {port}, in the cycle of the answer",
}


def row_words(table: str) -> str:
    """Return what has a row in a table that every design has; empty for tables of a design's own."""
    for begin, words in _ROWS.items():
        if table == begin or (begin.endswith("_") and table.startswith(begin)):
            return words.format(port=table.removeprefix(begin))
    return ""


def column_words(design: Design, table: str, name: str) -> str:
    """Return what a column means that the tool itself makes; empty for columns of a design's own."""
    tables: Mapping[str, str] = {}
    if table.startswith("transfer_"):
        tables = _TRANSFER
    elif table.startswith("access_"):
        tables = _ACCESS
    elif table == "reset":
        tables = _RESET
    elif table.startswith("beat_"):
        tables = _BEATS
    elif table.startswith("packet_"):
        tables = _PACKETS
    elif table != "cycle":
        tables = _PLACES  # a table of the model: what else it has may mean anything
    return tables.get(name, "") or _ANY.get(name, "") or _of_stream(design, name) or _earlier(table, name)


def _earlier(table: str, name: str) -> str:
    if table == "reset" and name.startswith("dropped_"):
        return f"`{name.removeprefix('dropped_')}` in the first cycle of the pulse"
    if table == "reset" and name.startswith("visited_"):
        return f"bit v: `{name.removeprefix('visited_')}` is v in a cycle before the next reset"
    found = re.fullmatch(r"prev(\d?)_(\w+)", name)
    if not found:
        return ""
    back = f"{found[1]} rows" if found[1] else "one row"
    return f"`{found[2]}` {back} of `{table}` earlier"


def _of_stream(design: Design, name: str) -> str:
    columns = sorted({one.column for one in design.streams}, key=len, reverse=True)
    for column in columns:
        if found := re.fullmatch(rf"{re.escape(column)}_(\w+)", name):
            return _OF_STREAM.get(found[1], "")
    return ""
