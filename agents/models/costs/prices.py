"""The price of a call in US dollars, from the price list of genai-prices; None if it is unknown."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from dv_agent.agents.models.chat_model import CallUsage
from dv_agent.agents.models.providers import PROVIDERS, Endpoint


def price(usage: CallUsage, endpoint: Endpoint, returned_model: str = "") -> float | None:
    """Return the price of `usage` in US dollars.

    None means that the price is not known: the list is not installed, does not have the model, or the address is not
    a vendor's. It never means free. Nothing is downloaded; the list is as old as the installed package.

    Args:
        returned_model: the model id that the server returned; it holds a date, and is tried before the requested one.
    """
    if find_spec("genai_prices") is None:
        return None
    from genai_prices import Usage, calc_price  # noqa: PLC0415  # 0.2 s

    counted = Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        cache_write_tokens=min(usage.cache_write_tokens, usage.input_tokens - usage.cached_tokens),
    )
    for model in dict.fromkeys(filter(None, (returned_model, endpoint.name))):
        try:
            return float(calc_price(counted, model, **_vendor(endpoint)).total_price)
        except (LookupError, ValueError):  # not in the list, or its price cannot be applied to these counts
            continue
    return None


def _vendor(endpoint: Endpoint) -> Any:
    if endpoint.base_url is not None:
        return {"provider_api_url": endpoint.base_url}
    return {"provider_id": PROVIDERS[endpoint.provider].prices or endpoint.provider}


def price_source() -> str:
    """Return name and version of the price list, empty if none is installed."""
    try:
        return f"genai-prices {version('genai-prices')}"
    except PackageNotFoundError:
        return ""


@functools.cache
def price_date() -> date | None:
    """Return the latest start date of a price in the list; the list is not older than that. None without a list."""
    if find_spec("genai_prices") is None:
        return None
    from genai_prices.data import providers  # noqa: PLC0415

    today = datetime.now(UTC).date()
    return max((day for day in _starts(providers) if day <= today), default=None)


def _starts(providers: list[Any]) -> Iterator[date]:
    for provider in providers:
        for model in provider.models:
            for priced in model.prices if isinstance(model.prices, list) else ():
                day = getattr(priced.constraint, "start_date", None)
                if isinstance(day, date):
                    yield day
