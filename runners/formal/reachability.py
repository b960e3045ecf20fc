"""Property directed reachability (ABC's ``pdr``, in yosys) of one property, with its invariant checked again by SAT."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress

from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.properties.answer import Answer
from dv_agent.errors import BuildError
from dv_agent.runners.formal.aiger import Circuit, write_aiger
from dv_agent.runners.formal.unrolling import OutOfTimeError, Unrolling
from dv_agent.runners.formal.yosys import ROOM, run_yosys

_GRACE = 30.0
_LEAST_SECONDS = 1.0
# Generalisation by `down` with counterexamples to it, and abstraction of registers: ten times as fast where registers
# of control depend on each other, and seldom slower; the last try takes what is left of the time.
_OPTIONS = (("-n -c -t", 0.75), ("", 1.0))
_LOG, _INVARIANT = "pdr.log", "invariant.pla"
# Of a hit: the frames looked at, the engine, the output, the frame of the hit.
_SAID = re.compile(r"snl_(SAT|UNSAT|UNK)\S* (-?\d+) \S+(?: (\d+) (\d+))?")
# ABC is started by a pass that needs a design with a gate; what becomes of that is of no interest.
_SCRIPT = f"read_rtlil {ROOM}/one.il\nabc -script {ROOM}/ask.abc\n"
_ONE = r"""
module \one
  wire input 1 \a
  wire output 2 \b
  cell $_NOT_ \gate
    connect \A \a
    connect \Y \b
  end
end
"""


def prove(circuit: Circuit, name: str, seconds: float) -> Answer:
    """Decide whether the property `name` can be hit, within `seconds`: most of them for the options that prove most."""
    end = time.monotonic() + seconds
    part = circuit.reduced([name])
    answer = Answer(verdict="unknown")
    for options, share in _OPTIONS:
        left = end - time.monotonic()
        if answer.verdict == "unknown" and left >= _LEAST_SECONDS:
            answer = _proved(part, name, options, left * share)
    late = Answer(verdict="unknown", reason=f"neither a proof nor a way to it within {seconds:.0f} s")
    return late if answer.verdict == "unknown" and not answer.reason else answer


def _proved(part: Circuit, name: str, options: str, seconds: float) -> Answer:
    """Ask with some options of `pdr`; without a reason, the time was up."""
    with scratch_folder() as folder:
        (folder / "circuit.aig").write_bytes(write_aiger(part, name))
        (folder / "one.il").write_text(_ONE, encoding="utf-8")
        asked = f"pdr {options} -d -T {max(int(seconds), 1)} -L {ROOM}/{_LOG} -I {ROOM}/{_INVARIANT}"
        (folder / "ask.abc").write_text(f"read_aiger {ROOM}/circuit.aig\n{asked}\n", encoding="utf-8")
        late = Answer(verdict="unknown")
        with suppress(BuildError):
            run_yosys(_SCRIPT, folder, seconds + _GRACE)
        log = folder / _LOG
        said = _SAID.match(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else None
        if said is None or said[1] == "UNK" or int(said[2]) < 0:
            return late
        if said[1] == "SAT":
            return Answer(verdict="reachable", method="pdr", depth=int(said[4] or said[2]))
        file = folder / _INVARIANT
        cubes = read_invariant(file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "")
        try:
            holds = is_invariant(part, name, cubes, time.monotonic() + seconds + _GRACE)
        except OutOfTimeError:
            return late
    if not holds:
        return Answer(verdict="unknown", reason="the invariant of pdr did not pass its check by another solver")
    return Answer(verdict="unreachable", method="pdr", depth=len(cubes))


def read_invariant(text: str) -> list[list[tuple[int, bool]]]:
    """Return the cubes that no reachable state is in, from the PLA file of ABC: (register, its value), ..."""
    names: list[int] = []
    cubes = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == [".ilb"]:
            names = [int(word.lstrip("lo")) for word in words[1:]]  # ABC calls register 5 lo05
        elif len(words) == 2 and words[1] == "1" and len(words[0]) == len(names):
            pairs = zip(names, words[0], strict=True)
            cubes.append([(name, letter == "1") for name, letter in pairs if letter != "-"])
    return cubes


def is_invariant(circuit: Circuit, name: str, cubes: Sequence[Sequence[tuple[int, bool]]], deadline: float) -> bool:
    """Return whether `cubes` prove that `name` is never hit: none holds at power-up, and with the property not hit and
    in none of them, the next cycle is in none of them and does not hit it either.

    Raises:
        OutOfTimeError: no result in time.
    """  # fmt: skip
    if any(not any(value for _, value in cube) for cube in cubes):
        return False  # registers are 0 at power-up, and the cube says so of all that it names
    hit = circuit.properties[name]
    with Unrolling(circuit, from_power_up=True, deadline=deadline) as begin:
        if begin.is_possible([begin.literal(0, hit)]):
            return False
    with Unrolling(circuit, from_power_up=False, deadline=deadline) as model:
        wrong = [model.literal(1, hit)]
        model.always([-model.literal(0, hit)])
        for cube in cubes:
            now, then = (
                [model.register(cycle, number) * (1 if value else -1) for number, value in cube] for cycle in (0, 1)
            )
            model.always([-one for one in now])
            wrong.append(model.all_of(then))
        return not model.is_possible([model.any_of(wrong)])
