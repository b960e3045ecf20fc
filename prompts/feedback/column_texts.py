"""Definitions of the columns that the shown bins sample, one line each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.holes import families
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Covergroup
from dv_agent.designs.column_words import column_words
from dv_agent.designs.design import Design
from dv_agent.prompts.view import View

_Key = tuple[str, str]
"""Table and name of a column; the table is empty where the plan names none."""
_WORD = re.compile(r"\w+")
_SAME = re.compile(r"^(.*, )?the same\b")
WHEN = "cycle"
"""The column of a table that tells when its rows are sampled; a plan may say what happens then (``table.cycle``)."""


@dataclass(frozen=True, slots=True)
class ColumnText:
    """A column, and what it means."""

    name: str
    meaning: str


def column_texts(view: View) -> tuple[ColumnText, ...]:
    """Return the columns of all families with holes that have a definition.

    They stand in the order of the plan's ``columns``, whose words may speak of the line before; those of the tool
    follow in the order of first use. A column whose name has another meaning in a second table stands under
    ``table.column``, for each of them. Columns that the words of another one need are told with it.
    """
    open_items = {(one.covergroup, one.item) for one in families(view.plan, view.holes)}
    found: dict[tuple[str, str], str] = {}
    for group in view.plan.covergroups:
        items = {item for of, item in open_items if of == group.name}
        for name in (*([WHEN] if items else ()), *_columns(group, items)):
            meaning = column_meaning(view.plan, view.design, group.on, name)
            if meaning:
                found.setdefault((group.on, name), meaning)
    found |= _terms(view.plan, found)
    meanings: dict[str, set[str]] = {}
    for (_, name), meaning in found.items():
        meanings.setdefault(name, set()).add(meaning)
    order = {name: place for place, name in enumerate(view.plan.columns)}
    planned = sorted(found, key=lambda key: order.get(f"{key[0]}.{key[1]}", order.get(key[1], len(order))))
    told = {
        f"{table}.{name}" if table and (len(meanings[name]) > 1 or name == WHEN) else name: found[table, name]
        for table, name in planned
    }
    return tuple(ColumnText(name, meaning) for name, meaning in told.items())


def meanings_of(plan: Plan, design: Design, table: str, names: Iterable[str]) -> dict[str, str]:
    """Return what columns of one table mean; where words say "the same", the column before is told too."""
    places = {key: place for place, key in enumerate(plan.columns)}
    found: dict[str, str] = {}
    new = list(names)
    while new:
        name = new.pop()
        found[name] = column_meaning(plan, design, table, name)
        place = places.get(f"{table}.{name}", places.get(name, 0))
        before = _key(list(places)[place - 1])[1] if place and _SAME.search(found[name]) else name
        new += [] if before in found else [before]
    return {name: meaning for name, meaning in found.items() if meaning}


def _terms(plan: Plan, told: Mapping[_Key, str]) -> dict[_Key, str]:
    """Return further columns of the plan that the words of told ones need.

    These are the columns that they name, and of words such as "the same of ..." the column before.
    """
    places = {_key(name): place for place, name in enumerate(plan.columns)}
    known = [(key, plan.columns[name]) for name, key in zip(plan.columns, places, strict=True)]
    names = {name for _, name in told}
    found: dict[_Key, str] = {}
    new = dict(told)
    while new:
        used = {word for words in new.values() for word in _WORD.findall(words)}
        alike = {
            place - 1
            for (table, name), words in new.items()
            if _SAME.search(words) and (place := places.get((table, name), places.get(("", name), 0)))
        }
        wanted = [
            (key, words)
            for place, (key, words) in enumerate(known)
            if (key[1] not in names and (key[1] in used or place in alike)) or {*key} <= used
        ]
        new = {key: words for key, words in wanted if key not in found and key[1] != WHEN}
        found |= new
    return found


def _key(name: str) -> _Key:
    table, _, column = name.rpartition(".")
    return table, column


def column_meaning(plan: Plan, design: Design, table: str, name: str) -> str:
    """Return the definition of a column: that of the plan, else that of the tool; empty if there is none."""
    own = plan.columns.get(f"{table}.{name}") or plan.columns.get(name)
    return own or column_words(design, table, name)


def _columns(group: Covergroup, items: set[str]) -> Iterator[str]:
    if group.name == CODE or not items:
        return
    crossed = {name for cross in group.crosses if cross.name in items for name in cross.of}
    texts = [group.when] if group.when else []
    texts += [point.of for point in group.coverpoints if point.name in items or point.name in crossed]
    for text in texts:
        yield from sorted(text.names())
