"""Details of a turn for the next prompt: which step won which bin, and the cycles that a model asked to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dv_agent.agents.testbench import Result, Testbench
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.view import Attempt, Window


def looked(
    nearest: Mapping[int, Attempt], asked: Sequence[str], bench: Testbench
) -> tuple[tuple[Window, ...], tuple[str, ...]]:
    """Return the windows that a reply asked for, and a line for each that there is not."""
    windows, missing = list[Window](), list[str]()
    for name in asked:
        slot = bench.plan.slots.get(name, len(bench.plan.bins))
        attempt = nearest.get(slot) if slot < len(bench.plan.bins) else None
        if attempt:
            windows.append(Window(name, attempt.test.name, bench.window(attempt)))
        else:
            missing.append(f"look: {compact_json(name, 80)} is no open bin that a test came near to")
    return tuple(windows), tuple(missing)


def by_step_of(
    result: Result, covered: Sequence[int], bench: Testbench
) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
    """Return the bins of `covered`, each at the step that had sent the latest item when it was first hit.

    The items are those of tracks with a payload; if none had been accepted yet, it is the step under way there.
    """
    found: dict[tuple[str, int], list[int]] = {}
    design = bench.folder.design
    names = [name for name, grammar in design.grammars.items() if grammar.item]
    sent = {
        name: result.trace.accepted[key].cycle
        for name in names
        if (key := design.item_key(name)) in result.trace.accepted
    }
    for index in covered:
        cycle = int(result.sample.first_cycle[index])
        if cycle < 0:
            continue
        counts = {name: int(np.searchsorted(cycles, cycle, side="right")) for name, cycles in sent.items()}
        latest = {name: int(sent[name][count - 1]) for name, count in counts.items() if count}
        name = max(latest, key=latest.__getitem__, default=names[0] if names else "")
        step = result.steps_at(latest.get(name, cycle)).get(name)
        if step is not None:
            found.setdefault((name, step), []).append(index)
    return tuple((name, step, tuple(bins)) for (name, step), bins in sorted(found.items()))
