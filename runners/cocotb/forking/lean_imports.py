"""What the simulator process does without when it imports cocotb: pytest, a debugger and a profiler.

They are half of its start and of its memory, and every page of memory is paid for at each fork. cocotb names
exceptions of pytest that a test may raise or expect; `child` raises and expects none.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

_OUTCOMES = ("raises", "skip", "xfail")
_UNUSED = {
    "_pytest": (), "_pytest.assertion": ("install_importhook",), "_pytest.config": ("Config",),
    "pdb": (), "cProfile": (), "pstats": (),
}  # fmt: skip


def without_unused_modules() -> None:
    """Let this process import these modules without contents; call it before cocotb is imported."""
    pytest = ModuleType("pytest")
    for name in _OUTCOMES:
        vars(pytest)[name] = SimpleNamespace(Exception=type(f"{name.title()}Exception", (BaseException,), {}))
    sys.modules.setdefault("pytest", pytest)
    for module, names in _UNUSED.items():
        empty = ModuleType(module)
        vars(empty).update(dict.fromkeys(names))
        sys.modules.setdefault(module, empty)
