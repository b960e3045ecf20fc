"""The parser of a reply of plain numbers: its items become one test, or are dropped with a reason."""

from __future__ import annotations

from collections import Counter

from dv_agent.agents.llm.json_scanner import clean
from dv_agent.agents.llm.reply_parser import MAX_CHARACTERS, MAX_ITEMS, MAX_LINES, REASON, ParsedReply
from dv_agent.agents.llm.test_check import check_test
from dv_agent.agents.llm.thinking import without_thinking
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import StimulusError, Test
from dv_agent.designs.plain_numbers.default_form import form_of
from dv_agent.designs.plain_numbers.read_numbers import Numbers, read_numbers, test_data

CUT = "the reply ran into the limit of output tokens and lost its end: give fewer numbers"
NOTHING = "no list of numbers in the reply; expected {}"


def parse_numbers(text: str, design: Design, schema: StimulusSchema, finish_reason: str = "") -> ParsedReply:
    """Parse a reply whose stimulus is a list of numbers; accepts any text and never raises.

    Raises:
        UsageError: the design has no form of plain numbers; this is no fault of the reply.
    """
    form, cut = form_of(design, schema), finish_reason == "length"
    found = read_numbers(without_thinking(clean(text[:MAX_CHARACTERS])), form, cut)
    dropped, lines = Counter[str](), list[str]()
    if len(text) > MAX_CHARACTERS:
        dropped["oversize"] += len(text) - MAX_CHARACTERS
        lines.append(f"the reply was cut behind {MAX_CHARACTERS} characters")
    if cut:
        dropped["truncated"] += 1
        lines.append(CUT)
    tests, wrong = _tests(found, design, schema)
    for why, line in (*found.faults, *wrong):
        dropped[why] += 1
        lines.append(line[:REASON])
    if not tests and not dropped:
        dropped["empty"] += 1
        lines.append(NOTHING.format("[a, b, c, ...]" if len(form.fields) == 1 else "[[a, b], [c, d], ...]"))
    more = len(lines) - MAX_LINES
    shown = ["".join(sign if sign.isprintable() else " " for sign in line) for line in lines[:MAX_LINES]]
    return ParsedReply(
        tests=tests, errors=(*shown, *([f"... and {more} more"] if more > 0 else [])), dropped=dict(dropped)
    )


def _tests(found: Numbers, design: Design, schema: StimulusSchema) -> tuple[tuple[Test, ...], list[tuple[str, str]]]:
    """Return the one test of all items; if it breaks a rule of the language, none, and the reason."""
    if not found.items:
        return (), []
    try:
        data = test_data(form_of(design, schema), found.items, f"{len(found.items)} items")
        test, _ = check_test(data, design, schema, MAX_ITEMS)
    except StimulusError as error:
        return (), [("invalid", str(error))]
    return (test,), []
