"""Handshakes: pairs of valid and ready by their names and directions, single or in vectors, with their payload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dv_agent.designs.elaboration.interface import PortShape
from dv_agent.designs.recognition.fields import Piece, pieces, slice_of
from dv_agent.designs.recognition.guess import Certainty, Guess, Pool
from dv_agent.designs.recognition.names import CONTROL, PAYLOAD, Hand, bare, hands, identifier, is_last, plain_forms
from dv_agent.designs.text.wording import counted

MOST_COPIES = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """A valid and, if there is one, its ready.

    Attributes:
        hand: the valid as a half of a handshake, by the form of its name that fits.
        form: which form of names it is: 0 as written, 1 without suffix, 2 without suffix and prefix of the direction.
    """

    valid: PortShape
    ready: PortShape | None
    hand: Hand
    form: int

    @property
    def driven(self) -> bool:
        """Whether the testbench drives valid."""
        return self.valid.direction == "input"

    @property
    def count(self) -> int:
        """The number of handshakes in the vector."""
        return self.valid.width


def find_streams(pool: Pool) -> None:
    """Claim the handshakes with a ready, then valids without one that have a payload."""
    pairs = _pairs(pool)
    pool.claim(port.name for pair in pairs for port in (pair.valid, pair.ready) if port)
    pairs += _lonely(pool)
    pool.claim(pair.valid.name for pair in pairs)
    for pair, payload in zip(pairs, _payloads(pool, pairs), strict=True):
        if pair.ready or payload:
            _add(pool, pair, payload)
        else:
            pool.free[pair.valid.name] = pair.valid
    pool.free = {one.name: one for one in pool.top.ports if one.name in pool.free}  # in their order again


def _pairs(pool: Pool) -> list[Pair]:
    """Pair valid and ready: first by the names as written, then without what tells the direction."""
    found: list[Pair] = []
    used: set[str] = set()
    for form in range(3):
        halves = [(port, hand) for port in _candidates(pool) if port.name not in used for hand in _hands(port, form)]
        for port, hand in halves:
            if hand.word != "valid" or port.name in used:
                continue
            for other, half in halves:
                if other.name not in used and _belong(port, hand, other, half):
                    if _is_four_phase(pool, port, hand, half, form):
                        continue
                    found.append(Pair(port, other, hand, form))
                    used |= {port.name, other.name}
                    break
    order = list(pool.free)
    return sorted(found, key=lambda pair: order.index(pair.valid.name))


def _candidates(pool: Pool) -> Iterator[PortShape]:
    for port in pool.free.values():
        if port.direction in ("input", "output") and not port.unpacked and 1 <= port.width <= MOST_COPIES:
            yield port


def _hands(port: PortShape, form: int) -> Iterator[Hand]:
    forms = plain_forms(port.name, port.direction == "input")
    if form < len(forms):
        yield from hands(forms[form])


def _belong(port: PortShape, hand: Hand, other: PortShape, half: Hand) -> bool:
    return (
        half.word == "ready" and half.stem == hand.stem and other.direction != port.direction
        and other.width == port.width and _same_family(hand, half)
    )  # fmt: skip


def _same_family(hand: Hand, half: Hand) -> bool:
    return (hand.spelled in ("req", "request")) == (half.spelled in ("gnt", "grant", "ack"))


def _is_four_phase(pool: Pool, port: PortShape, hand: Hand, half: Hand, form: int) -> bool:
    """Return whether req and ack carry nothing: then ack may well answer later, or stay until req falls."""
    if half.spelled != "ack":
        return False
    return not any(
        one.direction == port.direction and one.name != port.name and hand.before
        and plain_forms(one.name, one.direction == "input")[min(form, 1) :][0].startswith(hand.before)
        for one in pool.free.values()
    )  # fmt: skip


def _lonely(pool: Pool) -> list[Pair]:
    """Return the valids that have no ready."""
    found = []
    for port in _candidates(pool):
        name = bare(port.name, port.direction == "input")
        for hand in hands(name):
            if hand.word == "valid" and hand.spelled in ("valid", "vld"):
                found.append(Pair(port, None, hand, 2))
                break
    return found


def _payloads(pool: Pool, pairs: list[Pair]) -> list[list[PortShape]]:
    """Return the payload of each pair: the free ports of its direction with its prefix, the longest prefix winning."""
    found: list[list[PortShape]] = [[] for _ in pairs]
    for port in list(pool.free.values()):
        if port.direction not in ("input", "output") or not port.width:
            continue
        fits = [(_fit(pair, port, pairs), place) for place, pair in enumerate(pairs)]
        best, place = max(fits, default=(0, 0), key=lambda one: (one[0], -one[1]))
        if best:
            found[place].append(port)
    for own in found:
        pool.claim(port.name for port in own)
    return found


def _fit(pair: Pair, port: PortShape, pairs: list[Pair]) -> int:
    """Return how well a port fits as payload: 0 not at all, else 1 and the length of the common prefix."""
    if port.direction != pair.valid.direction or (port.width == 1 and CONTROL.search(port.name.lower())):
        return 0
    forms = plain_forms(port.name, port.direction == "input")
    before, after = pair.hand.stem
    names = forms[pair.form :] or forms[-1:]
    if before or after.strip("_"):
        for name in names:
            if name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
                return 1 + len(before) + len(after)
            if name == _whole(pair):
                return 1 + len(before) + len(after)
        return 0
    alone = sum(one.driven == pair.driven and not any(one.hand.stem) for one in pairs) == 1
    return 1 if alone and any(PAYLOAD.match(name) for name in names) else 0


def _whole(pair: Pair) -> str:
    """Return the stream's name itself, as a payload may have it: ``px`` of ``px_valid``."""
    before, after = pair.hand.stem
    return before.rstrip("_") + after


