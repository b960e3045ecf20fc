"""pass@k: the probability that at least one of k trials succeeds."""

from __future__ import annotations

from math import comb


def pass_at_k(trials: int, successes: int, k: int) -> float | None:
    """Return the unbiased estimate from `trials` trials: 1 - C(trials - successes, k) / C(trials, k).

    This is the share of all choices of k trials that contain a success. None for k > trials, because no estimate is
    then unbiased. None for k < 1.

    Raises:
        ValueError: more successes than trials, or negative counts.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials")
    if not 1 <= k <= trials:
        return None
    return 1 - comb(trials - successes, k) / comb(trials, k)
