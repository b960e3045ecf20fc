"""The parts of a request that differ between servers: role of the system message, name of the output token limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from dv_agent.agents.models.chat_model import Message, ModelSettings

if TYPE_CHECKING:
    from dv_agent.agents.models.faults import ModelFault
    from dv_agent.agents.models.providers import Endpoint

Roles = Literal["system", "developer", "user"]
OLD_LIMIT: Literal["max_tokens"] = "max_tokens"
NEW_LIMIT: Literal["max_completion_tokens"] = "max_completion_tokens"


@dataclass(frozen=True, slots=True)
class Wire:
    """One style of requests.

    Attributes:
        roles: how the system message is sent, see `ModelSettings.role_style`.
        limit: name of the limit of output tokens; used for OpenAI and OpenAI-compatible servers.
        changed: the causes (`role`, `limit`) for which the style was changed after a refusal; each is changed once.
    """

    roles: Roles = "system"
    limit: Literal["max_tokens", "max_completion_tokens"] = OLD_LIMIT
    changed: frozenset[str] = frozenset()

    @property
    def words(self) -> tuple[str, ...]:
        """The changes, as text for the record."""
        return (*([f"role:{self.roles}"] if "role" in self.changed else []),
                *([self.limit] if "limit" in self.changed else []))  # fmt: skip

    def after(self, fault: ModelFault, settings: ModelSettings) -> Wire | None:
        """Return the style to try after `fault` refused this one; None if there is no other."""
        if fault.cause in self.changed:
            return None
        changed = self.changed | {fault.cause}
        if fault.cause == "limit":
            return replace(self, limit=NEW_LIMIT if self.limit == OLD_LIMIT else OLD_LIMIT, changed=changed)
        if fault.cause == "role" and settings.role_style == "auto":
            wants_developer = "developer" in fault.detail.lower() and "system" in fault.detail.lower()
            wants_system = "unknown variant" in fault.detail or "is not one of" in fault.detail
            roles: Roles = "developer" if wants_developer and not wants_system and self.roles == "system" else "user"
            return replace(self, roles=roles, changed=changed)
        return None

    def dialogue(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """Return `messages` as they are sent: for role ``user`` the system text precedes the user's text."""
        if self.roles != "user":
            return tuple(messages)
        told = "\n\n".join(one.content for one in messages if one.role == "system")
        rest = [one for one in messages if one.role != "system"]
        if not told:
            return tuple(rest)
        if rest and rest[0].role == "user":
            return (rest[0].model_copy(update={"content": f"{told}\n\n{rest[0].content}"}), *rest[1:])
        return (Message(role="user", content=told), *rest)


def first_wire(settings: ModelSettings, endpoint: Endpoint) -> Wire:
    """Return the style to try first: every server except OpenAI's own knows the old name of the limit."""
    roles: Roles = "system" if settings.role_style == "auto" else settings.role_style
    return Wire(roles, OLD_LIMIT if endpoint.compatible else NEW_LIMIT)
