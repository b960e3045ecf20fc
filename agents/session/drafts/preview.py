"""Rendering of a node's draft: messages with their parts, manual edits, and the difference to the last prompt."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from dv_agent.agents.llm.agent import messages_of, prompt_of, schema_of
from dv_agent.agents.models.chat_model import Message, OutputSchema
from dv_agent.agents.session.nodes import Draft, Edit
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError
from dv_agent.prompts.parts import Cut, Part, Prompt
from dv_agent.prompts.text.tokens import MESSAGE_OVERHEAD, estimate_tokens
from dv_agent.prompts.view import View

CONTEXT_LINES = 2


@dataclass(frozen=True, slots=True)
class Rendered:
    """The rendered prompt of a draft.

    Attributes:
        prompt: the prompt before any edit, with its parts and what was cut from them.
        rendered: the messages before any edit.
        messages: the messages as they would be sent: system, earlier exchanges, the new one.
        tokens: of all messages together, estimated.
        room: most tokens that there may be, so that the reply still fits into the context.
        output: the schema that the reply is asked to have, if there is one; its tokens are not among `tokens`.
        edits: those that hold.
        stale: those that no longer do, because what they edited has changed since.
        diff: lines of a unified diff from the prompt without the unsent changes of this node; empty without any.
        sent_diff: the same from the prompt that led to this node; empty where there was none.
    """

    prompt: Prompt
    rendered: tuple[Message, ...]
    messages: tuple[Message, ...]
    tokens: int
    room: int
    output: OutputSchema | None = None
    edits: tuple[Edit, ...] = ()
    stale: tuple[Edit, ...] = ()
    diff: tuple[str, ...] = ()
    sent_diff: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the named parts in order, as rendered; their tokens do not include edits."""
        return self.prompt.parts

    @property
    def sent_tokens(self) -> int:
        """Return the estimated tokens of everything that is sent, including a schema."""
        return self.tokens + (self.output.tokens if self.output else 0)

    @property
    def edited(self) -> tuple[int, ...]:
        """Return the positions of the messages that differ from the rendered ones."""
        pairs = enumerate(zip(self.rendered, self.messages, strict=True))
        return tuple(place for place, (before, now) in pairs if before != now)

    def part_text(self, name: str) -> str:
        """Return the text of a part after edits.

        Raises:
            UsageError: the prompt has no such part.
        """
        edited = {one.part: one.text for one in self.edits}
        return edited.get(name, _part(self.prompt, name).text)

    @property
    def cut(self) -> tuple[Cut, ...]:
        """Return what was left out to make the prompt fit."""
        return self.prompt.cut


def render_draft(
    view: View, draft: Draft, seed: int, unchanged: Sequence[Message] = (), sent: Sequence[Message] = ()
) -> Rendered:
    """The prompt of `draft` at `view`.

    Args:
        seed: of the session; the draft's trial is added.
        unchanged, sent: the messages from which differences are shown, see `Rendered`.

    Raises:
        UsageError: a template is invalid, or the context is too small for the prompt or for its edited form.
    """
    output = schema_of(view, draft.strategy)
    prompt = prompt_of(view, draft.model, draft.strategy, seed + draft.trial, output)
    rendered = messages_of(prompt)
    holding = tuple(one for one in draft.edits if _holds(one, prompt, rendered))
    stale = tuple(one for one in draft.edits if one not in holding)
    messages = tuple(
        one.model_copy(update={"content": _edited(one.content, place, holding)}) for place, one in enumerate(rendered)
    )
    tokens = prompt.tokens if messages == rendered else _tokens(messages)
    room = draft.model.context_tokens - draft.model.reply_tokens - (output.tokens if output else 0)
    if tokens > room:
        raise UsageError(
            f"the edited prompt has {counted(tokens, 'token')} (estimated), with room for {room:,} beside the reply; "
            "shorten it, or raise context_tokens"
        )
    return Rendered(
        prompt, rendered, messages, tokens, room, output, holding, stale,
        diff=message_diff(unchanged, messages, ("without your changes", "with your changes")),
        sent_diff=message_diff(sent, messages, ("as last sent", "now")),
    )  # fmt: skip


def message_diff(
    before: Sequence[Message], after: Sequence[Message], names: tuple[str, str] = ("before", "now")
) -> tuple[str, ...]:
    """Lines of a unified diff of the first and the last message each; what stands between them was sent before.

    Args:
        names: what the two sides are called in its heads.
    """
    if not before:
        return ()
    lines: list[str] = []
    for old, new in ((before[0], after[0]), (before[-1], after[-1])):
        heads = f"{old.role} message, {names[0]}", f"{new.role} message, {names[1]}"
        lines += difflib.unified_diff(
            old.content.splitlines(), new.content.splitlines(), *heads, lineterm="", n=CONTEXT_LINES
        )
    return tuple(lines)


def edit_of(rendered: Rendered, index: int, text: str) -> Edit:
    """Return an edit of the message at `index`; a negative index counts from the end.

    Raises:
        UsageError: there is no such message, or the text is empty.
    """
    count = len(rendered.rendered)
    place = index + count if index < 0 else index
    if not 0 <= place < count:
        raise UsageError(f"there is no message {index}; the prompt has messages 0 to {count - 1}")
    if not text.strip():
        raise UsageError("a message cannot be empty")
    return Edit(index=place, before=rendered.rendered[place].content, text=text)


def part_edit(rendered: Rendered, name: str, text: str) -> Edit:
    """Return an edit of the part `name`, or of its whole message if that message was already replaced.

    Raises:
        UsageError: the prompt has no such part, or it is no longer in its message.
    """
    part = _part(rendered.prompt, name)
    place = 0 if part.message == "system" else len(rendered.messages) - 1
    if all(one.part or one.index != place for one in rendered.edits):
        return Edit(index=place, part=name, before=part.text, text=text)
    now = rendered.messages[place].content
    if part.text not in now:
        raise UsageError(f"the {part.message} message was written over without the part {name!r}; edit the message")
    return edit_of(rendered, place, now.replace(part.text, text, 1))


def with_edit(edits: Sequence[Edit], edit: Edit) -> tuple[Edit, ...]:
    """Return `edits` plus `edit`, without those that it replaces; an edit equal to the rendered text is not added."""
    hidden = [one for one in edits if one.index == edit.index and (not edit.part or one.part == edit.part)]
    kept = tuple(one for one in edits if one not in hidden)
    return kept if edit.text == edit.before else (*kept, edit)


def _part(prompt: Prompt, name: str) -> Part:
    parts = {one.name: one for one in prompt.parts}
    if name not in parts:
        raise UsageError(f"this prompt has no part {name!r}; it has {', '.join(parts)}")
    return parts[name]


def _holds(edit: Edit, prompt: Prompt, rendered: Sequence[Message]) -> bool:
    if edit.part:
        return any((one.name, one.text) == (edit.part, edit.before) for one in prompt.parts)
    return edit.index < len(rendered) and rendered[edit.index].content == edit.before


def _edited(text: str, place: int, edits: Sequence[Edit]) -> str:
    """Return the message at `place` after edits: replaced as a whole, or with its edited parts inserted."""
    for edit in edits:
        if edit.index == place:
            text = text.replace(edit.before, edit.text, 1) if edit.part else edit.text
    return text


def _tokens(messages: Sequence[Message]) -> int:
    return sum(estimate_tokens(one.content) + MESSAGE_OVERHEAD for one in messages)
