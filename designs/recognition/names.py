"""Names of ports: words of handshakes in them, what stands around such a word, and suffixes that tell the direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Word = Literal["valid", "ready"]
_VALID = "valid|vld|val"
_READY = "ready|rdy"
_ASK = "req|request"
_GRANT = "gnt|grant|ack"
_PATTERNS: tuple[tuple[Word, re.Pattern[str]], ...] = (
    ("valid", re.compile(rf"^(.*?)({_VALID})(_.*|\d*)$")),
    ("ready", re.compile(rf"^(.*?)({_READY})(_.*|\d*)$")),
    ("valid", re.compile(rf"^((?:.*_)?)({_ASK})(_.*|\d*)$")),
    ("ready", re.compile(rf"^((?:.*_)?)({_GRANT})(_.*|\d*)$")),
    ("valid", re.compile(r"^(.*_)(en)(_.*|\d*)$")),
)
_SUFFIX = re.compile(r"_(i|o|ni|no|in|out|input|output)$")
_PREFIX = re.compile(r"^(i|o|in|out)_")
_INTO = {"i", "ni", "in", "input"}
_LAST = re.compile(r"^(t|w|r)?(last|eop|eof|eol)$")
CONTROL = re.compile(r"(^|_)(flush|clr|clear|abort|cancel|kill|squash|srst|soft_?(rst|reset)|invalidate|drop)(_|$)")
TEST_MODE = re.compile(r"(^|_)(test_?(mode|en|enable)?|scan_?(en|enable|mode)?|dft\w*|bist\w*|testmode)(_i)?$")
RESET = re.compile(
    r"(^|_)(n|a|s|p|h|i|m|g|w|r|wr|rd|ar|por|sys|core|axi|axis|bus|cpu|user|sync|async|master|power|system)?"
    r"(rst|reset)(n|b|i|in|ni)?\d*(_|$)"
)
CLOCK = re.compile(r"(^|_)\w{0,5}?(clk|clock)\w{0,4}?(_|$)|^clk|clk$")
_LOW = re.compile(r"(n|_n|_ni|_b|_l|n_i|_n_in)$|^n(rst|reset)|nreset|nrst")
# What names a payload without a prefix: only in modules with one stream a direction.
PAYLOAD = re.compile(
    r"^(t|w|r)?(data|dat|payload|user|last|keep|strb|strobe|id|dest|tag|addr|address|be|we|len|length|size|type|kind|op|"
    r"opcode|result|res|sum|prod|product|quot|quotient|rem|remainder|sop|eop|empty|error|err|idx|index|word|byte|symbol|"
    r"sample|pixel|din|dout|value|msg|info|mask|chan|channel|operand\w*|rs[123]?|rd|a|b|c|x|y|d|q)(_?\d*|_[a-d])$"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hand:
    """One name as one half of a handshake.

    Attributes:
        word: which half.
        spelled: how it is written, such as ``vld`` or ``gnt``.
        before, after: what stands around the word: the name of the stream.
    """

    word: Word
    spelled: str
    before: str
    after: str

    @property
    def stem(self) -> tuple[str, str]:
        """What both halves of one handshake have in common."""
        return self.before, self.after


def plain_forms(name: str, into: bool) -> tuple[str, ...]:
    """Return the name in small letters: as it is, without a suffix of its direction, without a prefix of it too."""
    plain = name.lower()
    short = _without(_SUFFIX, plain, into)
    bare = _without(_PREFIX, short, into)
    return tuple(dict.fromkeys((plain, short, bare)))


def bare(name: str, into: bool) -> str:
    """Return the shortest of `plain_forms`."""
    return plain_forms(name, into)[-1]


def _without(pattern: re.Pattern[str], name: str, into: bool) -> str:
    found = pattern.search(name)
    if found is None or (found[1] in _INTO) != into:
        return name
    rest = name[: found.start()] + name[found.end() :]
    return f"{rest}_n" if found[1] in ("ni", "no") else rest


def hands(plain: str) -> Iterator[Hand]:
    """Yield what `plain` may be as a half of a handshake."""
    for word, pattern in _PATTERNS:
        if found := pattern.match(plain):
            yield Hand(word, found[2], found[1], found[3])


def is_last(rest: str) -> bool:
    """Return whether the rest of a name, without the stream's prefix, says that a packet ends."""
    return _LAST.match(rest) is not None


def is_active_low(name: str, into: bool = True) -> bool:
    """Return whether a reset of this name is active at 0."""
    plain = name.lower()
    return any(_LOW.search(one) is not None for one in (plain, _without(_SUFFIX, plain, into)))


def identifier(text: str, fallback: str) -> str:
    """Return `text` as a name for design.yaml, in small letters."""
    plain = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    if not plain:
        return fallback
    return (plain if not plain[0].isdigit() else f"{fallback}_{plain}")[:64]
