"""A design without logic: it accepts every input at once and never delivers any output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dv_agent.designs.design import Design
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.stream import Stream
from dv_agent.runners.build.wrappers.clock_lines import steps
from dv_agent.runners.build.wrappers.layout import Layout, carriers

# A copy from the drive text to the sample text: first index in the drive, first index in the sample, width.
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
        self._resets = [(layout.sample[one.signal][0], one.active == "low") for one in design.resets]
        self._blank = ["0"] * layout.sample_width
        self._rises = steps([*design.all_clocks.values()]) if layout.rises else iter(())
        self._copies: list[_Copy] = []
        # Attached strobes: index of the drive bit that requests one, index of its enable, and the copies to make then.
        self._attached: list[tuple[int, int, list[_Copy]]] = []
        for stream in design.streams:
            if stream.driven:
                self._accept(stream)
            elif stream.ready is not None:
                self._copies.append((self._drive[(*stream.path, "ready")], layout.sample[stream.ready][0], 1))
            if stream.rides:
                self._attach(design, stream)
        for name, port in design.ports.items():
            self._copies += self._fields(port.held(), (name, "held"))
        self._text = "1" + "0" * (place - 1)

    def write(self, drive: str) -> None:
        """Set the drive vector of the next cycle."""
        self._text = drive

    def read(self) -> str:
        """Return the sample vector of that cycle."""
        drive, sample = self._text, self._blank.copy()
        for origin, target, width in self._copies:
            sample[target : target + width] = drive[origin : origin + width]
        for bit, enable, copies in self._attached:
            if drive[bit] == "1":
                sample[enable] = "1"
                for origin, target, width in copies:
                    sample[target : target + width] = drive[origin : origin + width]
        for place, active_low in self._resets:
            sample[place] = "1" if (drive[0] == "1") != active_low else "0"
        rises = next(self._rises, ())
        sample[len(sample) - len(rises) :] = ["1" if up else "0" for up in rises]
        return "".join(sample)

    def _accept(self, stream: Stream) -> None:
        if stream.ready is not None:
            self._blank[self._sample[stream.ready][0]] = "1"
        self._copies.append((self._drive[(*stream.path, stream.offer)], self._sample[stream.valid][0], 1))
        if stream.last is not None:
            self._copies.append((self._drive[(*stream.path, "last")], self._sample[stream.last][0], 1))
        self._copies += self._fields(stream.fields, (*stream.path, "payload"))

    def _attach(self, design: Design, stream: Stream) -> None:
        # The first port in file order wins, so it copies last.
        for beat in reversed(carriers(design, stream)):
            key = (*beat.path, "attached", stream.port)
            copies = list(self._fields(stream.fields, (*key, "payload")))
            self._attached.append((self._drive[key], self._sample[stream.valid][0], copies))

    def _fields(self, fields: Mapping[str, FieldSpec], key: tuple[str, ...]) -> Iterator[_Copy]:
        # The first field is the least significant one, so it is the last in the text.
        place = self._drive.get(key, 0) + sum(spec.bits for spec in fields.values())
        for spec in fields.values():
            place -= spec.bits
            yield place, self._sample[spec.signal][0], spec.bits
