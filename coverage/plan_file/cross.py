"""Reading one cross of a plan (IEEE 1800-2017 §19.6)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.plan_file.options import OPTION_KEYS, Options, read_options, read_tiers, resolve
from dv_agent.coverage.plan_file.reasons import REASON_KEYS, read_reason
from dv_agent.coverage.structure import MAX_BINS, Bin, Coverpoint, Cross, Excluded, Tier

MAX_PARTS = 8
_KEYS = (*OPTION_KEYS, "name", "of", "tiers", "ignore", "only")


@dataclass(frozen=True, slots=True)
class _Grid:
    """All combinations of the bins of the crossed coverpoints; axis p runs over the bins of part p.

    Attributes:
        reason: int64[bins of part 0, ...]: `_KEPT`, `_OUTSIDE`, or the number of the ignore rule that matched.
    """

    parts: tuple[Coverpoint, ...]
    reason: NDArray[np.int64]

    def names(self, place: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(part.bins[index].name for part, index in zip(self.parts, place, strict=True))

    def places(self, mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
        return [tuple(place) for place in np.argwhere(mask).tolist()]


_KEPT, _OUTSIDE = -1, -2


def read_cross(cursor: Cursor, group: str, outer: Options, points: Mapping[str, Coverpoint]) -> Cross:
    """Read the cross at `cursor`; `points` are the coverpoints of its covergroup.

    Raises:
        InputFileError: anything that the format in coverage/README.md does not allow.
    """
    cursor.fields(_KEYS, ("name", "of"))
    name, options = cursor.at("name").identifier(), read_options(cursor, outer)
    grid = _read_grid(cursor, _read_parts(cursor.at("of"), points))
    reasons = _exclude(cursor, grid)
    kept = grid.places(grid.reason == _KEPT)
    if not kept:
        raise cursor.error(f"cross {name!r} has no bins left")
    tiers = read_tiers(cursor.get("tiers"), lambda entry: _cited(entry, grid))
    bins = tuple(_make_bin(cursor, group, name, options, grid, place, tiers) for place in kept)
    ignored = tuple(
        replace(reasons[int(grid.reason[place])], id=f"{group}.{name}.{'+'.join(grid.names(place))}")
        for place in grid.places(grid.reason >= 0)
    )
    return Cross(name, tuple(part.name for part in grid.parts), options.weight, options.description, bins, ignored)


def _read_parts(cursor: Cursor, points: Mapping[str, Coverpoint]) -> tuple[Coverpoint, ...]:
    parts: list[Coverpoint] = []
    for entry in cursor.items():
        name = entry.word()
        if name not in points:
            raise entry.unknown("coverpoint", name, points)
        if points[name].kind == "transition":
            raise entry.error(f"coverpoint {name!r} holds transitions; a cross takes coverpoints of values")
        if points[name] in parts:
            raise entry.error(f"coverpoint {name!r} is crossed with itself")
        parts.append(points[name])
    if not 2 <= len(parts) <= MAX_PARTS:
        raise cursor.error(f"a cross has 2 to {MAX_PARTS} coverpoints, this has {len(parts)}")
    return tuple(parts)


def _read_grid(cursor: Cursor, parts: tuple[Coverpoint, ...]) -> _Grid:
    shape = tuple(len(part.bins) for part in parts)
    if math.prod(shape) > MAX_BINS:
        sizes = " x ".join(str(size) for size in shape)
        raise cursor.error(f"cross of {sizes} = {math.prod(shape)} bins; a plan holds at most {MAX_BINS}")
    return _Grid(parts, np.full(shape, _KEPT, dtype=np.int64))


def _exclude(cursor: Cursor, grid: _Grid) -> list[Excluded]:
    """Apply `only` and `ignore` to the grid; return what each ignore rule says, without an id."""
    only, ignore = cursor.get("only"), cursor.get("ignore")
    if only is not None:
        grid.reason[...] = _OUTSIDE
        for entry in only.items():
            grid.reason[_select(entry, grid)] = _KEPT
    reasons: list[Excluded] = []
    for entry in [] if ignore is None else ignore.items():
        entry.fields(("when", *REASON_KEYS), ("when",))
        reason = read_reason(entry, "ignore: missing key 'why'; say why these combinations are kept out")
        place = _select(entry.at("when"), grid)
        block = grid.reason[place]
        grid.reason[place] = np.where(block == _KEPT, len(reasons), block)
        reasons.append(reason)
    return reasons


def _select(cursor: Cursor, grid: _Grid) -> tuple[NDArray[np.int64], ...]:
    """Return ``{sat0: high, sat1: [low, mid]}`` as an open mesh over the grid; a part left out means all its bins."""
    by_name = {part.name: part for part in grid.parts}
    chosen: dict[str, list[int]] = {}
    for name, entry in cursor.entries():
        if name not in by_name:
            raise entry.unknown("coverpoint of this cross", name, by_name)
        cited = entry.items() if isinstance(entry.data, list) else [entry]
        chosen[name] = [_bin_number(word, by_name[name]) for word in cited]
    axes = [chosen.get(part.name, list(range(len(part.bins)))) for part in grid.parts]
    return np.ix_(*[np.array(axis, dtype=np.int64) for axis in axes])


def _bin_number(cursor: Cursor, point: Coverpoint) -> int:
    names = [one.name for one in point.bins]
    name = cursor.word()
    if name not in names:
        raise cursor.unknown(f"bin of {point.name}", name, names)
    return names.index(name)


def _cited(cursor: Cursor, grid: _Grid) -> list[str]:
    """Return the kept bins that an entry of `tiers` selects: ``a x b``, ``a+b``, or a mapping as in `ignore`."""
    if isinstance(cursor.data, dict):
        mask = np.zeros(grid.reason.shape, dtype=np.bool_)
        mask[_select(cursor, grid)] = True
        found = ["+".join(grid.names(place)) for place in grid.places(mask & (grid.reason == _KEPT))]
        if not found:
            raise cursor.error("tiers: no bin of this cross matches")
        return found
    members = [part.strip() for part in cursor.word().replace(" x ", "+").split("+")]
    numbers = [{one.name: index for index, one in enumerate(part.bins)} for part in grid.parts]
    found_all = len(members) == len(numbers) and all(m in known for m, known in zip(members, numbers, strict=True))
    if found_all and grid.reason[tuple(known[m] for m, known in zip(members, numbers, strict=True))] == _KEPT:
        return ["+".join(members)]
    kept = ["+".join(grid.names(place)) for place in grid.places(grid.reason == _KEPT)]
    raise cursor.unknown("bin of this cross", "+".join(members), kept)


def _make_bin(
    cursor: Cursor, group: str, item: str, options: Options, grid: _Grid, place: tuple[int, ...],
    tiers: Mapping[str, Tier],
) -> Bin:  # fmt: skip
    members = grid.names(place)
    parts = [(part.name, part.bins[index]) for part, index in zip(grid.parts, place, strict=True)]
    value = " and ".join(f"{point} = {one.values[0]}" for point, one in parts)
    words = {"bin": " x ".join(members), "value": value, **{point: one.words or one.name for point, one in parts}}
    name = "+".join(members)
    return Bin(
        id=f"{group}.{item}.{name}",
        covergroup=group,
        item=item,
        name=name,
        kind="cross",
        tier=tiers.get(name, options.tier),
        description=resolve(cursor, options.description, words) if options.description else value,
        at_least=options.at_least,
        weight=options.weight,
        members=members,
    )
