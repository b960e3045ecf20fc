"""Compiling a design with Verilator to C++, which g++ compiles to a program with the main function of cocotb."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cocotb_tools.config

from dv_agent.designs.code.judging import judged_counters, rules_digest
from dv_agent.designs.design import Design
from dv_agent.errors import BuildError
from dv_agent.runners.build.cache import PROGRAM, SHARED_SHELVES, WRAPPER, Build, build_in, cached_build
from dv_agent.runners.build.code_counters import COUNTERS, MAIN_FILE, counters_of, main_text, write_counters
from dv_agent.runners.build.external_tools import CommandResult, require, run_command, shorten
from dv_agent.runners.build.loose_inputs import is_fitting_tie, missing_inputs, reject_loose_inputs
from dv_agent.runners.build.verilator_runtime import COMPILED_HEADERS, HEADERS, RuntimeShelf
from dv_agent.runners.build.verilator_tool import VerilatorTool
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.build.wrappers.wrapper import TOP, wrapper_text

VERILATE_SECONDS = 120.0
COMPILE_SECONDS = 600.0
_JOBS = min(2, os.cpu_count() or 1)
_OBJECTS = "dv_objects"
RUNTIME_SHELF = SHARED_SHELVES[0]  # beside the folder of the builds
_ONE_THREAD_FILE = "dv_one_thread.cpp"
_ONE_THREAD_OBJECT = "dv_one_thread.o"
# Otherwise a context starts one worker thread for each processor, and a process with threads cannot be forked.
_ONE_THREAD = """\
#include "verilated.h"
static const bool one_thread = (Verilated::threadContextp()->threads(1), true);
"""
_HEADERS = "".join(
    f'#include "verilated{part}.h"\n' for part in ("", "_timing", "_vpi", "_syms", "_sym_props")
)  # what all C++ of a design includes, and most of the time that its compiler takes
_ALL_FILE = "Vtop__ALL.cpp"
_MOST_IN_ONE_FILE = 2_000_000  # bytes; of more Verilator's makefile compiles several files at a time
_SLOW = re.compile(r'^#include ".*Slow\.cpp"$', re.MULTILINE)
_UNOPTIMISED = """\
#pragma GCC push_options
#pragma GCC optimize ("O0")
\\g<0>
#pragma GCC pop_options"""
# Not --coverage-fsm: with --coverage-line it makes Verilator 5.48 crash on some RTL.
_CODE = ("--coverage-line", "--coverage-toggle", "--coverage-expr")
_CODE_LINKED = "-Wl,--export-dynamic-symbol=dv_code_bits"
DESCRIBE_SECONDS = 60.0
_TRACES = {"": (), "fst": ("--trace-fst",), "vcd": ("--trace",)}
COMMON_OPTIONS = (
    "--cc", "--exe", "--prefix", "Vtop", "--top-module", TOP, "-Mdir", _OBJECTS, "-o", PROGRAM, "--threads", "1",
    "--assert",
    # Warnings are not errors, except those that show that the wrapper does not fit; see refusals.
    "-Wno-fatal",
    # An endless loop in the RTL must hang; without this option g++ may assume that every loop ends.
    "-CFLAGS", "-fno-finite-loops",
)  # fmt: skip
_OPTIONS = (
    *COMMON_OPTIONS, "--vpi", "--timing",
    # Nothing is optimised away: otherwise an endless loop would be removed if nothing reads its result.
    "--public-flat-rw",
    # Two-state simulation; a value that is X in Icarus is 0 here, in every test.
    "--x-initial", "0", "--x-assign", "0",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verilated:
    """The C++ that Verilator has written, and where its program goes.

    Attributes:
        objects: the folder of the generated files; the files of the recipe are one folder up.
        program: the file to make.
        shelf: the folder of all builds of this recipe in the cache.
        environment: environment variables of compilers.
        writable: folders that compilers may write into.
    """

    objects: Path
    program: Path
    shelf: Path
    tool: VerilatorTool
    environment: Mapping[str, str]
    writable: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What Verilator and make compile besides the design, and how.

    Attributes:
        shelf: name of the folder of its builds in the cache.
        options: arguments of Verilator.
        files: C++ files that are put beside the sources: name -> text.
        objects: object files made of them that do not depend on the design, and all the text of each.
        main: the C++ file with the main function, if it is not one of `files`.
        compiler: compiles all C++ in place of make; its settings are in `parts`.
        parts: further inputs of the result.
        wrapper_of: see `cached_build`.
        code: whether the program counts code coverage; the folder then holds the list of its counters.
        headers: text of headers that are compiled in advance for all designs.
    """

    shelf: str
    options: tuple[str, ...]
    files: Mapping[str, str]
    objects: Mapping[str, str]
    main: str = ""
    compiler: Callable[[Verilated], None] | None = None
    parts: tuple[str, ...] = ()
    wrapper_of: Callable[[Design, Layout], str] = wrapper_text
    code: bool = False
    headers: str = ""


def waves_format() -> str:
    """Return ``fst``, or ``vcd`` if the headers of zlib and lz4, which FST needs, are not installed."""
    compiler = require("g++", "g++, which Verilator needs,", "apt-get install g++")
    probe = [compiler, "-fsyntax-only", "-x", "c++", "-include", "zlib.h", "-include", "lz4.h", os.devnull]
    return "fst" if run_command(probe, Path.cwd(), 30.0).code == 0 else "vcd"


def build_verilator(design: Design, cache: Path, tool: VerilatorTool, waves: str = "", code: bool = False) -> Build:
    """Compile `design`, or find it in `cache`.

    Args:
        code: build it with code coverage; the folder then holds the list of its counters.
        waves: build it with support for waveforms (slower): ``fst`` or ``vcd``; see `waves_format`.

    Raises:
        PrerequisiteError: make is missing.
        InputFileError: a source file is missing, or nothing drives an input.
        BuildError: Verilator refused the RTL, g++ refused the generated C++, or either took too long.
        OutputError: the cache cannot be written.
    """
    libraries = str(cocotb_tools.config.libs_dir)
    linked = ("-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator")
    main = str(cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp")
    counting = (*_CODE, "-LDFLAGS", _CODE_LINKED) if code else ()
    files = {_ONE_THREAD_FILE: _ONE_THREAD}
    recipe = Recipe(
        "verilator",
        (*_OPTIONS, *_TRACES[waves], *linked, *counting),
        files | {MAIN_FILE: main_text(main)} if code else files,
        {_ONE_THREAD_OBJECT: _ONE_THREAD},
        main="" if code else main,
        code=code,
        headers="" if waves else _HEADERS,
    )
    return build_recipe(design, cache, tool, recipe)


def build_recipe(design: Design, cache: Path, tool: VerilatorTool, recipe: Recipe) -> Build:
    """Compile `design` by a recipe, or find it in `cache`; raises as `build_verilator`."""

    def build(plain: bool) -> Build:
        options = _options(recipe, tool, plain)
        parts = [tool.version, *options, *recipe.files.values(), *recipe.parts]
        parts += [rules_digest()] if recipe.code else []
        return cached_build(
            design, cache / recipe.shelf, parts, lambda folder: _compile(design, folder, tool, recipe, options),
            recipe.wrapper_of,
        )  # fmt: skip

    return build_in(design, build)


def verilate_aside(design: Design, folder: Path, tool: VerilatorTool, recipe: Recipe, plain: bool) -> None:
    """Run Verilator and the compiler of a recipe in an existing folder that holds the wrapper, outside of the cache.

    Args:
        plain: whether the RTL is read as Verilog-2005.

    Raises:
        BuildError, InputFileError: as `build_verilator`.
    """
    _compile(design, folder, tool, recipe, _options(recipe, tool, plain))


def _options(recipe: Recipe, tool: VerilatorTool, plain: bool) -> list[str]:
    language = ("--default-language", "1364-2005") if plain else ()
    return [*recipe.options, *tool.verilator_options, *language]


def _compile(design: Design, folder: Path, tool: VerilatorTool, recipe: Recipe, options: list[str]) -> None:
    environment = {**os.environ, **tool.environment}
    if shutil.which("ccache"):
        environment.setdefault("OBJCACHE", "ccache")
    work = folder / "work"
    names = _lay_out(design, work, {*recipe.files, WRAPPER, _OBJECTS})
    (work / WRAPPER).symlink_to(folder / WRAPPER)
    for name, text in recipe.files.items():
        (work / name).write_text(text, encoding="utf-8")
    code = [name for name in recipe.files if name.endswith(".cpp")] + ([recipe.main] if recipe.main else [])
    includes = design.compile_options(names)
    rooms = (folder, *_ccache(environment))
    done = run_command(
        [tool.command, *options, *includes, *code, *names, WRAPPER], work, VERILATE_SECONDS, environment, rooms
    )
    if refused := list(refusals(done, design)):
        raise BuildError(f"{design.name}: verilator refused the RTL\n{shorten(refused)}")
    missing = _messages(done.output.splitlines(), "%Warning-PINMISSING", f" {WRAPPER}:")
    reject_loose_inputs(design, missing_inputs(design, missing))
    made = Verilated(work / _OBJECTS, folder / PROGRAM, folder.parent, tool, environment, rooms)
    try:
        recipe.compiler(made) if recipe.compiler else _make(made, recipe)
    except BuildError as error:
        raise BuildError(f"{design.name}: {error}") from None
    if recipe.code:
        _describe(design, folder, [work / name for name in names])
    shutil.rmtree(work)


def _make(made: Verilated, recipe: Recipe) -> None:
    make = [require("make", "make, which Verilator needs,", "apt-get install make"), "-j", str(_JOBS)]
    make += made.tool.make_options
    shelf = made.shelf.with_name(RUNTIME_SHELF)
    library = RuntimeShelf(shelf, make, made.environment, COMPILE_SECONDS, made.writable)
    compiled = library.lay_out(made.objects, recipe.objects, [made.tool.version], recipe.headers)
    make += [f"--old-file={name}" for name in compiled]
    if sum(file.stat().st_size for file in made.objects.glob("*.cpp")) <= _MOST_IN_ONE_FILE:
        make += ["VM_PARALLEL_BUILDS=0", f"VK_USER_OBJS={' '.join(recipe.objects)}"]
        if COMPILED_HEADERS in compiled:
            make.append(f"USER_CPPFLAGS={made.environment.get('USER_CPPFLAGS', '')} -include {HEADERS}")
        _write_one_file(make, made, recipe)
    compile_cpp([*make, "-f", "Vtop.mk"], made)
    (made.objects / PROGRAM).rename(made.program)


def _write_one_file(make: Sequence[str], made: Verilated, recipe: Recipe) -> None:
    """Write the one file with all C++ of a design and the main function.

    What runs once, when a model is made, is not optimised, as if it were a file of its own: that is half of the time of
    the compiler.
    """
    compile_cpp([*make, "-f", "Vtop.mk", _ALL_FILE], made)
    file = made.objects / _ALL_FILE
    text = _SLOW.sub(_UNOPTIMISED, file.read_text(encoding="utf-8"))
    main = recipe.main or f"../{MAIN_FILE}"
    file.write_text(f'{text}#include "{main}"\n', encoding="utf-8")


def compile_cpp(command: Sequence[str], made: Verilated) -> None:
    """Run a command that compiles C++.

    Raises:
        BuildError: it failed, or took longer than `COMPILE_SECONDS`.
    """
    done = run_command(command, made.objects, COMPILE_SECONDS, made.environment, made.writable)
    if done.code:
        raise BuildError(f"the C++ of verilator does not compile\n{shorten(_errors_of_make(done))}")


def _describe(design: Design, folder: Path, sources: list[Path]) -> None:
    """Write the list of the counters of the program in `folder`."""
    room = folder / "points"
    room.mkdir()

    def run(more: dict[str, str]) -> None:
        environment = {"PATH": os.defpath, **more}  # no secrets: it is the RTL that runs
        done = run_command([str(folder / PROGRAM)], room, DESCRIBE_SECONDS, environment, (room,))
        if done.code:
            raise BuildError(f"{design.name}: verilator's program cannot list its coverage\n{done.output[-2000:]}")

    write_counters(folder / COUNTERS, judged_counters(design, counters_of(room, TOP, sources, run)))
    shutil.rmtree(room)


def _ccache(environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield the existing folders of ccache, if it is used."""
    home = Path(environment.get("HOME", "/"))
    places = (environment.get("CCACHE_DIR", ""), home / ".cache" / "ccache", home / ".ccache")
    if "OBJCACHE" in environment:
        yield from (Path(place) for place in places if place and Path(place).is_dir())


def _lay_out(design: Design, work: Path, taken: Container[str]) -> list[str]:
    """Link the sources into `work`, which then looks like the design's folder, and return their names.

    Args:
        taken: names that are needed otherwise.

    So all messages, also those of the running simulation, use the file names of the design, and ccache finds the
    same names each time.
    """
    work.mkdir()
    for entry in design.base.absolute().iterdir():
        if entry.name not in taken:
            (work / entry.name).symlink_to(entry)
    names = []
    for source, file in zip(design.compiled_names(), design.source_files(), strict=True):
        outside = Path(source).is_absolute() or ".." in Path(source).parts
        name = str(file.absolute()) if outside else source
        names.append(f"./{name}" if name.startswith(("-", "+")) else name)
    return names


def refusals(done: CommandResult, design: Design) -> Iterator[str]:
    """Yield Verilator's messages on why the RTL cannot be used, with paths relative to the design; none if it can."""
    text = done.output.replace(f"{design.base.absolute()}{os.sep}", "").replace(f"{design.base}{os.sep}", "")
    lines = text.splitlines()
    errors = list(_messages(lines, "%Error"))
    misfits = list(_messages(lines, "%Warning-WIDTH", f" {WRAPPER}:", lambda line: is_fitting_tie(design, line)))
    if done.code:
        yield from errors or lines[-1:] or [f"exit code {done.code}"]
    else:
        yield from misfits


def _messages(
    lines: Iterable[str], begin: str, holding: str = "", spared: Callable[[str], bool] = lambda _: False
) -> Iterator[str]:
    """Yield the messages that begin with `begin`, each with the source excerpt below it, without Verilator's advice."""
    inside = False
    for line in lines:
        if line.startswith("%"):
            inside = line.startswith(begin) and holding in line and "Exiting due to" not in line and not spared(line)
        if inside and not line.lstrip().startswith("..."):
            yield line


def _errors_of_make(done: CommandResult) -> list[str]:
    lines = done.output.splitlines()
    return [line for line in lines if "error" in line.lower()] or lines[-5:]
