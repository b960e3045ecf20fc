"""Description of the keywords of the test language, only for the kinds of ports that the design has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema, streams_of_numbers
from dv_agent.designs.ports.port import PortModel
from dv_agent.designs.ports.registry import KINDS

_START = (
    "A test starts from reset, ends when nothing moves (drained), and shares nothing with others. Its tracks run in "
    "parallel, each a list of steps in order. One that is left out, waits or has ended is silent: "
)

_CLOCKS = """\
* Numbers of cycles on a track are cycles of its own clock. A cycle of a trace is a step in which some clock rises.
  A reset lasts until every clock has risen CYCLES times.
"""


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """Descriptions of the tracks, in the order of the prompt.

    Attributes:
        silence: how a test begins and ends, as one paragraph.
        words: the steps of each kind of port.
        reset: whether there is a reset.
        stalling: kinds of ports that may be not ready until a cycle or a transfer.
        walks: whether a track is a stream of numbers, which walks suit.
        counted: (kind, names of its streams, such as ``PORT.request``) for every kind whose streams have own names.
    """

    silence: str
    words: tuple[str, ...]
    counted: tuple[tuple[str, str], ...]
    reset: bool = True
    walks: bool = False
    stalling: tuple[str, ...] = ()


def language_words(design: Design, schema: StimulusSchema) -> LanguageWords:
    """Return the descriptions for `design`."""
    ports = {port.kind: port for port in design.ports.values()}
    packet = next((schema.tracks[name].item for name in schema.tracks if name in design.packet_ports), "beat")
    writes = any(one.rides for one in design.streams)
    kinds = sorted(ports, key=lambda kind: _place(ports[kind], list(ports)))
    parts = {kind: [f"PORT.{one.part}" for one in ports[kind].streams("PORT") if one.part] for kind in kinds}
    return LanguageWords(
        _START + _silence([*map(type, ports.values())]) + (", reset inactive." if design.reset else "."),
        (
            *(lines for kind in kinds if (lines := ports[kind].language(packet, writes))),
            *_clocks(design),
        ),
        tuple((kind, " and ".join(names)) for kind, names in parts.items() if names),
        design.reset is not None,
        any(streams_of_numbers(design, schema.tracks[name], name) for name in design.grammars),
        tuple(kind for kind in kinds if (grammar := ports[kind].grammar()) and grammar.stalls),
    )


def _clocks(design: Design) -> Iterator[str]:
    if len(design.all_clocks) > 1:
        first, reset = _CLOCKS.splitlines(keepends=True)
        yield first + (reset.replace("CYCLES", str(design.reset.cycles)) if design.reset else "")


def _place(port: PortModel, kinds: list[str]) -> tuple[bool, int]:
    """Return the sort key: kinds that carry values come before kinds that define timing only."""
    grammar, known = port.grammar(), [*KINDS]
    return not (grammar and grammar.item), (known + kinds).index(port.kind)


def _silence(present: Collection[type[PortModel]]) -> str:
    """Return what tracks do after their end, such as ``sources and strobes idle, sinks ready``."""
    found: dict[str, list[str]] = {}
    for kind in dict.fromkeys([*KINDS.values(), *present]):
        if kind.driver and kind in present:
            found.setdefault(kind.silence, []).append(kind.plural)
    return ", ".join(f"{' and '.join(names)} {state}" for state, names in found.items())
