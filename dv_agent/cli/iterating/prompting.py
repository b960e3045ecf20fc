"""Commands on what would be sent: looking at it, and changing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.agents.session.rendered import Rendered
from dv_agent.cli.iterating.commands import Command
from dv_agent.cli.iterating.desk import Desk
from dv_agent.cli.iterating.words import DIFF_LINES, plain, shortened, sizes, stale_words
from dv_agent.errors import UsageError
from dv_agent.prompts.parts import PARTS
from dv_agent.prompts.strategy import find_strategy, strategy_names, template_names

MESSAGES = {"system": 0, "user": -1}
TEXT = "The text comes from FILE, or else from $EDITOR; in a script, from the lines up to a single dot."


def render(desk: Desk, words: Sequence[str]) -> None:
    """The prompt: sizes and differences, or a part of its text."""
    rendered, what = desk.session.render(), words[0] if words else ""
    if not what:
        for line in sizes(rendered):
            desk.say(line)
        if rendered.diff:
            changed = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in rendered.diff)
            desk.say(f"{changed} lines differ from the last prompt: `render diff`; `render all` prints it")
    elif what == "all":
        for message in rendered.messages:
            desk.say(f"##### {message.role} #####\n{plain(message.content)}")
    elif what == "diff":
        for line in shortened(rendered.diff, 10 * DIFF_LINES, "`render all` prints the prompt"):
            desk.say(line)
        if not rendered.diff:
            desk.say("no prompt was sent before this one, or it is the same")
    elif what in MESSAGES:
        desk.say(plain(rendered.messages[MESSAGES[what]].content))
    else:
        desk.say(plain(rendered.part_text(what)))


def edit(desk: Desk, words: Sequence[str]) -> None:
    """Write over a message or a part."""
    rendered, what, file = desk.session.render(), words[0], words[1] if len(words) > 1 else None
    if what in MESSAGES:
        text = desk.text(file, lambda: rendered.messages[MESSAGES[what]].content)
        after = desk.session.edit_message(MESSAGES[what], text)
    else:
        after = desk.session.edit_part(what, desk.text(file, lambda: rendered.part_text(what)))
    _changed(desk, rendered, after)


def option(desk: Desk, words: Sequence[str]) -> None:
    """Show or set an option of the strategy."""
    before = desk.session.render()
    if len(words) < 2:
        for line in _option_lines(desk, words[0] if words else ""):
            desk.say(line)
        return
    _changed(desk, before, desk.session.set_option(words[0], " ".join(words[1:])))


def strategy(desk: Desk, words: Sequence[str]) -> None:
    """List strategies, or take another one."""
    if not words:
        desk.say(f"now: {desk.session.draft().strategy.name}")
        for name in strategy_names():
            desk.say(f"  {name:20} {find_strategy(name).description}")
        return
    before = desk.session.render()
    _changed(desk, before, desk.session.set_strategy(words[0]))


def template(desk: Desk, words: Sequence[str]) -> None:
    """List templates, show one, or change it."""
    if not words:
        changed = desk.session.draft().strategy.wording
        for name in template_names():
            desk.say(f"  {name}{'  changed' if name in changed else ''}")
        return
    if words[0] == "show":
        if len(words) != 2:
            raise UsageError("usage: template show NAME")
        desk.say(plain(desk.session.template(words[1])))
        return
    before = desk.session.render()
    text = desk.text(words[1] if len(words) > 1 else None, lambda: desk.session.template(words[0]), ".jinja")
    _changed(desk, before, desk.session.edit_template(words[0], text))


def sampling(desk: Desk, words: Sequence[str]) -> None:
    """Show or set how the model is reached and sampled."""
    if not words:
        for name, value in desk.session.draft().model.model_dump().items():
            desk.say(f"  {name} {'none' if value is None else plain(str(value))}")
        return
    if len(words) % 2:
        raise UsageError("usage: sampling NAME VALUE [NAME VALUE ...], such as sampling temperature 0.2")
    before = desk.session.render()
    given = dict(zip(words[::2], words[1::2], strict=True))
    _changed(desk, before, desk.session.set_sampling(given))


def cost(desk: Desk, words: Sequence[str]) -> None:
    """What a send may cost, and what was spent."""
    spent, left = desk.session.spent, desk.session.header.budget
    desk.say(f"a send: {desk.session.cost_bound()}")
    cached = f", {spent.cached_calls} more from the cache" if spent.cached_calls else ""
    desk.say(
        f"spent: {spent.calls} calls{cached}, {spent.tokens:,} tokens, {spent.usd:.4f} USD where the price is known"
    )
    bounds = ", ".join(f"{value:,} {name}" for name, value in left.model_dump().items() if value is not None)
    desk.say(f"bounds: {bounds}")


def _option_lines(desk: Desk, name: str) -> Iterator[str]:
    known = desk.session.options()
    shown = {key: value for key, value in known.items() if not name or key == name or key.startswith(f"{name}.")}
    if not shown:
        desk.session.set_option(name, "")  # says which name may have been meant
    for key, value in shown.items():
        yield f"  {key} {_yaml(value)}"


def _yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_yaml(one) for one in value)}]"
    words = {None: "none", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else plain(str(value))


def _changed(desk: Desk, before: Rendered, after: Rendered) -> None:
    """What a change did to the prompt."""
    for line in stale_words(after):
        desk.say(line)
    same = before.messages == after.messages
    desk.say(f"the prompt {'stays as it is' if same else 'changed'}: {after.tokens:,} tokens, {before.tokens:,} before")


def _parts(desk: Desk) -> Sequence[str]:
    return (*MESSAGES, *PARTS)


def _render_words(desk: Desk) -> Sequence[str]:
    return ("all", "diff", *MESSAGES, *PARTS)


COMMANDS = (
    Command("render", "[all|diff|system|user|PART]", "what the model would read: sizes by part, or its text", render,
            most=1, known=_render_words),
    Command("edit", "system|user|PART [FILE]", "write over a message or a part of it, for this prompt alone", edit,
            1, 2, TEXT, _parts),
    Command("option", "[NAME [VALUE]]", "show or set an option of the strategy, such as holes.detailed 12", option,
            most=None, more="Values are YAML: 12, stuck, [grouped, near]. docs/strategies.md explains the options.",
            known=lambda desk: tuple(desk.session.options())),
    Command("strategy", "[NAME|FILE]", "list strategies, or take another one", strategy, most=1,
            known=lambda desk: strategy_names()),
    Command("template", "[NAME [FILE] | show NAME]", "list, change or show the templates of the words", template,
            most=2, more=TEXT, known=lambda desk: ("show", *template_names())),
    Command("sampling", "[NAME VALUE ...]", "show or set the model and its sampling; `none` takes a value away",
            sampling, most=None, more="Such as: sampling model openai:gpt-5 temperature 0.2",
            known=lambda desk: tuple(type(desk.session.draft().model).model_fields)),
    Command("cost", "", "what a send may cost, what was spent, and the bounds", cost),
)  # fmt: skip
