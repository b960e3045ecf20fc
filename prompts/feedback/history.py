"""History of a run for the prompt: a summary of its turns, and its best tests as worked examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from dv_agent.coverage.plan import Plan
from dv_agent.designs.text.wording import counted
from dv_agent.prompts.feedback.bin_names import compact_names
from dv_agent.prompts.strategy_options import Examples, Shot
from dv_agent.prompts.text.compact_json import compact_json
from dv_agent.prompts.text.test_names import quoted_name
from dv_agent.prompts.view import Outcome, View

TURNS, TESTS, FAMILIES = 30, 6, 6
TEST_MOST, RESULT_MOST = 600, 400


@dataclass(frozen=True, slots=True)
class PastTurn:
    """One turn on one line: how many bins were new, and for each test, by name, what it covered first."""

    turn: int
    new: int
    tests: tuple[tuple[str, int], ...]
    more: int


def past_turns(view: View) -> tuple[PastTurn, ...]:
    """Return the last turns, the latest first."""
    found = []
    for one in reversed(view.exchanges[-TURNS:]):
        tests = tuple((quoted_name(name), new) for name, new in one.tests[:TESTS])
        found.append(PastTurn(one.turn, len(one.new_bins), tests, max(0, len(one.tests) - TESTS)))
    return tuple(found)


def shots(view: View, options: Examples, numbers: bool = False) -> tuple[Shot, ...]:
    """Return the strategy's own examples, or the tests of this run that covered most.

    Args:
        numbers: whether replies are lists of numbers; examples without that form are left out.
    """
    if options.show == "fixed" and numbers:
        return tuple(Shot(reply=one.numbers, result=one.result) for one in options.fixed if one.numbers)
    if options.show == "fixed":
        return options.fixed
    if options.show == "none":
        return ()
    return tuple(_earned(view.plan, outcome) for outcome in view.earned[: options.most])


def _earned(plan: Plan, outcome: Outcome) -> Shot:
    gains = gains_text(plan, outcome.new_bins)
    result = f"{counted(len(outcome.new_bins), 'new bin')} in {outcome.cycles} cycles: {gains}"
    return Shot(reply=compact_json(outcome.test.data(), TEST_MOST), result=result[:RESULT_MOST])


def gains_text(plan: Plan, bins: Sequence[int]) -> str:
    """Return the bins grouped by coverpoint or cross; those of large groups are only counted."""
    texts = []
    for item, members in groupby(sorted(bins), key=lambda index: int(plan.item_of[index])):
        named = [plan.bins[index] for index in members]
        family = f"{plan.items[item].covergroup}.{plan.items[item].name}"
        texts.append(f"{family} ({compact_names(named)})" if len(named) <= 4 else f"{family} ({len(named)} bins)")
    more = len(texts) - FAMILIES
    return "; ".join(texts[:FAMILIES]) + (f"; {more} more families" if more > 0 else "")
