"""What goes over the wire, and what comes back."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from loopback import LoopbackServer, fingerprint, huge, ok, raw
from model_asking import DIALOGUE, Serve

from dv_agent.agents.models.chat_model import Message, ModelSettings
from dv_agent.agents.models.client import build_client
from dv_agent.agents.models.providers import DUMMY_KEY, Endpoint

BARE = {"model", "messages", "stream"}


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {}),
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"max_tokens": 77}, {"max_tokens": 77}),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"llm_seed": 0}, {"seed": 0}),
        (
            {"temperature": 1.0, "max_tokens": 16, "reasoning_effort": "high", "llm_seed": 3},
            {"temperature": 1.0, "max_tokens": 16, "reasoning_effort": "high", "seed": 3},
        ),
    ],
)
def test_exactly_the_set_parameters_are_sent(serve: Serve, settings: dict[str, Any], sent: dict[str, Any]) -> None:
    asking = serve([ok()], **settings)
    asking.ask()
    (request,) = asking.server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body.keys() == BARE | sent.keys()
    assert {name: request.body[name] for name in sent} == sent
    assert request.body["model"] == "any-model"
    assert request.body["stream"] is False
    assert [(one["role"], one["content"]) for one in request.body["messages"]] == [
        (one.role, one.content) for one in DIALOGUE
    ]


@pytest.mark.parametrize("name", ["gpt-5-pro", "my-codex-model"])
def test_other_servers_are_always_asked_for_chat_completions(serve: Serve, name: str) -> None:
    asking = serve([ok()], model=name, reasoning_effort="low")
    asking.ask()
    assert asking.server.requests[0].path == "/v1/chat/completions"


def test_openai_itself_is_sent_the_limit_under_its_new_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    client: Any = build_client(Endpoint("openai", "gpt-5"), ModelSettings(model="openai:gpt-5", max_tokens=50))
    payload = client._get_request_payload([("user", "hi")])
    assert payload["max_completion_tokens"] == 50
    assert "max_tokens" not in payload
    assert (client.max_retries, client.streaming, client.cache) == (0, False, False)


def test_no_gateway_of_the_environment_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    monkeypatch.setenv("LANGSMITH_GATEWAY", "https://gateway.invalid")
    monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2-not-a-real-key")
    client: Any = build_client(Endpoint("openai", "gpt-5"), ModelSettings(model="openai:gpt-5"))
    assert client.openai_api_base == "https://api.openai.com/v1"
    assert client.root_client.api_key == "sk-not-a-real-key"


@pytest.mark.parametrize(
    ("variables", "key"),
    [
        ({}, DUMMY_KEY),
        ({"OPENAI_API_KEY": ""}, DUMMY_KEY),
        ({"OPENAI_API_KEY": "key-of-openai"}, "key-of-openai"),
        ({"OPENAI_API_KEY": "key-of-openai", "DV_AGENT_API_KEY": "key-of-server"}, "key-of-server"),
    ],
)
def test_which_key_a_server_is_sent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], key: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asking = serve([ok()])
    asking.ask()
    assert asking.server.requests[0].headers["authorization"] == fingerprint(f"Bearer {key}")


def test_requested_and_returned_model_are_both_kept(serve: Serve) -> None:
    asking = serve([ok(model="any-model-2026-11-01")])
    assert asking.ask().model == "any-model-2026-11-01"
    assert asking.model.settings.model == "any-model"
    assert serve([ok(model="x" * 10_000)]).ask().model == "x" * 200


@pytest.mark.parametrize(
    ("behaviour", "text", "reason"),
    [
        (ok("[]"), "[]", "stop"),
        (ok(""), "", "stop"),
        (ok(None), "", "stop"),
        (ok("[1, 2", finish_reason="length"), "[1, 2", "length"),
        (ok(None, refusal="I will not."), "I will not.", "stop"),
        (ok("", finish_reason="content_filter"), "", "content_filter"),
        (ok("über \u4e2d \U0001f600 \x00"), "über \u4e2d \U0001f600 \x00", "stop"),
        (ok("half \ud83d pair"), "half \ufffd\ufffd\ufffd pair", "stop"),
    ],
)
def test_replies_as_they_come(serve: Serve, behaviour: Any, text: str, reason: str) -> None:
    reply = serve([behaviour]).ask()
    assert (reply.text, reply.finish_reason) == (text, reason)
    reply.text.encode()  # raises, unless it can be written down


def test_a_huge_reply_is_complete(serve: Serve) -> None:
    assert len(serve([huge(10)], timeout=20).ask().text) == 10_000_000


def test_a_prompt_that_is_no_utf8_is_mended(serve: Serve) -> None:
    asking = serve([ok()])
    asking.model.ask([Message(role="user", content="half \ud83d pair")])
    assert "\ud83d" not in asking.server.requests[0].body["messages"][0]["content"]


def test_threads_share_a_model(serve: Serve) -> None:
    asking = serve([ok(lambda body: body["messages"][-1]["content"])])
    replies: dict[int, str] = {}

    def ask(number: int) -> None:
        replies[number] = asking.model.ask([Message(role="user", content=str(number))]).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {number: str(number) for number in range(8)}


def test_tracing_switched_on_in_the_environment_sends_nothing() -> None:
    code = (
        "import sys\n"
        "from dv_agent.agents.models.langchain_model import LangChainModel\n"
        "from dv_agent.agents.models.chat_model import Message, ModelSettings\n"
        "model = LangChainModel(ModelSettings(model='any', base_url=sys.argv[1]))\n"
        "print(model.ask([Message(role='user', content='confidential RTL')]).text)\n"
        "from langchain_core.tracers.langchain import wait_for_all_tracers\n"
        "wait_for_all_tracers()\n"
    )
    with LoopbackServer([ok("answered")]) as server, LoopbackServer([raw(b"{}")]) as tracer:
        variables = {
            "LANGSMITH_TRACING": "true",
            "LANGCHAIN_TRACING_V2": "true",
            "LANGSMITH_ENDPOINT": tracer.url,
            "LANGSMITH_API_KEY": "lsv2-not-a-real-key",
            "PATH": "/usr/bin:/bin",
        }
        done = subprocess.run(
            [sys.executable, "-c", code, server.url],
            capture_output=True,
            text=True,
            env=variables,
            cwd=Path(__file__).parents[2],
            timeout=60,
            check=False,
        )
        assert done.stdout == "answered\n", done.stderr
        assert tracer.requests == []
        assert "confidential" in json.dumps(server.requests[0].body)
