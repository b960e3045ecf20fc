"""What the tests of a design are checked for, and what nothing checks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.ports.buses.rules import Framed, Known, Legal, OneOf, OnlyWhile
from dv_agent.designs.ports.port import DROP
from dv_agent.designs.ports.stream import Stream
from dv_agent.designs.rules.wording import rule_words

_TWO_VALUED = ("verilator", "native")
_SHOWN = 8
_CHECK: dict[type, str] = {
    OneOf: "exclusive", OnlyWhile: "unasked", Known: "unknown", Legal: "illegal", Framed: "beats",
}  # fmt: skip
"""Rule of a bus -> the only check that it makes."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks of all tests of one design.

    Attributes:
        rules: what is checked.
        left_out: what nobody can check, each with the reason; empty if every check applies.
    """

    rules: tuple[str, ...]
    left_out: tuple[str, ...]


def what_is_checked(design: Design, has_model: bool, simulator: str) -> Checked:
    """Return the checks that apply to `design`.

    Args:
        has_model: whether a reference model says which outputs are due.
        simulator: name of the simulator, some of which have no X and Z; empty if it is not known.
    """
    left_out = [] if has_model else ["outputs were compared with nothing: there is no model.py"]
    if not has_model and simulator in _TWO_VALUED:  # then rules are all there is
        left_out.append(f"X and Z: {simulator} has two values")
    if design.assumptions == "ignored":
        left_out.append("what the RTL assumes of its inputs (`assume`): a test that breaks it goes on, by design.yaml")
    return Checked(tuple(_rules(design, has_model, simulator)), tuple(left_out))


def passed_words(left_out: Sequence[str]) -> str:
    """Return what is said if no check failed: that all passed only if a reference model took part."""
    return "no check failed" if any("model.py" in one for one in left_out) else "all checks passed"


def _rules(design: Design, has_model: bool, simulator: str) -> Iterator[str]:
    outputs = [one for one in design.streams if not one.driven]
    inputs = [one for one in design.streams if one.driven and one.ready is not None]

    def on(rule: str, streams: Sequence[Stream]) -> list[Stream]:
        return [one for one in streams if rule not in design.exceptions.get(one.port, {})]

    where = "" if simulator else " (where the simulator knows X)"
    if has_model:
        yield "outputs against model.py"
    if held := on("stable", [one for one in outputs if one.ready is not None]):
        dropping = on(DROP, held)
        if dropping:
            yield f"valid and payload stay until accepted on {_names(dropping)}"
        if rest := [one for one in held if one not in dropping]:
            yield f"payload stays while valid stays on {_names(rest)}"
    if simulator not in _TWO_VALUED and (known := on("unknown", [*outputs, *inputs])):
        yield f"no X on valid, ready and valid payload of {_names(known)}{where}"
    flags = [name for name, port in design.ports.items() if any(one.bits == 1 for one in port.observed().values())]
    watched = [name for name in flags if "unknown" not in design.exceptions.get(name, {})]
    if simulator not in _TWO_VALUED and watched and design.reset:
        yield f"no X on the flags of {', '.join(watched[:_SHOWN])}{where}"
    if design.reset and (caused := on("after_reset", [one for one in outputs if one.caused])):
        yield f"nothing comes out right after reset on {_names(caused)}"
    if waited := on("deadlock", inputs):
        yield f"nothing is refused for ever on {_names(waited)}"
    for name, port in design.ports.items():
        off = {*design.exceptions.get(name, {}), *(("unknown",) if simulator in _TWO_VALUED else ())}
        made = [rule for rule in port.protocol(name) if _CHECK.get(type(rule)) not in off]
        for words in dict.fromkeys(rule.words for rule in made):
            yield f"{words} on {name}"
    yield from rule_words(design.checks)
    yield "the RTL reports no error itself ($error, $fatal, assertions)"
    yield "the simulation neither hangs nor ends by itself"


def _names(streams: Sequence[Stream]) -> str:
    names = [one.key for one in streams]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
