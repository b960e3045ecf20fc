"""The stimulus schema of a design: its keywords, its limits, and the distributions of random stimulus.

Read from ``designs/<name>/stimulus.yaml``. A profile gives the distributions of one random block;
the random agent, the random blocks that a model writes, and every measurement use the same
profiles, so that "random" always means the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from pydantic import Field

from dv_agent.designs.design import Design
from dv_agent.designs.files.documents import Document
from dv_agent.designs.frozen import Frozen, Identifier
from dv_agent.designs.language.distribution import (
    Distribution,
    DistributionError,
    Drawn,
    Walk,
    parse_distribution,
    parse_drawn,
)
from dv_agent.designs.language.stimulus import Location, StimulusError
from dv_agent.designs.language.values import one_of
from dv_agent.designs.plain_numbers.number_form import NumberForm
from dv_agent.designs.ports.grammar import Grammar, RandomOp, Timing, Word
from dv_agent.designs.program import RESET_TRACK
from dv_agent.errors import InputFileError, UnknownNameError, all_faults

MAX_WAIT = 100_000
WIDE = 12  # bits from which on uniform neighbours are hardly ever near
MOST_FIELD = 1 << 31  # of a field of a transaction
STEP_WORDS = ("after", "at", "random", "repeat", "for")
NO_PROFILE = "none"  # value in `use`: leave the track out of the test
RESET = Grammar(
    counts="pulses",
    timing=(Timing("wait", default=1), Timing("width", least=1, default=1)),
    words=(Word("idle", passive=True), Word("pulse")),
    random=(RandomOp("idle", "wait"), RandomOp("pulse", "width")),
    joined=({"idle": 6}, {"pulse": 1}),
)
"""The grammar of the track ``reset``."""


class Beats(Frozen):
    """Minimum and maximum length of a packet, in beats."""

    min: int = Field(default=1, ge=1)
    max: int = Field(default=1, ge=1, le=65_536)


class Transaction(Frozen):
    """A step of a name of its own that stands for several, with numbers in place of bits: what an engineer asks for.

    Attributes:
        fields: field -> distribution that it is drawn from if a step leaves it out; a step may give what lies within.
        steps: steps of the track, as in a loop; integers may be expressions over the fields.
    """

    description: str = ""
    fields: dict[Identifier, Any] = Field(default_factory=dict)
    steps: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=64)

    def draws(self) -> dict[str, Distribution]:
        """Return the distribution of each field.

        Raises:
            DistributionError: one of them is none.
        """
        return {name: parse_distribution(data, -MOST_FIELD, MOST_FIELD) for name, data in self.fields.items()}


class TrackSchema(Frozen):
    """The schema of one track.

    `profiles` maps a name to distributions by key: ``count``, the timing keys of the
    track's grammar (`Grammar.timing`, in cycles or beats) and the port's fields.
    A key left out falls back to the profile ``default``, then to the full range.
    """

    item: Identifier = "beat"
    description: str = ""
    fields: dict[Identifier, str] = Field(default_factory=dict, description="one line about each field")
    beats: Beats = Beats()
    profiles: dict[Identifier, dict[Identifier, Any]] = Field(default_factory=dict)
    use: dict[Identifier, float] = Field(
        default_factory=dict, description="profile -> weight, as random tests choose; `none` leaves the track silent"
    )
    memory_words: int = Field(default=0, ge=0, le=1 << 20)
    transactions: dict[Identifier, Transaction] = Field(default_factory=dict)


class StimulusSchema(Frozen):
    """The schema of one design: a track for every port that is driven, and ``reset``."""

    schema_version: Literal[1]
    description: str = ""
    tracks: dict[Identifier, TrackSchema]
    numbers: NumberForm | None = Field(default=None, description="stimulus as a plain list of numbers")


def load_schema(document: Document, design: Design) -> StimulusSchema:
    """Validate a stimulus.yaml against its design.

    Raises:
        InputFileError: with file, line and what was expected, for everything that is wrong.
    """
    schema = document.validate(StimulusSchema)
    if fault := all_faults(document.path.parent, _faults(document, design, schema)):
        raise fault
    return schema


def _faults(document: Document, design: Design, schema: StimulusSchema) -> Iterator[InputFileError]:
    driven = {*design.tracks}
    for name, track in schema.tracks.items():
        if name in driven:
            yield from _profile_faults(document, design, name, track)
            yield from _transaction_faults(document, design, name, track)
        else:
            yield document.error(("tracks", name), str(UnknownNameError("track", name, driven)))
    for name in schema.numbers.tracks if schema.numbers else ():
        if name not in driven:
            yield document.error(("numbers", "tracks", name), str(UnknownNameError("track", name, driven)))
    wanted = "every driven port and `reset`" if design.reset else "every driven port"
    for name in sorted(driven - set(schema.tracks)):
        yield document.error(("tracks",), f"no track {name!r}; {wanted} needs one")


def _profile_faults(document: Document, design: Design, name: str, track: TrackSchema) -> Iterator[InputFileError]:
    for profile in track.use:
        if profile not in track.profiles and profile != NO_PROFILE:
            yield document.error(
                ("tracks", name, "use", profile), str(UnknownNameError("profile", profile, track.profiles))
            )
    for profile, entries in track.profiles.items():
        for key, data in entries.items():
            try:
                key_distribution(design, track, name, key, data)
            except (DistributionError, UnknownNameError) as error:
                yield document.error(("tracks", name, "profiles", profile, key), str(error))


def _transaction_faults(document: Document, design: Design, name: str, track: TrackSchema) -> Iterator[InputFileError]:
    grammar = grammar_of(design, name)
    taken = {*STEP_WORDS, *(word.key for word in grammar.words), grammar.item_word(track.item)}
    taken |= {*grammar.item.forms} if grammar.item else set()
    taken |= {"stall"} if grammar.stalls else set()
    for word, one in track.transactions.items():
        place = ("tracks", name, "transactions", word)
        if word in taken:
            yield document.error(place, f"{word!r} is a word of this track already; name the transaction otherwise")
        for field, data in one.fields.items():
            try:
                parse_distribution(data, -MOST_FIELD, MOST_FIELD)
            except DistributionError as error:
                yield document.error((*place, "fields", field), str(error))
        known = sorted({*taken, *track.transactions} - {""})
        for where, reason in _step_faults(one.steps, (*place, "steps"), track, known, grammar):
            yield document.error(where, reason)


def _step_faults(
    steps: Iterable[Any], place: Location, track: TrackSchema, words: Sequence[str], grammar: Grammar
) -> Iterator[tuple[Location, str]]:
    """Yield what is wrong with the kinds of the steps of a transaction, in loops too; values are checked when used."""
    item = grammar.item_word(track.item)
    for index, step in enumerate(steps):
        here = (*place, index)
        try:
            # The options of an item may be keywords of other steps, such as `for`.
            known = isinstance(step, dict) and (item if item in step else grammar.word_of(step))
            kind = known or one_of(step, words, here)
        except StimulusError as error:
            yield error.location, error.reason
            continue
        if kind in track.transactions:
            yield here, f"{kind}: a transaction holds no other one"
        elif kind == "repeat" and not isinstance(step[kind], int):
            yield (*here, kind), f"expected a number, found {str(step[kind])[:40]!r}: sizes are known before expansion"
        if isinstance(inner := step.get("steps"), list):
            yield from _step_faults(inner, (*here, "steps"), track, words, grammar)


def grammar_of(design: Design, name: str) -> Grammar:
    """Return the grammar of a track: of a port, or of ``reset``."""
    return RESET if name == RESET_TRACK else design.grammars[name]


def streams_of_numbers(design: Design, track: TrackSchema, name: str) -> tuple[str, ...]:
    """Return the field of a track that sends one wide number after another, such as addresses; none on others.

    Uniform draws of it are hardly ever near to one another, so a walk reaches what they do not.
    """
    grammar = grammar_of(design, name)
    if not grammar.packets or track.beats.max > 1 or len(grammar.fields) > 1:
        return ()
    return tuple(field for field, spec in grammar.fields.items() if spec.lanes == 1 and spec.width >= WIDE)


def stream_keys(design: Design) -> list[str]:
    """Return the names whose transfers a step may wait for: ports, then the streams of ports that have several."""
    return sorted((one.key for one in design.streams), key=lambda key: "." in key)


def key_range(design: Design, track: TrackSchema, name: str, key: str) -> tuple[int, int]:
    """Return the allowed values of a random block's key on a track.

    Raises:
        UnknownNameError: the track has no such key.
    """
    grammar = grammar_of(design, name)
    if key == "count":
        return 0, design.limits.max_items
    for one in grammar.timing:
        if key == one.key:
            return (track.beats.min, track.beats.max) if one.beats else (one.least, MAX_WAIT)
    if key == "memory" and name in design.memories:
        word = design.memories[name].word
        return word.low, word.high
    if key in grammar.fields:
        return grammar.fields[key].low, grammar.fields[key].high
    keys = ["count", *grammar.timing_keys, *grammar.fields]
    raise UnknownNameError(f"key of a random block on track {name!r}", key, keys)


def key_distribution(design: Design, track: TrackSchema, name: str, key: str, data: Any) -> Drawn:
    """Parse the distribution or walk `data` of a random block's key, checked against the key's range."""
    drawn = parse_drawn(data, *key_range(design, track, name, key))
    if key == "count" and isinstance(drawn, Walk):
        raise DistributionError("a walk is a sequence, but a count is one number")
    return drawn


def default_distribution(design: Design, track: TrackSchema, name: str, profile: str, key: str) -> Drawn:
    """Return the distribution of `key` for random blocks that leave it out."""
    for entries in (track.profiles.get(profile, {}), track.profiles.get("default", {})):
        if key in entries:
            return key_distribution(design, track, name, key, entries[key])
    low, high = key_range(design, track, name, key)
    if key in grammar_of(design, name).defaults:
        return parse_drawn(grammar_of(design, name).defaults[key], low, high)
    timing = next((one for one in grammar_of(design, name).timing if one.key == key and not one.beats), None)
    if key == "count" or timing:
        low = high = timing.default if timing else 1
    return parse_drawn([low, high], low, high)
