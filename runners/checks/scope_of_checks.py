"""What the tests of a design are checked for, and what nothing checks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dv_agent.designs.design import Design
from dv_agent.designs.ports.stream import Stream

_TWO_VALUED = ("verilator", "native")
_SHOWN = 8


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
        simulator: name of the simulator; some have no X and Z.
    """
    left_out = [] if has_model else ["outputs were compared with nothing: there is no model.py"]
    if not has_model and simulator in _TWO_VALUED:  # then rules are all there is
        left_out.append(f"X and Z: {simulator} has two values")
    return Checked(tuple(_rules(design, has_model, simulator)), tuple(left_out))


def passed_words(left_out: Sequence[str]) -> str:
    """Return what is said if no check failed: that all passed only if a reference model took part."""
    return "no check failed" if any("model.py" in one for one in left_out) else "all checks passed"


def _rules(design: Design, has_model: bool, simulator: str) -> Iterator[str]:
    outputs = [one for one in design.streams if not one.driven]
    inputs = [one for one in design.streams if one.driven and one.ready is not None]
    if has_model:
        yield "outputs against model.py"
    if held := [one for one in outputs if one.ready is not None]:
        yield f"valid and payload stay until accepted on {_names(held)}"
    if simulator not in _TWO_VALUED and (outputs or inputs):
        yield f"no X on valid, ready and valid payload of {_names([*outputs, *inputs])}"
    if caused := [one for one in outputs if one.caused]:
        yield f"nothing comes out right after reset on {_names(caused)}"
    if inputs:
        yield f"nothing is refused for ever on {_names(inputs)}"
    for name, port in design.ports.items():
        for words in dict.fromkeys(rule.words for rule in port.protocol(name)):
            yield f"{words} on {name}"
    yield "the simulation neither hangs nor ends by itself"


def _names(streams: Sequence[Stream]) -> str:
    names = [one.key for one in streams]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
