"""The first look in words: what moved, what was transferred, what fired, what never moved and why, what is next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dv_agent.agents.first_look.guessed_design import Draft
from dv_agent.agents.first_look.simulator_choice import loop_words
from dv_agent.agents.first_look.watch import Seen, outputs
from dv_agent.agents.runs.goal import default_goal
from dv_agent.agents.testbench import Testbench
from dv_agent.designs.text.wording import counted
from dv_agent.designs.trace import End
from dv_agent.designs.wiring.signal_slice import Signal
from dv_agent.runners.checks.exceptions import exception_notes
from dv_agent.runners.checks.scope_of_checks import what_is_checked

_SHOWN = 10


@dataclass(frozen=True)
class Look:
    """A draft and what was seen of it.

    Attributes:
        simulator: the name of the simulator that played the tests.
        notes: what was found out while building.
    """

    draft: Draft
    bench: Testbench
    seen: Seen
    simulator: str
    notes: tuple[str, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The sampled signals that the design drives."""
        return tuple(outputs(self.bench.folder, self.seen))

    @property
    def still(self) -> dict[str, str]:
        """Outputs that never moved -> why that may be."""
        return {name: _why_still(self, name) for name in self.outputs if name not in self.seen.moved}

    @property
    def is_dead(self) -> bool:
        """Whether nothing at all moved: no output, no transfer."""
        return not self.seen.moved.intersection(self.outputs) and not any(self.seen.transfers.values())


def _why_still(look: Look, name: str) -> str:
    """Return why an output may have kept one value in all tests."""
    base, top = Signal(name).base, look.draft.top
    behind = {*top.through.get(base, ())}
    if not behind and not top.driven_by.get(base):
        return "the RTL holds it constant, with these parameters"
    if behind and not top.driven_by.get(base) and not any(_moved(look, one) for one in behind):
        return f"it follows {', '.join(sorted(behind)[:3])}, which did not move either"
    stream = next((one for one in look.bench.folder.design.streams if name in (one.valid, one.last)), None)
    if stream is not None and not stream.driven and name == stream.valid:
        return "nothing was offered on it: no test gave what the design needs for that"
    tied = look.draft.pool.wired("ties")
    if tied:
        return f"perhaps because of ties: {', '.join(tied)}"
    return "no random test gave what moves it; directed tests may, or another value of a parameter"


def _moved(look: Look, base: str) -> bool:
    return any(Signal(one).base == base for one in look.seen.moved)


def look_lines(look: Look) -> Iterator[str]:
    """Return the lines for a person."""
    seen = look.seen
    ends = ", ".join(f"{count} {end}" for end, count in sorted(seen.ends.items()))
    yield f"played {counted(seen.tests, 'random test')} on {look.simulator}: {seen.cycles:,} cycles; {ends}"
    for key, count in sorted(seen.transfers.items()):
        yield f"  {key:20} {counted(count, 'transfer')}"
    names = look.outputs
    moved = [name for name in names if name in seen.moved]
    yield f"{len(moved)} of {counted(len(names), 'output')} moved"
    for name, why in list(look.still.items())[:_SHOWN]:
        yield f"  {name} did not: {why}"
    if len(look.still) > _SHOWN:
        yield f"  and {len(look.still) - _SHOWN} more"
    yield from _fired(look)
    yield from (f"off: {note}" for note in exception_notes(look.bench.folder.design.exceptions))
    bins = len(look.bench.plan.bins)
    if bins:
        more = ""
        if default_goal(look.bench.folder, None)[0] != "functional":
            more = "; a run counts points of the code as well (--goal both), so that its total is higher"
        yield f"these tests hit {len(seen.bins)} of the {counted(bins, 'bin')} of the automatic plan{more}"