def _add(pool: Pool, pair: Pair, payload: list[PortShape]) -> None:
    count = pair.count
    if count > 1 and (whole := _copied(pair, payload)):
        pool.add(Guess(_name(pair), whole, *_reason(pair, payload)), ())
        return
    shared = [port for port in payload if count > 1 and not _divides(port, count)]
    kept = [port for port in payload if port not in shared]
    if pair.driven:  # every bit of an input has one driver only
        pool.free |= {port.name: port for port in shared}
    for index in range(count):
        last, fields = _fields(pair, kept, index)
        if not pair.driven:
            for port in shared:
                fields |= {piece.name: piece.data() for piece in pieces(port, _rest(pair, port))}
        value: dict[str, Any] = {"kind": "source" if pair.driven else "sink", "valid": _bit(pair.valid, index)}
        value |= {"ready": _bit(pair.ready, index)} if pair.ready else {}
        value |= {"last": last} if last else {}
        name = _name(pair) + (str(index) if count > 1 else "")
        reason, certainty = _reason(pair, kept)
        pool.add(Guess(name, {**value, "fields": fields}, reason, certainty), ())


def _copied(pair: Pair, payload: list[PortShape]) -> dict[str, Any] | None:
    """Return one port with a count, if every payload is cut in equal parts that one field can hold."""
    if not all(_divides(port, pair.count) for port in payload):
        return None
    value: dict[str, Any] = {"kind": "source" if pair.driven else "sink", "count": pair.count}
    value |= {"valid": pair.valid.name, "ready": pair.ready.name} if pair.ready else {"valid": pair.valid.name}
    fields: dict[str, Any] = {}
    for port in payload:
        rest = _rest(pair, port)
        if "last" not in value and is_last(rest) and port.width == pair.count and not port.unpacked:
            value["last"] = port.name
            continue
        parts = list(_parts(pair, port, rest, 0))
        if len(parts) != 1 or (port.unpacked and not parts[0].whole) or rest in fields:
            return None
        fields[rest] = {**parts[0].data(), "signal": f"{port.name}{{}}" if port.unpacked else port.name}
    return {**value, "fields": fields}


def _divides(port: PortShape, count: int) -> bool:
    if port.unpacked:
        return len(port.unpacked) == 1 and abs(port.unpacked[0][0] - port.unpacked[0][1]) + 1 == count
    return port.width % count == 0


def _fields(pair: Pair, payload: list[PortShape], index: int) -> tuple[str, dict[str, Any]]:
    last, fields = "", {}
    for port in payload:
        rest = _rest(pair, port)
        if not last and is_last(rest) and port.width == pair.count and not port.unpacked:
            last = _bit(port, index)
            continue
        for piece in _parts(pair, port, rest, index):
            name = next(n for n in (piece.name, *(f"{piece.name}_{k}" for k in range(2, 999))) if n not in fields)
            fields[name] = piece.data()
    return last, fields


def _parts(pair: Pair, port: PortShape, name: str, index: int) -> Iterator[Piece]:
    if pair.count == 1:
        yield from pieces(port, name)
    elif port.unpacked:
        size = abs(port.unpacked[0][0] - port.unpacked[0][1]) + 1
        plain = port.model_copy(update={"unpacked": (), "name": f"{port.name}{{{index}}}"})
        if size == pair.count:
            yield from pieces(plain, name)
    else:
        yield from slice_of(port, name, index, pair.count)


def _bit(port: PortShape, index: int) -> str:
    return port.name if port.width == 1 else f"{port.name}[{index}]"


def _rest(pair: Pair, port: PortShape) -> str:
    """Return the name of a payload port without the stream's prefix."""
    forms = plain_forms(port.name, port.direction == "input")
    before, after = pair.hand.stem
    for name in (*forms[pair.form :], *forms):
        if name == _whole(pair):
            return "data"
        if name.startswith(before) and name.endswith(after):
            return identifier(name[len(before) : len(name) - len(after)], "data")
    return identifier(port.name, "data")


def _name(pair: Pair) -> str:
    before, after = pair.hand.stem
    stem = before[:-1] if before.endswith("t") and (before == "t" or before.endswith("_t")) else before
    return identifier(f"{stem}_{after}", "in" if pair.driven else "out")


def _reason(pair: Pair, payload: list[PortShape]) -> tuple[str, Certainty]:
    what = "AXI-Stream" if pair.hand.before.endswith("t") and pair.hand.spelled == "valid" else "a handshake"
    names = f"{pair.valid.name} and {pair.ready.name}" if pair.ready else f"{pair.valid.name}, without a ready"
    many = f", {counted(pair.count, 'handshake')} in one vector" if pair.count > 1 else ""
    own = ", ".join(port.name for port in payload[:4]) + (", ..." if len(payload) > 4 else "")
    carries = f"; payload by the same prefix: {own}" if payload and pair.hand.before else ""
    carries = carries or (f"; payload by usual names: {own}" if payload else "; without payload")
    usual = pair.ready is not None and pair.hand.spelled in ("valid", "vld") and (pair.hand.before or not payload)
    return f"{what} by name: {names}{many}{carries}", "likely" if usual else "guess"
