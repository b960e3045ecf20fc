"""What a prompt says about stimulus as plain numbers: the numbers of an item, their ranges, and the form of a reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.plain_numbers.default_form import form_of
from dv_agent.designs.plain_numbers.number_form import NumberForm
from dv_agent.designs.plain_numbers.read_numbers import MAX_ITEMS

WIDE = 1 << 31
"""Where words of 32 bits are asked for, hexadecimal is the usual way to write them."""


@dataclass(frozen=True, slots=True)
class NumberField:
    """One number of an item: `allowed` is its range, or the words that it may be; `meaning` is the schema's."""

    name: str
    allowed: str
    meaning: str


@dataclass(frozen=True, slots=True)
class NumberText:
    """How stimulus is written as numbers.

    Attributes:
        item: what the numbers of one item are together.
        fields: the numbers of one item, in order.
        shape: the form of a reply, such as ``[a, b, c, ...]``.
        hexadecimal: whether the numbers are long words.
        most: maximum number of items in a reply.
    """

    item: str
    fields: tuple[NumberField, ...]
    shape: str
    hexadecimal: bool
    most: int

    @property
    def one(self) -> NumberField | None:
        """The only number of an item; None if there are several."""
        return self.fields[0] if len(self.fields) == 1 else None


def number_text(design: Design, schema: StimulusSchema) -> NumberText:
    """Return how stimulus of this design is written as numbers.

    Raises:
        UsageError: the design has no such form.
    """
    form = form_of(design, schema)
    return NumberText(
        item=form.item,
        fields=tuple(_fields(form, schema)),
        shape=_shape(form),
        hexadecimal=len(form.fields) == 1 and form.low(next(iter(form.fields))) >= 0 and _is_wide(form),
        most=min(MAX_ITEMS, design.limits.max_items),
    )


def _is_wide(form: NumberForm) -> bool:
    return any(form.high(name) >= WIDE for name in form.fields)


def _fields(form: NumberForm, schema: StimulusSchema) -> Iterator[NumberField]:
    said = {name: text for track in schema.tracks.values() for name, text in track.fields.items()}
    for name, allowed in form.ranges():
        yield NumberField(name, allowed, said.get(name, ""))


def _shape(form: NumberForm) -> str:
    if len(form.fields) == 1:
        return "[a, b, c, ...]"
    names = list(form.fields) if len(form.fields) <= 6 else [*list(form.fields)[:5], "..."]
    group = ", ".join(names)
    return f"[[{group}], [{group}], ...]"
