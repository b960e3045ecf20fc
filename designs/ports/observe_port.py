"""An observe port: outputs that are only sampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from dv_agent.designs.frozen import Identifier
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import PortModel


class ObservePort(PortModel):
    """Outputs that are only sampled, such as ``dbg_*``."""

    kind: Literal["observe"]
    fields: dict[Identifier, FieldSpec]
    label: ClassVar[str] = "observed"
    rules: ClassVar[tuple[str, ...]] = ("unknown",)

    def observed(self) -> Mapping[str, FieldSpec]:
        """Return all fields of the port."""
        return self.fields
