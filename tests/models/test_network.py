"""Proxies and certificates of the environment, and what is remembered between calls."""

from __future__ import annotations

import gc
import socket
from pathlib import Path

import httpx
import pytest
from loopback import LoopbackServer, ok, status
from model_asking import DIALOGUE, Serve
from server_table import refuses

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.server.network import open_client, proxy_of, require_network
from dv_agent.agents.models.server.slips import MAX_SLIPS
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.errors import DvAgentError, ModelFailure, PrerequisiteError, UsageError

AWAY = "https://vendor.invalid/v1"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_client_in_a_circle_of_references_closes_its_connections_before_any_finalizer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    class Finalized:
        """Older than the client, so its finalizer would be called first, as that of a socket may be."""

        client: httpx.Client | None = None

        def __del__(self) -> None:
            happened.append("finalized")

    close = httpx.HTTPTransport.close
    monkeypatch.setattr(httpx.HTTPTransport, "close", lambda inner: (happened.append("closed"), close(inner))[1])
    with LoopbackServer([ok("hello")]) as server:
        older = Finalized()
        older.client = open_client(server.url)
        assert older.client.post(f"{server.url}/chat/completions", json={"messages": []}).status_code == 200
        older.client.headers.__dict__["circle"] = older
        del older
        gc.collect()
    assert happened == ["closed", "finalized"]


def test_a_dead_proxy_does_not_stand_before_this_machine(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    assert serve([ok("hello")]).ask().text == "hello"


def test_a_proxy_before_this_machine_is_taken_if_asked_for_and_blamed_if_dead(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = f"http://somebody:secret@127.0.0.1:{free_port()}"
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("DV_AGENT_PROXY_LOOPBACK", "1")
    failure = serve([ok("hello")], retry_seconds=0).fail()
    assert "does that proxy listen?" in str(failure)
    assert "HTTP_PROXY" in str(failure)
    assert "secret" not in str(failure)


@pytest.mark.parametrize(
    ("variable", "value", "kind", "said"),
    [
        ("HTTPS_PROXY", "socks5://127.0.0.1:1080", PrerequisiteError, "pip install 'socksio"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1080", PrerequisiteError, "ALL_PROXY names the SOCKS proxy"),
        ("HTTPS_PROXY", "host:abc", UsageError, "HTTPS_PROXY names no proxy: 'http://host:abc'"),
        ("HTTPS_PROXY", "ftp://proxy:21", UsageError, "such as http://proxy:3128"),
        ("HTTPS_PROXY", "http://", UsageError, "names no proxy"),
        ("HTTPS_PROXY", "http://me:secret-word@host:x1", UsageError, "names no proxy"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", UsageError, "SSL_CERT_FILE names '/nowhere/ca.pem', which is not there"),
        ("SSL_CERT_DIR", "/nowhere", UsageError, "SSL_CERT_DIR"),
        ("SSL_CERT_FILE", __file__, UsageError, "which holds no certificates"),
    ],
)
def test_what_the_environment_names_in_vain_is_told_before_anybody_waits(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, kind: type[DvAgentError], said: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-real-key")
    monkeypatch.setenv(variable, value)
    with pytest.raises(kind) as caught:
        LangChainModel(ModelSettings(model="openai:gpt-5", base_url=AWAY))
    assert said in str(caught.value)
    assert "secret-word" not in str(caught.value)


def test_who_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", "inside.invalid")
    found = proxy_of(AWAY)
    assert found is not None
    assert (found.shown, found.variable) == ("http://proxy.invalid:3128", "HTTPS_PROXY")
    addresses = ("https://inside.invalid/v1", "https://localhost:1/v1", "https://127.9.9.9/v1", "https://[::1]:1/v1")
    assert [proxy_of(one) for one in addresses] == [None] * 4
    require_network(AWAY)


def test_https_to_a_server_of_plain_http_is_told(serve: Serve) -> None:
    asking = serve([ok("hello")])
    address = asking.server.url.replace("http:", "https:")
    model = LangChainModel(ModelSettings(model="any", base_url=address, retry_seconds=0))
    with pytest.raises(ModelFailure) as caught:
        model.ask(DIALOGUE)
    assert f"the server does not speak https: write {asking.server.url}" in str(caught.value)


def test_an_address_without_its_path_is_told_the_right_one(serve: Serve) -> None:
    asking = serve([status(404, "Not Found")])
    bare = asking.server.url.removesuffix("/v1")
    model = LangChainModel(ModelSettings(model="any", base_url=bare, retry_seconds=0))
    with pytest.raises(ModelFailure) as caught:
        model.ask(DIALOGUE)
    assert f"try --base-url {bare}/v1" in str(caught.value)


def test_a_role_that_was_refused_is_not_tried_again(serve: Serve) -> None:
    asking = serve([refuses('"system"', "System role not supported")])
    for _ in range(2):
        reply = asking.ask()
        assert reply.asked_as == ("role:user",)
    assert len(asking.server.requests) == 3
    (only,) = asking.server.requests[-1].body["messages"]
    assert only["role"] == "user"
    assert [one.content in only["content"] for one in DIALOGUE] == [True, True]


@pytest.mark.parametrize(("style", "roles"), [("developer", ["developer", "user"]), ("user", ["user"])])
def test_a_role_style_that_is_set_is_sent_at_once(serve: Serve, style: str, roles: list[str]) -> None:
    asking = serve([ok("hello")], role_style=style)
    assert asking.ask().asked_as == ()
    assert [one["role"] for one in asking.server.requests[0].body["messages"]] == roles


def test_slips_in_a_row_come_to_an_end_and_a_good_reply_begins_anew(serve: Serve) -> None:
    slip = status(400, "Failed to call a function.", code="tool_use_failed", failed_generation="x")
    asking = serve([*[slip] * MAX_SLIPS, ok("hello"), *[slip] * (MAX_SLIPS + 1)])
    for _ in range(MAX_SLIPS):
        assert asking.model.ask(DIALOGUE, tool_specs()).broken
    assert asking.model.ask(DIALOGUE, tool_specs()).text == "hello"
    for _ in range(MAX_SLIPS):
        assert asking.model.ask(DIALOGUE, tool_specs()).broken
    with pytest.raises(ModelFailure, match="5 times in a row"):
        asking.model.ask(DIALOGUE, tool_specs())


def test_a_file_of_certificates_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import certifi  # noqa: PLC0415

    monkeypatch.setenv("SSL_CERT_FILE", str(Path(certifi.where())))
    require_network(AWAY)
