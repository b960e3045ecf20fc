"""The agent that proposes the tests of a run again: an agent without a model, or a replay of recorded replies.

The agent that asked for the replies parses them again, and each reply is accepted only as the answer to the exact
prompt that this agent would send now. So no test, reply, or bin shown in a prompt can be inserted afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from dv_agent.agents.agent import Agent
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.llm.call_budget import Price
from dv_agent.agents.models.chat_model import CallUsage, Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.recorded_model import RecordedModel
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.runs.assembly import make_agent
from dv_agent.agents.runs.tool_runs import TOOLS, track_of
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.tools.decoys import choose_decoys
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.plan import Plan
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import UsageError
from dv_agent.eval.evaluation.data_model import Trial
from dv_agent.eval.verification.same_run import strategy_of
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.runners.simulator import Session, Simulator


def bench_of(
    trial: Trial, design: DesignFolder, plan: Plan, session: Session, simulator: Simulator
) -> Testbench | ToolsTestbench:
    """Return the testbench of a trial; for an agent with tools, with the decoys that its seed draws."""
    if trial.entry.agent != TOOLS:
        return Testbench(design, plan, session, track_of(trial.entry.agent, trial.track))
    chosen = choose_decoys(plan, int(trial.entry.options.get("decoys", 0)), trial.seed)
    return ToolsTestbench(design, plan, session, chosen, simulator.name == "icarus", TRACKS[trial.track])


def agent_of(trial: Trial, run: RecordedRun, design: DesignFolder, bench: Testbench | ToolsTestbench) -> Agent:
    """Return the agent of a trial; one with a model replays the replies of `run`.

    Raises:
        UsageError: dv-agent includes no strategy of that name.
        ModelFailure: from `propose`, if it sends a prompt that is not in the record, or more prompts than there are
            replies.
        PrerequisiteError: a package that it needs is missing.
    """
    if trial.entry.model is None:
        return make_agent(run.header, design, None, lambda words: None)
    said, price = SaidAgain(run), _price(trial)
    if not isinstance(bench, ToolsTestbench):
        strategy = strategy_of(trial.entry)
        if strategy is None:
            raise UsageError(f"no prompt strategy {trial.entry.strategy[:60]!r} comes with dv-agent")
        return LlmAgent(said, strategy, price, trial.seed)
    return _tools_agent(said, bench, price)


def _tools_agent(said: SaidAgain, bench: ToolsTestbench, price: Price | None) -> Agent:
    from dv_agent.agents.toolbox.dispatcher import ToolDispatcher
    from dv_agent.agents.toolbox.text import result_limits
    from dv_agent.agents.tools.agent import ToolsAgent

    return ToolsAgent(said, ToolDispatcher(bench, result_limits(said.settings), bench.decoys), price, track=bench.track)


class SaidAgain:
    """A `Playback` of the recorded replies: in the last turn it ends only where the agent itself ends the turn."""

    def __init__(self, run: RecordedRun) -> None:
        self._replayed, self._turns = RecordedModel(run), len(run.turns)

    @property
    def settings(self) -> ModelSettings:
        """Return the settings of the run's model."""
        return self._replayed.settings

    def attach(self, record: RunRecord) -> None:
        """Record nothing."""

    def holds(self, turn: int) -> bool:
        """Return whether the next reply was given in `turn`."""
        return self._replayed.next_turn == turn

    def is_past(self, turn: int) -> bool:
        """Return whether more turns followed `turn`; if so, the record may show it as interrupted."""
        return turn < self._turns - 1

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Return the recorded reply, as `ReplayedModel.ask`.

        Raises:
            ModelFailure: the prompt differs from the recorded one.
        """
        return self._replayed.ask(messages, tools, output)


def _price(trial: Trial) -> Price | None:
    """Return the price of a call, if the budget limits dollars."""
    if trial.budget.usd is None or trial.entry.model is None:
        return None
    from dv_agent.agents.models.costs.prices import price
    from dv_agent.agents.models.providers import endpoint_of

    endpoint = endpoint_of(trial.entry.model)

    def cost(usage: CallUsage) -> float | None:
        return price(usage, endpoint)

    return cost
