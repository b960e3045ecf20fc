"""Values of the parameters of the top module; strictly checked, because they become part of generated Verilog."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dv_agent.designs.frozen import Frozen

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_TYPE = rf"^(?:{_NAME}::)?{_NAME}(?: (?:un)?signed)?(?: ?\[[0-9]{{1,5}}:[0-9]{{1,5}}\]){{0,4}}$"


class TextValue(Frozen):
    """A string, of printable ASCII without quotes, backslashes and backquotes."""

    text: Annotated[str, Field(pattern=r"^[ !#-\[\]-_a-~]*$", max_length=400)]

    @property
    def verilog(self) -> str:
        """The value in Verilog."""
        return f'"{self.text}"'


class TypeValue(Frozen):
    """A type: of the language, of a package, or a name known to the sources, and its ranges; for SystemVerilog."""

    type: Annotated[str, Field(pattern=_TYPE, max_length=200)]

    @property
    def verilog(self) -> str:
        """The value in SystemVerilog."""
        return self.type


ParameterValue = int | TextValue | TypeValue


def verilog_of(value: ParameterValue) -> str:
    """Return a value as it is written in an instance."""
    return str(value) if isinstance(value, int) else value.verilog
