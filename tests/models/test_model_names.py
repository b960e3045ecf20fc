"""Which provider a model string names, and what must be there for it."""

from __future__ import annotations

import pytest

from dv_agent.agents.models import providers as model_providers
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.providers import Endpoint, Provider, endpoint_of
from dv_agent.errors import ExitCode, PrerequisiteError, UnknownNameError, UsageError

HERE = "http://localhost:1234/v1"


@pytest.mark.parametrize(
    ("model", "base_url", "endpoint"),
    [
        ("openai:gpt-5", None, Endpoint("openai", "gpt-5")),
        ("openai/gpt-5", None, Endpoint("openai", "gpt-5")),
        ("anthropic:claude-sonnet-5", None, Endpoint("anthropic", "claude-sonnet-5")),
        ("google:gemini-3-pro", None, Endpoint("google_genai", "gemini-3-pro")),
        ("google-genai:gemini-3-pro", None, Endpoint("google_genai", "gemini-3-pro")),
        ("openrouter:openai/gpt-5", None, Endpoint("openrouter", "openai/gpt-5")),
        ("openrouter/openai/gpt-5:free", None, Endpoint("openrouter", "openai/gpt-5:free")),
        ("ollama:llama3.1:8b", None, Endpoint("openai", "llama3.1:8b", "http://localhost:11434/v1")),
        ("vllm:openai/gpt-oss-20b", None, Endpoint("openai", "openai/gpt-oss-20b", "http://localhost:8000/v1")),
        ("ollama:llama3.1:8b", HERE, Endpoint("openai", "llama3.1:8b", HERE)),
        ("llama3.1:8b", HERE, Endpoint("openai", "llama3.1:8b", HERE)),
        ("openai/gpt-oss-20b", HERE, Endpoint("openai", "openai/gpt-oss-20b", HERE)),
        ("Qwen/Qwen3-8B", f"{HERE}/", Endpoint("openai", "Qwen/Qwen3-8B", HERE)),
        ("openai:Qwen/Qwen3-8B", HERE, Endpoint("openai", "Qwen/Qwen3-8B", HERE)),
        ("anthropic:claude-sonnet-5", HERE, Endpoint("anthropic", "claude-sonnet-5", HERE)),
    ],
)
def test_model_strings(model: str, base_url: str | None, endpoint: Endpoint) -> None:
    assert endpoint_of(ModelSettings(model=model, base_url=base_url)) == endpoint


@pytest.mark.parametrize(
    ("model", "said"), [("gpt-5", "openai:gpt-5"), ("claude-opus-5", "anthropic:claude-opus-5"), ("x", "--base-url")]
)
def test_a_bare_name_is_refused_with_what_to_write(model: str, said: str) -> None:
    with pytest.raises(UsageError, match="names no provider") as caught:
        endpoint_of(ModelSettings(model=model))
    assert said in str(caught.value)


def test_unknown_providers_and_empty_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean anthropic"):
        endpoint_of(ModelSettings(model="antropic:claude"))
    with pytest.raises(UsageError, match="names no model"):
        endpoint_of(ModelSettings(model="openai:"))


def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", HERE)
    assert endpoint_of(ModelSettings(model="openai:any")).compatible
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.openai.com/v1")
    assert not endpoint_of(ModelSettings(model="openai:any")).compatible
    with pytest.raises(PrerequisiteError, match="OPENAI_API_KEY is not set"):
        LangChainModel(ModelSettings(model="openai:any"))


@pytest.mark.parametrize(("extra", "line"), [("google", "pip install 'dv-agent[google]'"), ("", "pip install x-y-z")])
def test_a_missing_package_names_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, extra: str, line: str
) -> None:
    absent = Provider("x-y-z", ("X_API_KEY",), extra=extra)
    monkeypatch.setitem(model_providers.PROVIDERS, "absent", absent)
    with pytest.raises(PrerequisiteError) as caught:
        LangChainModel(ModelSettings(model="absent:model"))
    assert caught.value.exit_code is ExitCode.PREREQUISITE
    assert "x-y-z" in str(caught.value)
    assert caught.value.install == line


def test_a_setting_that_a_provider_has_no_word_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        model_providers.PROVIDERS,
        "anthropic",
        Provider("langchain-openai", ("ANTHROPIC_API_KEY",), refuses=frozenset({"llm_seed"})),
    )
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-a-real-key")
    LangChainModel(ModelSettings(model="anthropic:any"))
    with pytest.raises(UsageError, match="leave out --llm-seed"):
        LangChainModel(ModelSettings(model="anthropic:any", llm_seed=0))
