"""The providers of models: package, keys and address, and the provider that a model string names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.dotenv.variables import FROM_FILE, READ_FILE
from dv_agent.errors import DvAgentError, PrerequisiteError, UnknownNameError, UsageError

OWN_KEY = "DV_AGENT_API_KEY"
DUMMY_KEY = "no-key-needed"
ADDRESS_SETTING = "DV_AGENT_BASE_URL"


@dataclass(frozen=True)
class Provider:
    """Vendor, and how LangChain reaches it.

    Attributes:
        package: the distribution that contains the client.
        keys: environment variables that may hold the key; the first that is set is used.
        extra: the extra of dv-agent that installs `package`, empty if none does.
        home: the vendor's own address. It is always passed to the client, which otherwise might read another one
            (a gateway) from the environment.
        url_variables: environment variables that may hold another address.
        prices: the vendor's name in the price list.
        refuses: settings that the vendor does not support.
        one_try: the value of ``max_retries`` that means a single attempt.
    """

    package: str
    keys: tuple[str, ...]
    extra: str = ""
    home: str | None = None
    url_variables: tuple[str, ...] = ()
    prices: str = ""
    refuses: frozenset[str] = frozenset()
    one_try: int = 0

    @property
    def install(self) -> str:
        """The command that installs the client."""
        return f"pip install 'dv-agent[{self.extra}]'" if self.extra else f"pip install {self.package}"


PROVIDERS = {
    "openai": Provider(
        "langchain-openai",
        ("OPENAI_API_KEY",),
        home="https://api.openai.com/v1",
        url_variables=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
        prices="openai",
    ),
    "anthropic": Provider(
        "langchain-anthropic",
        ("ANTHROPIC_API_KEY",),
        extra="anthropic",
        home="https://api.anthropic.com",
        url_variables=("ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL"),
        prices="anthropic",
        refuses=frozenset({"llm_seed"}),
    ),
    "google_genai": Provider(
        "langchain-google-genai",
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        extra="google",
        home="https://generativelanguage.googleapis.com",
        prices="google",
        one_try=1,  # this client reads 0 as "the default of its SDK"
    ),
    "mistralai": Provider("langchain-mistralai", ("MISTRAL_API_KEY",), prices="mistral"),
    "groq": Provider("langchain-groq", ("GROQ_API_KEY",), prices="groq"),
    "deepseek": Provider("langchain-deepseek", ("DEEPSEEK_API_KEY",), prices="deepseek"),
    "xai": Provider("langchain-xai", ("XAI_API_KEY",), prices="x-ai"),
    "openrouter": Provider("langchain-openrouter", ("OPENROUTER_API_KEY",), prices="openrouter"),
    "together": Provider("langchain-together", ("TOGETHER_API_KEY",), prices="together"),
    "fireworks": Provider("langchain-fireworks", ("FIREWORKS_API_KEY",), prices="fireworks"),
}
ALIASES = {"google": "google_genai", "gemini": "google_genai", "mistral": "mistralai"}
# Default addresses of OpenAI-compatible servers that people start themselves.
SERVERS = {
    "ollama": "http://localhost:11434/v1",
    "vllm": "http://localhost:8000/v1",
    "llamacpp": "http://localhost:8080/v1",
}
_OPENAI_HOSTS = ("api.openai.com", ".openai.azure.com")


class KeyMissing(PrerequisiteError):
    """Error: a vendor needs a key and none is set; the message names the variable, never a value."""

    def __init__(self, model: str, variable: str) -> None:
        self.model, self.variable = model, variable
        self.what = f"{model} needs a key, and {variable} is not set"
        self.install = f"export {variable}=..."
        where = f"set it in the environment, or write {variable}=... into a file .env here or in a folder above"
        DvAgentError.__init__(self, f"{self.what}\n  {where}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.model, self.variable)


@dataclass(frozen=True)
class Endpoint:
    """Provider, model name and address of one model.

    Attributes:
        provider: a key of `PROVIDERS`.
        name: the provider's name of the model.
        base_url: the address, if one was given; None means the vendor's own.
    """

    provider: str
    name: str
    base_url: str | None = None

    @property
    def address(self) -> str:
        """The address for messages, as far as it is known."""
        return self.base_url or PROVIDERS[self.provider].home or self.provider

    @property
    def compatible(self) -> bool:
        """Whether this is an OpenAI-compatible server of somebody other than OpenAI."""
        host = urlsplit(self.base_url or "").hostname or ""
        return self.provider == "openai" and bool(host) and not host.endswith(_OPENAI_HOSTS)

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables that may hold the key, the recommended one first."""
        return ((OWN_KEY,) if self.base_url else ()) + PROVIDERS[self.provider].keys

    def key_variable(self) -> str | None:
        """The environment variable whose value is sent as the key, None if none is set."""
        return next((name for name in self.key_variables if os.environ.get(name, "").strip()), None)

    def key(self) -> str:
        """Return the key; it is stored only in the environment.

        A private server may need no key: it is sent `DUMMY_KEY`, because the client requires one.

        Raises:
            KeyMissing: the vendor needs a key and none is set.
            UsageError: the address comes from a file ``.env``, and the key does not.
        """
        name = self.key_variable()
        self._require_one_source(name)
        if name is None and not self.compatible:
            raise KeyMissing(f"{self.provider}:{self.name}", PROVIDERS[self.provider].keys[0])
        return os.environ[name].strip() if name else DUMMY_KEY

    def _require_one_source(self, key: str | None) -> None:
        """Check that the key comes from the file ``.env`` too if the address does: no other key may be sent there."""
        taken = _from_file()
        places = (ADDRESS_SETTING, *PROVIDERS[self.provider].url_variables)
        here = (self.base_url or "").strip().rstrip("/")
        told = (name for name in places if name in taken and os.environ.get(name, "").strip().rstrip("/") == here)
        address = next(told, None)
        if address is None or key is None or key in taken:
            return
        file = os.environ.get(READ_FILE, ".env")
        raise UsageError(
            f"{file} sets {address}, an address, but the key {key} does not come from that file, so it is not sent "
            f"there; write the key into the same file, or export {address} yourself (or say --base-url)"
        )

    def require(self, settings: ModelSettings) -> None:
        """Check package, key and settings, as far as possible without a request to the server.

        Raises:
            PrerequisiteError: the client is not installed, or its key is not set (`KeyMissing`).
            UsageError: this provider does not support a setting, or a proxy or certificate file of the environment
                cannot be used.
        """
        provider = PROVIDERS[self.provider]
        for package in ("langchain", provider.package):
            if find_spec(package.replace("-", "_")) is None:
                line = provider.install if package == provider.package else "pip install 'langchain>=1.4,<2'"
                raise PrerequisiteError(f"{settings.model} needs the package {package}", line)
        for name in sorted(provider.refuses):
            if getattr(settings, name) is not None:
                raise UsageError(f"{self.provider} knows no such setting: leave out --{name.replace('_', '-')}")
        from dv_agent.agents.models.server.network import require_network  # noqa: PLC0415  # loads httpx

        require_network(self.address if "://" in self.address else "https://vendor.invalid")
        self.key()


