"""Assembly of one Board from evaluation folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dv_agent.eval.board.design_board import DesignBoard
from dv_agent.eval.board.design_rows import bin_lines, bug_lines, in_order, uninformative
from dv_agent.eval.board.first_tests import first_tests
from dv_agent.eval.board.leaderboard import (
    Board,
    Cell,
    Correlation,
    Kind,
    Method,
    Row,
    TrialLine,
)
from dv_agent.eval.board.notes import notes
from dv_agent.eval.board.rows.comparison import ablations, comparisons, ranking
from dv_agent.eval.board.rows.curves import SHOWN_AXES, row_curves
from dv_agent.eval.board.rows.figures import OF_A_CELL, SEED, counts, figures, pass_at, reaching
from dv_agent.eval.board.rows.lift import with_lifts
from dv_agent.eval.board.rows.standing import reasons_apart
from dv_agent.eval.board.trials.metrics import COVERAGE, KILLS, PASS_SHARE
from dv_agent.eval.board.trials.score_or_reason import ScoredTrial, score_all
from dv_agent.eval.board.trials.sources import BoardSource, load_sources
from dv_agent.eval.board.trials.tasks import FindTask, Task, find_task
from dv_agent.eval.evaluation.data_model import DesignIdentity, Entry
from dv_agent.eval.evaluation.spec import CEILING
from dv_agent.eval.report.data.text_limits import Allowance
from dv_agent.eval.scoring.score import SCORING_VERSION
from dv_agent.eval.stats.bootstrap import LEVEL as INTERVAL
from dv_agent.eval.stats.bootstrap import REPEATS
from dv_agent.eval.stats.separation import LEVEL
from dv_agent.eval.stats.sign_flip import smallest_p
from dv_agent.eval.stats.spearman import spearman, within
from dv_agent.eval.verification.verdict import LONGEST, Verification


def make_board(
    folders: Sequence[Path],
    home: Path | None = None,
    *,
    find: FindTask = find_task,
    use_cache: bool = True,
    verified: Mapping[Path, Verification] | None = None,
) -> Board:
    """Return the board of one evaluation, or of several with the same identity.

    Args:
        home: the folder into which the board will be written; links are relative to it. None: the first of `folders`.
        find: returns the task of a design by its name.
        verified: the result of verifying each of `folders` again on this machine; trials and rows that do not hold get
            no score and no rank. None: not verified.

    Raises:
        InputFileError: a folder or record that is broken.
        UsageError: folders with different identities.
    """
    source = load_sources(folders)
    tasks = {name: find(name) for name in dict.fromkeys(one.trial.design for one in source.trials)}
    trials = with_lifts(score_all(source, tasks, use_cache=use_cache, verified=verified))
    return _Maker(source, tasks, trials, home or folders[0], verified).board()


class _Maker:
    """Builder of one board; holds what the parts of the board share."""

    def __init__(
        self, source: BoardSource, tasks: Mapping[str, Task], trials: Sequence[ScoredTrial], home: Path,
        verified: Mapping[Path, Verification] | None,
    ) -> None:  # fmt: skip
        self.source, self.tasks, self.trials, self.home, self.verified = source, tasks, trials, home, verified
        self.rooms, self.allowance = {one.trial.id: one.room for one in trials}, Allowance()
        self.labels, self._plain = labels(source.entries), {one.digest: one.label for one in source.entries}
        self.agents = {entry.digest: entry.agent for entry in source.entries}
        self.kinds = {entry.digest: self._kind(entry.digest) for entry in source.entries}
        of_row = {entry.digest: [one for one in trials if one.row == entry.digest] for entry in source.entries}
        self.of_row: dict[str, list[ScoredTrial]] = of_row
        self.scored = {row: [one for one in some if one.score] for row, some in of_row.items()}
        self.figures = {row: figures(some) for row, some in self.scored.items()}
        racing = {row: some for row, some in of_row.items() if self.kinds[row] != "ceiling"}
        self.apart, self.common = reasons_apart(racing, self._doubts())
        self.keys = sorted(of_row, key=self._order)

    def board(self) -> Board:
        compared_rows = [row for row in self.keys if self.scored[row] and self.kinds[row] != "ceiling"]
        compared = comparisons(compared_rows, self.trials, self.apart)
        ranked = [row for row in compared_rows if row not in self.apart]
        rank = ranking(ranked, compared)
        entries = {entry.digest: entry for entry in self.source.entries}
        designs = tuple(self._design(one) for one in self.source.identity.designs if one.design in self.tasks)
        return Board(
            identity=self.source.identity,
            command=self.source.command,
            method=_method(len(ranked), self.common),
            rows=tuple(self._row(entries[row], rank.get(row)) for row in self.keys),
            cells=tuple(self._cells()),
            comparisons=compared,
            ablations=ablations(self.source.entries, self.labels, compared),
            curves={axis: found for axis in SHOWN_AXES if (found := row_curves(axis, self._ordered(self.scored)))},
            correlation=_correlation(self.trials, self.source.ceilings),
            designs=designs,
            trials=tuple(self._line(one) for one in self.trials),
            notes=(*self._notes(), *notes(self.trials, designs, compared, self.labels)),
            common=self.common,
            verified=None if self.verified is None else sum(one.trials for one in self.verified.values()),
        )

    def _doubts(self) -> dict[str, str]:
        """Return row -> the doubt that verification has about the row as a whole."""
        found = (self.verified or {}).values()
        said = {row: next((words for one in found if (words := one.against_row(label[:LONGEST]))), "")
                for row, label in self._plain.items()}  # fmt: skip
        return {row: words for row, words in said.items() if words}

    def _notes(self) -> Iterator[str]:
        for one in (self.verified or {}).values():
            yield from (f"{doubt.row or 'The evaluation'}: {doubt.what}." for doubt in one.doubts if not doubt.trial)
        yield from (f"{self.labels[row]} is not ranked: {why}." for row in self.keys if (why := self.apart.get(row)))

    def _kind(self, row: str) -> Kind:
        if row in self.source.ceilings or self.agents[row] == CEILING:
            return "ceiling"
        return "floor" if row in self.source.floors else "entry"

    def _order(self, row: str) -> tuple[bool, bool, bool, float, str]:
        found = self.figures[row].get(COVERAGE)
        mean = -found.mean if found else 0.0
        return self.kinds[row] == "ceiling", row in self.apart, found is None, mean, self.labels[row]

    def _ordered(self, rows: Mapping[str, list[ScoredTrial]]) -> dict[str, list[ScoredTrial]]:
        return {row: rows[row] for row in self.keys}

    def _row(self, entry: Entry, rank: int | None) -> Row:
        row = entry.digest
        every, scored = self.of_row[row], self.scored[row]
        return Row(
            key=row, label=self.labels[row], kind=self.kinds[row], agent=entry.agent, model=entry.model,
            strategy=entry.strategy, options=entry.options, rank=rank, apart=self.apart.get(row, ""),
            redone=sum(bool(one.record and one.record.earlier) for one in every),
            trials=len(every), scored=len(scored), failed=sum(one.status == "failed" for one in every),
            unfinished=sum(one.status not in ("scored", "failed") for one in every),
            figures=self.figures[row], reaching=reaching(scored), pass_at=pass_at(scored), counts=counts(every),
        )  # fmt: skip

    def _cells(self) -> Iterator[Cell]:
        for row in self.keys:
            for design in self.tasks:
                some = [one for one in self.scored[row] if one.trial.design == design]
                if some:
                    shares = [one.coverage for one in some]
                    found = figures(some, OF_A_CELL)
                    yield Cell(row=row, design=design, figures=found, least=min(shares), most=max(shares))

    def _design(self, identity: DesignIdentity) -> DesignBoard:
        name, task = identity.design, self.tasks[identity.design]
        rows = self._ordered(
            {row: [one for one in some if one.trial.design == name] for row, some in self.scored.items()}
        )
        means = {row: sum(one.coverage for one in some) / len(some) for row, some in rows.items() if some}
        tiers = [one.tier for one in task.plan.bins]
        lines = bin_lines(task.plan, rows, self.source.ceilings)
        return DesignBoard(
            design=name, title=task.title, task_version=identity.task_version, checksum=identity.checksum,
            bins=len(tiers), tiers={tier: tiers.count(tier) for tier in dict.fromkeys(tiers)},
            scored={row: len(some) for row, some in rows.items() if some},
            uninformative=uninformative(means, self.agents, self.kinds),
            curves={axis: found for axis in SHOWN_AXES if (found := row_curves(axis, rows))},
            bin_lines=lines, first_tests=first_tests(in_order(lines)[::-1], self.rooms, self.allowance),
            bug_lines=bug_lines(task, rows),
        )  # fmt: skip

    def _line(self, one: ScoredTrial) -> TrialLine:
        failure = one.record.failure if one.record else None
        run = one.room / "run"
        record = self._from_home(run) if (run / "run.json").is_file() else ""
        return TrialLine(
            id=one.trial.id, row=one.row, design=one.trial.design, seed=one.trial.seed, status=one.status,
            failure=(failure.kind, failure.error, failure.message) if failure else None,
            doubt=one.doubt, earlier=_earlier(one), record=record,
            stop_reason=one.score.stop_reason if one.score else "",
            report=f"{record}/report.html" if record and (run / "report.html").is_file() else "",
            figures=dict(one.figures),
        )  # fmt: skip

    def _from_home(self, path: Path) -> str:
        home, path = self.home.resolve(), path.resolve()
        up = next(place for place, folder in enumerate([home, *home.parents]) if path.is_relative_to(folder))
        folder = [home, *home.parents][up]
        return "/".join([".."] * up + list(path.relative_to(folder).parts))


def labels(entries: Sequence[Entry]) -> dict[str, str]:
    """Return digest of an entry -> its label; the digest is added where two entries would have the same label."""
    plain = [entry.label for entry in entries]
    return {
        entry.digest: entry.label if plain.count(entry.label) == 1 else f"{entry.label} #{entry.digest}"
        for entry in entries
    }


def _earlier(one: ScoredTrial) -> tuple[float | None, ...]:
    """Return the percentage of bins hit by each attempt that was discarded."""
    before = one.record.earlier if one.record else ()
    return tuple(100 * some.bins_hit / some.bins if some.bins else None for some in before)


def _method(ranked: int, common: Sequence[str]) -> Method:
    return Method(
        scoring_version=SCORING_VERSION, interval=INTERVAL, bootstrap_repeats=REPEATS, level=LEVEL, seed=SEED,
        pass_share=PASS_SHARE, pairs=ranked * (ranked - 1) // 2, smallest_p=smallest_p(len(common)),
    )  # fmt: skip


def _correlation(trials: Sequence[ScoredTrial], ceilings: frozenset[str]) -> Correlation:
    held = [one for one in trials if one.score and KILLS in one.figures]
    between = [one for one in held if one.row not in ceilings and one.trial.entry.agent != "null"]
    inside, rest = _within(held), _within(between)
    return Correlation(
        overall=spearman([one.coverage for one in held], [one.figures[KILLS] for one in held]),
        n=len(held),
        within=sum(inside.values()) / len(inside) if inside else None,
        designs=len(inside),
        by_design=inside,
        between_ends=sum(rest.values()) / len(rest) if rest else None,
        between_ends_n=len(between),
    )


def _within(trials: Sequence[ScoredTrial]) -> dict[str, float]:
    """Return design -> correlation of bins hit with bugs killed."""
    groups: dict[str, tuple[list[float], list[float]]] = {}
    for one in trials:
        xs, ys = groups.setdefault(one.trial.design, ([], []))
        xs.append(one.coverage)
        ys.append(one.figures[KILLS])
    return within(groups)
