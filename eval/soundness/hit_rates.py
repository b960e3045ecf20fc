"""Measurement of how often random stimulus hits each bin; the tiers of a plan are based on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Tier
from dv_agent.designs.files.documents import read_text
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import InputFileError
from dv_agent.eval.soundness.traffic import Chunk, over_chunks, run_chunk, simulator_of_others

FILE = "hit_rates.json"
STEPS = (1_000, 10_000, 100_000)


class HitRates(Frozen):
    """The measured hit rates (``hit_rates.json``).

    Attributes:
        command: the command line that made the file.
        beats: the numbers of random beats at which hits were counted, ascending.
        seed: the first seed; `seeds`: how many were measured, from it on.
        hits: bin id -> hits within each of those numbers of beats, over all seeds.
        reached: bin id -> seeds that hit it within each of those numbers of beats; empty for a single seed.
    """

    schema_version: Literal[1] = 1
    command: str
    simulator: str
    seed: int
    beats: tuple[int, ...] = STEPS
    seeds: int = Field(default=1, ge=1)
    hits: dict[str, tuple[int, ...]]
    reached: dict[str, tuple[int, ...]] = Field(default_factory=dict)

    def tier(self, bin_id: str) -> Tier:
        """Return the tier: easy if most seeds hit it within the smallest number of beats; medium within the largest;
        hard if most do not hit it.
        """
        reached = self.reached.get(bin_id) or tuple(int(hits > 0) for hits in self.hits[bin_id])
        most = self.seeds // 2 + 1
        return "easy" if reached[0] >= most else "medium" if reached[-1] >= most else "hard"

    @property
    def unhit(self) -> tuple[str, ...]:
        """Return the bins that most seeds do not hit within the largest number of beats."""
        return tuple(name for name in self.hits if self.tier(name) == "hard")


def measure(folder: DesignFolder, simulator: str, seed: int, jobs: int, seeds: int = 1) -> HitRates:
    """Simulate the largest number of random beats in `STEPS`, for each seed; return the hits of every bin."""
    plan = plan_of(folder)
    total = np.zeros((seeds, len(STEPS), len(plan.bins)), dtype=np.int64)
    for index in range(seeds):
        for part in over_chunks(folder, simulator, seed + index, STEPS[-1], jobs, chunk_hits):
            total[index] += part
    hits, reached = total.sum(axis=0), (total > 0).sum(axis=0)
    several = f" --seeds {seeds}" if seeds > 1 else ""
    return HitRates(
        command=f"dv-agent designs measure {folder.design.name} --seed {seed}{several}",
        simulator=" and ".join(dict.fromkeys((simulator, simulator_of_others(folder, simulator, STEPS[-1])))),
        seed=seed, seeds=seeds, hits=_by_bin(plan, hits), reached=_by_bin(plan, reached) if seeds > 1 else {},
    )  # fmt: skip


def _by_bin(plan: Plan, counts: NDArray[np.int64]) -> dict[str, tuple[int, ...]]:
    return {one.id: tuple(counts[:, index].tolist()) for index, one in enumerate(plan.bins)}


def chunk_hits(chunk: Chunk) -> NDArray[np.int64]:
    """Return int64[steps, bins]: hits of one chunk within each of `STEPS`; only the first chunk counts for the small
    ones.
    """
    rows = [_StepCount(step) for step in STEPS]
    for result, beats in run_chunk(chunk):
        for row in rows[:-1]:
            if chunk.index == 0 and not row.full:
                row.add(result.sample.hits, beats)
        rows[-1].add(result.sample.hits, 0)
    width = len(result.sample.hits)
    return np.stack([np.zeros(width, np.int64) if row.hits is None else row.hits for row in rows])


class _StepCount:
    def __init__(self, bound: int) -> None:
        self.bound, self.full = bound, False
        self.hits: NDArray[np.int64] | None = None

    def add(self, hits: NDArray[np.int64], beats: int) -> None:
        self.hits = hits.copy() if self.hits is None else self.hits + hits
        self.full = beats >= self.bound


def load_hit_rates(folder: DesignFolder) -> HitRates | None:
    """Read the committed measurement; return None if there is none.

    Raises:
        InputFileError: the file cannot be read as such.
    """
    path = folder.path / FILE
    if not path.is_file():
        return None
    try:
        return HitRates.model_validate_json(read_text(path))
    except ValidationError as error:
        message = f"{plain_words(error.errors()[0])}; make it anew with `dv-agent designs measure`"
        raise InputFileError(path, message) from None


def save_hit_rates(folder: DesignFolder, rates: HitRates) -> Path:
    """Write ``hit_rates.json``, one bin per line."""
    path = folder.path / FILE
    data = rates.model_dump(mode="json", exclude={"hits", "reached"})
    head = json.dumps(data, indent=1).rstrip("}\n ")
    blocks = ",\n".join(_block(key, counts) for key, counts in (("hits", rates.hits), ("reached", rates.reached)))
    path.write_text(f"{head},\n{blocks}\n}}\n", encoding="utf-8")
    return path


def _block(key: str, counts: dict[str, tuple[int, ...]]) -> str:
    lines = ",\n".join(f'  "{name}": {json.dumps(hits)}' for name, hits in counts.items())
    return f' "{key}": {{\n{lines}\n }}'


def tier_errors(plan: Plan, rates: HitRates) -> Iterator[str]:
    """Yield where the tiers of the plan differ from the measurement, and bins that were not measured."""
    for one in plan.bins:
        if one.id not in rates.hits:
            yield f"{one.id}: not in {FILE}"
        elif rates.tier(one.id) != one.tier:
            yield f"{one.id}: plan says {one.tier}, measured {rates.tier(one.id)} {rates.hits[one.id]}"
    for name in sorted(set(rates.hits) - {one.id for one in plan.bins}):
        yield f"{name}: measured, but not in the plan"


def tier_lines(plan: Plan, rates: HitRates) -> Iterator[str]:
    """Yield the ``tiers:`` line that the plan needs, for each item whose tiers differ from the measurement."""
    for item in plan.items:
        bins = plan.bins[item.start : item.stop]
        if all(rates.tier(one.id) == one.tier for one in bins):
            continue
        names = {tier: [one.title for one in bins if rates.tier(one.id) == tier] for tier in ("medium", "hard")}
        tiers = ", ".join(f"{tier}: [{', '.join(map(json.dumps, found))}]" for tier, found in names.items() if found)
        yield f"{item.covergroup}.{item.name}: tiers: {{{tiers}}}"
