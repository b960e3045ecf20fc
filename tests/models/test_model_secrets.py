"""No key in any text: not in errors, tracebacks, representations, logs, or what is recorded."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest
from loopback import Behaviour, cut, ok, raw, reset, silence, status
from model_asking import Serve
from pydantic import ValidationError

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.redaction import HIDDEN, excerpt, scrub
from dv_agent.errors import DvAgentError, PrerequisiteError

KEY = "not-of-a-known-shape-0123456789"
QUOTED = f"Incorrect API key provided: {KEY}. Bearer {KEY}"


def body_calls(text: str) -> list[dict[str, object]]:
    """A call of a tool with this text everywhere."""
    return [{"id": text, "type": "function", "function": {"name": text, "arguments": f'{{"a": "{text}"}}'}}]


def everything_about(error: BaseException) -> str:
    """All that a careless reporter could print."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join([*whole.format(), *map(repr, chain), *map(str, chain), *(repr(one.args) for one in chain)])


@pytest.mark.parametrize(
    "behaviour",
    [
        status(401, QUOTED),
        status(403, QUOTED),
        status(404, QUOTED),
        status(400, QUOTED),
        status(500, QUOTED),
        status(429, QUOTED),
        raw(f"<p>{QUOTED}</p>".encode(), "text/html"),
        raw(f'{{"error": "{QUOTED}"}}'.encode()),
        raw(QUOTED.encode()),
        reset(),
        cut(),
        silence(5),
        ok(),
        ok(QUOTED, model=f"any {KEY}", tool_calls=body_calls(KEY)),
        ok(None, refusal=QUOTED, reasoning_content=QUOTED),
        status(400, QUOTED, code="tool_use_failed", failed_generation=QUOTED),
    ],
)
def test_a_key_never_shows(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, behaviour: Behaviour
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    asking = serve([behaviour], timeout=0.2, retry_seconds=0.1)
    texts = []
    try:
        texts.append(asking.ask().model_dump_json())
    except DvAgentError as error:
        texts += [everything_about(error), repr(pickle.dumps(error)), repr(error.__dict__)]
    texts += [repr(asking.model), str(asking.model), repr(asking.model.endpoint), repr(asking.model._client)]
    texts += [repr(asking.waits), repr(asking.server.requests), caplog.text]
    texts += [repr(vars(record)) for record in caplog.records]
    assert KEY not in "\n".join(texts)
    assert asking.server.requests


def test_failures_hang_on_no_error_of_a_client(serve: Serve) -> None:
    failure = serve([status(401)]).fail()
    assert failure.__cause__ is None
    assert failure.__context__ is None


def test_a_missing_key_names_the_variable_and_survives_pickling() -> None:
    with pytest.raises(PrerequisiteError) as caught:
        LangChainModel(ModelSettings(model="openai:gpt-5"))
    assert "OPENAI_API_KEY is not set" in str(caught.value)
    assert ".env" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{KEY}@localhost/v1",
        f"https://localhost/v1?key={KEY}",
        f"https://localhost/v1#{KEY}",
        f"ftp://{KEY}",
        KEY,
    ],
)
def test_an_address_with_a_secret_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ModelSettings(model="any", base_url=url)
    assert KEY not in f"{caught.value}{caught.value!r}"


def test_scrubbing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", KEY)
    monkeypatch.setenv("A_KEY", "short")
    assert scrub(f"a {KEY} b short") == f"a {HIDDEN} b short"
    assert scrub("sk-proj-abcdefgh123 AIzaSyAbCdEfGh12") == f"{HIDDEN} {HIDDEN}"
    assert scrub("task-oriented, risk-averse-designs") == "task-oriented, risk-averse-designs"
    assert KEY[:12] not in excerpt("x" * 290 + f" {KEY}"), "cutting must not come before hiding"
    assert excerpt("a\n  b\tc") == "a b c"
    assert len(excerpt("x" * 1_000_000)) == 300
