"""The noun Design: what is verified, as written in ``designs/<name>/design.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

PRIMITIVES = Path(__file__).resolve().parent / "primitives"
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]


class Frozen(BaseModel):
    """Base of all persisted data: immutable, unknown keys are errors, and so are numbers that JSON does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FieldSpec(Frozen):
    """One named field of a port's payload.

    A field with `lanes` > 1 is a vector: lane 0 stands in the least significant bits of `signal`.
    """

    signal: Identifier
    width: int = Field(ge=1, le=64, description="bits of one lane")
    lanes: int = Field(default=1, ge=1, le=64)
    signed: bool = False

    @property
    def bits(self) -> int:
        """Bits of the whole signal."""
        return self.width * self.lanes

    @property
    def low(self) -> int:
        """Least value of one lane."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def high(self) -> int:
        """Greatest value of one lane."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1


class StreamSpec(Frozen):
    """A valid/ready stream: a transfer happens at a rising edge with both high."""

    valid: Identifier
    ready: Identifier
    last: Identifier | None = Field(default=None, description="signal that ends a packet, if packets exist")
    fields: dict[Identifier, FieldSpec]


class SourcePort(StreamSpec):
    """We drive valid and payload, the design answers ready."""

    kind: Literal["source"]


class SinkPort(StreamSpec):
    """The design drives valid and payload, we drive ready."""

    kind: Literal["sink"]


class StrobePort(Frozen):
    """A write without ready: it happens in every cycle with `enable` high."""

    kind: Literal["strobe"]
    enable: Identifier
    fields: dict[Identifier, FieldSpec] = Field(default_factory=dict)


class ResponderPort(Frozen):
    """The design asks on one stream; we answer, in order, on another from test memory.

    `request` carries one field, the address; `response` carries one field, the data.
    """

    kind: Literal["responder"]
    request: StreamSpec
    response: StreamSpec


class ObservePort(Frozen):
    """Outputs that are only looked at, such as ``dbg_*``."""

    kind: Literal["observe"]
    fields: dict[Identifier, FieldSpec]


Port = Annotated[SourcePort | SinkPort | StrobePort | ResponderPort | ObservePort, Field(discriminator="kind")]


class Clock(Frozen):
    """The one clock of the design."""

    signal: Identifier = "clk"
    period_ns: int = Field(default=10, ge=2, le=1_000_000)


class Reset(Frozen):
    """The synchronous reset; every test starts with `cycles` cycles of it."""

    signal: Identifier = "rst"
    active: Literal["high", "low"] = "high"
    cycles: int = Field(default=4, ge=1, le=1000)


class Limits(Frozen):
    """Bounds that belong to the design, in clock cycles unless said otherwise."""

    quiet_cycles: int = Field(
        default=200, ge=8, le=100_000, description="cycles without any transfer after which the design counts as stuck"
    )
    max_cycles: int = Field(default=50_000, ge=100, le=10_000_000, description="longest test")
    max_items: int = Field(default=20_000, ge=1, le=1_000_000, description="most beats and strobes of one test")


class Design(Frozen):
    """What is verified. Paths are relative to `folder`."""

    schema_version: Literal[1]
    name: Identifier
    title: str
    paper: str = ""
    summary: str = ""
    task_version: int = Field(ge=1)
    top: Identifier
    shared: tuple[str, ...] = Field(default=(), description="files of `PRIMITIVES`, compiled before the sources")
    sources: tuple[str, ...] = Field(min_length=1)
    parameters: dict[Identifier, int] = Field(default_factory=dict)
    clock: Clock = Clock()
    reset: Reset = Reset()
    ports: dict[Identifier, Port]
    limits: Limits = Limits()
    folder: Path = Field(exclude=True)

    @field_validator("sources")
    @classmethod
    def _sources_stand_in_the_folder(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for name in sources:
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise ValueError(f"{name!r}: a file of the design's folder is expected, by its relative path")
        return sources

    @model_validator(mode="after")
    def _names_are_unique(self) -> Design:
        if "reset" in self.ports:
            raise ValueError("ports: 'reset' is the name of the built-in reset track; name the port otherwise")
        if not self.source_names and not any(p.kind == "strobe" for p in self.ports.values()):
            raise ValueError("ports: nothing to drive; at least one port must be a source or a strobe")
        return self

    def _of_kind(self, kind: str) -> tuple[str, ...]:
        return tuple(name for name, port in self.ports.items() if port.kind == kind)

    @property
    def source_names(self) -> tuple[str, ...]:
        """Names of the ports that we drive with packets, in file order."""
        return self._of_kind("source")

    @property
    def sink_names(self) -> tuple[str, ...]:
        """Names of the ports whose ready we drive, in file order."""
        return self._of_kind("sink")

    def compiled_names(self) -> tuple[str, ...]:
        """The RTL files in compile order: shared ones by absolute path, own ones relative to `folder`."""
        return (*(str(PRIMITIVES / name) for name in self.shared), *self.sources)

    def source_files(self) -> tuple[Path, ...]:
        """Paths of the RTL files, in compile order."""
        return tuple(self.folder / name for name in self.compiled_names())
