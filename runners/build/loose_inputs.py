"""Inputs of the top module that nothing drives: an error, because the design would read Z there, or a constant 0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dv_agent.designs.design import Design
from dv_agent.designs.reader.parse_rtl import read_rtl
from dv_agent.errors import BuildError, InputFileError

_FLOATING = re.compile(r"dangling input port \d+ \((\w+)\) floating")
_MISSING = re.compile(r"PINMISSING: .*missing pin: '(\w+)'")
_TIE_WIDTH = re.compile(r"Port \d+ \((\w+)\) of \w+ expects (\d+) bits, got ")


def reject_loose_inputs(design: Design, names: Iterable[str]) -> None:
    """Raise `InputFileError` if `names`, the inputs that nothing drives, are any."""
    if found := list(dict.fromkeys(names)):
        noun = "an input" if len(found) == 1 else "inputs"
        ties = ", ".join(f"{name}: 0" for name in found)
        raise InputFileError(
            design.folder / "design.yaml",
            f"nothing drives {', '.join(found)}, {noun} of {design.top}; name each in a port, such as one of kind "
            f"`pins`, or hold it constant: `ties: {{{ties}}}`",
        )


def floating_inputs(lines: Iterable[str]) -> list[str]:
    """Return the inputs that Icarus reports as not connected, in the messages of the wrapper."""
    return [found[1] for line in lines if (found := _FLOATING.search(line))]


def missing_inputs(design: Design, lines: Iterable[str]) -> list[str]:
    """Return the inputs among the ports that Verilator reports as not connected (it does not tell their direction).

    If the RTL cannot be read, this is empty: then it is not known which of them are inputs.
    """
    names = [found[1] for line in lines if (found := _MISSING.search(line))]
    if not names:
        return []
    try:
        structure = read_rtl(design)
    except (BuildError, InputFileError):
        return []
    inputs = {port.name for port in structure.module(structure.top).ports if port.direction == "input"}
    return [name for name in names if name in inputs]


def is_fitting_tie(design: Design, line: str) -> bool:
    """Return whether a message of Icarus is about the width of a constant that fits the port it is tied to.

    A constant has 32 bits, whatever the port has, and Icarus does not look at its value.
    """
    found = _TIE_WIDTH.search(line)
    if found is None:
        return False
    tied: Sequence[int] = [value for signal, value in design.ties.items() if signal == found[1]]
    return bool(tied) and tied[0].bit_length() <= int(found[2])
