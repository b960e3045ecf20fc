"""The lines of a turns.jsonl as JSON texts, unpacked, as every reader of records sees them."""

from pathlib import Path

from dv_agent.agents.records.reader import RecordLines


def turn_lines(path: Path) -> list[str]:
    """Return every complete line without its end."""
    return [line.decode().rstrip("\n") for _, _, line in RecordLines(path)]
