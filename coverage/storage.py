"""Saving and loading coverage as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from dv_agent.coverage.database import Coverage
from dv_agent.coverage.plan import Plan
from dv_agent.designs.bounds import Count, Digest, Stops
from dv_agent.designs.files.documents import printable, replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.trace import IntColumn
from dv_agent.errors import InputFileError

_BIG = 1 << 62


class BinRecord(Frozen):
    """What was seen of one bin; `first` and `nearest` are indices into `CoverageFile.names`."""

    hits: int = Field(default=0, ge=0, lt=_BIG)
    observable: bool = False
    first: int = Field(default=-1, ge=-1, lt=_BIG)
    distance: int | None = Field(default=None, ge=0, lt=_BIG, description="null: not measured")
    residual: int = Field(default=0, ge=0, le=_BIG)
    nearest: int = Field(default=-1, ge=-1, lt=_BIG)
    nearest_row: int = Field(default=-1, ge=-1, lt=_BIG)


class CoverageFile(Frozen):
    """``coverage.json``: only what differs from nothing seen is written."""

    schema_version: Literal[1] = 1
    plan_hash: Digest
    tests: Count
    names: Annotated[tuple[tuple[Count, Annotated[str, Field(max_length=200)]], ...], Stops]
    bins: dict[str, BinRecord]
    hidden: dict[str, Count]
    illegal: dict[str, Count]


def to_file(coverage: Coverage) -> CoverageFile:
    """The persisted form."""
    records = {one.id: _record(coverage, index) for index, one in enumerate(coverage.plan.bins)}
    blank = BinRecord()
    return CoverageFile(
        plan_hash=coverage.plan.hash,
        tests=coverage.tests,
        names=coverage.names,
        bins={name: record for name, record in records.items() if record != blank},
        hidden=_counts(coverage.plan.hidden, coverage.hidden_hits),
        illegal=_counts(tuple(one.id for one in coverage.plan.illegal), coverage.illegal_hits),
    )


def save_coverage(coverage: Coverage, path: Path) -> None:
    """Write `coverage` to `path`; a reader sees the old file or the new one, never a part.

    Raises:
        OutputError: the file cannot be written.
    """
    text = json.dumps(to_file(coverage).model_dump(exclude_defaults=True) | {"schema_version": 1}, indent=1)
    replace_text(path, text + "\n")


def load_coverage(plan: Plan, path: Path) -> Coverage:
    """The coverage in `path`.

    Raises:
        InputFileError: unreadable, not the format, or recorded against another plan.
    """
    file = read_json(path, CoverageFile)
    if file.plan_hash != plan.hash:
        raise InputFileError(
            path,
            f"recorded against another plan ({file.plan_hash[:12]}, not {plan.hash[:12]} of {plan.path}); "
            "the plan has changed since: run or re-score the tests again",
        )
    return _restore(plan, path, file)


def _restore(plan: Plan, path: Path, file: CoverageFile) -> Coverage:
    records = [file.bins.get(one.id, BinRecord()) for one in plan.bins]
    illegal = tuple(one.id for one in plan.illegal)
    known = {one.id for one in plan.bins}
    unknown = sorted(
        (file.bins.keys() - known) | (file.hidden.keys() - set(plan.hidden)) | (file.illegal.keys() - set(illegal))
    )
    if unknown:
        raise InputFileError(path, f"counts of bins that the plan does not have: {printable(', '.join(unknown[:3]))}")
    if list(file.names) != sorted(set(file.names)):
        raise InputFileError(path, "names: expected ascending test names, each once")
    if any(max(one.first, one.nearest) >= len(file.names) for one in records):
        raise InputFileError(path, "bins: `first` and `nearest` must be indices into `names`")
    return Coverage(
        plan=plan, tests=file.tests, names=file.names,
        hits=_column([one.hits for one in records]),
        hidden_hits=_column([file.hidden.get(name, 0) for name in plan.hidden]),
        illegal_hits=_column([file.illegal.get(name, 0) for name in illegal]),
        observable=np.array([one.observable for one in records], dtype=np.bool_),
        first=_column([one.first for one in records]),
        distance=np.array([_BIG if one.distance is None else one.distance for one in records], dtype=np.int64),
        residual=_column([one.residual for one in records]),
        nearest=_column([one.nearest for one in records]),
        nearest_row=_column([one.nearest_row for one in records]),
    )  # fmt: skip


def _record(coverage: Coverage, index: int) -> BinRecord:
    distance = int(coverage.distance[index])
    return BinRecord(
        hits=int(coverage.hits[index]),
        observable=bool(coverage.observable[index]),
        first=int(coverage.first[index]),
        distance=distance if distance < _BIG else None,
        residual=int(coverage.residual[index]),
        nearest=int(coverage.nearest[index]),
        nearest_row=int(coverage.nearest_row[index]),
    )


def _counts(names: tuple[str, ...], hits: IntColumn) -> dict[str, int]:
    return {name: count for name, count in zip(names, hits.tolist(), strict=True) if count}


def _column(values: list[int]) -> IntColumn:
    return np.array(values, dtype=np.int64)
