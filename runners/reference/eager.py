"""A design without insides: it accepts every input at once and never delivers anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.designs.design import Design, FieldSpec, ObservePort, SinkPort, SourcePort, StrobePort
from dv_agent.runners.build.layout import Layout, payload_width

# A copy from the drive text to the sample text: first index there, first index here, width.
_Copy = tuple[int, int, int]


class EagerDesign:
    """Turns drive vectors into sample vectors, as the generated wrapper does around a real design."""

    def __init__(self, design: Design, layout: Layout) -> None:
        self._sample = layout.sample
        self._drive: dict[tuple[str, ...], int] = {}
        place = 0
        for piece in layout.drive:
            self._drive[piece.key] = place
            place += piece.width
        self._active_low = design.reset.active == "low"
        self._reset = layout.sample[design.reset.signal][0]
        self._blank = ["0"] * layout.sample_width
        self._copies: list[_Copy] = []
        # Attached strobes: index of the bit that asks for one, and the copies to make then.
        self._attached: list[tuple[int, int, list[_Copy]]] = []
        for name, port in design.ports.items():
            if isinstance(port, SourcePort):
                self._add_source(name, port)
            elif isinstance(port, StrobePort):
                self._add_strobe(design, name, port)
            elif isinstance(port, SinkPort):
                self._copies.append((self._drive[(name, "ready")], layout.sample[port.ready][0], 1))
            elif not isinstance(port, ObservePort):
                self._copies.append((self._drive[(name, "request", "ready")], layout.sample[port.request.ready][0], 1))
        self._text = "1" + "0" * (place - 1)

    def write(self, drive: str) -> None:
        """The drive vector of the next cycle."""
        self._text = drive

    def read(self) -> str:
        """The sample vector of that cycle."""
        drive, sample = self._text, self._blank.copy()
        for origin, target, width in self._copies:
            sample[target : target + width] = drive[origin : origin + width]
        for bit, enable, copies in self._attached:
            if drive[bit] == "1":
                sample[enable] = "1"
                for origin, target, width in copies:
                    sample[target : target + width] = drive[origin : origin + width]
        sample[self._reset] = "1" if (drive[0] == "1") != self._active_low else "0"
        return "".join(sample)

    def _add_source(self, name: str, port: SourcePort) -> None:
        self._blank[self._sample[port.ready][0]] = "1"
        self._copies.append((self._drive[(name, "valid")], self._sample[port.valid][0], 1))
        if port.last is not None:
            self._copies.append((self._drive[(name, "last")], self._sample[port.last][0], 1))
        self._copies += self._fields(port.fields, (name, "payload"))

    def _add_strobe(self, design: Design, name: str, port: StrobePort) -> None:
        enable = self._sample[port.enable][0]
        self._copies.append((self._drive[(name, "enable")], enable, 1))
        self._copies += self._fields(port.fields, (name, "payload"))
        # The first source in file order wins, so it copies last.
        for source in reversed(design.source_names):
            key = (source, "attached", name)
            self._attached.append((self._drive[key], enable, list(self._fields(port.fields, (*key, "payload")))))

    def _fields(self, fields: Mapping[str, FieldSpec], key: tuple[str, ...]) -> Iterator[_Copy]:
        # The first field is the least significant one, and so the last in the text.
        place = self._drive.get(key, 0) + payload_width(fields)
        for spec in fields.values():
            place -= spec.bits
            yield place, self._sample[spec.signal][0], spec.bits
