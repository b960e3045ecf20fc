"""Separation of a model's thinking from its answer, by the markers that models put around their thinking.

Thinking stays in the record, because the reply is recorded unchanged; it is never parsed for tests and never sent back.
"""

from __future__ import annotations

import re

_WORDS = r"(?:[a-z]{1,8}:)?(?:think|thinking|thought|thoughts|reasoning|reason|reflection|analysis|scratchpad)"
_OPENING = (
    rf"<{_WORDS}(?:\s[^<>\n]{{0,80}})?>", r"\[think\]", r"◁think▷", r"<\|?begin_of_thought\|?>",
    r"<\|start_thinking\|>",
    r"<\|channel\|>\s*(?:analysis|commentary)[^<\n]{0,200}(?:<\|(?:constrain)\|>[^<\n]{0,40})?<\|message\|>",
    r"<\|channel>thought\b",
)  # fmt: skip
_CLOSING = (
    rf"</{_WORDS}\s*>", r"\[/think\]", r"◁/think▷", r"<\|?end_of_thought\|?>", r"<\|end_thinking\|>",
    r"(?:<\|(?:end|call)\|>)?(?:<\|start\|>\s*assistant\s*)?<\|channel\|>\s*final[^<\n]{0,200}"
    r"(?:<\|constrain\|>[^<\n]{0,40})?<\|message\|>",
)  # fmt: skip
_ENDING = r"<\|end\|>", r"<\|call\|>", r"<channel\|>"  # these end any channel: they close thinking if it is open
_MARK = re.compile(
    f"(?P<opens>{'|'.join(_OPENING)})|(?P<closes>{'|'.join(_CLOSING)})|(?P<ends>{'|'.join(_ENDING)})", re.IGNORECASE
)
# Servers that remove the channel markers leave the channel names in the text.
_BARE = re.compile(r"\s*analysis(?=[A-Z\s'\"])")
_BARE_END = re.compile(r"assistant\s*final\s*", re.IGNORECASE)
_ENDS = ("<|return|>", "<|end|>", "<|im_end|>", "<|eot_id|>", "<|end_of_text|>")


def without_thinking(text: str) -> str:
    """Return `text` with the thinking replaced by spaces, so that character positions stay the same.

    A closing marker without an opening one ends thinking that began at the start of the text; thinking without a
    closing marker continues to the end of the text.
    """
    parts, done = list[str](), 0
    for start, end in _thoughts(text):
        parts += [text[done:start], _blank(text[start:end])]
        done = end
    return "".join(parts) + text[done:]


def spoken(text: str) -> str:
    """Return the answer of a model without its thinking, to be sent back. A text without thinking is unchanged."""
    thoughts = _thoughts(text)
    if not thoughts:
        return text
    starts, ends = [start for start, _ in thoughts], [end for _, end in thoughts]
    said = "".join(text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True))
    for mark in _ENDS:
        said = said.replace(mark, "")
    return said.strip()


def has_thinking(text: str) -> bool:
    """Return whether any part of `text` is marked as thinking."""
    return bool(_thoughts(text))


def _thoughts(text: str) -> list[tuple[int, int]]:
    """Return start and end of every marked section of thinking, markers included, in order, without overlap."""
    found: list[tuple[int, int]] = []
    began: int | None = None
    if _BARE.match(text) and (ends := _BARE_END.search(text)):
        found.append((0, ends.end()))
    for mark in _MARK.finditer(text):
        if mark["opens"] is not None:
            began = mark.start() if began is None else began
        elif began is not None:
            found.append((began, mark.end()))
            began = None
        elif mark["closes"] is not None:
            found = [(0, mark.end())]
    if began is not None:
        found.append((began, len(text)))
    return _joined(found)


def _joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _blank(text: str) -> str:
    """Return spaces of the same length as `text`, with its line breaks."""
    return re.sub(r"[^\n]", " ", text)
