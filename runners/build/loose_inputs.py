"""Inputs of the top module that nothing drives: an error, because the design would read Z there, or a constant 0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from dv_agent.designs.design import Design
from dv_agent.designs.rtl_files import parameter_texts
from dv_agent.errors import BuildError, InputFileError

_FLOATING = re.compile(r"dangling input port \d+ \((\w+)\) floating")
_MISSING = re.compile(r"PINMISSING: .*missing pin: '(\w+)'")
# As Icarus and as Verilator say it.
_TIE_WIDTH = re.compile(
    r"(?:Port \d+ \(|Input port connection ')(\w+)(?:\) of \w+|') expects (\d+) bits(?:, got | on the pin connection)"
)


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
    inputs = _inputs_of_top(design)
    return [name for name in names if name in inputs]


def _inputs_of_top(design: Design) -> set[str]:
    from dv_agent.designs.elaboration.elaborate import elaborate
    from dv_agent.designs.elaboration.request import Request

    request = Request(
        sources=design.source_files(), include_dirs=tuple(design.base / name for name in design.include_dirs),
        defines=design.defines, parameters=dict(parameter_texts(design.parameters)), top=design.top,
        language=design.language,
    )  # fmt: skip
    try:
        return {port.name for port in elaborate(request).ports if port.direction == "input"}
    except (BuildError, ValidationError):
        return set()


def is_fitting_tie(design: Design, line: str) -> bool:
    """Return whether a message is about the width of a constant that fits the port it is tied to.

    A constant of the wrapper has 32 or 64 bits, whatever the port has, and the tools do not look at its value.
    """
    found = _TIE_WIDTH.search(line)
    if found is None:
        return False
    tied: Sequence[int] = [value for signal, value in design.ties.items() if signal == found[1]]
    return bool(tied) and tied[0].bit_length() <= int(found[2])
