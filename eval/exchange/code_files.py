"""Code coverage as lcov and as Cobertura: lines and branches of the RTL, as tests of a run hit them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoint
from dv_agent.errors import UsageError
from dv_agent.eval.exchange.optional_packages import package
from dv_agent.eval.exchange.recorded_results import RecordedResults


def lcov_text(results: RecordedResults) -> str:
    """Return the tracefile; counts are numbers of tests. Points that parameters make dead are left out.

    Raises:
        UsageError: the run did not count code coverage.
    """
    files: dict[str, list[tuple[CodePoint, int]]] = defaultdict(list)
    for point, hits in _points(results):
        files[point.file].append((point, hits))
    parts = []
    for file, points in sorted(files.items()):
        parts += ["TN:", f"SF:{_place(results, file)}", *_branches(points), *_lines(points), "end_of_record"]
    return "\n".join(parts) + "\n"


def cobertura_text(results: RecordedResults) -> str:
    """Return Cobertura XML of the same; raises as `lcov_text`, and `PrerequisiteError` if lcov_cobertura is missing."""
    base = str(results.folder.design.base)
    text: str = package("lcov_cobertura").LcovCobertura(lcov_text(results), base_dir=base).convert()
    return text


def _points(results: RecordedResults) -> Iterator[tuple[CodePoint, int]]:
    coverage = results.coverage
    if coverage.plan.code is None:
        raise UsageError(
            f"{results.run.folder} counted no code coverage: make a run with --goal code or both (needs Verilator)"
        )
    for point in coverage.plan.code.alive:
        yield point, int(coverage.hits[coverage.plan.index(f"{CODE}.{point.kind}.{point.name}")])


def _place(results: RecordedResults, file: str) -> str:
    """Return the absolute path of a source, if it is there."""
    design = results.folder.design
    for source in (*design.source_files(), *design.header_files()):
        if str(source).endswith(f"/{file}") or source.name == Path(file).name:
            return str(source.resolve())
    return file


def _lines(points: list[tuple[CodePoint, int]]) -> Iterator[str]:
    counts: dict[int, int] = {}
    for point, hits in points:
        if point.kind == "line":
            for first, last in point.lines or ((point.line, point.line),):
                for line in range(first, last + 1):
                    counts[line] = max(counts.get(line, 0), hits)
    yield from (f"DA:{line},{count}" for line, count in sorted(counts.items()))
    yield f"LF:{len(counts)}"
    yield f"LH:{sum(count > 0 for count in counts.values())}"


def _branches(points: list[tuple[CodePoint, int]]) -> Iterator[str]:
    by_line: dict[int, list[int]] = defaultdict(list)
    for point, hits in points:
        if point.kind == "branch":
            by_line[point.line].append(hits)
    yield from _branch_lines(by_line)


def _branch_lines(by_line: Mapping[int, list[int]]) -> Iterator[str]:
    for line, hits in sorted(by_line.items()):
        for number, taken in enumerate(hits):
            yield f"BRDA:{line},0,{number},{taken or '-' if not any(hits) else taken}"
    found = [taken for hits in by_line.values() for taken in hits]
    yield f"BRF:{len(found)}"
    yield f"BRH:{sum(taken > 0 for taken in found)}"
