"""Measurement of how often random stimulus hits each bin; the tiers of a plan are based on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

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
        hits: bin id -> hits within each of those numbers of beats.
    """

    schema_version: Literal[1] = 1
    command: str
    simulator: str
    seed: int
    beats: tuple[int, ...] = STEPS
    hits: dict[str, tuple[int, ...]]

    def tier(self, bin_id: str) -> Tier:
        """Return the tier: easy if hit within the smallest number of beats; medium within the largest; hard if not
        hit.
        """
        hits = self.hits[bin_id]
        return "easy" if hits[0] else "medium" if hits[-1] else "hard"

    @property
    def unhit(self) -> tuple[str, ...]:
        """Return the bins that were not hit within the largest number of beats."""
        return tuple(name for name, hits in self.hits.items() if not hits[-1])


def measure(folder: DesignFolder, simulator: str, seed: int, jobs: int) -> HitRates:
    """Simulate the largest number of random beats in `STEPS` and return the hits of every bin."""
    plan = plan_of(folder)
    total = np.zeros((len(STEPS), len(plan.bins)), dtype=np.int64)
    for part in over_chunks(folder, simulator, seed, STEPS[-1], jobs, chunk_hits):
        total += part
    return HitRates(
        command=f"dv-agent designs measure {folder.design.name} --seed {seed}",
        simulator=" and ".join(dict.fromkeys((simulator, simulator_of_others(folder, simulator, STEPS[-1])))),
        seed=seed,
        hits={one.id: tuple(total[:, index].tolist()) for index, one in enumerate(plan.bins)},
    )


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
    data = rates.model_dump(mode="json", exclude={"hits"})
    lines = ",\n".join(f'  "{name}": {json.dumps(hits)}' for name, hits in rates.hits.items())
    head = json.dumps(data, indent=1).rstrip("}\n ")
    path.write_text(f'{head},\n "hits": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
    return path


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
