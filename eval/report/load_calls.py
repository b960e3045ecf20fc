"""Reading what a model was asked and what it answered."""

from __future__ import annotations

from collections.abc import Iterator

from dv_agent.eval.report.fields import Fields
from dv_agent.eval.report.load_tools import read_tool_calls
from dv_agent.eval.report.run_data import Attempt, Call, Message
from dv_agent.eval.report.text_limits import Allowance
from dv_agent.eval.report.wording import plural

TEXT_LENGTH = 40_000


def read_call(data: Fields, line: int, allowance: Allowance) -> Call:
    """A line of kind ``reply``: prompt and reply may stand in objects of their own or in the line itself."""
    reply, prompt = data.inner("reply"), data.inner("prompt")
    text = reply.text("text") or data.text("raw")
    return Call(
        line=line,
        messages=tuple(_messages(data, prompt, allowance)),
        cut=read_cut(prompt) or read_cut(data),
        reply=allowance.take(text, TEXT_LENGTH),
        model=reply.text("model") or data.text("model"),
        finish_reason=reply.text("finish_reason"),
        attempts=tuple(_attempt(one) for holder in (reply, data, prompt) for one in holder.objects("attempts")),
        failure=data.text("failure"),
        form=reply.text("form"),
        tools=read_tool_calls(reply, allowance),
    )


def read_cut(data: Fields) -> tuple[str, ...]:
    """What was left out of a prompt, in words."""
    if all(isinstance(one, str) for one in data.data.get("cut") or ()):
        return data.texts("cut")
    return tuple(_cut_words(one) for one in data.objects("cut"))


def _cut_words(data: Fields) -> str:
    items, tokens = data.count("items"), plural(data.count("tokens"), "token")
    what = "all of it" if data.truth("whole") else plural(items, "item")
    return f"{data.text('part', 'a part')} ({what}, about {tokens})"


def _messages(data: Fields, prompt: Fields, allowance: Allowance) -> Iterator[Message]:
    # Of a dialogue with tools only what people and templates said: the rest stands beside the calls.
    hidden = ("assistant", "tool") if any(one.text("role") == "tool" for one in data.objects("messages")) else ()
    for holder in (data, prompt):
        for one in holder.objects("messages"):
            if one.text("role") in hidden:
                continue
            yield Message(one.text("role", "unknown"), allowance.take(one.text("content"), TEXT_LENGTH))


def _attempt(data: Fields) -> Attempt:
    return Attempt(
        input_tokens=data.count("input_tokens"),
        output_tokens=data.count("output_tokens"),
        seconds=data.number("seconds"),
        usd=data.number("usd"),
        error=data.text("error"),
        status=data.maybe_count("status"),
    )
