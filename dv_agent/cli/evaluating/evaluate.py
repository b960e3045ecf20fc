"""The command ``dv-agent eval``: scores agents, models and strategies over the designs of a suite."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dv_agent.cli.evaluating.outcome import tell_outcome
from dv_agent.cli.shared_options import RoleStyle, TrackOption
from dv_agent.cli.terminal import say, say_json, tell_of_dotenv
from dv_agent.errors import ExitCode

if TYPE_CHECKING:
    from dv_agent.eval.evaluation.data_model import Evaluation
    from dv_agent.eval.evaluation.scheduler import EvaluationOutcome
    from dv_agent.eval.evaluation.spec import EvaluationSpec
    from dv_agent.eval.execution.executor import Executor
    from dv_agent.eval.protocols.protocol import Protocol

ROWS, BUDGET, MODEL, EXECUTION, CAPS = "What is compared", "Budget of a trial", "Language models", "Execution", "Caps"

_MOST_SEEDS = 1_000


def _option(text: str, panel: str, **more: Any) -> Any:
    return typer.Option(help=text, rich_help_panel=panel, **more)


def _flag(name: str, text: str, panel: str) -> Any:
    return typer.Option(f"--{name}", help=text, rich_help_panel=panel)


def evaluate(
    suite: Annotated[str, typer.Argument(help="Name of a suite, or a YAML file: of a suite, or of a whole "
        "evaluation with entries, models and budget.")] = "accelerators",
    agent: Annotated[list[str] | None, _option("A row: an agent. Repeatable.", ROWS)] = None,
    model: Annotated[list[str] | None, _option("A row for each strategy: provider:name. Repeatable.", ROWS)] = None,
    strategy: Annotated[list[str] | None, _option("How models are prompted; `default` if not given. Repeatable.",
        ROWS)] = None,
    protocol: Annotated[str | None, _option("Run as a published evaluation was, where no other option says otherwise: "
        "llm4dv. See docs/llm4dv.md.", ROWS)] = None,
    track: Annotated[TrackOption | None, _option("What models are given, and the scores; closure if not given. See "
        "docs/tracks.md.", ROWS)] = None,
    design: Annotated[list[str] | None, _option("Only this design of the suite. Repeatable.", ROWS)] = None,
    seeds: Annotated[int | None, _option("Trials of a row on a design; 5 if not given.", ROWS, min=1,
        max=_MOST_SEEDS)] = None,
    kill_seeds: Annotated[int | None, _option("Hunt the seeded bugs in the trials of the first so many seeds only; all "
        "if not given. Hunting takes most of the time; a larger number later goes on.", ROWS, min=0)] = None,
    no_floors: Annotated[bool, _flag("no-floors", "Only the rows that were asked for; else null, random, crv, sweep, "
        "search and oracle run beside.", ROWS)] = False,
    only: Annotated[list[str] | None, _option("Of all rows only those of this agent. Repeatable.", ROWS)] = None,
    max_cycles: Annotated[int | None, _option("Simulated clock cycles; 200,000 if not given.", BUDGET, min=1)] = None,
    max_calls: Annotated[int | None, _option("Calls of the model; 50 if not given.", BUDGET, min=1)] = None,
    max_tokens_total: Annotated[int | None, _option("Tokens of all calls.", BUDGET, min=1)] = None,
    max_usd: Annotated[float | None, _option("Price of all calls, US dollars.", BUDGET, min=0.0001)] = None,
    base_url: Annotated[str | None, _option("Address of an OpenAI-compatible server, for all --model.", MODEL)] = None,
    temperature: Annotated[float | None, _option("Sampling temperature.", MODEL, min=0, max=2)] = None,
    max_tokens: Annotated[int | None, _option("Most output tokens of one reply.", MODEL, min=16)] = None,
    role_style: Annotated[RoleStyle | None, _option("What becomes of the system message, for servers that refuse that "
        "role; auto if not given.", MODEL)] = None,
    context_tokens: Annotated[int | None, _option("Most tokens of prompt and reply together; 32,000 if not given.",
        MODEL, min=1_000)] = None,
    timeout: Annotated[float | None, _option("Seconds after which an attempt is given up; 120 if not given.", MODEL,
        min=0.1)] = None,
    retry_seconds: Annotated[float | None, _option("No new attempt starts after so long; 300 if not given.", MODEL,
        min=0)] = None,
    out: Annotated[Path | None, _option("Folder of the evaluation; runs/evals/SUITE if not given. The same folder "
        "again goes on.", EXECUTION)] = None,
    jobs: Annotated[int, _option("Trials at a time, in processes of this machine.", EXECUTION, min=1, max=512)] = 1,
    scheduler: Annotated[str | None, _option("Address of a Dask scheduler, such as tcp://host:8786, instead of --jobs: "
        "its workers must see the same folders.", EXECUTION)] = None,
    simulator: Annotated[str | None, _option("Which simulator runs the RTL; icarus if not given.", EXECUTION)] = None,
    dry_run: Annotated[bool, _flag("dry-run", "Say how much it is and what it may cost; call and run nothing.",
        EXECUTION)] = False,
    redo: Annotated[bool, _flag("redo", "Execute all trials anew.", EXECUTION)] = False,
    retry_errors: Annotated[bool, _flag("retry-errors", "Execute failed trials again.", EXECUTION)] = False,
    fail_on_error: Annotated[bool, _flag("fail-on-error", "Exit 1 if a trial failed.", EXECUTION)] = False,
    calls_in_flight: Annotated[int | None, _option("Trials with a model at a time.", CAPS, min=1)] = None,
    requests_per_minute: Annotated[float | None, _option("Calls of all trials together, shared evenly.",
        CAPS, min=0.01)] = None,
    cap_usd: Annotated[float | None, _option("No trial with a model starts once all together cost so much, US "
        "dollars.", CAPS, min=0.01)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:  # fmt: skip
    """Score agents, models and prompt strategies over the designs of a suite. The same command goes on where it ended.

    Examples:

      dv-agent eval accelerators --no-floors --agent random --agent search --seeds 5 --jobs 2

      dv-agent eval --model openai:gpt-5 --model anthropic:claude-sonnet-4-5 --strategy default --jobs 4 --dry-run

      dv-agent eval --model openai:qwen3 --base-url http://127.0.0.1:8000/v1 --design mxint_softmax --seeds 3

      dv-agent eval my_evaluation.yaml --jobs 8 --out runs/evals/mine

      dv-agent eval accelerators --jobs 2 --retry-errors --fail-on-error

      dv-agent eval llm4dv --protocol llm4dv --model openai:gpt-5 --jobs 4

      dv-agent eval accelerators --scheduler tcp://10.0.0.1:8786 --out /shared/evals/accelerators
    """
    from dv_agent.eval.evaluation.caps import Caps
    from dv_agent.eval.evaluation.estimate import left_to_do, require_models
    from dv_agent.eval.evaluation.spec import model_settings, usual_budget
    from dv_agent.eval.evaluation.trial_list import default_folder, mark_capped, plan_trials, write_evaluation

    usual = _usual(protocol, bool(model))
    settings = {
        "base_url": base_url, "temperature": _or(temperature, usual.temperature if usual else None),
        "max_tokens": _or(max_tokens, usual.max_tokens if usual else None), "context_tokens": context_tokens,
        "timeout": timeout, "retry_seconds": retry_seconds, "role_style": role_style.value if role_style else None,
    }  # fmt: skip
    budget = {"cycles": max_cycles, "calls": max_calls, "tokens": max_tokens_total, "usd": max_usd}
    spec = _said(
        _under(_wish(suite), usual), agents=tuple(agent or ()), strategies=tuple(strategy or ()),
        designs=tuple(design or ()),
        models=tuple(model_settings(name, **settings) for name in model or ()), seeds=seeds, simulator=simulator,
        floors=False if no_floors else None, only=tuple(only or ()), kill_seeds=kill_seeds,
        track=track.value if track else None,
    )  # fmt: skip
    spec = spec.model_copy(update={"budget": usual_budget(spec).having(_given(budget))})
    evaluation = plan_trials(spec, _command())
    if not quiet:
        tell_of_dotenv()
    folder = out or default_folder(evaluation, spec)
    if dry_run:
        _estimate(evaluation, folder, jobs, (redo, retry_errors), as_json)
        return
    if not scheduler:  # the workers of a cluster have their own API keys
        require_models(left_to_do(evaluation, folder, redo, retry_errors))
    evaluation = write_evaluation(evaluation, folder)
    caps = Caps(calls_in_flight=calls_in_flight, requests_per_minute=requests_per_minute, usd=cap_usd)
    done = _conduct(evaluation, folder, (jobs, scheduler), (redo, retry_errors), caps, quiet or as_json)
    mark_capped(folder, done.capped)
    tell_outcome(evaluation, folder, done, as_json)
    failed = any(record.status == "failed" for record in done.records.values())
    if done.interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if fail_on_error and (failed or done.open):
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _estimate(evaluation: Evaluation, folder: Path, jobs: int, again: tuple[bool, bool], as_json: bool) -> None:
    from dv_agent.eval.evaluation.estimate import estimate

    answer = estimate(evaluation, folder, jobs, *again)
    if as_json:
        say_json(answer.model_dump(mode="json"))
    else:
        say(answer.text())


def _wish(suite: str) -> EvaluationSpec:
    from dv_agent.eval.evaluation.spec import EvaluationSpec, read_spec

    return read_spec(Path(suite)) if suite.endswith((".yaml", ".yml")) else EvaluationSpec(suite=suite)


def _usual(protocol: str | None, asks_a_model: bool) -> Protocol | None:
    """Return the protocol; None if none was named.

    Raises:
        UnknownNameError: there is none of this name.
        UsageError: no model was named.
    """
    from dv_agent.errors import UsageError
    from dv_agent.eval.protocols.protocol import find_protocol

    found = find_protocol(protocol) if protocol else None
    if found and not asks_a_model:
        raise UsageError(f"the protocol {protocol} is played by a model: --model openai:NAME, or with --base-url URL")
    return found


def _under(spec: EvaluationSpec, protocol: Protocol | None) -> EvaluationSpec:
    """Return `spec` with what the protocol fixes."""
    if protocol is None:
        return spec
    names = ("strategies", "seeds", "kill_seeds", "floors", "budget")
    return spec.model_copy(update={name: getattr(protocol, name) for name in names})


def _or(said: Any, usual: Any) -> Any:
    return usual if said is None else said


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None and value != ()}


def _said(spec: EvaluationSpec, **options: Any) -> EvaluationSpec:
    """Return `spec` with the options of the command line; checked like a file."""
    from dv_agent.errors import UnknownNameError
    from dv_agent.eval.evaluation.spec import AGENTS

    for name in (*options["agents"], *options["only"]):
        if name not in AGENTS:
            raise UnknownNameError("agent", name, AGENTS)
    return spec.model_copy(update=_given(options))


def _conduct(
    evaluation: Evaluation,
    folder: Path,
    where: tuple[int, str | None],
    again: tuple[bool, bool],
    caps: Any,
    quiet: bool,
) -> EvaluationOutcome:
    from dv_agent.cli.evaluating.progress_display import EvalDisplay
    from dv_agent.cli.interrupt import Interrupt
    from dv_agent.eval.evaluation.scheduler import ReuseChoice, run_trials

    display, interrupt = EvalDisplay(quiet), Interrupt("these turns")
    with _executor(*where) as executor, interrupt:
        try:
            choice = ReuseChoice(redo=again[0], retry_errors=again[1])
            return run_trials(evaluation, folder, executor, display, choice, caps, interrupt.asked)
        finally:
            display.close()


def _executor(jobs: int, scheduler: str | None) -> Executor:
    if scheduler:
        from dv_agent.eval.execution.dask_executor import DaskExecutor

        return DaskExecutor(scheduler)
    from dv_agent.eval.execution.process_executor import LocalExecutor

    return LocalExecutor(jobs)


def _command() -> str:
    """Return the command line; it holds no API key, because no option takes one."""
    return shlex.join([os.path.basename(sys.argv[0]), *sys.argv[1:]])
