"""Property directed reachability (ABC's ``pdr``, in yosys) of one property, with its invariant checked again by SAT."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.properties.answer import Answer
from dv_agent.errors import BuildError
from dv_agent.runners.formal.aiger import Circuit, write_aiger
from dv_agent.runners.formal.invariants import ASKED, Cube, inductive_part, question
from dv_agent.runners.formal.unrolling import OutOfTimeError
from dv_agent.runners.formal.yosys import ROOM, run_yosys


@dataclass(frozen=True, slots=True)
class Try:
    """A way to ask ABC.

    Attributes:
        options: of `pdr`.
        share: of the time that is left.
        before: commands that simplify the circuit first.
    """

    options: str
    share: float
    before: tuple[str, ...] = ()


# Generalisation by `down` with counterexamples to it, and abstraction of registers: ten times as fast where registers
# of control depend on each other, and seldom slower; the last try takes what is left of the time.
_MOSTLY = "-n -c -t"
TRIES = (Try(_MOSTLY, 0.75), Try("", 1.0))
SIMPLIFIED = (Try(_MOSTLY, 0.9, ("trim", "scorr")), Try(_MOSTLY, 1.0))
"""For what resists: `scorr` joins registers and gates that are always equal, which what is known helps to see.

Where no register is left, it has proved the property but gives no invariant to check: so it is asked again."""
_GRACE = 30.0
_LEAST_SECONDS = 1.0
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


@dataclass(frozen=True, slots=True)
class Proof:
    """An answer, and the invariant that it rests on: cubes over the registers of the circuit that was asked about."""

    answer: Answer
    cubes: tuple[Cube, ...] = field(default=(), repr=False)


def prove(circuit: Circuit, name: str, seconds: float) -> Answer:
    """Decide whether the property `name` can be hit, within `seconds`."""
    return prove_any(circuit, [name], seconds).answer


def prove_any(
    circuit: Circuit, names: Sequence[str], seconds: float, known: Sequence[Cube] = (), tries: Sequence[Try] = TRIES
) -> Proof:
    """Decide whether any of `names` can be hit, within `seconds`: most of them for the options that prove most.

    Args:
        known: cubes that no reachable state is in, by earlier proofs; they are checked again with what is found.
    """
    end = time.monotonic() + seconds
    asked, registers = question(circuit, names, known)
    part = circuit.reduced(names)
    proof = Proof(Answer(verdict="unknown"))
    for one in tries:
        left = end - time.monotonic()
        if proof.answer.verdict == "unknown" and left >= _LEAST_SECONDS:
            place = {number: index for index, number in enumerate(registers)}
            inside = [[(place[n], v) for n, v in cube] for cube in known if all(n in place for n, _ in cube)]
            proof = _proved(asked, part, names, inside, one, left * one.share)
    if proof.answer.verdict == "unknown" and not proof.answer.reason:
        late = f"neither a proof nor a way to it within {seconds:.0f} s"
        return Proof(Answer(verdict="unknown", reason=late))
    return Proof(proof.answer, tuple(tuple((registers[n], v) for n, v in cube) for cube in proof.cubes))


def _proved(
    asked: Circuit, part: Circuit, names: Sequence[str], known: Sequence[Sequence[tuple[int, bool]]], how: Try,
    seconds: float,
) -> Proof:  # fmt: skip
    """Ask in one way; without a reason, the time was up."""
    late = Proof(Answer(verdict="unknown"))
    with scratch_folder() as folder:
        said = _asked(asked, how, folder, seconds)
        if said is None or said[1] == "UNK" or int(said[2]) < 0:
            return late
        if said[1] == "SAT":
            return Proof(Answer(verdict="reachable", method="pdr", depth=int(said[4] or said[2])))
        file = folder / _INVARIANT
        found = read_invariant(file.read_text(encoding="utf-8", errors="replace") if file.is_file() else "")
    more = len(part.next)  # the register that tells whether what is known held so far: it does, so it is always 0
    cubes = [tuple(pair for pair in cube if pair[0] < more) for cube in found if (more, True) not in cube]
    try:
        held = inductive_part(part, names, [*cubes, *map(tuple, known)], time.monotonic() + seconds + _GRACE)
    except OutOfTimeError:
        return late
    if held is None:
        return Proof(Answer(verdict="unknown", reason="the invariant of pdr did not pass its check by another solver"))
    return Proof(Answer(verdict="unreachable", method="pdr", depth=len(held)), held)


def _asked(circuit: Circuit, how: Try, folder: Path, seconds: float) -> re.Match[str] | None:
    """Run ABC; return what it says, None if it says nothing."""
    (folder / "circuit.aig").write_bytes(write_aiger(circuit, ASKED))
    (folder / "one.il").write_text(_ONE, encoding="utf-8")
    ask = f"pdr {how.options} -d -T {max(int(seconds), 1)} -L {ROOM}/{_LOG} -I {ROOM}/{_INVARIANT}"
    lines = [f"read_aiger {ROOM}/circuit.aig", *how.before, ask]
    (folder / "ask.abc").write_text("\n".join([*lines, ""]), encoding="utf-8")
    with suppress(BuildError):
        run_yosys(_SCRIPT, folder, seconds + _GRACE)
    log = folder / _LOG
    return _SAID.match(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else None


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
