"""Large amounts of random traffic: the tests of the agent `random`, distributed over processes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.testbench import Result, Simulated, Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.designs.trace import Trace
from dv_agent.runners.registry import fastest_name, find_simulator

Answer = TypeVar("Answer")
CHUNK_BEATS = 10_000
SAMPLED_TOGETHER = 16  # tests whose coverage is sampled in one call
NATIVE_FROM = 50_000  # below, building a native worker costs more than it saves


@dataclass(frozen=True, slots=True)
class Chunk:
    """Work for one process: about `beats` accepted beats of the random stream number `index` of `seed`."""

    folder: Path
    simulator: str
    seed: int
    index: int
    beats: int


def chunk_tests(folder: DesignFolder, seed: int, index: int) -> Iterator[Test]:
    """Yield the endless stream of random tests number `index` of `seed`."""
    source = random.Random(f"traffic/{seed}/{index}")
    while True:
        yield random_test(folder.design, folder.schema, source)


def accepted_beats(folder: DesignFolder, trace: Trace) -> int:
    """Return the number of transfers that the design accepted on its sources; of cycles, if it has no source, or wants
    its effort counted in cycles.
    """
    sources = [one.key for one in folder.design.streams if one.packets and folder.design.effort == "beats"]
    return sum(len(trace.accepted[key]) for key in sources) if sources else trace.cycles


def run_chunk(chunk: Chunk) -> Iterator[tuple[Result, int]]:
    """Simulate a chunk; yield each result with the beats accepted so far in the chunk."""
    folder = load_design(chunk.folder)
    with find_simulator(chunk.simulator).open(folder.design) as session:
        bench = Testbench(folder, plan_of(folder), session)
        beats, waiting = 0, list[Simulated]()
        counts: list[int] = []
        for test in chunk_tests(folder, chunk.seed, chunk.index):
            waiting.append(bench.simulate(test))
            beats += accepted_beats(folder, waiting[-1].run.trace)
            counts.append(beats)
            if len(waiting) == SAMPLED_TOGETHER or beats >= chunk.beats:
                yield from zip(bench.sampled(waiting), counts, strict=True)
                waiting, counts = [], []
            if beats >= chunk.beats:
                return


def simulator_of_others(folder: DesignFolder, simulator: str, beats: int) -> str:
    """Return the simulator of all chunks but the first, if the first is simulated on `simulator`."""
    return fastest_name(simulator, folder.design) if beats >= NATIVE_FROM else simulator


def over_chunks(
    folder: DesignFolder, simulator: str, seed: int, beats: int, jobs: int, work: Callable[[Chunk], Answer]
) -> Iterator[Answer]:
    """Call `work` (a module-level function) on chunks with a total of `beats` beats, in order, in `jobs` processes.

    The chunks do not depend on `jobs`, so the results do not either. From `NATIVE_FROM` beats on, all but the first
    chunk are simulated on the native path, where that can be used.
    """
    others = simulator_of_others(folder, simulator, beats)
    chunks = [
        Chunk(folder.path, others if index else simulator, seed, index, min(CHUNK_BEATS, beats - index * CHUNK_BEATS))
        for index in range(-(-beats // CHUNK_BEATS))
    ]
    if jobs <= 1:
        yield from map(work, chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, chunks)
