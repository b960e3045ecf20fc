"""``dv-agent optimise``: search, figures on held-out designs, and the files of the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from dv_agent.agents.models.chat_model import ChatModel
from dv_agent.agents.records.lock import owned
from dv_agent.designs.files.documents import complaint, make_folders, replace_text
from dv_agent.designs.frozen import Frozen
from dv_agent.errors import UsageError
from dv_agent.eval.optimisation.allowance import Caps, Meter, require_enough
from dv_agent.eval.optimisation.candidate import strategy_of, texts_of
from dv_agent.eval.optimisation.candidate_trials import CandidateTrials, strategy_text
from dv_agent.eval.optimisation.gain_picture import curve_svg
from dv_agent.eval.optimisation.held_out import HeldOut, held_out
from dv_agent.eval.optimisation.history import History, Log, Step
from dv_agent.eval.optimisation.proposer import Proposer
from dv_agent.eval.optimisation.search import Found, gepa_optimize, search
from dv_agent.eval.optimisation.trial_players import TrialPlayer
from dv_agent.eval.optimisation.wish import Wish, keep
from dv_agent.prompts.strategy import SHIPPED, Strategy, strategy_names

STRATEGY, HISTORY, RESULT, CURVE = "strategy.yaml", "history.json", "result.json", "curve.svg"
ENDING = "-optimised"
MOST_NAME = 64


class Result(Frozen):
    """What an optimisation came to, kept as ``result.json``.

    Attributes:
        improved: whether a strategy was found that is better in validation.
        strategy: its file; empty if there is none.
        validation: mean percentage of bins covered on the designs for validation: at the start, and by the best.
        held_out: both on the held-out designs; None if nothing better was found.
        why_ended: ``caps``: another step might cost more than is left; ``nothing left to improve``.
        trials, calls, tokens, usd: all that was spent, on trials and proposals, by earlier commands too.
        unpriced: attempts whose price is not known.
    """

    schema_version: int = 1
    improved: bool
    strategy: str
    validation: tuple[float, float]
    held_out: HeldOut | None
    steps: int
    candidates: int
    refused: int
    why_ended: str
    trials: int
    calls: int
    tokens: int
    usd: float | None
    unpriced: int


def optimise(
    wish: Wish, caps: Caps, folder: Path, name: str, model: ChatModel, player: TrialPlayer,
    say: Callable[[str], None],
) -> Result:  # fmt: skip
    """Improve a strategy in `folder`; the same call goes on where one was ended.

    Args:
        name: name of the strategy that is made.
        model: the model that proposes texts.
        player: plays the trials; the result is the same for any.
        say: is told each step in a line.

    Raises:
        UsageError: the caps are too small, the folder holds something else, or the first strategy cannot be used.
        PrerequisiteError: the package gepa is not installed.
        ModelFailure, SimulationError: a trial or a proposal failed for a reason that is no candidate's.
        TrialInterrupted: a stop was asked for.
    """
    prices = require_enough(wish, caps)
    require_place(folder, name)
    gepa_optimize()  # before anything is paid
    make_folders(folder)
    with owned(folder):
        keep(wish, folder)
        meter, log = Meter(caps, prices), Log(say)
        trials = CandidateTrials(wish, folder, meter, player)
        try:
            found = search(wish, trials, Proposer(wish, folder, model), meter, log)
        finally:
            replace_text(folder / HISTORY, log.history().model_dump_json(indent=1) + "\n")
        first = texts_of(wish.strategy, wish.parts)
        figures = held_out(wish, trials, first, found.texts) if found.number else None
        result = _result(found, figures, log.history(), meter)
        _write(wish, folder, name, found, result, log.history())
        return result


def require_place(folder: Path, name: str) -> None:
    """Check that no shipped strategy can be overwritten, or be mistaken for the one that is made.

    Raises:
        UsageError: the folder is that of the shipped strategies, or the name is one of theirs, or no name.
    """
    if folder.resolve().is_relative_to(SHIPPED.resolve()):
        raise UsageError(f"--out {folder}: this is where the shipped strategies are; choose another folder")
    if name in strategy_names():
        raise UsageError(f"--name {name}: a shipped strategy has this name; choose another")
    try:
        Strategy(name=name)
    except ValidationError as error:
        raise UsageError(f"--{complaint(error)}") from None


def usual_name(strategy: str) -> str:
    """Return the name of what is made from the strategy `strategy`."""
    return f"{strategy.removesuffix(ENDING)[: MOST_NAME - len(ENDING)]}{ENDING}"


def _result(found: Found, figures: HeldOut | None, history: History, meter: Meter) -> Result:
    best = found.validation[found.number]
    return Result(
        improved=bool(found.number), strategy=STRATEGY if found.number else "",
        validation=(100 * found.validation[0], 100 * best), held_out=figures, steps=len(history.steps),
        candidates=len(found.validation), refused=sum(bool(one.refused) for one in history.steps),
        why_ended=found.why_ended, trials=meter.trials, calls=meter.calls, tokens=meter.tokens,
        usd=None if meter.unpriced and not meter.usd else meter.usd, unpriced=meter.unpriced,
    )  # fmt: skip


def _write(wish: Wish, folder: Path, name: str, found: Found, result: Result, history: History) -> None:
    """Write the files of the result; ``strategy.yaml`` only if it is better than the strategy where all began."""
    replace_text(folder / RESULT, result.model_dump_json(indent=1) + "\n")
    words = f"{result.validation[0]:.1f} to {result.validation[1]:.1f} %"
    replace_text(folder / CURVE, curve_svg("bins covered in validation, best strategy so far",
                                           [(wish.strategy.name, history.curve, words)]))  # fmt: skip
    if not found.number:
        (folder / STRATEGY).unlink(missing_ok=True)
        return
    told = f"Made by dv-agent optimise from {wish.strategy.name}: {words} of the bins in validation"
    best = strategy_of(wish.strategy, found.texts).model_copy(update={"name": name, "description": told})
    lines = [f"# {line}" for line in (told, *(result.held_out.words.split(". ") if result.held_out else ()),
             "Its history:", *(f"  {step.words}" for step in _line_of(found.number, history)))]  # fmt: skip
    replace_text(folder / STRATEGY, "\n".join([*lines, strategy_text(best)]))


def _line_of(number: int, history: History) -> list[Step]:
    """Return the steps that led to a candidate, the first first."""
    made = {step.became: step for step in history.steps if step.became is not None}
    found = []
    while number in made:
        found.append(made[number])
        number = made[number].parent
    return list(reversed(found))
