"""Judging a plan that somebody wrote, beside the expert's plan of the design."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import has_plan, plan_of
from dv_agent.coverage.plan import build_plan
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.plan_writing.ask_for_plan import ask_for_plan, usable
from dv_agent.eval.plan_writing.plain_tables import PlainTables
from dv_agent.eval.plan_writing.plan_record import PlanRequest
from dv_agent.eval.plan_writing.plan_score import PlanScore, score_plan
from dv_agent.eval.plan_writing.written_plan import PlanFault, offered_columns
from dv_agent.runners.registry import find_simulator

SIMULATOR = "icarus"
Told = Callable[[str], None]
"""Takes what is being done."""


def _silent(words: str) -> None:
    """Tell nothing."""


class JudgedPlan(Frozen):
    """The scores of a written plan and of the expert's.

    Attributes:
        fault: why the plan cannot be used; it then has no score.
        written, expert: None if it cannot be used, or was not asked for.
    """

    fault: str = ""
    written: PlanScore | None = None
    expert: PlanScore | None = None


def plan_of_model(
    folder: DesignFolder, settings: ModelSettings, most: int, home: Path, complain: Told
) -> tuple[str, int, str]:
    """Return the plan that a model wrote, the number of calls, and the last fault if none can be used.

    Args:
        complain: takes what went wrong with an attempt that is made again.

    Raises:
        ModelFailure: no reply after all retries.
        PrerequisiteError: a package or key for the model is missing.
    """
    model = LangChainModel(settings, on_wait=lambda words, seconds: complain(f"{words}; waiting {seconds:.0f} s"))
    written = ask_for_plan(model, folder, columns_of(folder), most, home)
    return written.text, len(written.calls), "" if written.text else written.calls[-1].fault


def columns_of(folder: DesignFolder) -> dict[str, tuple[str, ...]]:
    """Return the tables and columns that a plan may read: those that every design has."""
    with find_simulator(SIMULATOR).open(folder.design) as session:
        return offered_columns(Testbench(_plain(folder), build_plan(Path(), ()), session))


def judge_plan(folder: DesignFolder, text: str, fault: str, asked: PlanRequest, tell: Told = _silent) -> JudgedPlan:
    """Return the scores of the plan in `text`, and of the design's own if `asked` says so.

    Args:
        fault: why there is no plan.
        tell: takes what is being done.

    Raises:
        SimulationError: the simulator failed.
    """
    simulator, cycles, beats = find_simulator(asked.simulator), asked.cycles, asked.beats
    own = None
    if asked.expert and has_plan(folder):
        expert = plan_of(folder)
        own = score_plan(folder, expert, simulator, cycles, beats, tell=lambda words: tell(f"expert's plan: {words}"))
    try:
        if fault:
            raise PlanFault(fault)
        plan = usable(text, columns_of(folder))
    except PlanFault as wrong:
        return JudgedPlan(fault=str(wrong), expert=own)
    written = score_plan(_plain(folder), plan, simulator, cycles, beats, tell=lambda words: tell(f"plan: {words}"))
    return JudgedPlan(written=written, expert=own)


def _plain(folder: DesignFolder) -> PlainTables:
    return PlainTables(folder.design, folder.home)
