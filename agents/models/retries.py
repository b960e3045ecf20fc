"""Retries of failed attempts with growing waits; tenacity is the only place that retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from dv_agent.agents.models.pace import wait_out

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from dv_agent.agents.models.faults import ModelFault

T = TypeVar("T")
OnWait = Callable[[str, float], None]
_MOST_REFUSALS = 2  # attempts: a busy server may answer 500 once, a server without schema support always does
_MOST_UNREADABLE = 3  # attempts: an unreadable reply usually comes again, and each one may have been charged


class AttemptFailed(Exception):
    """Error: one attempt gave no reply; used only by `with_retries`."""

    def __init__(self, fault: ModelFault) -> None:
        self.fault = fault
        super().__init__(str(fault))


@dataclass(frozen=True)
class RetryPolicy:
    """Times of retries, in seconds.

    Attributes:
        within: no new attempt starts after so many.
        first: the first wait; each further one is twice as long, and up to `first` is added at random.
        longest: a wait grows to this, unless the server asks for more.
        not_before: function that returns for how many more seconds no request may start.
        on_wait: called before every wait.
        sleep: function that waits.
    """

    within: float
    first: float = 1.0
    longest: float = 30.0
    not_before: Callable[[], float] = lambda: 0.0
    on_wait: OnWait = lambda message, seconds: None
    sleep: Callable[[float], None] = wait_out


def with_retries(attempt: Callable[[], T], policy: RetryPolicy) -> T:
    """Call `attempt` until it gives a result, and return it.

    Raises:
        AttemptFailed: the error of the last attempt, if waiting cannot solve its fault or the time is over.
        KeyboardInterrupt: at once, also during a wait.
    """
    import tenacity  # noqa: PLC0415  # loaded only when a model is called

    grow = tenacity.wait_exponential(policy.first, max=policy.longest) + tenacity.wait_random(0, policy.first)

    def seconds(state: RetryCallState) -> float:
        return max(grow(state), _fault(state).retry_after or 0.0, policy.not_before())

    def tell(state: RetryCallState) -> None:
        policy.on_wait(f"attempt {state.attempt_number} failed, {_fault(state)}", state.upcoming_sleep)

    again, stop = tenacity.retry_if_exception(_Patience()), tenacity.stop_before_delay(policy.within)
    retrying = tenacity.Retrying(
        retry=again, wait=seconds, stop=stop, before_sleep=tell, sleep=policy.sleep, reraise=True
    )
    return retrying(attempt)


class _Patience:
    """Decision whether to retry after a failed attempt; counts unreadable replies and refusals of one call."""

    def __init__(self) -> None:
        self._unreadable = self._refusals = 0

    def __call__(self, error: BaseException) -> bool:
        if not isinstance(error, AttemptFailed):
            return False
        self._unreadable += error.fault.unreadable
        self._refusals += error.fault.refuses_schema
        few = self._unreadable < _MOST_UNREADABLE and self._refusals < _MOST_REFUSALS
        return error.fault.retryable and few


def _fault(state: RetryCallState) -> ModelFault:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, AttemptFailed):
        raise TypeError(f"only AttemptFailed is repeated, not {type(error).__name__}")
    return error.fault
