"""Covergroup of the accesses of a bus: which words are read and written, in which order, with which data."""

from __future__ import annotations

from dv_agent.coverage.automatic_plan.plan_parts import CrossOf, Group, Moves, Point, Values
from dv_agent.designs.ports.port import Words

_EACH = 32  # so many words are told apart; of more, so many regions
_REGIONS = 8


def access_group(name: str, words: Words) -> Group:
    """Return the accesses of port `name`."""
    kinds: dict[str, Values] = {**({"read": 0} if words.reads else {}), **({"write": 1} if words.writes else {})}
    points = [
        Point("kind", "write", f"a {{bin}} on {name}", kinds),
        Point("word", "addr", f"an access of {name} to {{bin}}", _places(words)),
        Point("again", "same_address", f"two accesses of {name} in a row to the same address: {{bin}}",
              {"no": 0, "yes": 1}),
    ]  # fmt: skip
    if len(kinds) == 2:
        order: dict[str, Moves] = {
            f"{one}_{other}": [[value], [then]] for one, value in kinds.items() for other, then in kinds.items()
            if isinstance(value, int) and isinstance(then, int)
        }  # fmt: skip
        points.append(Point("order", "write", f"two accesses of {name} in a row: {{bin}}", order))
    crosses = [CrossOf("kind_and_word", ("kind", "word"), f"a {{kind}} of {{word}} on {name}")]
    return Group(f"{name}_accesses", f"access_{name}", f"Accesses of {name}", points, crosses)


def _places(words: Words) -> dict[str, Values]:
    """Return a bin for each word, or for each of some regions, and the ends of all."""
    count = (words.last - words.first) // words.step + 1
    size = 1 if count <= _EACH else -(-count // _REGIONS)
    found: dict[str, Values] = {}
    for place in range(0, count, size):
        low = words.first + place * words.step
        high = min(low + size * words.step, words.last + words.step) - 1
        found[f"x{low:x}" if size == 1 else f"x{low:x}_to_x{high:x}"] = low if low == high else (low, high)
    return found
