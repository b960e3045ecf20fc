"""The base of all buses: signals by role in design.yaml, checked against the roles of the bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from dv_agent.designs.frozen import Frozen
from dv_agent.designs.ports.buses.roles import Role
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.text.wording import counted
from dv_agent.designs.wiring.signal_slice import Signal
from dv_agent.errors import UnknownNameError

Fields = dict[str, FieldSpec]
MOST_BITS = 64  # of one field of one lane


class Addresses(Frozen):
    """The addresses of the words behind a bus: those that random accesses choose."""

    first: int = Field(default=0, ge=0)
    last: int | None = Field(default=None, ge=0, description="the last word's address; else the last of the bus")
    step: int | None = Field(default=None, ge=1, le=4096, description="from word to word; else the bytes of a word")


class BusPort(PortModel):
    """A port whose signals are named by their roles: a name for one bit, or signal and width."""

    signals: dict[str, FieldSpec]
    addresses: Addresses = Addresses()
    roles: ClassVar[tuple[Role, ...]]
    rules: ClassVar[tuple[str, ...]] = (
        *PortModel.rules, "unasked", "unanswered", "id", "beats", "exclusive", "illegal", "read_back", "refused",
    )  # fmt: skip

    @field_validator("signals", mode="before")
    @classmethod
    def _names_stand_for_single_bits(cls, signals: Any) -> Any:
        if not isinstance(signals, dict):
            return signals
        return {role: {"signal": one, "width": 1} if isinstance(one, str) else one for role, one in signals.items()}

    @model_validator(mode="after")
    def _signals_fit_the_bus(self) -> BusPort:
        if wrong := [*self._wrong_roles(), *self._wrong_widths()]:
            raise ValueError("signals: " + "; ".join(wrong))
        return self

    def _wrong_roles(self) -> Iterator[str]:
        known = {role.name: role for role in self.roles}
        for name in self.signals:
            if name not in known:
                yield str(UnknownNameError("role", name, known))
        groups = {role.group for role in self.roles if role.name in self.signals and role.group}
        if not groups and any(role.group for role in self.roles):
            yield f"none of the channels {' and '.join(sorted({role.group for role in self.roles}))}"
        missing = [role.name for role in self.roles if not role.optional and role.name not in self.signals
                   and (role.group in groups or not role.group)]  # fmt: skip
        if missing:
            yield f"missing: {', '.join(missing)}"

    def _wrong_widths(self) -> Iterator[str]:
        for role in self.roles:
            spec = self.signals.get(role.name)
            if spec is None or role.width == "any":
                continue
            wanted = self._width(role)
            if spec.bits != wanted:
                yield f"{role.name} has {counted(wanted, 'bit')}, not {spec.bits}"

    def _width(self, role: Role) -> int:
        if isinstance(role.width, int):
            return role.width
        if role.width == "strobe":
            return max(1, self.word.bits // 8)
        alike = [one.name for one in self.roles if one.width == role.width and one.name in self.signals]
        return self.signals[alike[0]].bits

    def _first(self, width: str) -> FieldSpec | None:
        return next(
            (self.signals[role.name] for role in self.roles if role.width == width and self.has(role.name)), None
        )

    def has(self, role: str) -> bool:
        """Return whether the design has this signal."""
        return role in self.signals

    def pin(self, role: str) -> Signal:
        """Return the name of the signal of this role."""
        return self.signals[role].signal

    def named(self, **roles: str) -> Fields:
        """Return the fields for those of the roles that the design has. Args: roles: field -> role."""
        return {field: self.signals[role] for field, role in roles.items() if role in self.signals}

    @property
    def word(self) -> FieldSpec:
        """The field of a word of data."""
        return self._first("data") or no_pin("data", 1)

    @property
    def bytes(self) -> int:
        """Bytes of a word of data; at least 1."""
        return max(1, self.word.bits // 8)

    @property
    def step(self) -> int:
        """Addresses from one word to the next."""
        return self.addresses.step or self.bytes

    @property
    def span(self) -> tuple[int, int]:
        """The addresses of the first and of the last word."""
        spec = self._first("address")
        highest = (1 << spec.bits) - 1 if spec else 0
        last = highest if self.addresses.last is None else min(self.addresses.last, highest)
        first = min(self.addresses.first, last)
        return first, last - (last - first) % self.step


def places(fields: Mapping[str, FieldSpec]) -> list[list[Any]]:
    """Return [field, bits] of each field in the order of a packed payload, the least significant one first."""
    return [[name, spec.bits] for name, spec in fields.items()]


def no_pin(name: str, width: int) -> FieldSpec:
    """Return a field of an access that is no signal of the design."""
    return FieldSpec(signal=Signal(name), width=width)
