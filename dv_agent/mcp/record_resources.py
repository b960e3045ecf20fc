"""The resources of a session: the skill, and of a run that has ended its report, coverage and waveforms."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from mcp import types
from pydantic import AnyUrl

from dv_agent.errors import UsageError
from dv_agent.mcp.skill_text import skill_text

SCHEME = "dv-agent://"
SKILL_ADDRESS = f"{SCHEME}skill"
MOST_BYTES = 8_000_000
"""A larger file is named with its place on the disk instead of being sent."""
KINDS = {
    ".html": "text/html", ".json": "application/json", ".jsonl": "application/jsonl", ".md": "text/markdown",
    ".vcd": "text/plain", ".fst": "application/octet-stream",
}  # fmt: skip
_SHOWN = re.compile(r"(run\.json|coverage\.json|report\.html|failures/[\w.-]+/[\w.-]+\.(json|vcd|fst|md))", re.ASCII)


def listed_resources(record: Path | None) -> list[types.Resource]:
    """Return the resources.

    Args:
        record: the folder of the run that has ended; None if there is none, or it may not be shown.
    """
    found = [_resource(SKILL_ADDRESS, "SKILL.md", "text/markdown", "how to verify a design with these tools")]
    return found + [
        _resource(f"{SCHEME}run/{name}", name, KINDS[Path(name).suffix], "of the run that has ended")
        for name in (_files(record) if record else ())
    ]


def read_resource(record: Path | None, address: str) -> types.TextResourceContents | types.BlobResourceContents:
    """Return one of the listed resources; no other address is ever made a path.

    Raises:
        UsageError: it is none of them, or it is too large.
    """
    if address.rstrip("/") == SKILL_ADDRESS:
        return types.TextResourceContents(uri=AnyUrl(address), mimeType="text/markdown", text=skill_text())
    known = {f"{SCHEME}run/{name}": name for name in (_files(record) if record else ())}
    if record is None or address not in known:
        raise UsageError(f"no resource {address[:120]!r}; those of a run are there once it has ended (resources/list)")
    path = record / known[address]
    kind = KINDS[path.suffix]
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path.name} has more than {MOST_BYTES:,} bytes; it is in {path}")
    data = path.read_bytes()
    if kind == "application/octet-stream":
        return types.BlobResourceContents(uri=AnyUrl(address), mimeType=kind, blob=base64.b64encode(data).decode())
    return types.TextResourceContents(uri=AnyUrl(address), mimeType=kind, text=data.decode("utf-8", "replace"))


def _files(record: Path) -> list[str]:
    """Return the files of a record that are shown, as paths below it; nothing that leads out of it."""
    home = record.resolve()
    inside = (path for path in record.rglob("*") if path.is_file() and path.resolve().is_relative_to(home))
    return sorted(name for path in inside if _SHOWN.fullmatch(name := path.relative_to(record).as_posix()))


def _resource(address: str, name: str, kind: str, words: str) -> types.Resource:
    return types.Resource(uri=AnyUrl(address), name=name, mimeType=kind, description=words)
