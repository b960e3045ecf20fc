"""The variables that a file ``.env`` may set: keys and addresses of known providers, and harmless settings of a run.

Excluded are all variables that name code, a program, a file, a proxy or a certificate: ``PATH``, ``PYTHONPATH``,
``LD_PRELOAD``, ``HTTP_PROXY``, ``SSL_CERT_FILE``, ``COCOTB_...``; and of our own ``DV_AGENT_DESIGNS`` (a design has
a model.py, which is executed), ``DV_AGENT_CACHE`` (it holds built simulators), ``DV_AGENT_OUT``,
``DV_AGENT_REPLY_CACHE``, ``DV_AGENT_SANDBOX``.
"""

from __future__ import annotations

import re

from dv_agent.agents.models.providers import ADDRESS_SETTING, OWN_KEY, PROVIDERS

KEYS = frozenset({OWN_KEY, *(name for provider in PROVIDERS.values() for name in provider.keys)})
ADDRESSES = frozenset({ADDRESS_SETTING, *(name for one in PROVIDERS.values() for name in one.url_variables)})
NAMES = frozenset({"DV_AGENT_DESIGN", "DV_AGENT_PROMPT_STRATEGY", "DV_AGENT_MODEL"})
"""Settings that must be names in the file, although on a command line they may be paths."""
SETTINGS = frozenset(
    f"DV_AGENT_{name}"
    for name in (
        "AGENT", "BUG", "CONTEXT_TOKENS", "DECOYS", "LLM_SEED", "MAX_CALLS", "MAX_CYCLES", "MAX_SECONDS", "MAX_TOKENS",
        "MAX_TOKENS_TOTAL", "MAX_USD", "PATIENCE", "REASONING_EFFORT", "REQUESTS_PER_MINUTE", "RETRY_SECONDS", "SEED",
        "SIMULATOR", "STOP_ON_FAILURE", "TARGET", "TEMPERATURE", "TIMEOUT",
    )
)  # fmt: skip
_PATH = re.compile(r"[/\\\\]|\.ya?ml$|^replay:", re.IGNORECASE)


def may_be_set(name: str, value: str) -> bool:
    """Return whether a file ``.env`` may set the variable `name` to `value`."""
    if "\0" in value:
        return False
    return name in KEYS | ADDRESSES | SETTINGS or (name in NAMES and not _PATH.search(value))
