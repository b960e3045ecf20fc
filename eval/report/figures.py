"""Head of the report: how the run ended, key figures, and facts about the run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dv_agent.coverage.totals import Summary
from dv_agent.designs.text.wording import tidy_version
from dv_agent.designs.trace import End
from dv_agent.eval.report.data.run_data import RunData
from dv_agent.eval.report.wording import (
    UNKNOWN,
    dollars,
    duration,
    moment,
    number,
    percent,
    plural,
    stopped,
    structured_words,
)
from dv_agent.runners.checks.ending import ending_notes
from dv_agent.runners.checks.exceptions import exception_notes
from dv_agent.runners.checks.scope_of_checks import passed_words

Tone = Literal["good", "bad", "warn", "plain"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended; the symbol shows it without colour."""

    symbol: str
    words: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure; `share` (0 to 100) is drawn as a bar below it."""

    label: str
    value: str
    detail: str = ""
    tone: Tone = "plain"
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """How much of one limit of the budget was used."""

    name: str
    words: str
    share: float


def verdict(run: RunData) -> Verdict:
    """Return the verdict that the report shows first."""
    failing = sum(bool(test.failed_checks) for test in run.tests)
    if failing or run.failures:
        return Verdict("✗", f"{plural(failing or len(run.failures), 'failing test')}", "bad")
    if run.header.status == "running":
        return Verdict("…", "not finished", "warn")
    if run.header.status != "finished":
        return Verdict("!", run.header.status, "warn")
    if not any(test.cycles for test in run.tests):
        why = run.header.nothing_checked
        return Verdict("!", f"nothing was checked{': ' if why else ''}{why}", "bad")
    passed = passed_words(run.header.unchecked)
    if limited := sum(test.end == End.LIMIT for test in run.tests):
        return Verdict("!", f"{passed}, but {plural(limited, 'test')} ran into the limit of cycles", "warn")
    return Verdict("✓", passed, "good")


def all_notes(run: RunData, more: str = "") -> tuple[str, ...]:
    """Return what a reader must know before using the figures: notes on the tests, on the record, and `more`."""
    header, tests = run.header, ending_notes([test.ended for test in run.tests])
    checks = (f"checked: {'; '.join(header.checked)}", f"not checked: {'; '.join(header.unchecked)}")
    told = checks if header.unchecked and any(test.cycles for test in run.tests) else ()
    return (*tests, *told, *exception_notes(header.rules_off), *run.notes, *([more] if more else []))


def main_figures(run: RunData, summary: Summary | None) -> tuple[Figure, ...]:
    """Return the figures of coverage and checks."""
    hit = summary.overall.bins_hit if summary else sum(len(test.new_bins) for test in run.tests)
    bins = summary.overall.bins if summary else run.header.bins
    share = 100 * hit / bins if bins else None
    total = f"{summary.overall.coverage_pct:.2f} %" if summary else UNKNOWN
    failing, tests = sum(bool(test.failed_checks) for test in run.tests), len(run.tests)
    checks = passed_words(run.header.unchecked) if any(test.cycles for test in run.tests) else "no test ran"
    return (
        Figure("Bins hit", f"{hit:,} / {bins:,}" if bins else f"{hit:,}", f"{percent(hit, bins)} of the bins",
               share=share),
        Figure("IEEE 1800 total", total, "weighted over covergroups",
               share=summary.overall.coverage_pct if summary else None),
        Figure("Failing tests", f"{failing:,}", f"of {plural(tests, 'test')}" if failing else checks,
               "bad" if failing else "plain"),
    )  # fmt: skip


def small_figures(run: RunData) -> tuple[Figure, ...]:
    """Return the figures of cost: what the run used."""
    spent, cycles = run.header.spent, sum(test.cycles for test in run.tests)
    seconds = spent.seconds or next((turn.spent.seconds for turn in reversed(run.turns) if turn.spent.seconds), None)
    calls = max(spent.calls, len(run.calls))
    tokens = max(spent.tokens, run.turns[-1].total_tokens if run.turns else 0)
    refused = sum(test.end == "refused" for test in run.tests)
    return (
        Figure("Cycles", number(cycles)),
        Figure("Tests", number(len(run.tests)), f"{refused} refused" if refused else ""),
        Figure("Turns", number(len(run.turns) - _only_finished(run))),
        Figure("Model calls", number(calls), "" if calls else "no model was asked"),
        Figure("Tokens", number(tokens), _token_parts(run)),
        _price(run, calls),
        Figure("Wall time", duration(seconds), f"{number(round(cycles / seconds))} cycles/s" if seconds else ""),
    )


def _only_finished(run: RunData) -> bool:
    """Return whether in the last turn the agent only reported that it is done."""
    return bool(run.turns) and not run.turns[-1].tests and run.header.stop_reason == "agent_done"


def spendings(run: RunData) -> tuple[Spending, ...]:
    """Return every limit that the budget set, and how much of it was used."""
    return tuple(_spendings(run))


def _spendings(run: RunData) -> Iterator[Spending]:
    spent, cycles = run.header.spent, sum(test.cycles for test in run.tests)
    used = {
        "cycles": cycles, "calls": max(spent.calls, len(run.calls)), "tokens": spent.tokens,
        "usd": spent.usd, "seconds": spent.seconds or None,
    }  # fmt: skip
    for name, bound in run.header.budget.model_dump().items():
        value = used.get(name)
        if not bound or (name == "calls" and not run.header.model):
            continue
        words = f"{number(value if value is None else round(value, 4))} of {number(bound)} {name}"
        yield Spending(name, words, min(100 * (value or 0) / bound, 100))


def facts(run: RunData) -> tuple[tuple[str, str], ...]:
    """Return (name, value) pairs of facts about the run for the head."""
    header = run.header
    said = {name: value for name, value in header.agent_options.said.items() if name not in ("bug", "change")}
    options = ", ".join(f"{name} {value}" for name, value in said.items())
    returned = dict.fromkeys((*header.returned_models, *(call.model for call in run.calls if call.model)))
    version = f", task version {header.task_version}" if header.task_version else ""
    agent = [header.agent, f"strategy {header.strategy}" if header.strategy else "", options]
    rows = [("Design", header.design + version), ("Agent", ", ".join(part for part in agent if part))]
    if header.track != "closure":
        rows += [("Track", header.track)]
    if changed := header.agent_options.change:
        rows += [("Change of the RTL", f"{changed.source}:{changed.line}: {changed.change}")]
    if header.model_name:
        rows += [("Model requested", header.model_name), ("Model returned", ", ".join(returned) or UNKNOWN)]
    else:
        rows += [("Model", "none")]
    if header.structured:
        rows += [("Structured output", f"in turns: {structured_words(header.structured)}")]
    rows += [
        ("Seed", str(header.seed)),
        ("Simulator", tidy_version(header.simulator) or UNKNOWN),
        ("Started", moment(header.started)),
        ("Finished", moment(header.finished) if header.finished else "not finished"),
        ("Stopped because", stopped(header.stop_reason) or "not recorded"),
        ("Reproducible", _reproducible(run)),
    ]
    return tuple(rows)


def _reproducible(run: RunData) -> str:
    if run.header.reproducible is None:
        return UNKNOWN
    if run.header.reproducible:
        return "yes: the same command gives the same tests"
    why = "a model answered" if run.header.model else "it was bounded in seconds"
    return f"no ({why}); its recorded tests can be simulated again"


def _token_parts(run: RunData) -> str:
    attempts = [attempt for call in run.calls for attempt in call.attempts]
    if not attempts:
        return ""
    asked, said = sum(one.input_tokens for one in attempts), sum(one.output_tokens for one in attempts)
    return f"{number(asked)} in, {number(said)} out"


def _price(run: RunData, calls: int) -> Figure:
    prices = [attempt.usd for call in run.calls for attempt in call.attempts if not attempt.error]
    known = [price for price in prices if price is not None]
    if not calls:
        return Figure("US dollars", dollars(0))
    if len(known) < len(prices):
        return Figure("US dollars", UNKNOWN, f"at least {dollars(sum(known))}" if known else "price of the model")
    usd = run.header.spent.usd or (sum(known) if known else None)
    return Figure("US dollars", dollars(usd))
