"""Dollars of which some may be unknown: what has no known price is written null, and never 0."""

from __future__ import annotations

from typing import Any

from pydantic import SerializerFunctionWrapHandler, field_validator, model_serializer

from dv_agent.designs.bounds import Amount, Count
from dv_agent.designs.frozen import Frozen


class Priced(Frozen):
    """What calls of a model cost.

    Attributes:
        usd: US dollars, as far as prices are known. In JSON it is null where calls were made and no price of any is
            known; where some are, it is a lower bound.
        unpriced: attempts whose price is not known.
    """

    usd: Amount = 0.0
    unpriced: Count = 0

    @field_validator("usd", mode="before")
    @classmethod
    def _from_null(cls, usd: Any) -> Any:
        return 0.0 if usd is None else usd

    @model_serializer(mode="wrap")
    def _null_where_unknown(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {**data, "usd": None} if self.unpriced and not self.usd else data

    @property
    def known_usd(self) -> float | None:
        """The dollars, None where all of them are unknown."""
        return None if self.unpriced and not self.usd else self.usd
