"""Mutation test of the reference model: checks that an error in the model would be detected.

Operators and constants of ``model.py`` are changed one at a time, and the mutant is run on recorded traces of the clean
RTL. A mutant of the arithmetic is detected if a check fails (or if it raises); a mutant of the event tables is detected
if the traces, which cover every bin with the correct model, leave one uncovered.
"""

from __future__ import annotations

import ast
import random
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.sampling.sampler import Sampler
from dv_agent.designs.cycle_tables import cycle_tables, join
from dv_agent.designs.design import Design
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder, load_model
from dv_agent.designs.observation import Observation, ReferenceModel
from dv_agent.designs.trace import Trace
from dv_agent.runners.checks.run_checks import check

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.RShift: ast.LShift, ast.LShift: ast.RShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv,
}  # fmt: skip


COVERAGE = "coverage"
USED = 12
"""So many traces tell which lines of a model are used."""


class Mutant(Frozen):
    """One mutant of a model.

    Attributes:
        line: line number in model.py, from 1.
        change: the change, such as ``Add -> Sub`` or ``63 -> 64``.
        by: what detected it: the check that failed, the exception, or ``coverage``; empty if it was not detected.
    """

    line: int
    change: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A place that can be changed: the `index`-th visited node."""

    index: int
    line: int
    change: str


def mutate_model(
    folder: DesignFolder, plan: Plan, traces: Sequence[Trace], count: int, seed: int
) -> tuple[Mutant, ...]:
    """Try `count` mutants, chosen by `seed` among all places.

    Args:
        traces: traces of the clean RTL; together they cover `plan`.

    The arithmetic of a variant is that of the design that it is a variant of: that model is changed, where it is used
    at all, and checks alone can notice it, because the plan speaks of tables that it does not have.
    """
    covered = plan if folder.origin is None else None
    text = ((folder.origin or folder.path) / "model.py").read_text(encoding="utf-8")
    sites = list(find_sites(ast.parse(text)))
    if folder.origin is not None:
        used = used_lines(
            load_model(folder.origin / "model.py", f"dv_agent.designs.{folder.origin.name}.model"), traces
        )
        sites = [site for site in sites if site.line in used]
    chosen = random.Random(f"mutants/{seed}").sample(sites, min(count, len(sites)))
    return tuple(
        _try(folder.design, covered, text, site, traces) for site in sorted(chosen, key=lambda site: site.index)
    )


def used_lines(model: ReferenceModel, traces: Sequence[Trace]) -> frozenset[int]:
    """Return the lines of a model that run on these traces.

    Levels that a trace does not hold are not foretold, so nothing could notice an error there.
    """
    file, lines = str(getattr(model, "__file__", "")), set[int]()

    def note(frame: types.FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != file:
            return None
        lines.add(frame.f_lineno)
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        for trace in traces[:USED]:
            model.observe(trace)
    finally:
        sys.settrace(before)
    return frozenset(lines)


def find_sites(tree: ast.AST) -> Iterator[Site]:
    """Yield operators and integer constants, in the order of the syntax tree."""
    for index, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _SWAPS:
            yield Site(index, node.lineno, f"{type(node.op).__name__} -> {_SWAPS[type(node.op)].__name__}")
        elif isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
            yield Site(index, node.lineno, f"{type(node.ops[0]).__name__} -> {_SWAPS[type(node.ops[0])].__name__}")
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield Site(index, node.lineno, f"{node.value} -> {node.value + 1}")


def _change(tree: ast.AST, site: Site) -> None:
    node = list(ast.walk(tree))[site.index]
    if isinstance(node, ast.BinOp | ast.AugAssign):
        node.op = cast("ast.operator", _SWAPS[type(node.op)]())
    elif isinstance(node, ast.Compare):
        node.ops[0] = cast("ast.cmpop", _SWAPS[type(node.ops[0])]())
    elif isinstance(node, ast.Constant):
        node.value = cast("int", node.value) + 1


def _try(design: Design, plan: Plan | None, text: str, site: Site, traces: Sequence[Trace]) -> Mutant:
    tree = ast.parse(text)
    _change(tree, site)
    name = "dv_agent_model_mutant"
    module = types.ModuleType(name)
    sys.modules[name] = module  # dataclasses look up their module by name
    try:
        # The text is the design author's own model.py with one operator changed; no output of a language model.
        exec(compile(tree, "model.py (mutant)", "exec"), module.__dict__)  # noqa: S102
        by = _noticed(design, plan, cast("ReferenceModel", module), traces)
    except Exception as error:
        by = type(error).__name__
    finally:
        del sys.modules[name]
    return Mutant(line=site.line, change=site.change, by=by)


def _noticed(design: Design, plan: Plan | None, model: ReferenceModel, traces: Sequence[Trace]) -> str:
    seen = []
    for trace in traces:
        seen.append(model.observe(trace))
        if failures := check(design, trace, seen[-1]):
            return failures[0].check
    return "" if plan is None else _missed(design, plan, traces, seen)


def _missed(design: Design, plan: Plan, traces: Sequence[Trace], seen: Sequence[Observation]) -> str:
    sampler, coverage = Sampler(plan), empty_coverage(plan)
    for index, (trace, observation) in enumerate(zip(traces, seen, strict=True)):
        shared = cycle_tables(design, trace)
        sample = sampler.sample(join({**observation.tables, **shared}, shared["cycle"]))
        coverage = coverage.add(sample, f"{index:06}")
    return COVERAGE if len(coverage.open_bins) else ""
