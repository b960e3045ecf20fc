"""Numbers and distances in words."""

import pytest

from dv_agent.coverage.holes import Hole, PartHits
from dv_agent.eval.report.hole_stories import nearness
from dv_agent.eval.report.wording import dollars, duration, flowing, listed, moment, number, percent, stopped


def hole(kind: str, distance: int | None, residual: int | None = None, parts: int = 0, **more: object) -> Hole:
    values = {
        "bin": "g.i.b", "covergroup": "g", "item": "i", "name": "b", "kind": kind, "tier": "easy", "description": "",
        "hits": 0, "at_least": 1, "observable": True, "distance": distance, "residual": residual,
        "parts": tuple(PartHits(label="p", hits=1) for _ in range(parts)),
        "nearest_test": None, "nearest_turn": None, "nearest_row": None,
    }  # fmt: skip
    return Hole.model_validate(values | more)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (hole("value", 12), "the nearest value was 12 away"),
        (hole("value", 1 << 48), "the nearest value was very far away"),
        (hole("value", None), "never sampled"),
        (hole("value", None, observable=False), "no test showed the events that it is sampled on"),
        (hole("value", 0, hits=3, at_least=10), "hit 3 of 10 times"),
        (hole("cross", 1, 4, parts=3), "2 of 3 parts met at once; the missing one was 4 away"),
        (hole("cross", 2, 9, parts=3), "1 of 3 parts met at once; the 2 missing ones together were 9 away"),
        (hole("cross", 2, None, parts=2), "none of its 2 parts was met"),
        (hole("transition", 3, parts=4), "1 of its 4 steps were seen in a row"),
    ],
)
def test_distances_are_said_by_kind(one: Hole, words: str) -> None:
    assert nearness(one) == words


def test_numbers_are_not_made_nicer_than_they_are() -> None:
    assert percent(400, 401) == "99.8 %"
    assert percent(99_999, 100_000) == "99.9 %"
    assert percent(401, 401) == "100.0 %"
    assert percent(0, 0) == "none"
    assert number(1234567) == "1,234,567"
    assert number(None) == dollars(None) == duration(None) == "unknown"
    assert (dollars(0), dollars(0.0123), dollars(1234.5)) == ("$0.00", "$0.0123", "$1,234.50")
    assert (duration(5.04), duration(125), duration(3780)) == ("5.0 s", "2 min 05 s", "1 h 03 min")
    assert duration(59.96) == "1 min 00 s"
    assert moment("2026-11-20T18:56:54+00:00") == "2026-11-20 18:56:54 UTC"
    assert moment("yesterday") == "yesterday"
    assert stopped("budget:cycles") == "budget used up: cycles"
    assert listed("abcd", 2) == "a, b … 2 more"


def test_short_steps_share_lines_and_long_ones_do_not() -> None:
    assert flowing(["a", "b", "c" * 60, "d"]) == f"a  b\n{'c' * 60}  d"
    assert all(len(line) < 130 for line in flowing(["x" * 20] * 30).split("\n"))
