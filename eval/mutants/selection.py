"""Which mutants a seed takes: all build, no two have one compiled form; those that equal the clean RTL are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dv_agent.designs.benchmark.rtl_copy import copied_names, rtl_copy
from dv_agent.designs.files.scratch import scratch_folder
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.mutants.candidate import Candidate, apply_edits, unified_diff, write_mutant
from dv_agent.designs.mutants.find_candidates import find_candidates, stratified
from dv_agent.errors import BuildError, PrerequisiteError, UsageError
from dv_agent.eval.mutants.data_model import Mutant, Selection
from dv_agent.runners.build.compiled_form import icarus_form, verilator_form
from dv_agent.runners.build.icarus import build_icarus, icarus_version
from dv_agent.runners.build.verilator_tool import VerilatorTool, find_verilator

ICARUS = "icarus"
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Forms:
    """The compiled forms of one design: for four-state and, where Verilator is installed, for two-state simulation.

    Attributes:
        exact: by the compiler of the simulator; designs of one exact form cannot be told apart.
        optimised: by Verilator, which simplifies more; empty if it refuses the RTL or is not installed. Designs of one
            optimised form differ at most where a value is unknown.
    """

    exact: str
    optimised: str = ""


class FormMaker:
    """Compiles designs to their forms.

    Args:
        simulator: name of the simulator that the mutants will run on; RTL that it refuses has no form.

    Raises:
        PrerequisiteError: the compiler is not installed.
    """

    def __init__(self, simulator: str) -> None:
        self._icarus = icarus_version() if simulator == ICARUS else ""
        self._tool: VerilatorTool | None = None
        try:
            self._tool = find_verilator()
        except PrerequisiteError:
            if not self._icarus:
                raise

    def of(self, folder: DesignFolder) -> Forms:
        """Return the forms of a design.

        Raises:
            BuildError: the compiler refuses the RTL.
        """
        optimised, refused = "", None
        try:
            optimised = verilator_form(folder.design, self._tool) if self._tool else ""
        except BuildError as error:
            refused = error
        if not self._icarus:
            if refused:
                raise refused
            return Forms(optimised, optimised)
        with scratch_folder() as room:
            return Forms(icarus_form(build_icarus(folder.design, room, self._icarus).program), optimised)


def select(
    folder: DesignFolder, simulator: str, count: int, seed: int, jobs: int,
    tell: Callable[[int], None] = lambda done: None,
) -> Selection:  # fmt: skip
    """Return the first `count` mutants in the order of `seed`, or all that there are.

    Args:
        jobs: compilers that run at the same time.
        tell: called with the number of mutants found.

    Raises:
        UsageError: nothing in the RTL can be changed.
        BuildError: the clean RTL does not build.
        PrerequisiteError: pyslang or the compiler is not installed.
        InputFileError: pyslang cannot read the RTL.
    """
    candidates = find_candidates(folder.design)
    maker = FormMaker(simulator)
    clean = maker.of(folder)
    if not candidates:
        raise UsageError(
            f"{folder.design.name}: nothing in its RTL can be changed: no operator, constant or assignment"
        )
    texts = _texts(folder)
    seen = set[str]()
    mutants: list[Mutant] = []
    met = refused = repeated = 0
    for candidate, forms in _compiled(maker, folder, stratified(candidates, seed), jobs, min(count, _BATCH)):
        if met == count:
            break
        if forms is None:
            refused += 1
            continue
        same, names = forms.exact == clean.exact, {forms.exact, forms.optimised} - {""}
        if not same and names & seen:
            repeated += 1
            continue
        # One that equals the clean RTL only where values are known may still show an X.
        seen |= names - {clean.optimised}
        mutants.append(_mutant(candidate, len(mutants), texts, forms.exact, same))
        met += not same
        tell(met)
    return Selection(mutants=tuple(mutants), candidates=len(candidates), refused=refused, repeated=repeated)


def _mutant(candidate: Candidate, number: int, texts: dict[str, str], form: str, same: bool) -> Mutant:
    old = texts[candidate.source]
    diff = unified_diff(candidate.source, old, apply_edits(old, candidate.edits))
    readable = diff.encode("latin-1").decode("utf-8", errors="replace")
    return Mutant(id=f"m{number:04}", change=candidate, diff=readable, form=form, equivalent=same)


def _texts(folder: DesignFolder) -> dict[str, str]:
    files = zip(copied_names(folder.design), folder.design.source_files(), strict=True)
    return {name: file.read_bytes().decode("latin-1") for name, file in files}


def _compiled(
    maker: FormMaker, folder: DesignFolder, order: Iterator[Candidate], jobs: int, size: int
) -> Iterator[tuple[Candidate, Forms | None]]:
    """Yield the candidates in order, `size` at a time, each with its forms; None if it does not build."""
    with scratch_folder() as room, ThreadPoolExecutor(jobs) as pool:
        for number, batch in enumerate(iter(lambda: tuple(islice(order, size)), ())):
            rooms = [room / f"{number}.{place}" for place in range(len(batch))]
            forms = pool.map(lambda one, copy: _form(maker, folder, one, copy), batch, rooms)
            yield from zip(batch, forms, strict=True)


def _form(maker: FormMaker, folder: DesignFolder, candidate: Candidate, room: Path) -> Forms | None:
    copy = rtl_copy(folder, room)
    write_mutant(room, candidate)
    try:
        return maker.of(copy)
    except BuildError:
        return None
