"""What calls used and cost."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime

import pytest
from loopback import USAGE, cut, malformed_json, ok, reset, status
from model_asking import DIALOGUE, Serve

from dv_agent.agents.models.chat_model import CallUsage, ModelSettings, ScriptedModel, estimate_tokens
from dv_agent.agents.models.costs.prices import price, price_date, price_source
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.providers import Endpoint, endpoint_of

PROMPT = sum(estimate_tokens(one.content) for one in DIALOGUE)
DETAILED = {
    **USAGE,
    "prompt_tokens_details": {"cached_tokens": 64},
    "completion_tokens_details": {"reasoning_tokens": 7},
}


def test_tokens_as_the_server_counted_them(serve: Serve) -> None:
    (used,) = serve([ok(usage=DETAILED)]).ask().attempts
    assert (used.input_tokens, used.output_tokens, used.cached_tokens, used.reasoning_tokens) == (100, 10, 64, 7)
    assert used.counted_by == "server"
    assert 0 < used.seconds < 2


def test_usage_over_retries(serve: Serve) -> None:
    attempts = serve([status(500), reset(), cut(), malformed_json(), ok()]).ask().attempts
    assert [one.counted_by for one in attempts] == ["nobody", "estimate", "estimate", "estimate", "server"]
    assert [one.input_tokens for one in attempts] == [0, PROMPT, PROMPT, PROMPT, 100]
    assert sum(one.output_tokens for one in attempts) == 10


def test_usage_of_a_call_that_failed(serve: Serve) -> None:
    failure = serve([cut()], retry_seconds=0.05).fail()
    assert all(isinstance(one, CallUsage) and one.input_tokens == PROMPT for one in failure.attempts)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": None}, {"prompt_tokens": -5}]
)
def test_a_reply_without_counts_is_estimated_and_says_so(serve: Serve, usage: dict[str, object] | None) -> None:
    (used,) = serve([ok("12345", usage=usage)]).ask().attempts
    assert (used.counted_by, used.input_tokens, used.output_tokens) == ("estimate", PROMPT, 2)


def test_a_local_server_has_no_known_price(serve: Serve) -> None:
    asking = serve([status(500), ok(model="gpt-5")], model="openai:gpt-5")
    assert [one.usd for one in asking.ask().attempts] == [None, None]
    assert asking.model.price(CallUsage(input_tokens=5)) is None


def test_prices_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-real-key")
    used = CallUsage(input_tokens=1_000_000, output_tokens=100_000)
    endpoint = Endpoint("openai", "gpt-5")
    whole = price(used, endpoint)
    assert whole is not None
    assert whole > 0
    assert LangChainModel(ModelSettings(model="openai:gpt-5")).price(used) == whole
    assert price(used, endpoint, "gpt-5-2025-08-07") == whole
    assert price(used, endpoint, "an-id-that-nobody-knows") == whole, "the requested model is the fallback"
    cached = price(used.model_copy(update={"cached_tokens": 900_000}), endpoint)
    assert cached is not None
    assert cached < whole
    assert price(CallUsage(), endpoint) == 0
    assert price(used, Endpoint("openai", "openai/gpt-5", "https://openrouter.ai/api/v1")) == pytest.approx(whole, 0.5)


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("openai", "a-model-that-nobody-knows"),
        Endpoint("openai", "gpt-5", "http://127.0.0.1:8000/v1"),
        Endpoint("openai", "gpt-5", "https://models.invalid/v1"),
    ],
)
def test_an_unknown_price_is_none_and_never_zero(endpoint: Endpoint) -> None:
    assert price(CallUsage(input_tokens=10), endpoint) is None


def test_without_the_list_all_prices_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    price_date.cache_clear()
    assert price(CallUsage(input_tokens=10), Endpoint("openai", "gpt-5")) is None
    assert price_date() is None
    price_date.cache_clear()


def test_the_list_has_a_name_and_a_date() -> None:
    assert price_source().startswith("genai-prices ")
    day = price_date()
    assert day is not None
    assert date(2025, 1, 1) < day <= datetime.now(UTC).date()


def test_a_scripted_model_says_that_it_estimates() -> None:
    (used,) = ScriptedModel(["12345678"]).ask(DIALOGUE).attempts
    assert (used.counted_by, used.input_tokens, used.output_tokens, used.usd) == ("estimate", PROMPT, 2, None)


def test_room_for_the_reply() -> None:
    assert ModelSettings(model="a").reply_tokens == 4_000
    assert ModelSettings(model="a", max_tokens=900).reply_tokens == 900
    assert ModelSettings(model="a", context_tokens=8_000).reply_tokens == 2_000
    assert endpoint_of(ModelSettings(model="openai:gpt-5")).name == "gpt-5"


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 10**30, "completion_tokens": 10**30}, (PROMPT, 2)),
        ({"prompt_tokens": 12}, (12, 2)),
        ({"prompt_tokens": 12, "completion_tokens": -7}, (12, 2)),
        ({"completion_tokens": 7}, (PROMPT, 7)),
    ],
)
def test_a_count_that_is_missing_or_absurd_is_estimated_alone(
    serve: Serve, usage: dict[str, object], counts: tuple[int, int]
) -> None:
    (used,) = serve([ok("12345", usage=usage)]).ask().attempts
    assert (used.input_tokens, used.output_tokens, used.counted_by) == (*counts, "estimate")
