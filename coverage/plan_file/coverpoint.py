"""Reading one coverpoint of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from dv_agent.coverage.plan_file.bins import Draft, auto_bins, listed_bins, transition_bins
from dv_agent.coverage.plan_file.cursor import Cursor
from dv_agent.coverage.plan_file.options import OPTION_KEYS, Options, check_bin_name, read_options, read_tiers, resolve
from dv_agent.coverage.plan_file.reasons import REASON_KEYS, WHY, read_reason
from dv_agent.coverage.plan_file.value_sets import read_expression, read_sequence, read_values
from dv_agent.coverage.structure import Bin, Coverpoint, Excluded, Kind
from dv_agent.coverage.values import ValueSet, union

_KEYS = (*OPTION_KEYS, "name", "of", "bins", "auto", "transitions", "tiers", "ignore", "illegal", "hidden", "words")


@dataclass(frozen=True, slots=True)
class _Frame:
    """The data of a coverpoint that each of its bins needs."""

    group: str
    name: str
    kind: Kind
    of: str
    options: Options


def read_coverpoint(cursor: Cursor, group: str, outer: Options) -> Coverpoint:
    """Read the coverpoint at `cursor` of the covergroup called `group`.

    Raises:
        InputFileError: anything that the format in coverage/README.md does not allow.
    """
    cursor.fields(_KEYS, ("name", "of"))
    kind: Kind = "value" if cursor.get("transitions") is None else "transition"
    name, of, options = cursor.at("name").identifier(), read_expression(cursor.at("of")), read_options(cursor, outer)
    frame = _Frame(group, name, kind, of.text, options)
    ignored = _read_excluded(cursor.get("ignore"), frame, REASON_KEYS)
    illegal = _read_excluded(cursor.get("illegal"), frame, (WHY,))
    drafts = _separate(_read_drafts(cursor, kind), kind, ignored, illegal)
    if not drafts:
        raise cursor.error(f"coverpoint {name!r} has no bins; give `bins`, `auto` or `transitions`")
    _check_names(cursor, drafts, ignored + illegal)
    words = _read_words(cursor.get("words"), drafts)
    bins = tuple(_make_bin(draft, frame, words.get(draft.name, "")) for draft in _with_tiers(cursor, drafts))
    hidden = cursor.get("hidden")
    return Coverpoint(
        name=name, kind=kind, of=of, line=cursor.at("of").line, weight=options.weight,
        hidden=hidden is not None and hidden.flag(), description=options.description,
        bins=bins, ignored=tuple(one for _, one in ignored), illegal=tuple(one for _, one in illegal),
    )  # fmt: skip


def _read_drafts(cursor: Cursor, kind: Kind) -> list[Draft]:
    listed, auto = cursor.get("bins"), cursor.get("auto")
    if kind == "value":
        return ([] if listed is None else listed_bins(listed)) + ([] if auto is None else auto_bins(auto))
    for other in (listed, auto):
        if other is not None:
            raise other.error("a coverpoint holds either transitions or bins of values")
    return transition_bins(cursor.at("transitions"))


def _read_excluded(cursor: Cursor | None, frame: _Frame, also: tuple[str, ...]) -> list[tuple[Cursor, Excluded]]:
    result = []
    for name, entry in [] if cursor is None else cursor.entries():
        values: tuple[ValueSet, ...]
        if frame.kind == "transition":
            entry.fields(("sequence", *also), ("sequence",))
            values = read_sequence(entry.at("sequence"))
        elif isinstance(entry.data, dict):
            values = (read_values(entry, also),)
        else:
            raise entry.wrong("{values: [...], why: ...}")
        reason = read_reason(entry, f"{name}: missing key 'why'; say why these values are kept out")
        whole = f"{frame.group}.{frame.name}.{check_bin_name(entry, name)}"
        result.append((entry, replace(reason, id=whole, values=values)))
    return result


def _separate(
    drafts: list[Draft], kind: Kind, ignored: list[tuple[Cursor, Excluded]], illegal: list[tuple[Cursor, Excluded]]
) -> list[Draft]:
    """Remove ignored and illegal values from the bins; the remaining bins must not overlap."""
    if kind == "transition":
        _check_sequences(drafts, ignored + illegal)
        return drafts
    _check_overlap([(one.id.split(".", 2)[2], one.values[0], entry) for entry, one in illegal])
    out = union(one.values[0] for _, one in ignored + illegal)
    kept = []
    for draft in drafts:
        rest = draft.values[0].minus(out)
        if rest.ranges:
            kept.append(replace(draft, values=(rest,)))
        elif not draft.automatic:
            raise draft.cursor.error(f"bin {draft.name!r}: all its values are ignored or illegal; remove the bin")
    _check_overlap([(draft.name, draft.values[0], draft.cursor) for draft in kept])
    return kept


def _check_overlap(sets: list[tuple[str, ValueSet, Cursor]]) -> None:
    order = sorted((low, high, index) for index, (_, values, _) in enumerate(sets) for low, high in values.ranges)
    for (_, high, one), (low, _, two) in pairwise(order):
        if low <= high:
            earlier, later = sorted((one, two))
            message = f"bins {sets[earlier][0]!r} and {sets[later][0]!r} overlap: both hold {low}"
            raise sets[later][2].error(message)


def _check_sequences(drafts: list[Draft], excluded: list[tuple[Cursor, Excluded]]) -> None:
    """Raise if a transition is both a bin and excluded, because one of the two would be wrong."""
    for entry, one in excluded:
        for draft in drafts:
            same_length = len(draft.values) == len(one.values)
            pairs = zip(draft.values, one.values, strict=False)
            if same_length and all(a.common(b) is not None for a, b in pairs):
                raise entry.error(f"{one.id.split('.', 2)[2]!r} overlaps the transition bin {draft.name!r}")


def _check_names(cursor: Cursor, drafts: list[Draft], excluded: list[tuple[Cursor, Excluded]]) -> None:
    names: set[str] = set()
    places = [(draft.name, draft.cursor) for draft in drafts]
    for name, place in places + [(one.id.split(".", 2)[2], entry) for entry, one in excluded]:
        if name in names:
            raise place.error(f"duplicate bin name {name!r} in coverpoint {cursor.data['name']!r}")
        names.add(name)


def _with_tiers(cursor: Cursor, drafts: list[Draft]) -> list[Draft]:
    names = {draft.name: draft for draft in drafts}

    def match(entry: Cursor) -> list[str]:
        name = entry.word()
        if name not in names:
            raise entry.unknown("bin", name, names)
        if names[name].tier is not None:
            raise entry.error(f"tiers: bin {name!r} already says its own tier")
        return [name]

    auto = cursor.get("auto")
    inner = read_tiers(None if auto is None else auto.get("tiers"), match)
    outer = read_tiers(cursor.get("tiers"), match)
    for name in inner.keys() & outer.keys():
        raise cursor.at("tiers").error(f"tiers: bin {name!r} stands in both lists of tiers")
    tiers = inner | outer
    return [replace(draft, tier=tiers.get(draft.name, draft.tier)) for draft in drafts]


def _read_words(cursor: Cursor | None, drafts: list[Draft]) -> dict[str, str]:
    """Read ``words:``, what stands for the names of bins in descriptions."""
    names = [draft.name for draft in drafts]
    result = {}
    for name, entry in [] if cursor is None else cursor.entries():
        if name not in names:
            raise entry.unknown("bin", str(name), names)
        result[name] = entry.text()
    return result


def _make_bin(draft: Draft, frame: _Frame, called: str) -> Bin:
    value = " then ".join(str(part) for part in draft.values)
    words = {"bin": called or draft.name, "value": value}
    template = draft.description or frame.options.description
    return Bin(
        id=f"{frame.group}.{frame.name}.{draft.name}",
        covergroup=frame.group,
        item=frame.name,
        name=draft.name,
        kind=frame.kind,
        tier=draft.tier or frame.options.tier,
        description=resolve(draft.cursor, template, words) if template else f"{frame.of} = {value}",
        at_least=draft.at_least or frame.options.at_least,
        weight=frame.options.weight,
        values=draft.values,
        words=called,
    )
