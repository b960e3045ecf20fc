"""Previews of prompts: for the first turn on a design, or at any turn of a recorded run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dv_agent.agents.budget import Budget
from dv_agent.agents.foretold_outputs import foretold_outputs
from dv_agent.agents.llm.structured_output import wanted_schema
from dv_agent.agents.models.chat_model import ModelSettings, OutputSchema
from dv_agent.agents.records.reader import read_run
from dv_agent.agents.records.recorded_names import recorded_simulator
from dv_agent.agents.records.resimulation import resimulate
from dv_agent.agents.runs.assembly import open_recorded
from dv_agent.agents.runs.goal import open_goal
from dv_agent.agents.state import RunState, make_view, rules_in_words
from dv_agent.agents.testbench import DesignRtl, Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.holes import holes
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import find_design
from dv_agent.errors import UsageError
from dv_agent.prompts.benchmark_track import CLOSURE, TRACKS, Track
from dv_agent.prompts.parts import Prompt
from dv_agent.prompts.renderer import render
from dv_agent.prompts.restricted_view import restricted
from dv_agent.prompts.strategy import Strategy, find_strategy
from dv_agent.prompts.view import View
from dv_agent.runners.registry import find_simulator


@dataclass(frozen=True, slots=True)
class Rendered:
    """The content that would be sent: messages, and the schema of the reply if the strategy requests one."""

    prompt: Prompt
    output: OutputSchema | None


def prompt_of_design(name: str, strategy: str, settings: ModelSettings, seed: int, track: Track = CLOSURE) -> Rendered:
    """Return the first prompt for a design; no simulator is needed.

    Raises:
        DvAgentError: an unknown name, a broken file, or a context that is too small.
    """
    folder = find_design(name)
    plan = plan_of(folder)
    coverage = empty_coverage(plan)
    view = View(
        folder.design, folder.schema, folder.specification, plan, coverage, holes(plan, coverage), 0,
        budget_left=Budget(cycles=track.cycles, calls=track.calls).left(RunState(coverage).spent),
        rtl=DesignRtl(folder.design), compared=folder.has_model, track=track, **rules_in_words(folder),
        foretold=foretold_outputs(folder), brief=folder.short_specification,
    )  # fmt: skip
    return _rendered(restricted(view), find_strategy(strategy), settings, seed)


def prompt_of_run(
    path: Path, turn: int | None, strategy: str | None, settings: ModelSettings, seed: int | None,
    design: str | None = None,
) -> Rendered:  # fmt: skip
    """Return the prompt of turn `turn` of a recorded run, whose tests are simulated again up to that turn.

    Args:
        design: path of the run's design, if it cannot be found by its name.

    Raises:
        DvAgentError: as above, no such turn, or no run folder.
    """
    past = read_run(path)
    turn = len(past.turns) if turn is None else turn
    if turn > len(past.turns):
        raise UsageError(f"{path} has turns 0 to {len(past.turns) - 1}; {len(past.turns)} would be the next")
    before = replace(past, turns=past.turns[:turn], replies=tuple(one for one in past.replies if one.turn < turn))
    chosen = find_strategy(strategy) if strategy else past.header.prompting or find_strategy("default")
    with scratch_folder() as room:
        folder = open_recorded(past.header, design, room)
        plan, simulator = open_goal(folder, past.header.goal, find_simulator(recorded_simulator(past.header)))
        with simulator.open(folder.design) as session:
            bench = Testbench(folder, plan, session, TRACKS[past.header.track])
            state = resimulate(before, bench).state if before.turns else RunState(empty_coverage(bench.plan))
            budget = past.turns[turn].budget if turn < len(past.turns) else past.header.budget
            view = make_view(bench, state, budget)
            return _rendered(view, chosen, settings, past.header.seed if seed is None else seed)


def _rendered(view: View, strategy: Strategy, settings: ModelSettings, seed: int) -> Rendered:
    output = wanted_schema(strategy, view.design, view.schema, view.exchanges)
    room = settings.context_tokens - settings.reply_tokens - (output.tokens if output else 0)
    return Rendered(render(view, room, settings.reply_tokens, strategy, seed), output)