def _from_file() -> frozenset[str]:
    """Return the names of the variables that were set from a file ``.env``."""
    return frozenset(filter(None, os.environ.get(FROM_FILE, "").split(",")))


def endpoint_of(settings: ModelSettings) -> Endpoint:
    """Return provider, name and address of the model of `settings`.

    ``provider:name`` always names its provider. ``provider/name`` does so too, except together with a base URL:
    there a slash is part of the name, as in ``openai/gpt-oss-20b``, and a name alone is a model of that server.

    Raises:
        UsageError: the string names no provider.
        UnknownNameError: the provider does not exist.
    """
    given, url = settings.model.strip(), settings.base_url
    prefix, name = _split(given, by_slash=url is None)
    if prefix in SERVERS:
        return Endpoint("openai", name, url or SERVERS[prefix])
    if prefix in PROVIDERS:
        return Endpoint(prefix, name, url or _url_from_environment(PROVIDERS[prefix]))
    if url is not None:
        return Endpoint("openai", given, url)
    if prefix:
        raise UnknownNameError("model provider", prefix, [*PROVIDERS, *SERVERS])
    raise UsageError(
        f"model {given!r} names no provider: write {_guess(given)}:{given}, or give --base-url for a server of your own"
    )


def _split(model: str, by_slash: bool) -> tuple[str, str]:
    """Return provider and name; the provider is empty if none is named."""
    marks = [mark for mark in (":/" if by_slash else ":") if mark in model]
    if not marks:
        return "", model
    prefix, _, name = model.partition(min(marks, key=model.index))
    if not name:
        raise UsageError(f"model {model!r} names no model: write provider:name, such as openai:gpt-5")
    prefix = prefix.lower().replace("-", "_")
    return ALIASES.get(prefix, prefix), name


def _url_from_environment(provider: Provider) -> str | None:
    return next((value for name in provider.url_variables if (value := os.environ.get(name, "").strip())), None)


def _guess(name: str) -> str:
    starts = {"claude": "anthropic", "gemini": "google_genai", "mistral": "mistralai", "grok": "xai"}
    return next((provider for start, provider in starts.items() if name.lower().startswith(start)), "openai")
