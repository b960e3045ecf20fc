"""The search for better texts: GEPA over candidates, with trials as its evaluator and a model that proposes.

GEPA keeps no files here. It is deterministic for a seed, trials and proposals are kept by what they were asked, and so
a search that was ended is played again from its records, at no cost, up to where it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dv_agent.designs.files.documents import printable
from dv_agent.errors import DvAgentError, ModelFailure, PrerequisiteError, UsageError
from dv_agent.eval.execution.trial_run import TrialInterrupted
from dv_agent.eval.optimisation.allowance import Meter
from dv_agent.eval.optimisation.candidate import Texts, digest_of, strategy_of, texts_of
from dv_agent.eval.optimisation.candidate_trials import CandidateTrials, Outcome
from dv_agent.eval.optimisation.history import Log, Step
from dv_agent.eval.optimisation.proposer import Proposer
from dv_agent.eval.optimisation.wish import Item, Wish

MOST_IDLE = 20
"""Steps in a row that cost nothing, because no proposal was needed or all was played before; then the search ends."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    Attributes:
        texts: of the best candidate in validation.
        number: of that candidate; 0 is the strategy where all began.
        validation: mean share of the bins covered by every candidate on the designs for validation, 0 to 1.
        why_ended: ``caps`` or ``nothing left to improve``.
    """

    texts: Texts
    number: int
    validation: tuple[float, ...]
    why_ended: str


def search(wish: Wish, trials: CandidateTrials, proposer: Proposer, meter: Meter, log: Log) -> Found:
    """Return the best texts that were found within the caps.

    Raises:
        PrerequisiteError: the package gepa is not installed.
        DvAgentError: a trial or a call of the proposing model failed for a reason that is not a candidate's.
        TrialInterrupted: a stop was asked for.
    """
    optimize = gepa_optimize()
    adapter = _Adapter(wish, trials, proposer, meter, log)
    found = optimize(
        seed_candidate=texts_of(wish.strategy, wish.parts), trainset=wish.items("train"),
        valset=wish.items("validation"), adapter=adapter, stop_callbacks=adapter.should_stop, callbacks=[adapter],
        reflection_minibatch_size=min(wish.batch, len(wish.items("train"))), seed=wish.seed, logger=_Silent(),
        track_best_outputs=False, raise_on_exception=True, run_dir=None, use_merge=False,
    )  # fmt: skip
    if adapter.fault:
        raise adapter.fault
    return Found(found.best_candidate, found.best_idx, tuple(found.val_aggregate_scores), adapter.why_ended)


def gepa_optimize() -> Callable[..., Any]:
    """Return GEPA's search.

    Raises:
        PrerequisiteError: the package gepa is not installed.
    """
    try:
        from gepa.api import optimize  # noqa: PLC0415  # an extra
    except ImportError:
        raise PrerequisiteError(
            "dv-agent optimise needs the package gepa", "pip install 'dv-agent[optimise]'"
        ) from None
    return optimize


class _Silent:
    """Drops what GEPA logs: it holds texts of models, and says nothing that the history does not."""

    def log(self, message: str) -> None:
        """Drop a line."""


@dataclass
class _Batch:
    """What GEPA calls an evaluation batch."""

    outputs: list[Outcome]
    scores: list[float]
    trajectories: list[Outcome] | None = None
    objective_scores: None = None
    num_metric_calls: int | None = None


@dataclass
class _Adapter:
    """What GEPA asks for: scores of candidates, and new texts. It also hears how the steps go.

    Attributes:
        fault: an error that ends the search; GEPA would go on after it.
    """

    wish: Wish
    trials: CandidateTrials
    proposer: Proposer
    meter: Meter
    log: Log
    fault: DvAgentError | None = None
    why_ended: str = ""
    _step: Step | None = None
    _refused: dict[str, str] = field(default_factory=dict)
    _idle: int = 0
    _spent: int = 0
    _told: tuple[Outcome, ...] = ()

    def evaluate(self, batch: Sequence[Item], candidate: Texts, capture_traces: bool = False) -> _Batch:
        """Return the scores of a candidate on trials."""
        try:
            found = self.trials.outcomes(candidate, batch, told=capture_traces)
        except (DvAgentError, TrialInterrupted):
            self._step = None  # it did not end: it is no part of the history
            raise
        broken = next((one.broken for one in found if one.broken), "")
        if broken and self._step and self._step.part:
            self._step = self._step.model_copy(update={"refused": printable(broken)})
            self._refused[self._step.part] = broken
        return _Batch(found, [one.score for one in found], found if capture_traces else None)

    def make_reflective_dataset(
        self, candidate: Texts, eval_batch: _Batch, components_to_update: Sequence[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Keep the outcomes for the proposal that follows; what is returned only names them."""
        self._told = tuple(eval_batch.outputs)
        named = [{"trial": f"{one.item.design}, seed {one.item.seed}", "score": one.score} for one in self._told]
        return dict.fromkeys(components_to_update, named)

    def propose_new_texts(
        self, candidate: Texts, _dataset: Mapping[str, Any], components_to_update: Sequence[str]
    ) -> dict[str, str]:
        """Return a new text for one part; nothing if the proposal cannot be used, or if the call failed."""
        (part,) = components_to_update
        assert self._step is not None
        before = sum(one.score for one in self._told) / len(self._told)
        names = tuple(f"{one.item.design}/{one.item.seed}" for one in self._told)
        self._step = self._step.model_copy(update={"part": part, "before": before, "trials": names})
        try:
            proposed = self.proposer.propose(part, candidate, self._told, self._refused.pop(part, ""))
        except ModelFailure as error:
            self.fault = ModelFailure(f"{error}\n  the same command goes on", error.attempts)
            return {}
        except DvAgentError as error:
            self.fault = error
            return {}
        self.meter.proposal(proposed.reply)
        try:
            if proposed.text is None:
                raise UsageError("the reply holds no text between the two lines")
            strategy = strategy_of(self.wish.strategy, {**candidate, part: proposed.text})
        except UsageError as error:
            self._refused[part] = str(error)
            self._step = self._step.model_copy(update={"refused": printable(str(error))})
            return {}
        self._step = self._step.model_copy(update={"candidate": digest_of(strategy)})
        return {part: proposed.text}

    def should_stop(self, _state: Any) -> bool:
        """Return whether the search ends before the next step."""
        if self.fault:
            return True
        if not self.meter.one_more_step():
            self.why_ended = "caps"
        elif self._idle >= MOST_IDLE:
            self.why_ended = "nothing left to improve"
        return bool(self.why_ended)

    def on_valset_evaluated(self, event: Mapping[str, Any]) -> None:
        """Note what a candidate reached in validation."""
        number = self._step.number if self._step else 0
        self.log.point(number, event["average_score"], self.meter.calls, self.meter.usd)
        if self._step:
            self._step = self._step.model_copy(update={"validation": event["average_score"]})
        else:
            self.log.told(f"the strategy as it is: validation {100 * event['average_score']:.1f} % of the bins")

    def on_iteration_start(self, event: Mapping[str, Any]) -> None:
        """Begin a step."""
        self._step = Step(number=event["iteration"], parent=0)
        self._spent = self.meter.calls

    def on_candidate_selected(self, event: Mapping[str, Any]) -> None:
        """Note which candidate is changed."""
        assert self._step is not None
        self._step = self._step.model_copy(update={"parent": event["candidate_idx"]})

    def on_evaluation_end(self, event: Mapping[str, Any]) -> None:
        """Note what a proposal reached in the trials that it was made from."""
        if self._step and event["candidate_idx"] is None:
            after = sum(event["scores"]) / len(event["scores"])
            self._step = self._step.model_copy(update={"after": after})

    def on_candidate_accepted(self, event: Mapping[str, Any]) -> None:
        """Note that a proposal became a candidate."""
        assert self._step is not None
        self._step = self._step.model_copy(update={"became": event["new_candidate_idx"]})

    def on_iteration_end(self, _event: Mapping[str, Any]) -> None:
        """End a step."""
        if self._step is None:
            return
        self._idle = 0 if self.meter.calls > self._spent else self._idle + 1
        if self._step.part and not self.fault:
            spent = {"calls": self.meter.calls, "tokens": self.meter.tokens, "usd": self.meter.usd}
            self.log.ended(self._step.model_copy(update=spent))
        self._step = None
