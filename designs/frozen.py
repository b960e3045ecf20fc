"""The base of all data that is read from files or written to records."""

from __future__ import annotations

from typing import Annotated

import pydantic.main
from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]

# Building the validators of all models is a fifth of the start of a command, which needs few of them. Without this lock
# pydantic could not build them later, when several threads may want the same one.
_LATE = hasattr(pydantic.main, "_rebuild_lock")


class Frozen(BaseModel):
    """Base of all persisted data: immutable; unknown keys, NaN and Infinity are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=_LATE)
