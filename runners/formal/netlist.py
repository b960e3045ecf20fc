"""From RTL to a circuit of gates: yosys reads the design in its environment, with a monitor beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.properties.monitor import Monitor
from dv_agent.errors import BuildError
from dv_agent.runners.build.external_tools import CommandResult
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.formal.aiger import Circuit, read_aiger
from dv_agent.runners.formal.environment import environment_text
from dv_agent.runners.formal.playable.drivers import WORDS, Beats
from dv_agent.runners.formal.reading_script import MARK, mounts, script_text, written_sources
from dv_agent.runners.formal.yosys import refused, run_yosys

READ_SECONDS = 300.0
_CLOCK = re.compile(r"^\s*connect \\CLK (\S+)$", re.MULTILINE)
_POLARITY = re.compile(r"^\s*parameter \\CLK_POLARITY (\S+)$", re.MULTILINE)
_MARK = re.compile(rf"{MARK}(\d+)(?!\d)")
_TOP_LINE = re.compile(r"top\.sv:(\d+)[^\n]*error", re.IGNORECASE)
_FILE_LINE = re.compile(r"\bs(\d+)\.sv:\d+[^\n]*error", re.IGNORECASE)
_TRIES = 6
_TASK = "unsupported system task"
_MEMORY = re.compile(r"^\s*cell \$mem_v2 (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Netlist:
    """A design as a circuit.

    Attributes:
        circuit: with a property for each bit of the monitor and each mark.
        free, unknown: for each bit of the inputs of these names the number of the circuit's input, lowest bit first;
            -1 for a bit that nothing reads.
        seen: the literals of the sample vector, its lowest bit first.
        clock: number of the input that is the clock, -1 if nothing reads it. Registers take over in each step; logic
            that reads the clock as a value finds any value.
        left_out: memories that were left out.
        registers: name of a bit, such as ``dut.count[3]`` -> the literal that has its value; one bit may have several
            names.
        words: numbers of the inputs for the words of memories, where the environment does what tests can do.
        begins: name of a bit -> number of the input that gives the value at power-up of a register without one.
    """

    circuit: Circuit
    free: tuple[int, ...]
    unknown: tuple[int, ...]
    seen: tuple[int, ...] = field(repr=False)
    clock: int = -1
    left_out: tuple[str, ...] = ()
    registers: Mapping[str, int] = field(default_factory=dict, repr=False)
    words: tuple[int, ...] = ()
    begins: Mapping[str, int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks in the RTL and beside it: statements ``MARK<n>: assert(...);``, a property each.

    The property ``MARK<n>`` is hit when any copy of the statement is executed and fails.

    Attributes:
        files: file of `Design.compiled_names` -> its text with marks; the next one is taken if yosys refuses one.
        beside: further lines of the wrapper, in which the design is the instance ``dut``.
    """

    files: Mapping[str, tuple[str, ...]] = field(repr=False)
    beside: tuple[str, ...] = field(default=(), repr=False)


def build_netlist(
    design: Design, monitor: Monitor, marks: Marks | None = None, seconds: float = READ_SECONDS,
    beats: Beats | None = None, *, narrow: bool = False,
) -> Netlist:  # fmt: skip
    """Read a design into a circuit.

    Args:
        marks: what is marked; the environment is then the wide one, see `environment_text`.
        beats: if given, the environment does only what tests can do, and nothing is said of values at power-up.
        seconds: time limit.
        narrow: see `script_text`.

    Raises:
        PrerequisiteError: the extra `formal` is missing.
        BuildError: yosys cannot read the RTL, it has several clocks, or it took too long.
    """
    if len(design.all_clocks) > 1:
        raise BuildError("it has several clocks, which the proofs do not know yet")
    layout = layout_of(design)
    with scratch_folder() as folder:
        (folder / "monitor.sv").write_text(monitor.text, encoding="utf-8")
        silent = False
        for _ in range(_TRIES):
            more = marks.beside if marks else ()
            top = environment_text(design, layout, monitor, wide=marks is not None, more=more, beats=beats)
            (folder / "top.sv").write_text(top, encoding="utf-8")
            names = written_sources(design, folder, marks.files if marks else {}, silent=silent)
            done = _read(design, names, folder, seconds, marked=marks is not None, settled=beats is None, narrow=narrow)
            if done.code and not silent and _TASK in done.output:
                silent = True
                continue
            fewer = _without_refused(marks, done.output, top, design.compiled_names()) if marks and done.code else marks
            if fewer == marks:
                break
            marks = fewer
        if done.code:
            raise refused(done)
        _check_clocks(folder / "clocks.il")
        memories = tuple(_MEMORY.findall(_text(folder / "memories.il")))
        found = _circuit(folder, monitor, layout.drive_width, layout.sample_width)
    return replace(found, left_out=memories)


