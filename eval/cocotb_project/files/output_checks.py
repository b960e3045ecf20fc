"""The checks of a test: what the design did at its pins, against the rules of handshakes and the expected values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_TOLD = 10
Transfer = dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """What was sampled, cycle by cycle, just before the rising edge that ends each cycle.

    Attributes:
        pins: pin -> its level in each cycle; None for X and Z.
        in_reset: for each cycle whether reset was active.
        end: ``drained``, ``deadlock``, or ``cycle_limit`` if the test was cut.
    """

    pins: Mapping[str, Sequence[int | None]]
    in_reset: Sequence[bool]
    end: str


def failed_checks(design: Mapping[str, Any], test: Mapping[str, Any], seen: Recording) -> list[str]:
    """Return what the design did wrong, one line each; none if all checks pass."""
    found: list[str] = []
    for name, stream in design["streams"].items():
        if stream["driven"]:
            continue
        rules = {"stable": _stable, "unknown": _known_payload}
        for rule in (one for one in rules if one not in stream["off"]):
            found += rules[rule](name, stream, seen)
        if "after_reset" not in stream["off"]:
            found += _quiet_after_reset(name, stream, design, seen)
    for pin in design["always_known"]:
        found += _known(pin, seen)
    for name, epochs in test["expected"].items():
        found += _scoreboard(name, design["streams"][name], epochs, seen, test["complete"])
    for pin, runs in test["levels"].items():
        found += _levels(pin, runs, seen)
    found += _ended(test, seen)
    return found


def _transfers(stream: Mapping[str, Any], seen: Recording) -> Iterator[tuple[int, int, Transfer]]:
    """Yield (reset epoch, cycle, fields) of each transfer."""
    valid, ready = seen.pins[stream["valid"]], seen.pins[stream["ready"]] if stream["ready"] else None
    epoch = 0
    for cycle, resetting in enumerate(seen.in_reset):
        epoch += resetting and not (cycle and seen.in_reset[cycle - 1])
        if not resetting and valid[cycle] == 1 and (ready is None or ready[cycle] == 1):
            fields = {name: _field(one, seen.pins[one["pin"]][cycle]) for name, one in stream["fields"].items()}
            if stream["last"]:
                fields["last"] = seen.pins[stream["last"]][cycle]
            yield epoch, cycle, fields


def _field(one: Mapping[str, Any], level: int | None) -> Any:
    """Return the value of a field: a number, or a list of lanes; None for X and Z."""
    if level is None:
        return None
    lanes = [(level >> (place * one["width"])) & ((1 << one["width"]) - 1) for place in range(one["lanes"])]
    if one["signed"]:
        lanes = [lane - (1 << one["width"]) if lane >> (one["width"] - 1) else lane for lane in lanes]
    return lanes if one["lanes"] > 1 else lanes[0]


def _scoreboard(
    name: str, stream: Mapping[str, Any], epochs: Sequence[Sequence[Transfer]], seen: Recording, complete: bool
) -> Iterator[str]:
    """Compare the transfers with the expected ones, in order; before a reset, some of them may be missing.

    With `complete`, all of the last epoch must have come.
    """
    came: dict[int, list[tuple[int, Transfer]]] = {}
    for epoch, cycle, fields in _transfers(stream, seen):
        came.setdefault(epoch, []).append((cycle, fields))
    for epoch in range(max(len(epochs), *(one + 1 for one in came), 1)):
        wanted = epochs[epoch] if epoch < len(epochs) else []
        found = came.get(epoch, [])
        for place, (cycle, fields) in enumerate(found):
            if place >= len(wanted):
                yield f"{name}: transfer {place} in cycle {cycle} is one too many: {fields}"
                break
            wrong = {key for key, value in wanted[place].items() if fields[key] not in (value, None)}
            if wrong:
                yield f"{name}: transfer {place} in cycle {cycle} is {fields}, expected {wanted[place]}"
                break
        if complete and epoch == len(epochs) - 1 and len(found) < len(wanted):
            yield f"{name}: {len(wanted) - len(found)} of {len(wanted)} expected transfers never came"


def _stable(name: str, stream: Mapping[str, Any], seen: Recording) -> Iterator[str]:
    """An offer stays until it is taken."""
    if not stream["ready"]:
        return
    valid, ready = seen.pins[stream["valid"]], seen.pins[stream["ready"]]
    payload = [one["pin"] for one in stream["fields"].values()] + ([stream["last"]] if stream["last"] else [])
    told = 0
    for cycle in range(1, len(seen.in_reset)):
        if seen.in_reset[cycle] or seen.in_reset[cycle - 1] or valid[cycle - 1] != 1 or ready[cycle - 1] == 1:
            continue
        if valid[cycle] == 0 and not stream["may_drop"]:
            yield f"{name}: {stream['valid']} fell in cycle {cycle} before the transfer"
            told += 1
        for pin in payload if valid[cycle] == 1 else ():
            before, now = seen.pins[pin][cycle - 1], seen.pins[pin][cycle]
            if None not in (before, now) and before != now:
                yield f"{name}: {pin} changed in cycle {cycle} before the transfer"
                told += 1
        if told >= MOST_TOLD:
            return


def _known_payload(name: str, stream: Mapping[str, Any], seen: Recording) -> Iterator[str]:
    """A valid payload has no X."""
    pins = [one["pin"] for one in stream["fields"].values()] + ([stream["last"]] if stream["last"] else [])
    for pin in pins:
        levels, valid = seen.pins[pin], seen.pins[stream["valid"]]
        for cycle, level in enumerate(levels):
            if level is None and valid[cycle] == 1 and not seen.in_reset[cycle]:
                yield f"{name}: {pin} is X or Z in cycle {cycle} while {stream['valid']} is high"
                break


def _known(pin: str, seen: Recording) -> Iterator[str]:
    """A handshake or a flag has no X outside of reset."""
    for cycle, level in enumerate(seen.pins[pin]):
        if level is None and not seen.in_reset[cycle]:
            yield f"{pin} is X or Z in cycle {cycle}"
            break


def _quiet_after_reset(
    name: str, stream: Mapping[str, Any], design: Mapping[str, Any], seen: Recording
) -> Iterator[str]:
    """Right after a reset nothing is offered, unless an input of the same cycle may cause it."""
    if not stream["caused"] or not design["reset"]:
        return
    inputs = [one["valid"] for one in design["streams"].values() if one["driven"]]
    for cycle, valid in enumerate(seen.pins[stream["valid"]]):
        first = not seen.in_reset[cycle] and (cycle == 0 or seen.in_reset[cycle - 1])
        driven = any(seen.pins[pin][cycle] == 1 for pin in inputs)
        held = all(seen.pins[pin][cycle] == level for pin, level in design["at_rest"].items())
        if first and valid == 1 and not driven and held:
            yield f"{name}: {stream['valid']} is high in cycle {cycle}, right after reset"
            break


def _levels(pin: str, runs: Sequence[tuple[int, int]], seen: Recording) -> Iterator[str]:
    """An output has the expected level in every cycle; `runs` are (level, cycles)."""
    cycle = 0
    for level, cycles in runs:
        for place in range(cycle, min(cycle + cycles, len(seen.in_reset))):
            if seen.pins[pin][place] != level:
                now = "X or Z" if seen.pins[pin][place] is None else seen.pins[pin][place]
                yield f"{pin} is {now} in cycle {place}, expected {level}"
                return
        cycle += cycles


def _ended(test: Mapping[str, Any], seen: Recording) -> Iterator[str]:
    """The test ends as it did on the design that it was made with: everything is accepted in the end."""
    if seen.end != test["end"]:
        why = "inputs are offered and never accepted" if seen.end == "deadlock" else "it was cut before"
        yield f"the test ended with {seen.end} after {len(seen.in_reset)} cycles, expected {test['end']}: {why}"
