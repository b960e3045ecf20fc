"""The prompts that a client offers its user: the loop with tools, and the first prompt of each strategy."""

from __future__ import annotations

from mcp import types

from dv_agent.agents.llm.agent import messages_of
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.cli.prompting.preview import prompt_of_design
from dv_agent.errors import UnknownNameError
from dv_agent.mcp.options import ServerOptions
from dv_agent.prompts.strategy import find_strategy, strategy_names

VERIFY = "verify"
_SETTINGS = ModelSettings(model="mcp:prompt", context_tokens=64_000)


def listed_prompts(options: ServerOptions) -> list[types.Prompt]:
    """Return the prompts; a scored run has only the first, because the others show the design's own plan and RTL."""
    chosen = [] if options.only_design else [types.PromptArgument(name="design", required=True)]
    found = [types.Prompt(name=VERIFY, description="Verify a design with the tools of this server.", arguments=chosen)]
    return found + [
        types.Prompt(name=name, description=find_strategy(name).description, arguments=chosen)
        for name in (() if options.scored else strategy_names())
    ]


def rendered_prompt(options: ServerOptions, name: str, arguments: dict[str, str] | None) -> types.GetPromptResult:
    """Return a prompt for a design.

    Raises:
        DvAgentError: an unknown prompt or design.
    """
    known = {one.name for one in listed_prompts(options)}
    if name not in known:
        raise UnknownNameError("prompt", name[:80], known)
    given = (arguments or {}).get("design", "")
    if name == VERIFY:
        start = f'start_run with {{"design": "{given}"}}' if given and not options.only_design else "start_run"
        text = (
            f"Verify the hardware design of this server: call {start}, then work as the resource dv-agent://skill says."
        )
        return types.GetPromptResult(messages=[_said(text)])
    rendered = prompt_of_design(options.choose(given), name, _SETTINGS, options.request.seed, options.track)
    texts = [one.content for one in messages_of(rendered.prompt)]
    return types.GetPromptResult(messages=[_said("\n\n".join(texts))])


def _said(text: str) -> types.PromptMessage:
    return types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