def _read(
    design: Design,
    names: Sequence[str],
    folder: Path,
    seconds: float,
    *,
    marked: bool,
    settled: bool,
    narrow: bool,
) -> CommandResult:
    """Run yosys; plain Verilog with SystemVerilog's keywords as names first."""
    outcomes: list[CommandResult] = []
    for plain in (True, False) if design.plain_verilog and not marked else (False,):
        script = script_text(design, names, marks=marked, plain=plain, zero=marked and settled, narrow=narrow)
        outcomes.append(run_yosys(script, folder, seconds, mounts(design)))
        if not outcomes[-1].code:
            return outcomes[-1]
    return outcomes[0]


def _without_refused(marks: Marks, output: str, top: str, design_files: Sequence[str]) -> Marks:
    """Leave out the lines beside the design, and the marks of the files, that yosys complains of."""
    lines = top.splitlines()
    wrong = {lines[int(number) - 1] for number in _TOP_LINE.findall(output) if int(number) <= len(lines)}
    files = {int(number) for number in _FILE_LINE.findall(output)}
    lost = {name for number, name in enumerate(design_files) if number in files}
    kept = {name: texts[1:] if name in lost else texts for name, texts in marks.files.items()}
    kept = {name: texts for name, texts in kept.items() if texts}
    return Marks(kept, tuple(one for one in marks.beside if one not in wrong))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _check_clocks(path: Path) -> None:
    text = _text(path)
    others = {one for one in _CLOCK.findall(text) if one != r"\clock"}
    if others:
        raise BuildError(f"registers are clocked by {min(others)[:80]}, which is not the clock of design.yaml")
    if any(one not in ("1", "1'1") for one in _POLARITY.findall(text)):
        raise BuildError("registers are clocked by the falling edge, which the proofs do not know yet")


def _circuit(folder: Path, monitor: Monitor, drive: int, sample: int) -> Netlist:
    circuit, outs, bad = read_aiger((folder / "circuit.aig").read_bytes())
    pins = _text(folder / "pins.map")
    places: dict[str, dict[int, int]] = {"free": {}, "unknown": {}, "hit": {}, "seen": {}, "clock": {}, WORDS: {}}
    for kind, number, bit, name in _mapped(pins):
        if kind in ("input", "output") and name in places:
            places[name][bit] = number
    # The map leaves out what is constant, but the outputs come in the order of the ports: all of hit, then all of seen.
    hits = max(len(monitor.properties), 1)
    shown = {**places["hit"], **{hits + bit: number for bit, number in places["seen"].items()}}
    if len(outs) != hits + sample or any(bit != number for bit, number in shown.items()):
        raise BuildError("yosys wrote the outputs of the circuit in another order than expected")
    properties = {name: outs[bit] for bit, name in enumerate(monitor.properties)}
    paths = json.loads(_text(folder / "marks.json") or "{}").get("asserts", [])
    of_mark: dict[str, list[int]] = {}
    for path, literal in zip(paths, bad, strict=True):
        found = _MARK.search(str(path[-1]))
        if found is None:
            raise BuildError(f"yosys made a property that nobody asked for: {str(path[-1])[:80]}")
        of_mark.setdefault(MARK + found[1], []).append(literal)
    circuit, merged = _any_of(circuit, of_mark)
    return Netlist(
        replace(circuit, properties=properties | merged),
        tuple(places["free"].get(bit, -1) for bit in range(drive)),
        tuple(places["unknown"].get(bit, -1) for bit in range(monitor.unknown)),
        tuple(outs[hits:]),
        places["clock"].get(0, -1),
        registers=_named(pins, ("latch", "invlatch"), 2 * circuit.first_register),
        words=tuple(places[WORDS].values()),
        begins={name: literal >> 1 for name, literal in _named(pins, ("init",), 0).items()},
    )


def _mapped(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield (kind, number, bit, name) of each line of the map that yosys writes beside a circuit."""
    for line in text.splitlines():
        words = line.split(maxsplit=3)
        if words[:1] == ["ninitff"]:  # the register that is 0 at power-up only
            yield "latch", int(words[1]), 0, "power-up"
        elif len(words) == 4:
            yield words[0], int(words[1]), int(words[2]), words[3]


def _named(pins: str, kinds: Sequence[str], base: int) -> dict[str, int]:
    """Return the lines of some kinds by the names that the RTL gives them -> the literal, from `base` on."""
    return {
        f"{name}[{bit}]": base + 2 * number + (kind == "invlatch")
        for kind, number, bit, name in _mapped(pins)
        if kind in kinds and "$" not in name  # such names are made by yosys, and say nothing
    }


def _any_of(circuit: Circuit, groups: Mapping[str, Sequence[int]]) -> tuple[Circuit, dict[str, int]]:
    """Add gates that tell whether any literal of a group is 1."""
    gates = list(circuit.gates)
    merged = {}
    for name, literals in groups.items():
        none = literals[0] ^ 1
        for literal in literals[1:]:
            gates.append((none, literal ^ 1))
            none = 2 * (circuit.first_gate + len(gates) - 1)
        merged[name] = none ^ 1
    return replace(circuit, gates=tuple(gates)), merged
