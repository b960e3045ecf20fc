"""What a record names: a name is only a name, never a path, whoever wrote the record."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_SHOWN = 80


class HasSimulator(Protocol):
    """The header of a run or of a session."""

    @property
    def simulator(self) -> str:
        """Name and version."""
        ...


def recorded_simulator(header: HasSimulator) -> str:
    """The name of the simulator of a record.

    Raises:
        UsageError: it is no name.
    """
    return _name("simulator", header.simulator.split(maxsplit=1)[0] if header.simulator.split() else "")


def check_recorded_address(model: ModelSettings | None, named: str | None) -> None:
    """Whether a run may go on at the address in its record: one on this machine, or one that the user names too.

    A key out of the environment would be sent there.

    Raises:
        UsageError: it may not; says what to do.
    """
    address = model.base_url if model else None
    if address is None or address == named or _is_loopback(address):
        return
    raise UsageError(
        f"the record asks its model at {address[:200]}, and your key would be sent there; "
        f"if that is right, say so: --base-url {address[:200]}"
    )


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _name(kind: str, word: object) -> str:
    if isinstance(word, str) and _NAME.fullmatch(word):
        return word
    raise UsageError(f"the record names a {kind} {str(word)[:_SHOWN]!r}, which is no name")
