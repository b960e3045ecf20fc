"""The tests that two designs are compared with: those of a run or a file, or drawn anew."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.baselines.crv import crv_test
from dv_agent.agents.records.reader import read_whole_run
from dv_agent.designs.benchmark.witnesses import load_tests
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder


def drawn_tests(golden: DesignFolder, seed: int, count: int) -> tuple[Test, ...]:
    """Return `count` random tests: by turns of the profiles of the stimulus schema, and of corner values."""
    source = random.Random(f"compare/{seed}")
    draw = (random_test, crv_test)
    return tuple(
        draw[index % 2](golden.design, golden.schema, source).model_copy(update={"name": f"random {index}"})
        for index in range(count)
    )


def given_tests(golden: DesignFolder, path: Path) -> tuple[Test, ...]:
    """Return the tests of a run folder, or of a file of tests.

    Raises:
        InputFileError: neither a run nor a file of tests for the golden design.
    """
    if not path.is_dir():
        return load_tests(path, golden)
    run = read_whole_run(path)
    return tuple(
        test.test if test.test.name else test.test.model_copy(update={"name": f"test {test.index}"})
        for turn in run.turns
        for test in turn.tests
    )


def limited(test: Test, tracks: Sequence[str] | frozenset[str]) -> Test:
    """Return the test with only those of its tracks that are in `tracks`."""
    return test.model_copy(update={"tracks": {name: steps for name, steps in test.tracks.items() if name in tracks}})
