"""Test: stimulus as data, proposed by an agent or written by a person, and kept in records.

A test holds parallel tracks, one for each driven port and one named ``reset``; a track is a
list of steps in order. docs/test-language.md is the reference with examples.

========  =====================================================  ==============================
track     step                                                   meaning
========  =====================================================  ==============================
source    ``{"row": [{"m": [1, 2], "e": 0}], "gap": 3}``         one packet, in the design's own word
source    ``{"idle": 5}``                                        cycles without valid
sink      ``{"ready": 3}``, ``{"stall": 9}``, ``{"accept": 4}``  ready high / low for cycles, or until accepted
sink      ``{"stall": {"at": 120}}``                             ready low until a cycle, or a transfer
strobe    ``{"write": {"addr": 1}, "gap": 2}``                   one strobe
responder ``{"serve": 4, "latency": 7, "stall": 2}``             how the next requests are answered
reset     ``{"pulse": 2}``, ``{"idle": 40}``                     a reset in mid-test
any       ``{"after": {"port": "out", "accepted": 3}}``          wait for a number of transfers
any       ``{"at": 120}``                                        wait for a cycle
any       ``{"random": {"count": 50, "e": [0, 7]}}``             constrained random
any       ``{"repeat": 10, "steps": [...]}``                     a loop
any       ``{"for": {"i": [0, 15]}, "steps": [...]}``            a sweep; integers may be expressions of ``i``
========  =====================================================  ==============================
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.frozen import Frozen

Step = dict[str, Any]
Location = tuple[str | int, ...]
MAX_STEPS = 5_000
MAX_DEPTH = 8
_KEYS = ("name", "seed", "tracks", "memory", "note")


class StimulusError(ValueError):
    """The error that a test is not valid.

    Args:
        location: path of the faulty part, such as ``("tracks", "in", 0, "row", 1, "e")``.
        reason: what is wrong and what was expected.
        variables: the variables that the fault depends on, and their values where it was found first.
    """

    def __init__(self, location: Location, reason: str, variables: Mapping[str, int] | None = None) -> None:
        self.location, self.reason, self.variables = location, reason, dict(variables or {})
        super().__init__(f"{path_text(location)}: {reason}" if location else reason)


class Test(Frozen):
    """One test: starts from reset, holds its seed, drains at its end, and depends on no other test.

    Steps are kept as they were written (JSON data); `expansion.expand` checks and expands them.
    """

    __test__ = False  # pytest would collect classes named Test*

    name: str = Field(default="", max_length=200)
    seed: int = Field(default=0, ge=0, lt=1 << 63)
    tracks: dict[str, tuple[Step, ...]] = Field(default_factory=dict)
    memory: dict[str, Any] = Field(default_factory=dict)
    note: str = Field(default="", max_length=2000)

    def data(self) -> dict[str, Any]:
        """Return JSON data, without the parts that have their default values."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def text(self) -> str:
        """Return compact, canonical JSON."""
        return json.dumps(self.data(), separators=(",", ":"), sort_keys=True)

    @property
    def digest(self) -> str:
        """Return twelve hexadecimal digits that identify the stimulus (name and note left out)."""
        stimulus = {key: value for key, value in self.data().items() if key not in ("name", "note")}
        text = json.dumps(stimulus, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def path_text(location: Location) -> str:
    """Return a path such as ``("tracks", "in", 0, "row")`` as ``tracks.in[0].row``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parse_test(data: Any, design: Design) -> Test:
    """Parse one test from JSON data. Only the outer structure is checked here; `expand` checks the steps.

    Short form: a bare list of steps is the track of the only source port.

    Raises:
        StimulusError: with the place and what was expected.
    """
    if isinstance(data, list):
        if len(design.packet_ports) != 1:
            raise StimulusError((), 'expected an object with "tracks"; a bare list needs a design with one source')
        data = {"tracks": {design.packet_ports[0]: data}}
    if not isinstance(data, dict):
        raise StimulusError((), 'expected an object with "tracks", or a list of steps')
    for key in data:
        if key not in _KEYS:
            raise StimulusError((str(key),), f"unknown key; a test has {', '.join(_KEYS)}")
    _check_frame(data)
    tracks = {name: tuple(steps) for name, steps in data.get("tracks", {}).items() if steps}
    return Test(
        name=data.get("name", ""),
        seed=data.get("seed", 0),
        tracks=tracks,
        memory=data.get("memory", {}),
        note=data.get("note", ""),
    )


def _check_frame(data: dict[str, Any]) -> None:
    for key, kind, most in (("name", str, 200), ("note", str, 2000)):
        if not isinstance(data.get(key, ""), kind) or len(data.get(key, "")) > most:
            raise StimulusError((key,), f"expected text of at most {most} characters")
    seed = data.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 1 << 63:
        raise StimulusError(("seed",), "expected an integer from 0 to 2^63-1")
    if not isinstance(data.get("memory", {}), dict):
        raise StimulusError(("memory",), "expected an object: responder port -> list of words")
    tracks = data.get("tracks", {})
    if not isinstance(tracks, dict):
        raise StimulusError(("tracks",), "expected an object: port -> list of steps")
    for name, steps in tracks.items():
        if not isinstance(steps, list | tuple):
            raise StimulusError(("tracks", str(name)), "expected a list of steps")
        if len(steps) > MAX_STEPS:
            raise StimulusError(("tracks", str(name)), f"more than {MAX_STEPS} steps; use repeat, for or random")
        for index, step in enumerate(steps):
            if not isinstance(step, dict) or not all(isinstance(key, str) for key in step):
                reason = f"expected a step, an object, found {str(step)[:40]!r}"
                raise StimulusError(("tracks", str(name), index), reason)


def tests_from_document(document: Document, design: Design) -> tuple[Test, ...]:
    """Return all tests of a file: one test, or ``{"tests": [...]}``.

    Raises:
        InputFileError: with file and line.
    """
    data = document.data
    many = isinstance(data, dict) and set(data) == {"tests"} and isinstance(data["tests"], list)
    result = []
    for index, entry in enumerate(data["tests"] if many else [data]):
        prefix: Location = ("tests", index) if many else ()
        try:
            result.append(parse_test(entry, design))
        except StimulusError as error:
            raise document.error((*prefix, *error.location), str(error)) from None
    return tuple(result)
