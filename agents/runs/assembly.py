"""Construction of the parts of a run: design, agent, model, version information."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from dv_agent import __version__
from dv_agent.agents.agent import Agent
from dv_agent.agents.models.chat_model import CallUsage, Reply
from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.designs.design import Design
from dv_agent.designs.loader import DesignFolder, find_design, find_recorded_design, is_design_name
from dv_agent.designs.mutants.changed_copy import changed_copy
from dv_agent.designs.trace import Trace
from dv_agent.errors import OutputError, UnknownNameError, UsageError
from dv_agent.prompts.strategy import find_recorded_strategy
from dv_agent.runners.checks.failure import CheckFailure

if TYPE_CHECKING:
    from dv_agent.agents.llm.call_budget import Price
    from dv_agent.agents.records.recorded_model import RecordedAgent
    from dv_agent.designs.benchmark.seeded_bugs import Bug
    from dv_agent.designs.mutants.candidate import Candidate


def open_design(name: str, bug: str | None, room: Path, change: Candidate | None = None) -> DesignFolder:
    """Return the design `name`, or a copy in `room` with a seeded bug or the change of a mutant in its RTL.

    Raises:
        UnknownNameError: no such design or bug.
    """
    return _with_bug(find_design(name), bug, room, change)


def open_recorded(header: RunHeader, given: str | None, room: Path) -> DesignFolder:
    """Return the design of a record, with its seeded bug; a name in a record is never used as a path.

    Args:
        given: name or folder of the design given by the user; None if not given.

    Raises:
        UsageError: no such design or bug is known.
    """
    folder = find_design(given) if given else find_recorded_design(header.design, header.design_folder)
    if is_design_name(header.design) and folder.design.name != header.design:
        raise UsageError(f"{header.id} is a run on {header.design}, not on {folder.design.name} (--design)")
    return _with_bug(folder, header.agent_options.bug, room, header.agent_options.change)


def _with_bug(folder: DesignFolder, bug: str | None, room: Path, change: Candidate | None = None) -> DesignFolder:
    if change:
        return changed_copy(folder, change, room)
    if not bug:
        return folder
    from dv_agent.designs.benchmark.seeded_bugs import broken_copy

    return broken_copy(folder, named_bug(folder, bug), room)


def named_bug(folder: DesignFolder, bug: str) -> Bug:
    """Return a seeded bug of a design.

    Raises:
        UnknownNameError: it has none of that name.
    """
    from dv_agent.designs.benchmark.seeded_bugs import load_bugs

    bugs = {one.id: one for one in load_bugs(folder)}
    if bug not in bugs:
        raise UnknownNameError(f"seeded bug of {folder.design.name}", bug, bugs)
    return bugs[bug]


def make_agent(
    header: RunHeader,
    folder: DesignFolder,
    record: RunRecord | None,
    say: Callable[[str], None],
    paid: Sequence[Reply] = (),
) -> Agent:
    """Return the agent that `header` names.

    Args:
        record: receives the replies of a model; None is allowed for agents without a model.
        paid: replies already in the record, which answer the first calls.

    Raises:
        UsageError: the oracle agent is chosen for a design without witnesses.
        PrerequisiteError: a package or key for the model is missing.
    """
    if plain := _plain_agent(header):
        return plain
    if record is not None and header.model is not None:
        return _llm_agent(header, record, paid, say)
    from dv_agent.agents.baselines.basic import OracleAgent
    from dv_agent.designs.benchmark.witnesses import load_witnesses

    witnesses = load_witnesses(folder)
    if not witnesses:
        raise UsageError(f"{folder.design.name} has no witnesses; the oracle agent has nothing to replay")
    return OracleAgent(witnesses)


def _plain_agent(header: RunHeader) -> Agent | None:
    """Return the agent that `header` names, if it needs neither model nor witnesses; only its module is imported."""
    match header.agent:
        case "null":
            from dv_agent.agents.baselines.basic import NullAgent

            return NullAgent()
        case "random":
            from dv_agent.agents.baselines.basic import RandomAgent

            return RandomAgent(header.seed)
        case "crv":
            from dv_agent.agents.baselines.crv import CrvAgent

            return CrvAgent(header.seed)
        case "sweep":
            from dv_agent.agents.baselines.sweep import SweepAgent

            return SweepAgent()
        case "search":
            from dv_agent.agents.search.agent import SearchAgent

            return SearchAgent(header.seed, guided=header.agent_options.guided is not False)
        case _:
            return None


def tell_of_unknown_price(header: RunHeader, price: Price, say: Callable[[str], None]) -> None:
    """Say so if the run has a bound in dollars, and the price of its model is not known: then it bounds nothing."""
    if header.budget.usd is not None and price(CallUsage(input_tokens=1_000, output_tokens=1_000)) is None:
        say("the price of this model is not known, so --max-usd bounds nothing: give --max-tokens-total or --max-calls")


def _llm_agent(header: RunHeader, record: RunRecord, paid: Sequence[Reply], say: Callable[[str], None]) -> Agent:
    from dv_agent.agents.llm.agent import LlmAgent
    from dv_agent.agents.models.langchain_model import LangChainModel
    from dv_agent.agents.models.reply_cache import CachingModel
    from dv_agent.agents.records.reply_recorder import RecordingModel

    assert header.model is not None
    model = LangChainModel(header.model, on_wait=lambda message, seconds: say(f"{message}; waiting {seconds:.0f} s"))
    tell_of_unknown_price(header, model.price, say)
    cache = header.agent_options.cache
    asked = CachingModel(model, Path(cache), header.seed) if cache else model
    recording = RecordingModel(asked, record, paid)
    return LlmAgent(recording, header.prompting or find_recorded_strategy(header.strategy), model.price, header.seed)


def replaying_agent(past: RecordedRun, header: RunHeader, record: RunRecord, reparse: bool) -> RecordedAgent:
    """Return the agent of a recorded run, connected to the recorded replies.

    Raises:
        UsageError: the run used no model.
    """
    from dv_agent.agents.llm.agent import LlmAgent
    from dv_agent.agents.records.recorded_model import RecordedAgent, RecordedModel
    from dv_agent.agents.records.reply_recorder import RecordingModel

    replayed = RecordedModel(past, reparse)
    strategy = header.prompting or find_recorded_strategy(header.strategy)
    agent = LlmAgent(RecordingModel(replayed, record), strategy, seed=header.seed)
    return RecordedAgent(past, replayed, agent, reparse)


def excerpt_writer(design: Design) -> Callable[[Path, Trace, CheckFailure], None]:
    """Return a function that writes the cycles around a failure as ``excerpt.json``, for the report to draw."""

    from dv_agent.agents.failures.excerpt_cut import make_excerpt

    def write(room: Path, trace: Trace, failure: CheckFailure) -> None:
        excerpt = make_excerpt(design, trace, failure)
        if excerpt is None:
            return
        try:
            (room / "excerpt.json").write_text(excerpt.model_dump_json() + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot write {room}/excerpt.json: {error.strerror}") from None

    return write


def versions() -> dict[str, str]:
    """Return the versions of dv-agent, Python, cocotb, and the git revision if there is one."""
    found = {"dv-agent": __version__, "python": platform.python_version(), "cocotb": version("cocotb")}
    if revision := _git(["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]):
        found["git"] = revision
    return found


def price_version() -> dict[str, str]:
    """Return the source and the date of the prices; empty if the package is not installed."""
    from dv_agent.agents.models.costs.prices import price_date, price_source

    date = price_date()
    return {"prices": f"{price_source()}, {date}"} if date else {}


def _git(arguments: Sequence[str]) -> str:
    """Return the output of git in the folder that dv-agent was installed from; empty if git is not available."""
    folder = Path(__file__).resolve().parent
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
