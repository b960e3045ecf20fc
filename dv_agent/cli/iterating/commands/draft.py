"""Commands on the draft of the next prompt: showing it, and changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dv_agent.agents.session.drafts.option_help import strategy_help
from dv_agent.agents.session.drafts.preview import Rendered
from dv_agent.agents.session.nodes import PERSON
from dv_agent.cli.iterating.command import Command
from dv_agent.cli.iterating.commands.formatting import DIFF_LINES, diff_counts, shortened, sizes, stale_words
from dv_agent.cli.iterating.commands.option_lines import option_lines, setting_lines
from dv_agent.cli.iterating.context import IterateContext
from dv_agent.designs.text.visible import visible
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.prompts.parts import PARTS
from dv_agent.prompts.strategy import find_strategy, strategy_names, template_names

MESSAGES = {"system": 0, "user": -1}
RENDER = "[all | diff [sent] | system | user | PART]"
TEXT = "The text comes from FILE, or else from $EDITOR; in a script, from the lines up to a single dot."


def render(context: IterateContext, words: Sequence[str]) -> None:
    """The prompt: sizes and differences, or a part of its text."""
    rendered, what = context.session.render(), words[0] if words else ""
    if len(words) > 1 and list(words) != ["diff", "sent"]:
        raise UsageError(f"usage: render {RENDER}")
    if not what:
        for line in (*sizes(rendered), *diff_counts(rendered)):
            context.say(line)
    elif what == "all":
        for message in rendered.messages:
            context.say(f"##### {message.role} #####\n{visible(message.content)}")
    elif what == "diff":
        for line in _difference(rendered, "sent" in words):
            context.say(line)
    elif what in MESSAGES:
        context.say(visible(rendered.messages[MESSAGES[what]].content))
    else:
        context.say(visible(rendered.part_text(what)))


def _difference(rendered: Rendered, sent: bool) -> Iterator[str]:
    """The prompt against that without the changes made here, or against the last one that was sent."""
    found = rendered.sent_diff if sent else rendered.diff
    yield from shortened(found, 10 * DIFF_LINES, "`render all` prints the prompt")
    if not found and sent:
        yield "no prompt was sent on the way to this node, or it was the same"
    elif not found:
        more = "; `render diff sent` compares with the last prompt that was sent" if rendered.sent_diff else ""
        yield f"no change made at this node changes its prompt{more}"


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
    if len(words) < 2:
        for line in option_lines(context.session, words[0] if words else ""):
            context.say(line)
        return
    before = context.session.render()
    _changed(context, before, context.session.set_option(words[0], " ".join(words[1:])))


def strategy(context: IterateContext, words: Sequence[str]) -> None:
    """List strategies, or take another one."""
    if not words:
        context.say(f"now: {visible(context.session.draft().strategy.name)} ({visible(context.session.description())})")
        for name in strategy_names():
            context.say(f"  {name:20} {find_strategy(name).description}")
        return
    before, lost = context.session.render(), context.session.lost_with(words[0])
    after = context.session.set_strategy(words[0])
    if lost:
        context.say(f"dropped: {visible(', '.join(lost))}; `undo` brings it back")
    _changed(context, before, replace(after, stale=()))


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
        for line in setting_lines(context.session):
            context.say(line)
        return
    if len(words) % 2:
        raise UsageError("usage: sampling NAME VALUE [NAME VALUE ...], such as sampling temperature 0.2")
    before = context.session.render()
    given = dict(zip(words[::2], words[1::2], strict=True))
    _changed(context, before, context.session.set_sampling(given))


def cost(context: IterateContext, words: Sequence[str]) -> None:
    """What a send may cost, and what was spent."""
    spent, left = context.session.spent, context.session.header.budget
    if context.session.draft().model.model == PERSON:
        context.say("a send: no model is set; set one with `sampling model PROVIDER:NAME`, or `paste` a reply")
    else:
        context.say(f"a send: {context.session.cost_bound()}")
    cached = f", {spent.cached_calls} more from the cache" if spent.cached_calls else ""
    calls, tokens = counted(spent.calls, "call"), counted(spent.tokens, "token")
    context.say(f"spent: {calls}{cached}, {tokens}, {spent.usd:.4f} USD where the price is known")
    bounds = ", ".join(f"{value:,} {name}" for name, value in left.model_dump().items() if value is not None)
    context.say(f"bounds: {bounds}")


def _changed(context: IterateContext, before: Rendered, after: Rendered) -> None:
    """Return the effect of a change on the prompt."""
    for line in stale_words(after):
        context.say(line)
    same, tokens = before.messages == after.messages, counted(after.tokens, "token")
    more = "; `render diff` shows how" if after.diff and not same else ""
    context.say(f"the prompt {'stays the same' if same else 'changed'}: {tokens}, {before.tokens:,} before{more}")


def _parts(context: IterateContext) -> Sequence[str]:
    return (*MESSAGES, *PARTS)


def _render_words(context: IterateContext) -> Sequence[str]:
    return ("all", "diff", "sent", *MESSAGES, *PARTS)


COMMANDS = (
    Command("render", RENDER, "what the model would read: sizes by part, or its text", render, most=2, more=
            "`diff` is the difference that your changes at this node make; `diff sent` compares with the last prompt "
            "that was sent.", known=_render_words),
    Command("edit", "system|user|PART [FILE]", "rewrite a message or a part of it, for this prompt only", edit,
            1, 2, TEXT, _parts),
    Command("option", "[NAME [VALUE]]", "options of the strategy with their meaning; explain one; or set it", option,
            most=None, more="Such as: option holes.detailed 12. Values are YAML: 12, stuck, [grouped, near]. NAME may "
            "also be a group, such as holes.", known=lambda context: tuple(strategy_help())),
    Command("strategy", "[NAME|FILE]", "list strategies, or take another one (says what that drops)", strategy, most=1,
            known=lambda context: strategy_names()),
    Command("template", "[NAME [FILE] | show NAME]", "list, change or show the templates that prompts are made of",
            template, most=2, more=TEXT, known=lambda context: ("show", *template_names())),
    Command("sampling", "[NAME VALUE ...]", "show or set the model and its sampling; `none` takes a value away",
            sampling, most=None, more="Such as: sampling model openai:gpt-5 temperature 0.2",
            known=lambda context: tuple(type(context.session.draft().model).model_fields)),
    Command("cost", "", "what a send may cost, what was spent, and the bounds", cost),
)  # fmt: skip
