"""An observe port: outputs that are only looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import PortModel


class ObservePort(PortModel):
    """Outputs that are only looked at, such as ``dbg_*``."""

    kind: Literal["observe"]
    fields: dict[Identifier, FieldSpec]
    label: ClassVar[str] = "observed"

    def observed(self) -> Mapping[str, FieldSpec]:
        """All of its fields."""
        return self.fields
