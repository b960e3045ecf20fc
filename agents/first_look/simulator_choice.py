"""Which simulator can build a draft: the one asked for, else another one, with the reason; in which language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dv_agent.agents.first_look.guessed_design import Draft
from dv_agent.errors import BuildError, DvAgentError, PrerequisiteError, SimulationError
from dv_agent.runners.registry import SIMULATOR_NAMES, find_simulator
from dv_agent.runners.simulator import Session, Simulator


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


def choose(draft: Draft, wanted: Sequence[str] = SIMULATOR_NAMES) -> Choice:
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
            except (SimulationError, PrerequisiteError) as error:
                refused.append((f"{name} ({language})" if language else name, error))
                continue
            needed = draft.having(
                language=None if language == "verilog" else language, simulators=[name] if name != wanted[0] else None
            )
            return Choice(needed, simulator, session, tuple(_notes(refused, name)))
    raise _none(refused)


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
