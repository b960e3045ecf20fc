"""Construction of a run of the agent with tools: testbench with decoys, the agent, and the final judging."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ChatModel, ModelSettings
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.runs.assembly import tell_of_unknown_price
from dv_agent.agents.runs.request import LIVE, LiveModel, RunRequest
from dv_agent.agents.state import RunState, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.tools.claims_and_reports import ClaimScore, ReportVerdict
from dv_agent.coverage.plan import Plan
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.errors import UsageError
from dv_agent.prompts.benchmark_track import CLOSURE, TRACKS, Track
from dv_agent.runners.simulator import Session, Simulator

if TYPE_CHECKING:
    from dv_agent.agents.llm.call_budget import Price
    from dv_agent.agents.records.recorded_model import RecordedAgent
    from dv_agent.agents.tools.agent import ToolsAgent
    from dv_agent.agents.tools.testbench import ToolsTestbench

TOOLS = "tools"


def open_bench(
    request: RunRequest,
    past: RecordedRun | None,
    folder: DesignFolder,
    plan: Plan,
    simulator: Simulator,
    session: Session,
) -> Testbench:
    """Return the testbench of a run; with decoys if its agent works with tools.

    Args:
        past: the run that is resumed or replayed.

    Raises:
        UsageError: decoys with an agent without tools, or other decoys than those of the resumed run.
    """
    agent = past.header.agent if past else request.agent
    track = track_of(
        agent if agent or past else "llm" if request.model else "", past.header.track if past else request.track
    )
    if past and request.decoys:
        raise UsageError(
            "the decoys of a run are drawn when it begins: leave --decoys out with --resume and replay:RUN"
        )
    if agent != TOOLS:
        if request.decoys:
            raise UsageError("--decoys mixes unreachable bins among the holes for claims: it needs --agent tools")
        return Testbench(folder, plan, session, track)
    from dv_agent.agents.tools.decoys import choose_decoys
    from dv_agent.agents.tools.testbench import ToolsTestbench

    chosen = past.header.decoys if past else choose_decoys(plan, request.decoys, request.seed)
    return ToolsTestbench(folder, plan, session, chosen, simulator.name == "icarus", track)


def track_of(agent: str | None, name: str) -> Track:
    """Return the track that an agent plays: those without a model are floors and are given everything."""
    return TRACKS[name] if agent in ("llm", TOOLS) else CLOSURE


def tools_agent(
    header: RunHeader,
    bench: Testbench,
    record: RunRecord | None,
    say: Callable[[str], None],
    should_stop: Callable[[], bool],
    past: RecordedRun | None = None,
    live: LiveModel | None = None,
) -> ToolsAgent:
    """Return the agent `tools`.

    Args:
        record: receives its replies; can also be set later, with ``attach``.
        should_stop: called before each call of the model.
        past: the run that it resumes.
        live: the model, if it is not asked over the network.

    Raises:
        PrerequisiteError: a package or key for the model is missing.
        UsageError: the run was steered by a client over MCP, and there is none.
    """
    from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
    from dv_agent.agents.toolbox.text import result_limits
    from dv_agent.agents.tools.agent import ToolsAgent
    from dv_agent.agents.tools.recorded_calls import ResumedCalls

    assert header.model is not None
    bench = _with_tools(bench)
    if len(header.decoys) < (header.agent_options.decoys or 0):
        say(f"the plan documents {len(header.decoys)} unreachable bins; all of them are decoys")
    asked, price = (live, None) if live else _remote(header, header.model, say)
    playback = ResumedCalls(asked, past.replies if past else (), len(past.turns) if past else 0)
    if record:
        playback.attach(record)
    dispatcher = ToolDispatcher(bench, result_limits(header.model), bench.decoys)
    return ToolsAgent(playback, dispatcher, price, should_stop, bench.track)


def _remote(header: RunHeader, settings: ModelSettings, say: Callable[[str], None]) -> tuple[ChatModel, Price]:
    """Return the model that is asked over the network, and the price of its calls."""
    from dv_agent.agents.models.langchain_model import LangChainModel
    from dv_agent.agents.models.reply_cache import CachingModel

    if settings.model.startswith(LIVE):
        raise UsageError(f"{settings.model} is a client over MCP: begin with `dv-agent mcp`, go on with its --resume")
    model = LangChainModel(settings, on_wait=lambda message, seconds: say(f"{message}; waiting {seconds:.0f} s"))
    tell_of_unknown_price(header, model.price, say)
    cache = header.agent_options.cache
    return CachingModel(model, Path(cache), header.seed) if cache else model, model.price


def tell_the_end(live: LiveModel | None, agent: Agent, bench: Testbench, state: RunState, budget: Budget) -> None:
    """Tell a model that steers its run itself the results of the tests that ended it."""
    if live is None:
        return
    from dv_agent.agents.tools.agent import ToolsAgent

    if isinstance(agent, ToolsAgent):
        live.hear(agent.closing(make_view(bench, state, budget)))


def replaying_tools_agent(
    past: RecordedRun,
    header: RunHeader,
    bench: Testbench,
    record: RunRecord,
    should_stop: Callable[[], bool],
    reparse: bool,
) -> RecordedAgent:
    """Return the agent `tools` on the recorded replies of a run; tool calls are executed again.

    Raises:
        UsageError: the run used no model.
    """
    from dv_agent.agents.records.recorded_model import RecordedAgent, RecordedModel
    from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
    from dv_agent.agents.toolbox.text import result_limits
    from dv_agent.agents.tools.agent import ToolsAgent
    from dv_agent.agents.tools.recorded_calls import ReplayedCalls

    assert header.model is not None
    bench = _with_tools(bench)
    replayed = RecordedModel(past, reparse)
    playback = ReplayedCalls(replayed, len(past.turns), reparse)
    playback.attach(record)
    dispatcher = ToolDispatcher(bench, result_limits(header.model), bench.decoys)
    agent = ToolsAgent(playback, dispatcher, None, should_stop, bench.track)
    return RecordedAgent(past, replayed, agent, reparse)


def judge(
    run_folder: Path, folder: DesignFolder, bench: Testbench, simulator: Simulator
) -> tuple[ClaimScore, tuple[ReportVerdict, ...]]:
    """Return the verdicts on the claims and bug reports of a run.

    Raises:
        SimulationError: the simulator failed.
    """
    from dv_agent.agents.tools.judgement import judge_run
    from dv_agent.agents.tools.testbench import ToolsTestbench

    decoys = bench.decoys if isinstance(bench, ToolsTestbench) else None
    original = load_design(folder.path)
    return judge_run(read_run(run_folder), folder, original, bench.plan, simulator, decoys.hit() if decoys else ())


def has_claims(agent: str, run_folder: Path) -> bool:
    """Return whether a reply of the agent `llm` claims that a bin is unreachable."""
    return agent == "llm" and any(turn.claims for turn in read_run(run_folder).turns)


def _with_tools(bench: Testbench) -> ToolsTestbench:
    from dv_agent.agents.tools.testbench import ToolsTestbench

    assert isinstance(bench, ToolsTestbench)
    return bench
