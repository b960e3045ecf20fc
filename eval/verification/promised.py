"""Completeness check of an evaluation: every row must have every design, with the same seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dv_agent.designs.text.wording import counted
from dv_agent.errors import DvAgentError
from dv_agent.eval.evaluation.data_model import Entry, Evaluation
from dv_agent.eval.evaluation.spec import AGENTS, CEILING, DETERMINISTIC, FLOORS, MODEL_AGENTS
from dv_agent.eval.suites.suite import load_suite, suite_names
from dv_agent.eval.verification.verdict import LONGEST, Doubt

OPTIONS = {
    "search": {"guided", "patience"}, "tools": {"decoys", "patience", "cache"}, "llm": {"patience", "cache"},
}  # fmt: skip
_MOST_STRAYS = 10


def promised(folder: Path, evaluation: Evaluation) -> Iterator[Doubt]:
    """Yield what is wrong with the evaluation as a whole, or with a row."""
    yield from _suite(evaluation)
    yield from _entries(evaluation)
    yield from _grid(evaluation)
    yield from _strays(folder, evaluation)


def _suite(evaluation: Evaluation) -> Iterator[Doubt]:
    """Check the suite: one included in the package is known here; any other is compared design by design."""
    one = evaluation.identity
    named = [design.design for design in one.designs]
    if len(set(named)) != len(named):
        yield Doubt(what="a design stands in its identity more than once")
    if one.suite not in suite_names():
        return
    try:
        suite = load_suite(one.suite)
    except DvAgentError as error:
        yield Doubt(what=f"suite {one.suite} cannot be read here: {error}", kind="unverifiable")
        return
    if suite.version != one.suite_version:
        words = f"made with version {one.suite_version} of the suite {one.suite}; here it is version {suite.version}"
        yield Doubt(what=words, kind="unverifiable")
    elif strange := sorted(set(named) - {design.name for design in suite.designs}):
        yield Doubt(what=f"not in the suite {one.suite}: {', '.join(strange)[:LONGEST]}")


def _entries(evaluation: Evaluation) -> Iterator[Doubt]:
    twice = [label for label, count in Counter(one.digest for one in evaluation.entries).items() if count > 1]
    if twice:
        yield Doubt(what="an entry stands in it more than once")
    for entry in evaluation.entries:
        row = entry.label[:LONGEST]
        if entry.agent not in AGENTS:
            yield Doubt(row=row, what=f"{entry.agent[:60]!r} is no agent of an evaluation")
        elif (entry.agent in MODEL_AGENTS) != (entry.model is not None):
            yield Doubt(row=row, what="an agent with a model without one, or one without a model that names one")
        elif strange := sorted(set(entry.options) - OPTIONS.get(entry.agent, {"patience"})):
            yield Doubt(row=row, what=f"agent {entry.agent} has no option {', '.join(strange)[:60]}")
    labels = {entry.label: entry for entry in evaluation.entries}
    for label in evaluation.floors:
        if labels.get(label) != Entry(agent=label) or label not in FLOORS:
            yield Doubt(row=label[:LONGEST], what="called a floor, and is none")
    ceiling = evaluation.ceiling
    if ceiling and labels.get(ceiling) != Entry(agent=CEILING):
        yield Doubt(row=ceiling[:LONGEST], what="called the ceiling, and is not")


def _grid(evaluation: Evaluation) -> Iterator[Doubt]:
    designs = [one.design for one in evaluation.identity.designs]
    known = {entry.digest: entry for entry in evaluation.entries}
    if any(count > 1 for count in Counter(trial.id for trial in evaluation.trials).values()):
        yield Doubt(what="a trial stands in it more than once")
    if strange := [one for one in evaluation.trials if one.entry.digest not in known or one.design not in designs]:
        such = strange[0].id[:LONGEST]
        yield Doubt(what=f"{counted(len(strange), 'trial')} of no row or no design of it, such as {such}")
    for digest, entry in known.items():
        seeds = {name: sorted(one.seed for one in evaluation.trials if (one.entry.digest, one.design) == (digest, name))
                 for name in designs}  # fmt: skip
        most = max(map(len, seeds.values()), default=0)
        wanted = [0] if entry.agent in DETERMINISTIC else list(range(max(most, 1)))
        for name, some in seeds.items():
            if some != wanted:
                words = f"trials on {name} have seeds {_listed(some)}, expected {_listed(wanted)} on every design"
                yield Doubt(row=entry.label[:LONGEST], what=words)


def _strays(folder: Path, evaluation: Evaluation) -> Iterator[Doubt]:
    """Yield a doubt for each trial folder that is not listed: ``dv-agent eval`` never removes an executed trial."""
    room = folder / "trials"
    known = {trial.id for trial in evaluation.trials}
    strays = sorted(one.name for one in room.iterdir() if one.name not in known) if room.is_dir() else []
    for name in strays[:_MOST_STRAYS]:
        yield Doubt(what=f"trials/{name[:LONGEST]} is there, but evaluation.json does not know that trial")


def _listed(seeds: list[int]) -> str:
    return ", ".join(map(str, seeds[:20])) or "none"
