"""Whole prompts of one scripted run, kept as files that people can read and compare."""

from pathlib import Path

import pytest
from scripted_run import play

from dv_agent.agents.testbench import Testbench

GOLDEN = Path(__file__).parent / "golden"
TURNS = {"first": 0, "middle": 1, "after_errors": 2}
BOUNDS = {"first": (8_000, 11_000), "middle": (9_000, 12_800), "after_errors": (9_000, 12_800)}


def test_the_prompts_of_a_scripted_run_are_the_golden_ones(
    softmax_bench: Testbench, request: pytest.FixtureRequest
) -> None:
    asked, proposals, _ = play(softmax_bench, 3)
    specification = softmax_bench.folder.specification
    changed = []
    for name, turn in TURNS.items():
        text = "\n".join(f"##### {one.role} #####\n{one.content}" for one in asked[turn])
        assert specification.strip() in text
        text = text.replace(specification.strip(), "(spec.md, whole)")
        path = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-golden", default=False):
            path.write_text(text, encoding="utf-8")
        if path.read_text(encoding="utf-8") != text:
            changed.append(name)
        record = proposals[turn].prompt
        assert record is not None
        assert record.cut == ()
        low, high = BOUNDS[name]
        assert low <= record.tokens <= high
    assert changed == [], "run `pytest tests/prompts --update-golden` and read the difference"
