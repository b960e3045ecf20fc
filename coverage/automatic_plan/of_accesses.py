"""Covergroups of the accesses of a bus: which words are read and written, in which order, how answered, which data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dv_agent.coverage.automatic_plan.of_fields import COARSE, classes
from dv_agent.coverage.automatic_plan.plan_parts import CrossOf, Group, Moves, Point, Values, lengths
from dv_agent.designs.ports.field_spec import FieldSpec
from dv_agent.designs.ports.port import Words
from dv_agent.designs.ports.stream import Stream

_EACH = 32  # so many words are told apart; of more, so many regions
_REGIONS = 8
_STATUS = ("error", "resp")  # fields of an answer that can tell of an error
_EXACT = 61  # bits that constants of a plan can name


def access_groups(
    name: str, words: Words, streams: Sequence[Stream], detail: int, constant: frozenset[str]
) -> Iterator[Group]:
    """Return the accesses of port `name`, and what they write. Args: streams: of the port."""
    answers = [
        spec.signal
        for one in streams
        for field, spec in (one.returns if one.driven else one.fields).items()
        if field in _STATUS
    ]
    yield _accesses(name, words, any(signal not in constant for signal in answers))
    driven = [spec for one in streams if one.driven for field, spec in one.fields.items() if field == "data"]
    if words.writes and driven and driven[0].lanes == 1 and driven[0].width <= _EXACT:
        plain = FieldSpec(signal=driven[0].signal, width=driven[0].width)
        data = Point("data", "data", f"a write of {{value}} on {name}", classes(plain, detail > COARSE))
        yield Group(f"{name}_written", f"access_{name}", f"Values written on {name}", [data], when="write == 1", rank=1)


def _accesses(name: str, words: Words, errors: bool) -> Group:
    kinds: dict[str, Values] = {**({"read": 0} if words.reads else {}), **({"write": 1} if words.writes else {})}
    points = [
        Point("kind", "write", f"a {{bin}} on {name}", kinds),
        Point("word", "addr", f"an access of {name} to {{bin}}", _places(words)),
        Point("again", "same_address", f"two accesses of {name} in a row to the same address: {{bin}}",
              {"no": 0, "yes": 1}),
        Point("gap", "gap", f"{{value}} cycles between two answers on {name}", lengths(0, 4)),
    ]  # fmt: skip
    if errors:
        points.append(Point("answer", "error", f"an answer on {name}: {{bin}}", {"ok": 0, "error": 1}))
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
