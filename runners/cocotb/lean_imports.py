"""What the simulator process does without when it imports cocotb: pytest, half of its start and of its memory.

cocotb names two exceptions of pytest, which tests of cocotb may expect. `child` expects none.
"""

from __future__ import annotations

import sys
from types import ModuleType


class _Raises:
    """In the place of ``pytest.raises``: only the name of its exception is read."""

    class Exception(BaseException):  # noqa: A001
        """In the place of the exception of an expectation that is not met; it is never raised."""


def without_pytest() -> None:
    """Let ``import pytest`` find an empty module in this process; call it before cocotb is imported."""
    module = ModuleType("pytest")
    vars(module)["raises"] = _Raises
    sys.modules.setdefault("pytest", module)
