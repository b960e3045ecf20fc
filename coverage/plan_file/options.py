"""Reading the common options of covergroups, coverpoints, crosses and bins: tier, at_least, weight, description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.structure import TIERS, Tier

MAX_WEIGHT = 1_000_000
OPTION_KEYS = ("description", "tier", "at_least", "weight")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_BIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Options:
    """The options at one level; tier and at_least are inherited by lower levels, weight and description are not."""

    tier: Tier = "easy"
    at_least: int = 1
    weight: int = 1
    description: str = ""


def read_options(cursor: Cursor, outer: Options) -> Options:
    """Return the options written at `cursor`, which override the inherited ones."""
    weight = cursor.get("weight")
    description = cursor.get("description")
    return Options(
        tier=read_tier(cursor.get("tier")) or outer.tier,
        at_least=read_at_least(cursor.get("at_least")) or outer.at_least,
        weight=1 if weight is None else weight.integer(0, MAX_WEIGHT),
        description="" if description is None else description.text(),
    )


def read_at_least(cursor: Cursor | None) -> int | None:
    """Return a positive count, or None if it is absent."""
    return None if cursor is None else cursor.integer(1, 1_000_000_000)


def read_tier(cursor: Cursor | None) -> Tier | None:
    """Return a tier, or None if it is absent."""
    if cursor is None:
        return None
    return find_tier(cursor, cursor.word())


def find_tier(cursor: Cursor, name: str) -> Tier:
    """Return the tier called `name`; `cursor` is the place of that name, for errors."""
    for tier in TIERS:
        if tier == name:
            return tier
    raise cursor.unknown("tier", name, TIERS)


def read_tiers(cursor: Cursor | None, match: Callable[[Cursor], Iterable[str]]) -> dict[str, Tier]:
    """Return ``{hard: [entry, ...]}`` as bin name -> tier; `match` returns the bin names that an entry selects."""
    result: dict[str, Tier] = {}
    for name, entries in [] if cursor is None else cursor.entries():
        tier = find_tier(entries, name)
        for entry in entries.items():
            for bin_name in match(entry):
                if result.setdefault(bin_name, tier) != tier:
                    raise entry.error(f"tiers: bin {bin_name!r} is already {result[bin_name]}")
    return result


def check_bin_name(cursor: Cursor, name: str) -> str:
    """Return `name`, if it can be part of a bin id."""
    if not _BIN_NAME.fullmatch(name):
        raise cursor.error(f"bin name {name!r}: expected up to 64 letters, digits, '_', '-' and '.'")
    return name


def resolve(cursor: Cursor, template: str, words: Mapping[str, str]) -> str:
    """Return `template` with each ``{word}`` replaced."""

    def replace(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise cursor.unknown("placeholder", match[1], words)
        return words[match[1]]

    return _PLACEHOLDER.sub(replace, template)
