"""What a model thought, told from what it says: by the marks that models put around their thoughts.

Thoughts stay in the record, since the reply is recorded as it came; they are never read for tests and never sent back.
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
_ENDING = r"<\|end\|>", r"<\|call\|>", r"<channel\|>"  # of anything: they close thoughts, if any are open
_MARK = re.compile(
    f"(?P<opens>{'|'.join(_OPENING)})|(?P<closes>{'|'.join(_CLOSING)})|(?P<ends>{'|'.join(_ENDING)})", re.IGNORECASE
)
# Servers that drop the marks of channels leave their names behind.
_BARE = re.compile(r"\s*analysis(?=[A-Z\s'\"])")
_BARE_END = re.compile(r"assistant\s*final\s*", re.IGNORECASE)
_ENDS = ("<|return|>", "<|end|>", "<|im_end|>", "<|eot_id|>", "<|end_of_text|>")


def without_thinking(text: str) -> str:
    """`text` with blanks for what was thought, so that places in it stay places.

    A closing mark without an opening one ends thoughts that began with the text; thoughts that are not closed go on to
    its end.
    """
    parts, done = list[str](), 0
    for start, end in _thoughts(text):
        parts += [text[done:start], _blank(text[start:end])]
        done = end
    return "".join(parts) + text[done:]


def spoken(text: str) -> str:
    """What a model said, without its thoughts: what may be sent back to it. A text without thoughts stays as it is."""
    thoughts = _thoughts(text)
    if not thoughts:
        return text
    starts, ends = [start for start, _ in thoughts], [end for _, end in thoughts]
    said = "".join(text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True))
    for mark in _ENDS:
        said = said.replace(mark, "")
    return said.strip()


def has_thinking(text: str) -> bool:
    """Whether anything in `text` is marked as thought."""
    return bool(_thoughts(text))


def _thoughts(text: str) -> list[tuple[int, int]]:
    """Start and end of every thought with its marks, in order and apart from each other."""
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
    """As long as `text`, and with its line breaks."""
    return re.sub(r"[^\n]", " ", text)
