"""Scores of a curve over calls and cycles: the worked example of docs/scores.md."""

from math import log

import pytest

from dv_agent.eval.scoring.step_curve import log_area, reached, value_at

CALLS, CYCLES, BINS = (1, 1, 3), (4_000, 12_000, 30_000), (60, 90, 100)


def test_the_area_over_the_logarithm_of_calls_is_that_of_the_worked_example() -> None:
    found = log_area(CALLS, BINS, 100, 50)
    assert found == pytest.approx(100 * (0.9 * log(3) + 1.0 * (log(50) - log(3))) / log(50))
    assert round(found or 0, 1) == 97.2
    assert log_area((1,), (100,), 100, 50) == pytest.approx(100)
    assert log_area((50,), (100,), 100, 50) == pytest.approx(0)
    assert log_area((), (), 100, 50) == 0
    assert log_area((1,), (100,), 100, 1) is None


def test_bins_by_calls_and_by_cycles_are_those_of_the_worked_example() -> None:
    assert [value_at(CALLS, BINS, at) for at in (1, 2, 4, 8)] == [90, 90, 100, 100]
    assert [value_at(CYCLES, BINS, at) for at in (5_000, 20_000, 50_000)] == [60, 90, 100]
    assert [reached(CALLS, BINS, 100, share) for share in (90, 99, 100)] == [1, 3, 3]
