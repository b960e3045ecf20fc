"""When the next request starts: Retry-After, growing waits, spacing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from loopback import LoopbackServer, ok, status
from model_asking import DIALOGUE, Serve

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.pace import RequestPace
from dv_agent.agents.models.server.retry_after import retry_after

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=40), usegmt=True)}, 40.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=40), usegmt=True)}, 0.0),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:07"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e300"}, 1e9),
    ],
)
def test_reading_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


def test_retry_after_is_waited_for(serve: Serve) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=5), usegmt=True)
    for header, least, most in (("0.3", 0.3, 0.3), (soon, 0.0, 5.0)):
        asking = serve([status(429, headers={"Retry-After": header}), ok()])
        begun = time.monotonic()
        asking.ask()
        ((message, seconds),) = asking.waits
        assert least <= seconds <= most
        assert time.monotonic() - begun >= seconds
        first, second = asking.server.requests
        assert second.seconds - first.seconds >= seconds
        assert "HTTP 429 (ModelRateLimitError)" in message


def test_waits_grow_and_are_reported(serve: Serve) -> None:
    asking = serve([*[status(500)] * 4, ok()])
    asking.ask()
    waits = [seconds for _, seconds in asking.waits]
    for number, seconds in enumerate(waits):
        assert 0.01 * 2**number <= seconds <= 0.01 * 2**number + 0.01
    assert [message[:16] for message, _ in asking.waits] == [f"attempt {n} failed" for n in (1, 2, 3, 4)]


def test_pace_with_a_clock_of_our_own() -> None:
    fake, told = FakeTime(), []
    pace = RequestPace(20, fake.clock, fake.sleep)
    for _ in range(3):
        pace.wait(lambda message, seconds: told.append((message, seconds)))
    assert fake.slept == [3.0, 3.0]
    assert told == [("requests are spaced 3.0 s apart", 3.0)] * 2
    fake.now += 10
    assert pace.delay() == 0
    pace.wait(lambda message, seconds: told.append((message, seconds)))
    assert len(fake.slept) == 2, "a slot that has come is not waited for"
    assert pace.delay() == 3.0


def test_no_pace_no_wait() -> None:
    fake = FakeTime()
    pace = RequestPace(None, fake.clock, fake.sleep)
    for _ in range(3):
        pace.wait(lambda message, seconds: None)
    assert fake.slept == []


def test_requests_and_retries_are_spaced() -> None:
    fake, told = FakeTime(), []
    with LoopbackServer([status(500), ok()]) as server:
        model = LangChainModel(
            ModelSettings(model="any", base_url=server.url, requests_per_minute=6),
            on_wait=lambda message, seconds: told.append((message, seconds)),
            clock=fake.clock,
            sleep=fake.sleep,
            first_wait=0.01,
        )
        model.ask(DIALOGUE)
        model.ask(DIALOGUE)
    assert fake.slept == [10.0, 10.0], "the retry waits for its slot, and so does the next call"
    assert [message[:13] for message, _ in told] == ["attempt 1 fai", "requests are "]
