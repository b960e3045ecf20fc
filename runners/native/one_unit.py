"""Compiling the C++ of a worker in one unit, beside parts that are the same for all designs and compiled only once.

Most of the time of a compiler goes into the headers of Verilator. So they are compiled in advance, and all that it
wrote for a design is compiled together: a quarter of the time that its makefile takes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from dv_agent.errors import BuildError, OutputError
from dv_agent.runners.build.external_tools import printed_version, require
from dv_agent.runners.build.verilator import Verilated, compile_cpp

FLAGS = (
    "-O2", "-std=c++20", "-fcoroutines", "-fno-finite-loops", "-faligned-new", "-fcf-protection=none", "-w",
    "-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TIMING=0", "-DVM_TRACE=0", "-DVM_TRACE_FST=0",
    "-DVM_TRACE_VCD=0", "-DVM_TRACE_SAIF=0",
)  # fmt: skip
QUICK = "-O1"
"""After `FLAGS`: for a program that plays few cycles. Compiling takes a quarter less, and playing an eighth more."""
PREFIX = "Vtop"
"""Of the names of what Verilator makes."""
_HEADERS = "headers.hpp"
_HEADERS_TEXT = '#include "verilated.h"\n#include <memory>\n'
_UNIT = "unit.cpp"
_ONE_PCH = "VL_PCH_INCLUDED"  # Verilator's guard against two models in one unit that is compiled in advance
_MODEL, _WORKER = "model.cpp", "worker.cpp"
_SHELF = "native-runtime"  # beside the folder of the builds
_GLOBAL = re.compile(r"^VM_GLOBAL_(?:FAST|SLOW) \+= \\\n((?:  \w+ \\\n)*)", re.MULTILINE)


def compile_worker(
    made: Verilated, code: Mapping[str, str], more: Sequence[str] = (), copies: Sequence[str] = ()
) -> None:
    """Compile the worker of one design, or of several copies of it.

    Args:
        code: the C++ files that do not depend on the design, which are in the folder above `made.objects`.
        more: flags for what depends on the design.
        copies: the prefix of the names of each copy; its C++ is in the folder of that name in `made.objects`.

    Raises:
        BuildError: g++ refused the C++, or took too long.
        PrerequisiteError: there is no g++.
    """
    compiler = _Compiler(made)
    shared = _shared(compiler, code, copies)
    unit = _unit_of_copies(made.objects, copies) if copies else _included(f"../{_MODEL}", *_parts(made.objects))
    (made.objects / _UNIT).write_text("\n".join([*_included(_HEADERS), *unit]) + "\n", encoding="utf-8")
    compiler.run(*more, "-I", str(shared), "-c", _UNIT, "-o", "unit.o")
    libraries = sorted(str(file) for file in shared.glob("*.o"))
    compiler.run("unit.o", *libraries, "-o", "sim", "-lpthread", "-latomic")
    (made.objects / "sim").rename(made.program)


def _parts(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*.cpp"))


def _included(*names: str) -> list[str]:
    return [f'#include "{name}"' for name in names]


def _unit_of_copies(objects: Path, copies: Sequence[str]) -> list[str]:
    """Return the lines of a unit with every copy in a namespace of its own, and a choice between them."""
    lines = _included("../model.hpp")
    for copy in copies:
        renamed = {
            "dv": f"dv_{copy}",
            PREFIX: copy,
            "sc_time_stamp": f"sc_time_stamp_{copy}",
            "DV_TOP": f'"{copy}/{copy}.h"',
        }
        lines += [f"namespace dv_{copy} {{ using namespace dv; }}"]
        lines += [f"#define {name} {text}" for name, text in renamed.items()]
        lines += _included(f"../{_MODEL}")
        lines += [f"#undef {name}" for name in (*renamed, _ONE_PCH)]
        lines += _included(*(f"{copy}/{name}" for name in _parts(objects / copy)))
    made = [f"case {place}: return dv_{copy}::new_model(fill);" for place, copy in enumerate(copies)]
    chosen = ["  switch (chosen_copy) {", *made, f"default: return dv_{copies[0]}::new_model(fill); }}"]
    return [
        *lines, "double sc_time_stamp() { return 0; }",
        "std::unique_ptr<dv::Model> dv::new_model(int fill) {", *chosen, "}",
    ]  # fmt: skip


class _Compiler:
    def __init__(self, made: Verilated) -> None:
        self.made = made
        self._command = require("g++", "g++, which Verilator needs,", "apt-get install g++")
        root = made.environment.get("VERILATOR_ROOT") or printed_version(
            [made.tool.command, "--getenv", "VERILATOR_ROOT"]
        )
        self.include = Path(root) / "include"
        self.version = printed_version([self._command, "--version"])

    def run(self, *words: str) -> None:
        """Run it in the folder of the generated files."""
        paths = ("-I.", "-I..", f"-I{self.include}", f"-I{self.include / 'vltstd'}")
        compile_cpp([self._command, *FLAGS, *paths, *words], self.made)


def _shared(compiler: _Compiler, code: Mapping[str, str], copies: Sequence[str]) -> Path:
    """Return the folder of what is the same for all designs; make it if no earlier build did."""
    made = compiler.made
    folders = [made.objects / copy for copy in copies] or [made.objects]
    libraries = list(dict.fromkeys(name for folder in folders for name in _libraries(folder)))
    worker = [text for name, text in sorted(code.items()) if name != _MODEL]
    key = "\0".join([*FLAGS, compiler.version, made.tool.version, str(compiler.include), *libraries, *worker])
    shelf = made.shelf.with_name(_SHELF)
    target = shelf / hashlib.sha256(key.encode()).hexdigest()[:32]
    try:
        shelf.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{shelf}: {error.strerror}") from None
    with FileLock(shelf / f"{target.name}.lock"):
        if target.exists():
            return target
        for name in libraries:
            compiler.run("-c", str(compiler.include / f"{name}.cpp"), "-o", f"{name}.o")
        compiler.run("-c", f"../{_WORKER}", "-o", "worker.o")
        (made.objects / _HEADERS).write_text(_HEADERS_TEXT, encoding="utf-8")
        compiler.run("-x", "c++-header", _HEADERS, "-o", f"{_HEADERS}.gch")
        aside = Path(tempfile.mkdtemp(prefix="building-", dir=shelf))
        try:
            for name in (*(f"{one}.o" for one in (*libraries, "worker")), _HEADERS, f"{_HEADERS}.gch"):
                shutil.move(made.objects / name, aside / name)
            aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return target


def _libraries(objects: Path) -> list[str]:
    """Return the files of Verilator's run-time library that the generated code needs."""
    text = next(objects.glob("*_classes.mk")).read_text(encoding="utf-8")
    names = [word for found in _GLOBAL.findall(text) for word in found.split() if word != "\\"]
    if "verilated" not in names:
        raise BuildError("the makefile of verilator names no run-time library")
    return names
