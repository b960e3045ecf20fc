"""The command ``dv-agent iterate``: an interactive session to edit, send and compare prompts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dv_agent.cli.shared_options import BUDGET, MODEL, Effort, GoalName, RoleStyle, option
from dv_agent.cli.terminal import say, tell_of_dotenv

if TYPE_CHECKING:
    from dv_agent.agents.session.prompt_session import PromptSession


def iterate(
    design: Annotated[str | None, option("DESIGN", "Name of a design, or path of its folder.")] = None,
    strategy: Annotated[str | None, option("PROMPT_STRATEGY",
        "Strategy to begin with: a name of `dv-agent prompts list`, or a YAML file.")] = None,
    session: Annotated[str | None, typer.Option(help="Name of the session, kept in `sessions/NAME`, or a path with a "
        "slash; one that is there goes on. If not given, a new one in `sessions`.")] = None,
    origin: Annotated[Path | None, typer.Option("--from", help="Begin at a turn of the run in this folder.")] = None,
    turn: Annotated[int | None, typer.Option(min=0, help="With --from: which turn, from 0; after the last one if not "
        "given.")] = None,
    seed: Annotated[int | None, option("SEED", "Seed of the samplers of holes; 0 if not given.", min=0)] = None,
    simulator: Annotated[str | None, option("SIMULATOR", "Which simulator runs the RTL; if not given: icarus, and "
        "verilator for a goal with code coverage.")] = None,
    goal: Annotated[GoalName | None, option("GOAL", "What to cover: the plan (functional, if not given), the RTL's "
        "lines, branches, expressions and signals (code), or both.")] = None,
    bug: Annotated[str | None, option("BUG", "Use a copy of the RTL with this seeded bug in it.")] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="In a script: go on after an error; the exit code "
        "is still that of the first one.")] = False,
    max_cycles: Annotated[int | None, option("MAX_CYCLES", "Simulated clock cycles on a path from the root; 200,000 if "
        "not given.", BUDGET, min=1)] = None,
    max_calls: Annotated[int | None, option("MAX_CALLS", "Calls of models in this session; 50 if not given.", BUDGET,
        min=1)] = None,
    max_tokens_total: Annotated[int | None, option("MAX_TOKENS_TOTAL", "Tokens of all calls.", BUDGET, min=1)] = None,
    max_usd: Annotated[float | None, option("MAX_USD", "Price of all calls, US dollars.", BUDGET, min=0.0001)] = None,
    model: Annotated[str | None, option("MODEL", "provider:name, such as openai:gpt-5. Without one, paste the replies.",
        MODEL)] = None,
    cache: Annotated[Path | None, option("REPLY_CACHE", "SQLite file of replies: identical calls are asked and paid "
        "once.", MODEL)] = None,
    base_url: Annotated[str | None, option("BASE_URL", "Address of an OpenAI-compatible server.", MODEL)] = None,
    temperature: Annotated[float | None, option("TEMPERATURE", "Sampling temperature.", MODEL, min=0, max=2)] = None,
    max_tokens: Annotated[int | None, option("MAX_TOKENS", "Most output tokens of one reply; sent only if given.",
        MODEL, min=16)] = None,
    reasoning_effort: Annotated[Effort | None, option("REASONING_EFFORT", "For reasoning models.", MODEL)] = None,
    role_style: Annotated[RoleStyle | None, option("ROLE_STYLE", "What becomes of the system message, for servers that "
        "refuse that role.", MODEL)] = None,
    llm_seed: Annotated[int | None, option("LLM_SEED", "Sampling seed, where the model takes one.", MODEL)] = None,
    context_tokens: Annotated[int | None, option("CONTEXT_TOKENS", "Most tokens of prompt and reply together; 32,000 "
        "if not given.", MODEL, min=1_000)] = None,
    requests_per_minute: Annotated[float | None, option("REQUESTS_PER_MINUTE", "At most so many calls a minute.", MODEL,
        min=0.01)] = None,
    timeout: Annotated[float | None, option("TIMEOUT", "Seconds after which an attempt is given up.", MODEL,
        min=0.1)] = None,
    retry_seconds: Annotated[float | None, option("RETRY_SECONDS", "No new attempt starts after so long.", MODEL,
        min=0)] = None,
) -> None:  # fmt: skip
    """Iterate on a prompt: change it, see what a model would read, send it, see what it won, go back, compare.

    Commands are read at a prompt with history and completion, or line by line from stdin; `help` lists them. A
    session is kept in its folder whatever happens, and goes on with --session. docs/iterate.md shows a whole example.

    Examples:

      dv-agent iterate --design mxint_softmax --model openai:gpt-5 --session mine

      dv-agent iterate --session mine

      dv-agent iterate --from runs/20261120T120000Z_mxint_softmax_search_1a2b3c --turn 40 --strategy stuck

      echo 'render all' | dv-agent iterate --design mxint_softmax
    """
    from dv_agent.agents.session.opening import SessionRequest, open_session
    from dv_agent.cli.iterating.session_folder import session_folder

    settings = {
        "model": model, "base_url": base_url, "temperature": temperature, "max_tokens": max_tokens,
        "reasoning_effort": reasoning_effort.value if reasoning_effort else None, "llm_seed": llm_seed,
        "role_style": role_style.value if role_style else None,
        "context_tokens": context_tokens, "requests_per_minute": requests_per_minute, "timeout": timeout,
        "retry_seconds": retry_seconds,
    }  # fmt: skip
    bounds = {"cycles": max_cycles, "calls": max_calls, "tokens": max_tokens_total, "usd": max_usd}
    request = SessionRequest(
        folder=session_folder(session), design=design, bug=bug, strategy=strategy, model=_said(settings),
        budget=_said(bounds), seed=seed, simulator=simulator, goal=goal.value if goal else None,
        cache=cache, origin=origin, turn=turn,
    )  # fmt: skip
    tell_of_dotenv()
    with open_session(request) as opened:
        code = _sit(opened, keep_going)
    if code:
        raise typer.Exit(code)


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _sit(session: PromptSession, keep_going: bool) -> int:
    """Commands from the first line to `quit`; returns the exit code."""
    from dv_agent.cli.iterating.command_table import complete
    from dv_agent.cli.iterating.context import IterateContext
    from dv_agent.cli.iterating.line_source import ScriptLines, TerminalLines
    from dv_agent.cli.iterating.shell import run_shell
    from dv_agent.designs.text.wording import counted, tidy_version

    live = sys.stdin.isatty() and sys.stdout.isatty()
    words: list[IterateContext] = []  # completion asks the context, which needs the lines first
    lines = (
        TerminalLines(session.folder / "history", lambda line: complete(words[0], line))
        if live
        else ScriptLines(sys.stdin, _say)
    )
    context = IterateContext(session, _say, lines.text, live)
    words.append(context)
    header, bins = session.header, len(session.bench.plan.bins)
    simulator = tidy_version(header.simulator)
    _say(f"{header.design} · {counted(bins, 'bin')} · seed {header.seed} · {simulator} · session in {session.folder}")
    for note in session.notes:
        _say(note)
    with context.watch() as (show, stop):
        for node in session.take_up(show, stop):
            won = counted(len(node.new_bins), "bin")
            _say(f"finished node {node.id}, whose reply had come before the session was interrupted: +{won}")
        state = session.state(None, show)
    _say(f"at node {session.current.id}, {int(state.coverage.covered.sum())}/{bins} bins; `help` lists the commands")
    return run_shell(context, lines, keep_going or live)


def _say(words: str) -> None:
    say(words)
