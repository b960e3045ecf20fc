"""Whether RTL holds loops that may never end, which Verilator would remove if nothing reads their result."""

from __future__ import annotations

import re

from dv_agent.designs.design import Design

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_LOOP = re.compile(r"\b(?:while|forever|repeat)\b")
_FOR = re.compile(r"\bfor\s*\(")
# for (i = 0; i < N; i = i + 1): the only form that is known to end.
_COUNTED = re.compile(
    r"\bfor\s*\((?:\s*[A-Za-z_]\w*)*?\s*\b([A-Za-z_]\w*)\s*=[^;]*;\s*\1\s*[<>!]=?[^;=]*;"
    r"\s*(?:\1\s*=\s*\1\s*[-+]\s*[1-9]\d*|\1\s*[-+]=\s*[1-9]\d*|\1\s*(?:\+\+|--)|(?:\+\+|--)\s*\1)\s*\)"
)


def may_loop_for_ever(design: Design) -> bool:
    """Return whether a source file holds a loop that does not plainly count to its end."""
    texts = (_COMMENT.sub(" ", file.read_text(encoding="utf-8", errors="replace")) for file in design.source_files())
    return any(_LOOP.search(text) or len(_FOR.findall(text)) > len(_COUNTED.findall(text)) for text in texts)
