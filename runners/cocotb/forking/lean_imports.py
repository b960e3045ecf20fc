"""What the simulator process does without when it imports cocotb: pytest, half of its start and of its memory.

cocotb names exceptions of pytest that a test may raise or expect. `child` raises and expects none.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

_OUTCOMES = ("raises", "skip", "xfail")


def without_pytest() -> None:
    """Let ``import pytest`` find a module with these names only; call it before cocotb is imported."""
    module = ModuleType("pytest")
    for name in _OUTCOMES:
        vars(module)[name] = SimpleNamespace(Exception=type(f"{name.title()}Exception", (BaseException,), {}))
    sys.modules.setdefault("pytest", module)
