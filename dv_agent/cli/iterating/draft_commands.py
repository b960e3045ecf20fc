"""Commands on the draft of the next prompt: showing it, and changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.cli.iterating.commands import Command
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.cli.iterating.formatting import DIFF_LINES, shortened, sizes, stale_words
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.prompts.parts import PARTS
from dv_agent.prompts.strategy import find_strategy, strategy_names, template_names

MESSAGES = {"system": 0, "user": -1}
TEXT = "The text comes from FILE, or else from $EDITOR; in a script, from the lines up to a single dot."


def render(context: IterateContext, words: Sequence[str]) -> None:
    """The prompt: sizes and differences, or a part of its text."""
    rendered, what = context.session.render(), words[0] if words else ""
    if not what:
        for line in sizes(rendered):
            context.say(line)
        if rendered.diff:
            changed = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in rendered.diff)
            context.say(f"{changed} lines differ from the last prompt: `render diff`; `render all` prints it")
    elif what == "all":
        for message in rendered.messages:
            context.say(f"##### {message.role} #####\n{visible(message.content)}")
    elif what == "diff":
        for line in shortened(rendered.diff, 10 * DIFF_LINES, "`render all` prints the prompt"):
            context.say(line)
        if not rendered.diff:
            context.say("no prompt was sent before this one, or it is the same")
    elif what in MESSAGES:
        context.say(visible(rendered.messages[MESSAGES[what]].content))
    else:
        context.say(visible(rendered.part_text(what)))


def edit(context: IterateContext, words: Sequence[str]) -> None:
    """Write over a message or a part."""
    rendered, what, file = context.session.render(), words[0], words[1] if len(words) > 1 else None
    if what in MESSAGES:
        text = context.text(file, lambda: rendered.messages[MESSAGES[what]].content)
        after = context.session.edit_message(MESSAGES[what], text)
    else:
        after = context.session.edit_part(what, context.text(file, lambda: rendered.part_text(what)))
    _changed(context, rendered, after)


def option(context: IterateContext, words: Sequence[str]) -> None:
    """Show or set an option of the strategy."""
    before = context.session.render()
    if len(words) < 2:
        for line in _option_lines(context, words[0] if words else ""):
            context.say(line)
        return
    _changed(context, before, context.session.set_option(words[0], " ".join(words[1:])))


def strategy(context: IterateContext, words: Sequence[str]) -> None:
    """List strategies, or take another one."""
    if not words:
        context.say(f"now: {context.session.draft().strategy.name}")
        for name in strategy_names():
            context.say(f"  {name:20} {find_strategy(name).description}")
        return
    before = context.session.render()
    _changed(context, before, context.session.set_strategy(words[0]))


def template(context: IterateContext, words: Sequence[str]) -> None:
    """List templates, show one, or change it."""
    if not words:
        changed = context.session.draft().strategy.wording
        for name in template_names():
            context.say(f"  {name}{'  changed' if name in changed else ''}")
        return
    if words[0] == "show":
        if len(words) != 2:
            raise UsageError("usage: template show NAME")
        context.say(visible(context.session.template(words[1])))
        return
    before = context.session.render()
    text = context.text(words[1] if len(words) > 1 else None, lambda: context.session.template(words[0]), ".jinja")
    _changed(context, before, context.session.edit_template(words[0], text))


def sampling(context: IterateContext, words: Sequence[str]) -> None:
    """Show or set how the model is reached and sampled."""
    if not words:
        for name, value in context.session.draft().model.model_dump().items():
            context.say(f"  {name} {'none' if value is None else visible(str(value))}")
        return
    if len(words) % 2:
        raise UsageError("usage: sampling NAME VALUE [NAME VALUE ...], such as sampling temperature 0.2")
    before = context.session.render()
    given = dict(zip(words[::2], words[1::2], strict=True))
    _changed(context, before, context.session.set_sampling(given))


def cost(context: IterateContext, words: Sequence[str]) -> None:
    """What a send may cost, and what was spent."""
    spent, left = context.session.spent, context.session.header.budget
    context.say(f"a send: {context.session.cost_bound()}")
    cached = f", {spent.cached_calls} more from the cache" if spent.cached_calls else ""
    calls, tokens = counted(spent.calls, "call"), counted(spent.tokens, "token")
    context.say(f"spent: {calls}{cached}, {tokens}, {spent.usd:.4f} USD where the price is known")
    bounds = ", ".join(f"{value:,} {name}" for name, value in left.model_dump().items() if value is not None)
    context.say(f"bounds: {bounds}")


def _option_lines(context: IterateContext, name: str) -> Iterator[str]:
    known = context.session.options()
    shown = {key: value for key, value in known.items() if not name or key == name or key.startswith(f"{name}.")}
    if not shown:
        context.session.set_option(name, "")  # its error suggests the nearest name
    for key, value in shown.items():
        yield f"  {key} {_yaml(value)}"


def _yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_yaml(one) for one in value)}]"
    words = {None: "none", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else visible(str(value))


def _changed(context: IterateContext, before: Rendered, after: Rendered) -> None:
    """Return the effect of a change on the prompt."""
    for line in stale_words(after):
        context.say(line)
    same = before.messages == after.messages
    context.say(
        f"the prompt {'stays as it is' if same else 'changed'}: {after.tokens:,} tokens, {before.tokens:,} before"
    )


def _parts(context: IterateContext) -> Sequence[str]:
    return (*MESSAGES, *PARTS)


def _render_words(context: IterateContext) -> Sequence[str]:
    return ("all", "diff", *MESSAGES, *PARTS)


COMMANDS = (
    Command("render", "[all|diff|system|user|PART]", "what the model would read: sizes by part, or its text", render,
            most=1, known=_render_words),
    Command("edit", "system|user|PART [FILE]", "write over a message or a part of it, for this prompt alone", edit,
            1, 2, TEXT, _parts),
    Command("option", "[NAME [VALUE]]", "show or set an option of the strategy, such as holes.detailed 12", option,
            most=None, more="Values are YAML: 12, stuck, [grouped, near]. docs/strategies.md explains the options.",
            known=lambda context: tuple(context.session.options())),
    Command("strategy", "[NAME|FILE]", "list strategies, or take another one", strategy, most=1,
            known=lambda context: strategy_names()),
    Command("template", "[NAME [FILE] | show NAME]", "list, change or show the templates of the words", template,
            most=2, more=TEXT, known=lambda context: ("show", *template_names())),
    Command("sampling", "[NAME VALUE ...]", "show or set the model and its sampling; `none` takes a value away",
            sampling, most=None, more="Such as: sampling model openai:gpt-5 temperature 0.2",
            known=lambda context: tuple(type(context.session.draft().model).model_fields)),
    Command("cost", "", "what a send may cost, what was spent, and the bounds", cost),
)  # fmt: skip
