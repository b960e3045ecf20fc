"""The commands ``dv-agent prompts``: listing and showing strategies, and rendering prompts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import TrackOption
from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError

if TYPE_CHECKING:
    from dv_agent.cli.prompting.preview import Rendered

prompts_app = typer.Typer(help="List, show and render what a language model is asked.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of a strategy, or path of its YAML file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@prompts_app.command("list")
def list_strategies(as_json: Json = False) -> None:
    """List the shipped strategies.

    Example:

      dv-agent prompts list
    """
    from dv_agent.prompts.strategy import find_strategy, strategy_names

    found = [find_strategy(name) for name in strategy_names()]
    if as_json:
        say_json([{"name": one.name, "description": one.description} for one in found])
        return
    for one in found:
        say(f"{one.name:20} {one.description}")


@prompts_app.command()
def show(name: Name) -> None:
    """Show every option of a strategy, defaults included, as YAML: a file to copy and change.

    Example:

      dv-agent prompts show llm4dv-best > mine.yaml
    """
    from dv_agent.designs.files.yaml_writer import write_yaml
    from dv_agent.prompts.strategy import find_strategy

    data = find_strategy(name).model_dump(mode="json", exclude={"folder", "schema_version"})
    data["without"] = sorted(data["without"])
    say(write_yaml({"schema_version": 1, **data}), end="", exact=True)


@prompts_app.command()
def render(
    design: Annotated[
        str | None,
        typer.Option(
            help="Name of a design, or path of its folder; with --run: where the "
            "design of the run is, if not under its own name."
        ),
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="Name of a strategy, or path of its YAML file.")] = None,
    run: Annotated[
        Path | None, typer.Option(help="A run folder: render a turn of it, or the one after its last.")
    ] = None,
    turn: Annotated[int | None, typer.Option(min=0, help="The turn of the run to render, from 0.")] = None,
    context_tokens: Annotated[int, typer.Option(min=1000, help="Most tokens of prompt and reply together.")] = 32_000,
    max_tokens: Annotated[int | None, typer.Option(min=16, help="Most output tokens of one reply.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of samplers; that of the run if not given.")] = None,
    track: Annotated[
        TrackOption, typer.Option(help="What is given; with --run that of the run.")
    ] = TrackOption.closure,
    parts_only: Annotated[bool, typer.Option("--parts", help="Print only the sizes of the parts.")] = False,
    as_json: Json = False,
) -> None:
    """Print exactly what a model would get: the first turn of a design, or any turn of a recorded run.

    The messages go to stdout, and the schema of the reply where structured output is asked for; tokens by part
    (estimated) go to stderr.

    Examples:

      dv-agent prompts render --design mxint_softmax --strategy digest

      dv-agent prompts render --run runs/20261120T120000Z_mxint_softmax_search_1a2b3c --turn 3 --strategy stuck --parts
    """
    from dv_agent.agents.models.chat_model import ModelSettings
    from dv_agent.cli.prompting.preview import prompt_of_design, prompt_of_run
    from dv_agent.prompts.benchmark_track import TRACKS

    if design is None and run is None:
        raise UsageError("give --design or --run")
    settings = ModelSettings(model="any:model", context_tokens=context_tokens, max_tokens=max_tokens)
    if run is not None:
        rendered = prompt_of_run(run, turn, strategy, settings, seed, design)
    else:
        rendered = prompt_of_design(design or "", strategy or "default", settings, seed or 0, TRACKS[track.value])
    _print(rendered, parts_only, as_json)


def _print(rendered: Rendered, parts_only: bool, as_json: bool) -> None:
    from dv_agent.agents.llm.agent import messages_of

    prompt, output = rendered.prompt, rendered.output
    messages = messages_of(prompt)
    parts = [{"part": one.name, "tokens": one.tokens} for one in prompt.parts]
    cut = [{"part": one.part, "tokens": one.tokens, "items": one.items, "whole": one.whole} for one in prompt.cut]
    if as_json:
        said = [] if parts_only else [one.model_dump() for one in messages]
        data = {"tokens": prompt.tokens, "parts": parts, "cut": cut, "messages": said}
        schema = {"schema_tokens": output.tokens, **({} if parts_only else {"schema": output.body})} if output else {}
        say_json({**data, **schema})
        return
    for message in () if parts_only else messages:
        say(f"##### {message.role} #####\n{message.content}", exact=True)
    if output and not parts_only:
        say(f"##### schema of the reply, sent beside the messages #####\n{output.text}", exact=True)
    lines = [f"{one['tokens']:7,}  {one['part']}" for one in parts]
    lines += [
        f"{'cut':>7}  {one.part}: {counted(one.tokens, 'token')}{', all of it' if one.whole else ''}"
        for one in prompt.cut
    ]
    earlier = len(messages) - 2
    lines += [
        f"{prompt.tokens:7,}  all, estimated" + (f", with {counted(earlier, 'earlier message')}" if earlier else "")
    ]
    if output:
        lines.append(f"{output.tokens:7,}  schema of the reply beside them, where the server counts it")
    (say if parts_only else complain)("\n".join(lines))
