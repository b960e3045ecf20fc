"""Which simulator can build a draft: the one asked for, else another one, with the reason; in which language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dv_agent.agents.first_look.guessed_design import Draft
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.trace import End
from dv_agent.errors import (
    BuildError,
    DvAgentError,
    PrerequisiteError,
    SimulationError,
    SimulatorCrash,
    SimulatorTimeout,
)
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session, Simulator

ORDER = ("icarus", "verilator")


@dataclass(frozen=True)
class Choice:
    """The simulator that builds a draft.

    Attributes:
        draft: the draft with the keys that the build needs.
        notes: what was found out on the way, one sentence each.
    """

    draft: Draft
    simulator: Simulator
    session: Session
    notes: tuple[str, ...]


def choose(draft: Draft, wanted: Sequence[str] = ORDER) -> Choice:
    """Build the draft with the first simulator that can; the caller closes the session.

    Raises:
        SimulationError: none can; with the messages of all.
        PrerequisiteError: none is installed.
    """
    refused: list[tuple[str, DvAgentError]] = []
    for name in wanted:
        for language in ("verilog", "systemverilog") if draft.plain else (None,):
            simulator, folder = find_simulator(name), draft.having(language=language).design()
            try:
                session = simulator.open(folder.design)
            except (SimulatorCrash, SimulatorTimeout) as error:
                refused.append((name, BuildError(_stuck_words(draft, str(error)))))
                break
            except (SimulationError, PrerequisiteError) as error:
                refused.append((f"{name} ({language})" if language else name, error))
                continue
            if words := _stuck(folder, session):
                session.close()
                refused.append((name, BuildError(_stuck_words(draft, words))))
                break
            needed = draft.having(
                language=None if language == "verilog" else language, simulators=[name] if name != wanted[0] else None
            )
            return Choice(needed, simulator, session, tuple(_notes(refused, name)))
    raise _none(refused)


def _stuck(folder: DesignFolder, session: Session) -> str:
    """Return what happens if the simulation does not get through reset; empty if it does."""
    try:
        trace = session.run(expand(folder.design, folder.schema, Test())).trace
    except SimulationError as error:
        return str(error)
    return trace.message or trace.end.value if trace.end in (End.HUNG, End.CRASHED) else ""


def loop_words(loop: str) -> str:
    """Return what to say of one loop of `Interface.loops`, which may be why a simulation hangs."""
    return f"{loop} follows itself in the same cycle: a combinational loop, unless its bits are apart"


def _stuck_words(draft: Draft, words: str) -> str:
    """Return that the simulation gets stuck, and the combinational loops that may be why."""
    loops = [loop_words(one) for one in draft.top.loops]
    return "\n".join(["the simulation does not get through reset", words[:600], *loops])


def _notes(refused: Sequence[tuple[str, DvAgentError]], name: str) -> Iterator[str]:
    for who, error in refused:
        kind = "is not installed" if isinstance(error, PrerequisiteError) else f"cannot build it: {_reason(error)}"
        yield f"{who} {kind}"
    if refused:
        yield f"built with {name}; design.yaml says so"


def _reason(error: DvAgentError) -> str:
    """Return the tool's own first line, without the head of the message."""
    lines = str(error).splitlines()
    return lines[1 if len(lines) > 1 else 0].strip()[:200]


def _none(refused: Sequence[tuple[str, DvAgentError]]) -> DvAgentError:
    if all(isinstance(error, PrerequisiteError) for _, error in refused):
        return refused[0][1]
    told = [f"{who}: {error}" for who, error in refused if not isinstance(error, PrerequisiteError)]
    return BuildError("no simulator can build it\n" + "\n".join(dict.fromkeys(told)))
