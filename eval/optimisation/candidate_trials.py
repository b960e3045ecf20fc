"""Trials of a candidate: ordinary trials of an evaluation, each kept in its folder, so that none is played twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.coverage.goal import plan_of
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.loader import find_design
from dv_agent.errors import InputFileError, ModelFailure, SimulationError, UsageError
from dv_agent.eval.evaluation.data_model import Entry, Trial, TrialRecord
from dv_agent.eval.evaluation.trial_folder import RUN, read_header, read_trial
from dv_agent.eval.execution.trial_run import TrialTask
from dv_agent.eval.optimisation.allowance import Meter
from dv_agent.eval.optimisation.candidate import Texts, digest_of, strategy_of
from dv_agent.eval.optimisation.feedback import run_feedback
from dv_agent.eval.optimisation.trial_players import TrialPlayer
from dv_agent.eval.optimisation.wish import Item, Wish
from dv_agent.eval.scoring.score_trial import score_records
from dv_agent.prompts.strategy import Strategy

CANDIDATES, TRIALS, REPLIES = "candidates", "trials", "replies.sqlite"
_DAMAGED = "the record is damaged; delete this folder, and the trial is played anew"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a candidate reached in one trial.

    Attributes:
        score: share of the bins covered, 0 to 1; 0 for a candidate that could not be used.
        feedback: what the proposing model is told, empty if it is not told.
        broken: why the candidate could not be used.
    """

    item: Item
    score: float
    feedback: str = ""
    broken: str = ""


class CandidateTrials:
    """Plays trials of candidates in the folder of an optimisation.

    Args:
        folder: folder of the optimisation.
    """

    def __init__(self, wish: Wish, folder: Path, meter: Meter, player: TrialPlayer) -> None:
        self._wish, self._folder, self._meter, self._player = wish, folder, meter, player
        self._known: dict[tuple[str, Item, bool], Outcome] = {}

    def outcomes(self, texts: Texts, items: Sequence[Item], told: bool) -> list[Outcome]:
        """Return what a candidate reaches, trial by trial.

        Args:
            told: whether the outcome holds feedback.

        Raises:
            InputFileError: a record is damaged.
            ModelFailure, SimulationError, UsageError: a trial ended for a reason that is not the candidate's.
            TrialInterrupted: a stop was asked for.
        """
        try:
            strategy = strategy_of(self._wish.strategy, texts)
        except UsageError as error:
            return [Outcome(item, 0.0, str(error) if told else "", str(error)) for item in items]
        digest = digest_of(strategy)
        new = [item for item in dict.fromkeys(items) if (digest, item, told) not in self._known]
        records = self._player.play([self._task(strategy, digest, item) for item in new])
        for item, record in zip(new, records, strict=True):
            self._known[digest, item, told] = self._outcome(record, strategy, item, told)
        return [self._known[digest, item, told] for item in items]

    def _task(self, strategy: Strategy, digest: str, item: Item) -> TrialTask:
        room = self._room(digest, item)
        return TrialTask(
            trial=self._trial(strategy, item), folder=room.absolute(), checksum=self._wish.checksums[item.design],
            hunt=False, redo=_may_succeed(room), strategy_file=self._written(strategy, digest),
            cache=(self._folder / REPLIES).absolute(),
        )  # fmt: skip

    def _room(self, digest: str, item: Item) -> Path:
        return self._folder / TRIALS / digest / f"{item.design}_s{item.seed}"

    def _outcome(self, record: TrialRecord, strategy: Strategy, item: Item, told: bool) -> Outcome:
        digest = digest_of(strategy)
        room = self._room(digest, item)
        header = read_header(room)
        if header:
            self._meter.trial(f"{digest}/{item.design}/{item.seed}", header.spent)
        if record.failure:
            return self._broken(record, strategy, item, told)
        try:
            score = score_records(room, plan_of(find_design(item.design))).coverage.overall
        except InputFileError as error:
            raise InputFileError(room / RUN, f"{error}; {_DAMAGED}") from None
        if header and header.bins_hit != score.bins_hit:
            what = f"run.json says {header.bins_hit} bins, turns.jsonl {score.bins_hit}"
            raise InputFileError(room / RUN, f"{what}; {_DAMAGED}")
        said = run_feedback(room / RUN) if told and self._wish.feedback else ""
        return Outcome(item, score.bins_hit / score.bins if score.bins else 0.0, said)

    def _trial(self, strategy: Strategy, item: Item) -> Trial:
        wish = self._wish
        return Trial(
            design=item.design, task_version=find_design(item.design).design.task_version,
            entry=Entry(agent="llm", model=wish.model, strategy=strategy.name), seed=item.seed, budget=wish.trial,
            simulator=wish.simulator,
        )  # fmt: skip

    def _written(self, strategy: Strategy, digest: str) -> Path:
        """Return the file of a strategy; it is written if it is missing."""
        path = self._folder / CANDIDATES / f"{digest}.yaml"
        if not path.is_file():
            replace_text(path, strategy_text(strategy), make_folder=True)
        return path.absolute()

    def _broken(self, record: TrialRecord, strategy: Strategy, item: Item, told: bool) -> Outcome:
        """Return the outcome of a candidate whose prompt cannot be made; any other failure ends the optimisation."""
        failure = record.failure
        assert failure is not None
        message = f"{item.design}, seed {item.seed}: {failure.message}"
        if failure.kind == "model":
            raise ModelFailure(f"{message}\n  the same command goes on")
        if failure.kind in ("simulator", "infrastructure"):
            raise SimulationError(f"{message}\n  the same command goes on")
        if digest_of(strategy) == digest_of(self._wish.strategy):
            raise UsageError(message)
        return Outcome(item, 0.0, failure.message if told and self._wish.feedback else "", failure.message)


def _may_succeed(room: Path) -> bool:
    """Return whether a trial failed and is played anew: not if its strategy was at fault.

    It is not resumed, because calls that failed count against its budget; replies that it got are in the cache.
    """
    earlier = read_trial(room)
    return bool(earlier and earlier.failure and earlier.failure.kind != "usage")


def strategy_text(strategy: Strategy) -> str:
    """Return a strategy as the text of its file, with all its templates."""
    data = strategy.model_dump(mode="json", exclude={"folder", "templates", "unnoticed"}, exclude_defaults=True)
    if strategy.without:
        data["without"] = sorted(strategy.without)
    return write_yaml({"schema_version": 1, "name": strategy.name} | data)
