"""Opening of an interactive session: new on a design, new at a turn of a recorded run, or existing in a folder."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dv_agent.agents.budget import Budget
from dv_agent.agents.failures.triage import triage
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.records.reader import RecordedRun, RecordLines, read_run
from dv_agent.agents.records.recorded_names import recorded_simulator
from dv_agent.agents.records.schema import HEADER, TURNS
from dv_agent.agents.records.writer import utc_now
from dv_agent.agents.runs.assembly import excerpt_writer, open_design, open_recorded, price_version, versions
from dv_agent.agents.runs.goal import check_same_points, default_goal, keep_points, open_goal, simulator_of_goal
from dv_agent.agents.runs.launch import ReportWriter
from dv_agent.agents.session.drafts.changes import refused_setting, self_contained
from dv_agent.agents.session.log import ORIGIN, SessionLog, is_session, write_header
from dv_agent.agents.session.model_call import LangChainCaller, ModelCaller
from dv_agent.agents.session.nodes import PERSON, Draft, SessionHeader
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.agents.session.tree import Which
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.code.group import Goal
from dv_agent.designs.benchmark.fingerprint import changed_since, fingerprint
from dv_agent.designs.files.documents import complaint
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import DesignFolder, find_recorded_design, named_folder
from dv_agent.errors import InputFileError, OutputError, UsageError
from dv_agent.prompts.strategy import find_strategy
from dv_agent.runners.registry import find_simulator, usable_name
from dv_agent.runners.simulator import Simulator

SESSIONS = Path("sessions")


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """The options of a session; None or empty means: not given.

    Attributes:
        folder: where the session is stored; an existing session continues at its current node, with `strategy` and
            `model` changed if given. None: a new folder in `room`.
        design: required for a new session without `origin`.
        model: settings by name, see `ModelSettings`; without a model the user pastes the replies.
        budget: bounds by name, see `Budget`; for an existing session only those to change.
        cache: SQLite file of replies.
        origin, turn: start after this turn of the run in this folder; `turn` None: after its last turn.
    """

    folder: Path | None = None
    room: Path = SESSIONS
    design: str | None = None
    bug: str | None = None
    strategy: str | None = None
    model: dict[str, Any] = field(default_factory=dict)
    budget: dict[str, float] = field(default_factory=dict)
    seed: int | None = None
    simulator: str | None = None
    goal: Goal | None = None
    cache: Path | None = None
    origin: Path | None = None
    turn: int | None = None


@contextmanager
def open_session(request: SessionRequest, caller: ModelCaller | None = None) -> Iterator[PromptSession]:
    """Yield a session with its simulator; both are closed at the end. Use `take_up` to run turns cut off by a kill.

    Args:
        caller: calls models; None: real models.

    Raises:
        DvAgentError: bad names, files or settings; a session locked by another process; a missing program; a design
            that has changed since the session was created.
    """
    with ExitStack() as stack:
        room = stack.enter_context(scratch_folder())
        folder = request.folder
        if folder is None or not is_session(folder):
            folder = _new(request, room)
            request = replace(request, strategy=None, model={}, budget={})
        else:
            _check_goes_on(request)
        log = SessionLog(folder)
        stack.callback(log.close)
        header = log.header
        home = _home(request, header, room)
        _check_unchanged(folder, header, home)
        if request.budget:
            log.change(header.model_copy(update={"budget": _budget(header.budget, request.budget)}))
        plan, simulator = open_goal(home, header.goal, find_simulator(recorded_simulator(header)))
        check_same_points(folder, plan)
        bench = Testbench(home, plan, stack.enter_context(simulator.open(home.design)))
        caller = caller or LangChainCaller(request.cache)
        session = PromptSession(log, bench, caller)
        session.notes = tuple(_simulator_notes(request, header, home))
        if request.strategy:
            if lost := session.lost_with(request.strategy):
                session.notes += (f"--strategy {request.strategy} dropped: {', '.join(lost)}; undo brings it back",)
            session.set_strategy(request.strategy)
        if request.model:
            session.set_sampling({name: str(value) for name, value in request.model.items()})
        yield session


def _simulator_notes(request: SessionRequest, header: SessionHeader, home: DesignFolder) -> Iterator[str]:
    """Yield why another simulator is used than the one that was asked for, or than the default."""
    asked = simulator_of_goal(request.simulator, header.goal)
    used, told = usable_name(asked, home.design)
    if told:
        yield told
    elif request.simulator is None and used == recorded_simulator(header) != simulator_of_goal(None, None):
        yield f"simulated with {used}: it counts the code coverage of --goal {header.goal}"


def _new(request: SessionRequest, room: Path) -> Path:
    """Create the folder of a new session, after all checks."""
    past = _origin(request)
    if past is None and request.design is None:
        raise UsageError("say which design: --design NAME; `dv-agent designs list` names them")
    if past and past.header.track != "closure":
        raise UsageError(f"{past.folder} was played on the track {past.header.track}; a session has the track closure")
    if past:
        home = open_recorded(past.header, request.design, room / "first")
        _check_run_of(request, past, home)
    else:
        home = open_design(request.design or "", request.bug, room / "first")
    goal = past.header.goal if past else request.goal or default_goal(home, request.simulator)[0]
    asked = recorded_simulator(past.header) if past else simulator_of_goal(request.simulator, goal)
    plan, simulator = open_goal(home, goal, find_simulator(usable_name(asked, home.design)[0]))
    folder = request.folder or request.room / session_name(home.design.name)
    header = _header(request, past, home, simulator, folder.name, goal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the session folder {folder}: {error.strerror}") from None
    if any(folder.iterdir()):
        raise InputFileError(folder, "neither a session nor an empty folder; name another --session")
    if past:
        _copy_run(past, header.turns, folder / ORIGIN)
    keep_points(folder, plan)
    write_header(folder, header)
    return folder


def _header(
    request: SessionRequest,
    past: RecordedRun | None,
    home: DesignFolder,
    simulator: Simulator,
    name: str,
    goal: Goal,
) -> SessionHeader:
    old = past.header if past else None
    strategy = find_strategy(request.strategy) if request.strategy else (old.prompting if old else None)
    bounds = old.budget if old else Budget()
    turns = (len(past.turns) if request.turn is None else request.turn) if past else 0
    seed = request.seed if request.seed is not None else (old.seed if old else 0)
    return SessionHeader(
        id=name,
        started=utc_now(),
        design=home.design.name,
        design_folder=named_folder(request.design) if request.design else old.design_folder if old else "",
        task_version=home.design.task_version,
        bug=(old.agent_options.bug if old else request.bug) or "",
        goal=goal,
        seed=seed,
        draft=Draft(strategy=self_contained(strategy or find_strategy("default")), model=_model(request, past)),
        budget=_budget(bounds, request.budget),
        simulator=f"{simulator.name} {simulator.version()}",
        hashes=fingerprint(home),
        versions=versions() | price_version(),
        cache=str(request.cache.absolute()) if request.cache else "",
        origin=old.id if old else "",
        turns=turns,
    )


def _origin(request: SessionRequest) -> RecordedRun | None:
    if request.origin is None:
        if request.turn is not None:
            raise UsageError("--turn counts turns of a run: it needs --from RUN")
        return None
    past = read_run(request.origin)
    if request.turn is not None and not 0 <= request.turn <= len(past.turns):
        raise UsageError(f"{request.origin} has turns 0 to {len(past.turns) - 1}; {len(past.turns)} is after the last")
    return past


def _model(request: SessionRequest, past: RecordedRun | None) -> ModelSettings:
    given = {name: value for name, value in request.model.items() if value is not None}
    known = past.header.model if past and past.header.model else None
    base = known.model_dump() if known and "model" not in given else {"model": PERSON}
    try:
        return ModelSettings.model_validate(base | given)
    except ValidationError as error:
        raise UsageError(f"--{refused_setting(error).replace('_', '-', 2)}") from None


def _budget(old: Budget, given: dict[str, float]) -> Budget:
    try:
        return Budget.model_validate(old.model_dump() | given)
    except ValidationError as error:
        raise UsageError(f"--max-{complaint(error)}") from None


def session_name(design: str) -> str:
    """Return a new folder name for a session."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{stamp}_{design}_{secrets.token_hex(3)}"