def _fired(look: Look) -> Iterator[str]:
    seen = look.seen
    if not seen.failures:
        scope = what_is_checked(look.bench.folder.design, False, look.simulator)
        yield f"no check fired; checked: {'; '.join(scope.rules)}"
        yield f"not checked: {'; '.join(scope.left_out)}"
        return
    for failure in seen.failures[:_SHOWN]:
        count = seen.fired[failure.check, failure.port]
        yield f"check {failure} (in {counted(count, 'test')})"
    if {failure.check for failure in seen.failures} & {End.HUNG.value, End.CRASHED.value}:
        yield from (loop_words(one) for one in look.draft.top.loops)
    if any(failure.check == "assertion" for failure in seen.failures):
        yield (
            "an assertion of the RTL that fails is a fault of it, or says what its inputs must not do: then keep tests "
            "to that with stimulus.yaml, or hold an input with `ties`"
        )
    rules = sorted({f.check for f in seen.failures if f.check in ("stable", "unknown", "after_reset", "deadlock")})
    if rules:
        yield (
            "a check that fires is a fault of the RTL, or a rule that the port does not follow: then write under it "
            f'`rules_off: {{{rules[0]}: "why"}}`'
        )


def _why_dead(look: Look) -> str:
    if not look.outputs:
        return f"{look.draft.top.top} has no outputs, so nothing of it can be seen from outside"
    return "no output moved and nothing was transferred, so the design may never leave reset"


def dead_lines(look: Look) -> Iterator[str]:
    """Return what to do with a design in which nothing moves."""
    yield f"nothing was checked: {_why_dead(look)}"
    if not look.outputs:
        return
    reset = look.draft.pool.wired("reset")
    if reset:
        other = "high" if reset["active"] == "low" else "low"
        yield (
            f"  reset is {reset['signal']}, active {reset['active']}; if that is wrong, write in design.yaml: "
            f"reset: {{signal: {reset['signal']}, active: {other}}}"
        )
    for guess in look.draft.pool.ports:
        if guess.value["kind"] == "pins":
            names = ", ".join(list(guess.value["fields"])[:6])
            yield f"  perhaps an enable must be held: pins {names}; hold one by `ties: {{NAME: 1}}` instead of a pin"


def next_lines(name: str, dead: bool) -> Iterator[str]:
    """Return the commands to go on with, literally."""
    yield "next:"
    if not dead:
        yield f"  dv-agent run --design {name} --agent search"
        yield f"  dv-agent prompts render --design {name}"
    yield f"  dv-agent designs show {name}"
    yield f"  correct {name}/design.yaml, and add what you have: spec.md, plan.yaml, stimulus.yaml, model.py"


def as_json(look: Look, written: str) -> dict[str, Any]:
    """Return the look as plain data."""
    seen = look.seen
    return {
        "design": look.draft.name, "written": written, "simulator": look.simulator, "notes": list(look.notes),
        "guesses": [_plain(one) for one in (*look.draft.pool.wiring, *look.draft.pool.ports)],
        "tests": seen.tests, "cycles": seen.cycles, "ends": dict(seen.ends), "transfers": dict(seen.transfers),
        "outputs": list(look.outputs), "moved": sorted(seen.moved.intersection(look.outputs)), "still": look.still,
        "bins": len(look.bench.plan.bins), "bins_hit": len(seen.bins), "dead": look.is_dead,
        "nothing_checked": _why_dead(look) if look.is_dead else "",
        "rules_off": {port: dict(rules) for port, rules in look.bench.folder.design.exceptions.items()},
        "failures": [one.model_dump(mode="json") for one in seen.failures],
    }  # fmt: skip


def _plain(guess: Any) -> dict[str, Any]:
    return {"key": guess.key, "value": guess.value, "certainty": guess.certainty, "reason": guess.reason}


def guess_lines(draft: Draft) -> Sequence[str]:
    """Return one line for each guess."""
    lines = []
    for one in draft.pool.wiring:
        value = one.value if not isinstance(one.value, dict) else ", ".join(f"{k} {v}" for k, v in one.value.items())
        lines.append(f"  {one.key:12} {value if value is not None else 'none'}  ({one.certainty}: {one.reason})")
    for one in draft.pool.ports:
        what = f"{one.value['kind']}{' x' + str(one.value['count']) if 'count' in one.value else ''}"
        lines.append(f"  {one.key:12} {what}  ({one.certainty}: {one.reason})")
    return [*lines, *(f"  note: {note}" for note in draft.pool.notes)]
