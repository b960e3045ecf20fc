"""Reading the bins of a coverpoint: listed, automatic, or transitions."""

from __future__ import annotations

from dataclasses import dataclass

from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.plan_file.options import check_bin_name, read_at_least, read_tier
from dv_agent.coverage.plan_file.value_sets import read_sequence, read_values
from dv_agent.coverage.structure import MAX_BINS, Tier
from dv_agent.coverage.values import ValueSet, range_text, value_set

_BIN_KEYS = ("tier", "at_least", "description")


@dataclass(frozen=True, slots=True)
class Draft:
    """A bin as written in the plan; None for an option that the coverpoint gives.

    Attributes:
        cursor: its place in the file.
        automatic: whether it was made by `auto`, so that it is dropped without an error if all its values are
            excluded (§19.5.5).
    """

    name: str
    values: tuple[ValueSet, ...]
    cursor: Cursor
    automatic: bool = False
    tier: Tier | None = None
    at_least: int | None = None
    description: str = ""


def listed_bins(cursor: Cursor) -> list[Draft]:
    """Read ``bins:``, a mapping of names to values, ranges, sets, or mappings with options."""
    return [_draft(name, (read_values(entry, _BIN_KEYS),), entry) for name, entry in cursor.entries()]


def transition_bins(cursor: Cursor) -> list[Draft]:
    """Read ``transitions:``, a mapping of names to sequences, or to ``{sequence: [...], tier: ...}``."""
    result = []
    for name, entry in cursor.entries():
        if isinstance(entry.data, dict):
            entry.fields(("sequence", *_BIN_KEYS), ("sequence",))
            result.append(_draft(name, read_sequence(entry.at("sequence")), entry))
        else:
            result.append(_draft(name, read_sequence(entry), entry))
    return result


def auto_bins(cursor: Cursor) -> list[Draft]:
    """Read ``auto:``, one bin for each value, or for each `size` consecutive values (§19.5.1, `bins b[] = {...}`)."""
    values = read_values(cursor.fields(("values", "range", "size", "tiers")), ("size", "tiers"))
    size = cursor.get("size")
    step = 1 if size is None else size.integer(1, 1 << 62)
    if size is not None and "range" not in cursor.data:
        raise size.error("auto: `size` needs a `range`")
    # Counted before any bin is made: a range may span 2**63 values.
    count = sum((high - low) // step + 1 for low, high in values.ranges)
    if count > MAX_BINS:
        raise cursor.error(f"auto: {count} bins; a plan holds at most {MAX_BINS}. Set `size` or narrow the range")
    runs = [(a, min(a + step - 1, high)) for low, high in values.ranges for a in range(low, high + 1, step)]
    return [Draft(range_text(*run), (value_set([run]),), cursor, automatic=True) for run in runs]


def _draft(name: str, values: tuple[ValueSet, ...], entry: Cursor) -> Draft:
    check_bin_name(entry, name)
    if not isinstance(entry.data, dict):
        return Draft(name, values, entry)
    description = entry.get("description")
    return Draft(
        name, values, entry,
        tier=read_tier(entry.get("tier")),
        at_least=read_at_least(entry.get("at_least")),
        description="" if description is None else description.text(),
    )  # fmt: skip