def _copy_run(past: RecordedRun, turns: int, folder: Path) -> None:
    """Copy the first `turns` turns of a run, with the replies that belong to them."""
    try:
        folder.mkdir()
        kept = past.ends[turns - 1] if turns else 0
        lines = [line for _, end, line in RecordLines(past.folder / TURNS) if end <= kept]
        (folder / TURNS).write_bytes(b"".join(lines))
        header = json.dumps(past.header.model_dump(mode="json"), indent=1)
        (folder / HEADER).write_text(header + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot copy {past.folder} to {folder}: {error.strerror}") from None


def _check_goes_on(request: SessionRequest) -> None:
    fixed = {
        "--goal": request.goal,
        "--seed": request.seed,
        "--bug": request.bug,
        "--from": request.origin,
        "--turn": request.turn,
    }
    said = [name for name, value in fixed.items() if value is not None]
    if said:
        raise UsageError(f"{request.folder} is a session that goes on; {', '.join(said)} can only be said of a new one")


def _home(request: SessionRequest, header: SessionHeader, room: Path) -> DesignFolder:
    """Return the design of an existing session: by its recorded name, or as given by the user."""
    if request.design is None:
        find_recorded_design(header.design, header.design_folder)  # raises if it is not a name
    home = open_design(request.design or header.design, header.bug or None, room)
    if home.design.name != header.design:
        raise UsageError(f"the session in {request.folder} is of {header.design}, not of {request.design}")
    return home


def _check_run_of(request: SessionRequest, past: RecordedRun, home: DesignFolder) -> None:
    if request.goal not in (None, past.header.goal):
        raise UsageError(f"{past.folder} has the goal {past.header.goal}: leave --goal out with --from")
    if past.header.design != home.design.name:
        raise UsageError(f"{past.folder} is a run on {past.header.design}, not on {home.design.name}")
    if changed := changed_since(past.header.hashes, home):
        raise UsageError(
            f"{past.folder} was made with another {' and '.join(changed)} of {past.header.design}; "
            "no session can begin at a turn of it"
        )


def _check_unchanged(folder: Path, header: SessionHeader, home: DesignFolder) -> None:
    if changed := changed_since(header.hashes, home):
        raise UsageError(
            f"{folder} was made with another {' and '.join(changed)} of {header.design}; begin a new session, "
            "or export a node of it with the version that made it"
        )


def export_run(session: PromptSession, out: Path, write_report: ReportWriter, which: Which = None) -> Path:
    """Export a path of the session as a full run: failing tests confirmed and shrunk, waveforms, and a report.

    Raises:
        UsageError: there is no such node, or no turn on its path.
        OutputError: the folder cannot be written.
        SimulationError: the simulator failed.
    """
    folder, home = session.export(out, which), session.bench.folder
    _, simulator = open_goal(home, session.header.goal, find_simulator(recorded_simulator(session.header)))
    triage(home, simulator, session.state(which).failures, folder, excerpt_writer(home.design))
    write_report(folder, home)
    return folder
