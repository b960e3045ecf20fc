"""Options that the record of a run holds: who goes on with it or replays it may repeat them, but not change them."""

from __future__ import annotations

from dv_agent.agents.records.recorded_names import recorded_simulator
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.runs.request import RunRequest
from dv_agent.errors import UsageError

_HELD = (
    "prompt_strategy", "unguided", "patience", "stop_on_failure", "temperature", "max_tokens", "reasoning_effort",
    "role_style", "llm_seed", "context_tokens",
)  # fmt: skip
_NEW = (
    "max_cycles", "max_calls", "max_tokens_total", "max_usd", "max_seconds", "target", "requests_per_minute", "timeout",
    "retry_seconds", "cache", "base_url",
)  # fmt: skip
"""What may be new when a run goes on."""


def require_kept(request: RunRequest, header: RunHeader, resumed: bool) -> None:
    """Check that no option was given that the run of `header` has otherwise, and that would be passed over.

    Options from the environment or a file are meant for new runs, and are not looked at.

    Args:
        resumed: whether the run goes on, in its folder and with a new budget; else it is replayed, in a new folder and
            with its own.

    Raises:
        UsageError: one was given.
    """
    verb = "goes on" if resumed else "is replayed"
    kept = {
        "agent": header.agent, "seed": header.seed, "goal": header.goal, "track": header.track,
        "bug": header.agent_options.bug, "simulator": recorded_simulator(header),
        **({"model": header.model_name} if resumed else {}),
    }  # fmt: skip
    for name, value in kept.items():
        said = request.model.get("model") if name == "model" and request.model else getattr(request, name)
        if name in request.given and said != value:
            raise UsageError(
                f"--{name} {said}: the run that {verb} has {'none' if value is None else value}; leave the option out"
            )
    if request.unnoticed and "mutants" in request.given:
        raise UsageError(f"--mutants: the run that {verb} holds what was told; leave the option out")
    for name in (*_HELD, *(("out",) if resumed else _NEW)):
        if name in request.given:
            option = name.replace("_", "-")
            raise UsageError(f"--{option}: the run that {verb} keeps its own; leave the option out")
