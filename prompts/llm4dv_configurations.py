"""The configurations of LLM4DV (arXiv 2310.04535) by the codes of its logs, such as ``2_II_a_iii_few_shot``.

The first four parts are missed-bin sampling, best messages, restarting and what becomes of the best messages on a
restart; with ``_with_code`` the RTL is shown, with ``_few_shot`` worked examples.
"""

from __future__ import annotations

import re
from typing import Any

PREFIX = "llm4dv-"
SAMPLERS = {"1": "random", "2": "by_type", "3": "adaptive"}
KEEPS = {"I": "recent", "II": "successful", "III": "mixed", "IV": "successful_hard"}
RESTARTS: dict[str, dict[str, Any]] = {
    "a": {"messages": 7}, "b": {"messages": 4}, "c": {"messages": 10}, "d": {"messages": 7, "below": 0.2},
}  # fmt: skip
BUFFERS = {"i": "clear", "ii": "keep", "iii": "stable"}
_CODE = re.compile(
    r"(?P<sampler>[123])_(?P<keep>I|II|III|IV)_(?P<restart>[abcd])_(?P<buffer>i|ii|iii)(?P<code>_with_code)?(?P<shots>_few_shot)?"
)


def options_of(name: str) -> dict[str, Any] | None:
    """Return the options by which the strategy ``llm4dv-CODE`` differs from their baseline; None if it is no code.

    ``examples`` is then True or absent: whose examples they are, the caller knows.
    """
    found = _CODE.fullmatch(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
    if found is None:
        return None
    keep = KEEPS[found["keep"]]
    return {
        "holes": {"show": [SAMPLERS[found["sampler"]]]},
        "history": {"keep": keep, **({"hard_crosses": True} if keep == "successful_hard" else {})},
        "restart": {**RESTARTS[found["restart"]], "buffer": BUFFERS[found["buffer"]]},
        **({"rtl": {"show": "source"}} if found["code"] else {}),
        **({"examples": True} if found["shots"] else {}),
    }
