"""Several copies of one design in one worker: what all have in common is compiled and linked once.

Two thirds of the time of a build go into headers, the code around the model, and linking. So copies with a seeded bug
are Verilated one by one, each under a prefix of its own, and compiled together, each in a namespace of its own. The
worker is told by an argument which one it plays. The RTL of a copy is compiled as it stands, by the same options as
that of a single design.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError, InputFileError
from dv_agent.runners.build.cache import PROGRAM, WRAPPER, Build, build_in, cached_build, contents
from dv_agent.runners.build.verilator import Recipe, Verilated, verilate_aside
from dv_agent.runners.build.verilator_tool import VerilatorTool
from dv_agent.runners.native.bare_wrapper import bare_wrapper_text
from dv_agent.runners.native.compilation import build_native, native_code, native_options, worker_code
from dv_agent.runners.native.one_unit import FLAGS, PREFIX, QUICK, compile_worker

MOST_TOGETHER = 20
"""Copies in one program: more would need much memory to compile."""
_SHELF = "native"
_WORK = "work"


@dataclass(frozen=True, slots=True)
class BuiltCopy:
    """One copy in a worker.

    Attributes:
        place: its number in a worker of several; None: the worker has this one only.
    """

    build: Build
    place: int | None = None

    @property
    def command(self) -> list[str]:
        """Return the command that starts the worker."""
        which = [] if self.place is None else [str(self.place)]
        return [str(self.build.program), str(self.build.layout), *which]


class CopyBuilds:
    """The copies of a design, built together when the first of them is asked for.

    Args:
        designs: copies of one design, which differ in their sources only.
    """

    def __init__(self, designs: Sequence[Design], cache: Path, tool: VerilatorTool) -> None:
        self._designs, self._cache, self._tool = list(designs), cache, tool
        self._built: dict[int, Build | None] = {}

    def of(self, design: Design) -> BuiltCopy:
        """Return the worker of one of the copies; a worker of its own if they cannot be built together.

        Raises:
            BuildError, PrerequisiteError, InputFileError, OutputError: see `build_native`.
        """
        number = next(place for place, one in enumerate(self._designs) if one is design)
        group, place = divmod(number, MOST_TOGETHER)
        if group not in self._built:
            self._built[group] = self._together(self._designs[group * MOST_TOGETHER :][:MOST_TOGETHER])
        if build := self._built[group]:
            return BuiltCopy(build, place)
        return BuiltCopy(build_native(design, self._cache, self._tool, quick=True))

    def _together(self, designs: list[Design]) -> Build | None:
        if len(designs) < 2:
            return None
        try:
            return build_together(designs, self._cache, self._tool)
        except (BuildError, InputFileError):  # one of them is refused
            return None


def build_together(designs: Sequence[Design], cache: Path, tool: VerilatorTool) -> Build:
    """Compile copies of one design to one worker, little optimised, or find it in `cache`.

    Raises:
        BuildError: the RTL of a copy is refused, they need other drivers or clocks, or g++ refused the C++.
        PrerequisiteError, InputFileError, OutputError: as `build_verilator`.
    """
    code, *others = (native_code(design) for design in designs)
    if any(one != code for one in others):
        raise BuildError(f"{designs[0].name}: its copies are not driven alike")
    sources = json.dumps([[*native_options(one), *contents(one), str(one.plain_verilog)] for one in designs])
    parts = [tool.version, *FLAGS, QUICK, *tool.verilator_options, *code.values(), sources]
    return cached_build(
        designs[0], cache / _SHELF, parts, lambda folder: _compile(designs, folder, tool, code), bare_wrapper_text
    )


def _compile(designs: Sequence[Design], folder: Path, tool: VerilatorTool, code: dict[str, str]) -> None:
    objects = folder / _WORK / "objects"
    objects.mkdir(parents=True)
    for name, text in code.items():
        (objects.parent / name).write_text(text, encoding="utf-8")
    copies = [f"{PREFIX}{place}" for place in range(len(designs))]
    made = [_verilated(design, folder, objects, name, tool) for design, name in zip(designs, copies, strict=True)]
    environment = made[0].environment
    whole = Verilated(objects, folder / PROGRAM, folder.parent, tool, environment, (folder,))
    compile_worker(whole, worker_code(), (QUICK,), copies)
    shutil.rmtree(folder / _WORK)


def _verilated(design: Design, folder: Path, objects: Path, copy: str, tool: VerilatorTool) -> Verilated:
    """Put the C++ of one copy into ``objects/<copy>``."""
    kept: list[Verilated] = []

    def keep(made: Verilated) -> None:
        made.objects.rename(objects / copy)
        kept.append(made)

    def build(plain: bool) -> Build:
        room = objects.parent / f"{copy}_{plain}"
        room.mkdir()
        (room / WRAPPER).write_bytes((folder / WRAPPER).read_bytes())
        recipe = Recipe(_SHELF, (*native_options(design), "--prefix", copy), {}, {}, compiler=keep)
        verilate_aside(design, room, tool, recipe, plain)
        return Build(room, cached=False)

    build_in(design, build)
    return kept[0]
