"""A run of the agent `tools` in this process: real Icarus, and the real SDK against a loopback server."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopback import Behaviour, LoopbackServer
from tool_script import told

from dv_agent.agents.budget import Budget
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.recorded_model import RecordedAgent, RecordedModel
from dv_agent.agents.records.resimulation import resimulate
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState
from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
from dv_agent.agents.toolbox.text import result_limits
from dv_agent.agents.tools.agent import ToolsAgent
from dv_agent.agents.tools.decoys import choose_decoys
from dv_agent.agents.tools.recorded_calls import ReplayedCalls, ResumedCalls
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import DesignFolder
from dv_agent.runners.registry import find_simulator


@dataclass
class Session:
    """A run that ended, and what went over the wire."""

    run: RecordedRun
    state: RunState
    server: LoopbackServer
    bench: ToolsTestbench

    def results(self, request: int = -1) -> list[str]:
        """All results of tools that the model had been sent by then."""
        return told(self.server.requests[request].body)

    @property
    def uses(self) -> list[tuple[str, str]]:
        """(tool, error) of every call."""
        return [(use.name, use.error) for turn in self.run.turns for use in turn.tool_uses]


Benches = Callable[..., ToolsTestbench]


@contextmanager
def open_tool_benches(folder: DesignFolder) -> Iterator[Benches]:
    """Makes testbenches on one process of real Icarus; a run needs one of its own, which counts its tests."""
    plan = plan_of(folder)
    with find_simulator("icarus").open(folder.design) as session:
        yield lambda decoys=0, inner=True: ToolsTestbench(folder, plan, session, choose_decoys(plan, decoys, 0), inner)


def header(bench: ToolsTestbench, budget: Budget, **more: Any) -> RunHeader:
    design = bench.folder.design
    return RunHeader(
        id="session", started="2026-11-20T12:00:00+00:00", design=design.name, task_version=design.task_version,
        agent="tools", seed=0, budget=budget, target=100.0, simulator="icarus", hashes={}, versions={},
        reproducible=False, **more,
    )  # fmt: skip


def play(
    bench: ToolsTestbench,
    script: Sequence[Behaviour],
    room: Path,
    budget: Budget | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> Session:
    """Run the script to the end of the budget, or until the model finishes; a run that stands in `room` goes on."""
    budget = budget or Budget(calls=len(script))
    past = read_run(room) if (room / "run.json").exists() else None
    with LoopbackServer(script) as server:
        given = {"retry_seconds": 0.0, "timeout": 20.0, **settings}
        model = LangChainModel(ModelSettings(model="openai:test-model", base_url=server.url, **given))
        playback = ResumedCalls(model, past.replies if past else (), len(past.turns) if past else 0)
        agent = ToolsAgent(
            playback, ToolDispatcher(bench, result_limits(model.settings), bench.decoys), model.price, should_stop
        )
        state = resimulate(past, bench, agent).state if past else RunState(empty_coverage(bench.plan))
        known = header(bench, budget, model=model.settings)
        record = RunRecord(room, known, len(past.turns) if past else 0)
        playback.attach(record)
        state = run(agent, bench, state, budget, Limits(), record)
    return Session(read_run(room), state, server, bench)


def play_again(bench: ToolsTestbench, past: RecordedRun, room: Path, reparse: bool = False) -> RecordedRun:
    """Replay a recorded session on a testbench of its own; no server is there."""
    room.mkdir()
    model = RecordedModel(past, reparse)
    playback = ReplayedCalls(model, len(past.turns), reparse)
    playback.attach(record := RunRecord(room, past.header))
    agent = ToolsAgent(playback, ToolDispatcher(bench, result_limits(model.settings), bench.decoys))
    started = RunState(empty_coverage(bench.plan))
    run(RecordedAgent(past, model, agent, reparse), bench, started, past.header.budget, Limits(), record)
    return read_run(room)


def transcript(session: Session, most: int = 2_000) -> str:
    """The dialogue as a person reads it."""
    lines: list[str] = []
    for message in session.server.requests[-1].body["messages"]:
        calls = message.get("tool_calls") or ()
        lines += [f"> {one['function']['name']} {one['function']['arguments']}" for one in calls]
        if message["role"] != "assistant":
            text = str(message["content"])
            lines += [f"[{message['role']}]", text if len(text) <= most else f"{text[:most]}\n...", ""]
    last = session.run.replies[-1].reply
    lines += [f"> {one.name} {json.dumps(json.loads(one.arguments))}" for one in last.tool_calls]
    return "\n".join(lines)
