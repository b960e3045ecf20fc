"""The command line that repeats a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.shipped_replies import shipped_names
from dv_agent.prompts.benchmark_track import TRACKS

_BOUNDS = {
    "cycles": "--max-cycles",
    "calls": "--max-calls",
    "tokens": "--max-tokens-total",
    "usd": "--max-usd",
    "seconds": "--max-seconds",
}
_ICARUS = "icarus"
_FULL = 100.0


def rerun_command(header: RunHeader) -> str:
    """Return ``dv-agent run`` with the options in the record; options at their default are left out.

    A person steered what an interactive session exported, and no option makes the change of a mutant: there the tests
    are what can be repeated.
    """
    if header.agent_options.session or header.agent_options.change:
        return shlex.join(["dv-agent", "rescore", f"runs/{header.id}", *_place(header)])
    if replayed := header.agent_options.replay:
        if replayed in shipped_names():
            return shlex.join(["dv-agent", "run", "--model", f"replay:{replayed}"])
        again = ["--reparse"] if header.agent_options.reparse else []
        return shlex.join(["dv-agent", "run", "--model", f"replay:runs/{replayed}", *_place(header), *again])
    design = header.design_folder or header.design
    return shlex.join(["dv-agent", "run", "--design", design, "--agent", header.agent, *_options(header)])


def _place(header: RunHeader) -> list[str]:
    """Return the option that names the folder of a design that is not known by its name."""
    return ["--design", header.design_folder] if header.design_folder else []


def commands(header: RunHeader) -> str:
    """Return the command that repeats a run; with a model, on a second line the one that replays it."""
    return "\n".join(filter(None, (rerun_command(header), replay_command(header))))


def replay_command(header: RunHeader) -> str:
    """Return the command that plays the recorded replies again, without a model; empty if there are none."""
    options = header.agent_options
    if header.model is None or options.session or options.replay or options.change:
        return ""
    return shlex.join(["dv-agent", "run", "--model", f"replay:runs/{header.id}", *_place(header)])


def _options(header: RunHeader) -> Iterator[str]:
    if header.model:
        usual = {name: field.default for name, field in ModelSettings.model_fields.items()}
        model = header.model.model_dump(mode="json")
        yield from _flags({name: value for name, value in model.items() if value != usual[name]})
    yield from ("--seed", str(header.seed))
    if header.track != "closure":
        yield from ("--track", header.track)
    usual_bounds = TRACKS[header.track]
    defaults = Budget(cycles=usual_bounds.cycles, calls=usual_bounds.calls).model_dump()
    for name, flag in _BOUNDS.items():
        bound = getattr(header.budget, name)
        if bound is not None and bound != defaults[name]:
            yield from (flag, f"{bound:.15g}")
    if header.target != _FULL:
        yield from ("--target", f"{header.target:g}")
    if header.simulator_name not in ("", _ICARUS):
        yield from ("--simulator", header.simulator_name)
    if header.strategy not in ("", "default"):
        yield from ("--prompt-strategy", header.strategy)
    if header.agent_options.guided is False:
        yield "--unguided"
    yield from _flags({name: value for name, value in header.agent_options.said.items() if name != "guided"})


def _flags(options: Mapping[str, object]) -> Iterator[str]:
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            yield flag
        elif isinstance(value, str | int | float) and value is not False:
            yield from (flag, value if isinstance(value, str) else f"{value:.15g}")
