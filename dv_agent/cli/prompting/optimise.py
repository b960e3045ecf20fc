"""The command ``dv-agent optimise``: improves the texts and options of a prompt strategy by trials on some designs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dv_agent.cli.terminal import complain, overwrite, say, say_json, tell_of_dotenv
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.records.schema import RunHeader
    from dv_agent.agents.state import RunState
    from dv_agent.agents.turn import TestRecord, TurnRecord
    from dv_agent.cli.interrupt import Interrupt
    from dv_agent.eval.optimisation.allowance import Caps
    from dv_agent.eval.optimisation.optimise import Result
    from dv_agent.eval.optimisation.trial_players import TrialPlayer
    from dv_agent.eval.optimisation.wish import Role, Wish

WHAT, MODEL, BUDGET, EXECUTION = "What is improved, on what", "Language models", "Budgets and caps", "Execution"


def _option(text: str, panel: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


def optimise(
    train: Annotated[list[str] | None, _option("A design that proposals are made from. Repeatable.", WHAT)] = None,
    validation: Annotated[list[str] | None, _option("A design that the best proposal is chosen by. Repeatable.",
        WHAT)] = None,
    held_out: Annotated[list[str] | None, _option("A design that only the figures at the end are from. Repeatable.",
        WHAT)] = None,
    strategy: Annotated[str, _option("Where to begin: name of a shipped strategy, or a YAML file.", WHAT)] = "default",
    part: Annotated[list[str] | None, _option("What may change: a template such as parts/ask, or `options`. "
        "Repeatable; parts/ask and options if not given.", WHAT)] = None,
    name: Annotated[str | None, _option("Name of the strategy that is made; that of the first with -optimised behind "
        "it if not given.", WHAT)] = None,
    seeds: Annotated[int, _option("Trials of a strategy on each design.", WHAT, min=1, max=100)] = 1,
    batch: Annotated[int, _option("Trials on training designs that a proposal is made from and must improve.", WHAT,
        min=1, max=100)] = 2,
    seed: Annotated[int, _option("Draws which strategy is changed, and on which designs.", WHAT, min=0)] = 0,
    feedback: Annotated[bool, _option("Whether the proposing model is told what happened in the trials; without it the "
        "search is a control.", WHAT, "--feedback/--no-feedback")] = True,
    model: Annotated[str | None, _option("Who proposes tests: provider:name.", MODEL, envvar="DV_AGENT_MODEL")] = None,
    base_url: Annotated[str | None, _option("Address of an OpenAI-compatible server.", MODEL,
        envvar="DV_AGENT_BASE_URL")] = None,
    proposing_model: Annotated[str | None, _option("Who proposes texts; --model if not given.", MODEL)] = None,
    proposing_base_url: Annotated[str | None, _option("Its address; --base-url if --proposing-model is not given.",
        MODEL)] = None,
    temperature: Annotated[float | None, _option("Sampling temperature of --model.", MODEL, min=0, max=2)] = None,
    max_tokens: Annotated[int | None, _option("Most output tokens of one reply.", MODEL, min=16)] = None,
    context_tokens: Annotated[int | None, _option("Most tokens of prompt and reply together; 32,000 if not given.",
        MODEL, min=1_000)] = None,
    timeout: Annotated[float | None, _option("Seconds after which an attempt is given up; 120 if not given.", MODEL,
        min=0.1)] = None,
    retry_seconds: Annotated[float | None, _option("No new attempt starts after so long; 300 if not given.", MODEL,
        min=0)] = None,
    max_calls: Annotated[int, _option("Calls of the model, each trial.", BUDGET, min=1)] = 4,
    max_cycles: Annotated[int, _option("Simulated clock cycles, each trial.", BUDGET, min=1)] = 50_000,
    max_usd: Annotated[float | None, _option("Price of all calls of a trial, US dollars.", BUDGET, min=0.0001)] = None,
    cap_calls: Annotated[int | None, _option("Calls of all trials and proposals together.", BUDGET, min=1)] = None,
    cap_usd: Annotated[float | None, _option("Price of all trials and proposals together, US dollars.", BUDGET,
        min=0.0001)] = None,
    simulator: Annotated[str, _option("Which simulator runs the RTL.", EXECUTION,
        envvar="DV_AGENT_SIMULATOR")] = "icarus",
    jobs: Annotated[int, _option("Trials of a strategy at a time, in processes of this machine; the result is the "
        "same.", EXECUTION, min=1, max=512)] = 1,
    out: Annotated[Path | None, _option("Folder of the optimisation; runs/optimise/NAME if not given. The same command "
        "goes on.", EXECUTION)] = None,
    dry_run: Annotated[bool, _option("Say what it needs at least; call and run nothing.", EXECUTION,
        "--dry-run")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:  # fmt: skip
    """Improve a prompt strategy: a model proposes texts from what happened in trials, and trials say what is better.

    Three kinds of designs stay apart: for proposals, for the choice, and for the figures. docs/optimise.md says more.

    Examples:

      dv-agent optimise --model openai:gpt-5 --train mxint_softmax --train kv_pack --validation hass_spe
      --held-out lqer_dot --held-out block_quant --cap-calls 120

      dv-agent optimise --model openai:qwen3 --base-url http://127.0.0.1:8000/v1 --train kv_pack --validation hass_spe
      --held-out lqer_dot --part parts/ask --max-calls 2 --cap-calls 60 --out runs/optimise/qwen

      dv-agent run --design lut_mpgemm --model openai:gpt-5
      --prompt-strategy runs/optimise/default-optimised/strategy.yaml
    """
    from dv_agent.agents.models.langchain_model import LangChainModel
    from dv_agent.agents.models.providers import endpoint_of
    from dv_agent.agents.runs.start import REPLAY
    from dv_agent.cli.interrupt import Interrupt, tell
    from dv_agent.eval.evaluation.spec import model_settings
    from dv_agent.eval.execution.trial_run import TrialInterrupted
    from dv_agent.eval.optimisation.allowance import Caps
    from dv_agent.eval.optimisation.optimise import optimise as improve
    from dv_agent.eval.optimisation.optimise import usual_name

    if not model:
        raise UsageError("say who proposes tests: --model openai:gpt-5, or --model openai:NAME --base-url URL")
    if any((one or "").startswith(REPLAY) for one in (model, proposing_model)):
        raise UsageError("prompts are improved by new replies: a recorded run has none; name a model")
    settings = {"temperature": temperature, "max_tokens": max_tokens, "context_tokens": context_tokens,
                "timeout": timeout, "retry_seconds": retry_seconds}  # fmt: skip
    asked = model_settings(model, base_url=base_url, **settings)
    other = {**settings, "temperature": None, "base_url": proposing_base_url}
    proposing = model_settings(proposing_model, **other) if proposing_model else asked
    if proposing_base_url and not proposing_model:
        raise UsageError("--proposing-base-url is the address of --proposing-model, which is not given")
    split: dict[Role, tuple[str, ...]] = {
        "train": tuple(train or ()), "validation": tuple(validation or ()), "held_out": tuple(held_out or ()),
    }  # fmt: skip
    budget = {"cycles": max_cycles, "calls": max_calls, "usd": max_usd}
    wish = _wish(split, strategy, tuple(part or ()), (seeds, batch, seed), feedback,
                 {"model": asked, "reflection": proposing}, budget, simulator)  # fmt: skip
    made, caps = name or usual_name(wish.strategy.name), Caps(calls=cap_calls, usd=cap_usd)
    if dry_run:
        _estimate(wish, caps, as_json)
        return
    if not quiet:
        tell_of_dotenv()
    endpoint_of(asked).require(asked)
    watcher, stopper = _Progress(quiet or as_json), Interrupt("this turn")
    folder = out or Path("runs") / "optimise" / made
    try:
        with _player(jobs, watcher, stopper) as player, stopper:
            result = improve(wish, caps, folder, made, LangChainModel(proposing), player, watcher.line)
    except (TrialInterrupted, KeyboardInterrupt):
        watcher.stop()
        tell(f"dv-agent: interrupted; the same command goes on in {folder}")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    finally:
        watcher.stop()
    if as_json:
        say_json({**result.model_dump(mode="json"), "folder": str(folder)})
    else:
        _tell(result, folder)


@contextmanager
def _player(jobs: int, watcher: _Progress, stopper: Interrupt) -> Iterator[TrialPlayer]:
    from dv_agent.eval.execution.process_executor import LocalExecutor
    from dv_agent.eval.optimisation.trial_players import OneAtATime, SideBySide

    if jobs == 1:
        yield OneAtATime(watcher, stopper)
        return
    with LocalExecutor(jobs) as executor:
        yield SideBySide(executor, watcher, stopper)


def _wish(
    split: dict[Role, tuple[str, ...]], strategy: str, parts: tuple[str, ...], numbers: tuple[int, int, int],
    feedback: bool, models: dict[str, Any], budget: dict[str, Any], simulator: str,
) -> Wish:  # fmt: skip
    from dv_agent.agents.budget import Budget
    from dv_agent.agents.session.drafts.changes import self_contained
    from dv_agent.eval.optimisation.candidate import USUAL, check_parts
    from dv_agent.eval.optimisation.wish import Wish, checksums_of
    from dv_agent.prompts.strategy import find_strategy
    from dv_agent.runners.registry import find_simulator

    parts = tuple(dict.fromkeys(parts or USUAL))
    check_parts(parts)
    split = {role: tuple(dict.fromkeys(names)) for role, names in split.items()}
    seeds, batch, seed = numbers
    checksums = checksums_of(split)
    find_simulator(simulator)
    wanted: dict[str, Any] = dict(split.items()) | models
    return Wish(
        strategy=self_contained(find_strategy(strategy)), parts=parts, seeds=seeds, batch=batch, seed=seed,
        feedback=feedback, trial=Budget.model_validate(budget), simulator=simulator, checksums=checksums, **wanted,
    )  # fmt: skip


def _estimate(wish: Wish, caps: Caps, as_json: bool) -> None:
    from dv_agent.eval.optimisation.allowance import prices_of, require_enough, steps_within, told

    prices = prices_of(wish)
    if caps.calls is not None or caps.usd is not None:
        require_enough(wish, caps)
    steps = steps_within(prices, caps)
    if as_json:
        say_json({"least_calls": prices.least.calls, "least_usd": prices.least.usd, "steps": steps})
        return
    say(told(wish, prices))
    say("price: not known" if prices.least.usd is None else f"at most {prices.least.usd:,.2f} US dollars for these")
    if steps is not None:
        say(f"within the caps: {steps} proposals, or more where trials were played before or need fewer calls")


class _Progress:
    """A line for each step on stderr, and on a terminal how the present trial goes on."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._lively = quiet, sys.stderr.isatty() and not quiet
        self._trial = ""

    def line(self, words: str) -> None:
        """Show a step that ended."""
        self.stop()
        if not self._quiet:
            complain(words)

    def start(self, header: RunHeader, folder: Path, bins: int) -> None:
        """Show that a trial starts."""
        self._trial = f"trial on {header.design}, seed {header.seed}"
        self.say("starting")

    def test(self, record: TestRecord) -> None:
        """See `RunWatcher`."""

    def turn(self, state: RunState, turn: TurnRecord) -> None:
        """Show how far the trial is."""
        self.say(f"turn {turn.turn + 1}, {turn.bins_hit} bins")

    def say(self, words: str) -> None:
        """Show what takes time."""
        if self._lively:
            overwrite(f"{self._trial}: {words}" if self._trial else words)

    def hunting(self, bug: str) -> None:
        """See `TrialWatcher`."""

    def stop(self) -> None:
        """Remove what may be overwritten."""
        if self._lively:
            overwrite("")


def _tell(result: Result, folder: Path) -> None:
    first, best = result.validation
    price = "price not known" if result.usd is None else f"{result.usd:,.2f} US dollars"
    say(f"{result.steps} proposals, {result.refused} refused; {result.trials} trials, {result.calls} calls, {price}; "
        f"ended: {result.why_ended}")  # fmt: skip
    if result.improved:
        say(f"validation: {first:.1f} % of the bins, {best:.1f} % with the best strategy")
        say(result.held_out.words if result.held_out else "")
        say(f"strategy: {folder / result.strategy} (dv-agent run --prompt-strategy {folder / result.strategy})")
    else:
        say(f"no better strategy was found than the one at the start ({first:.1f} % of the bins in validation)")
    say(f"record: {folder} (history.json, curve.svg, candidates/, trials/)")
