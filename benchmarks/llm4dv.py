"""Recorded runs beside the published results of LLM4DV: ``python benchmarks/llm4dv.py FOLDER... > table.md``.

A folder is one that ``dv-agent eval`` wrote, or a run. For each design and row the best of all its runs is shown, as
that paper does, and the median beside it; messages are calls of a model until the last new bin, in the best run; tokens
are all of that run. Bins that a certificate proves dead are in the first total and not in the second.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.schema import HEADER
from dv_agent.coverage.certificates.dead_bins import dead_bins
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.documents import read_document
from dv_agent.designs.loader import find_design
from dv_agent.errors import DvAgentError, UsageError

PUBLISHED = Path(__file__).with_name("llm4dv_published.yaml")
HEAD = "| design | row | runs | best | of all bins | of those not dead | median bins | messages | tokens | cycles |"
RULE = "|---|---|---|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Played:
    """One run: bins hit, calls of a model until the last new bin, tokens and cycles of the whole run."""

    bins: int
    messages: int
    tokens: int
    cycles: int


def played(run: RecordedRun) -> Played:
    """Return the figures of a run."""
    calls = last = 0
    for turn in run.turns:
        calls += turn.usage.calls
        if any(test.new_bins for test in turn.tests):
            last = calls
    spent = run.header.spent
    return Played(run.header.bins_hit, last, spent.tokens, spent.cycles)


def label(run: RecordedRun) -> str:
    """Return the words for a row: agent, model and strategy."""
    header = run.header
    return " ".join(one for one in (header.agent, header.model.model if header.model else "", header.strategy) if one)


def run_folders(folder: Path) -> Iterator[Path]:
    """Yield the runs in a folder of an evaluation, or the folder itself if it is a run."""
    if (folder / HEADER).is_file():
        yield folder
    trials = [one / "run" for one in sorted((folder / "trials").glob("*")) if (one / "run" / HEADER).is_file()]
    if not trials and not (folder / HEADER).is_file():
        raise UsageError(f"{folder} holds neither a run nor trials of an evaluation")
    yield from trials


def row(design: str, name: str, runs: list[Played], bins: int, dead: int) -> str:
    """Return one line of the table."""
    best = max(runs, key=lambda one: (one.bins, -one.messages))
    asked = best.tokens > 0
    cells = [
        f"`{design}`", name, str(len(runs)), str(best.bins), f"{100 * best.bins / bins:.2f} % of {bins:,}",
        f"{100 * best.bins / (bins - dead):.2f} % of {bins - dead:,}" if dead else "the same",
        f"{statistics.median(one.bins for one in runs):g}", str(best.messages) if asked else "-",
        f"{best.tokens:,}" if asked else "-", f"{best.cycles:,}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def published(design: str, data: dict[str, Any]) -> Iterator[str]:
    """Yield the published rows of a design."""
    for one in data.get("rows", ()):
        percent = f"{one['percent']:.2f} % of {data['bins']:,}"
        asked = f"{one.get('messages', '-')} | {one.get('tokens', '-')}"
        yield f"| `{design}` | *{one['model']}*, {one['source']} | | | {percent} | | | {asked} | |"


def main() -> None:
    """Print the table."""
    found: dict[str, dict[str, list[Played]]] = defaultdict(lambda: defaultdict(list))
    for folder in map(Path, sys.argv[1:]):
        for place in run_folders(folder):
            run = read_run(place)
            if run.header.status == "finished":
                found[run.header.design][label(run)].append(played(run))
    theirs: dict[str, Any] = read_document(PUBLISHED).data
    print(HEAD, RULE, sep="\n")
    for design in dict.fromkeys((*theirs, *found)):
        print(*published(design, theirs.get(design, {})), sep="\n", end="\n" if design in theirs else "")
        if design in found:
            task = find_design(design)
            plan = plan_of(task)
            dead = len(dead_bins(task, plan))
            if not any(name.startswith(("llm ", "tools ")) for name in found[design]):
                print(f"| `{design}` | reader: not played yet | | | | | | | | |")
            for name, runs in sorted(found[design].items(), key=lambda one: -max(run.bins for run in one[1])):
                print(row(design, name, runs, len(plan.bins), dead))


if __name__ == "__main__":
    try:
        main()
    except DvAgentError as error:
        sys.exit(f"llm4dv: {error}")
