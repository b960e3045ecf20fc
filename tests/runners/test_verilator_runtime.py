"""The library that all programs of Verilator share is compiled once, and never stands in the way of a build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prerequisites import need
from runner_fixtures import counter

from dv_agent.runners.build.external_tools import CommandResult, run_command
from dv_agent.runners.build.verilator_runtime import COMPILED_HEADERS, HEADERS, RuntimeShelf
from dv_agent.runners.verilator import VerilatorSimulator

# What Verilator's makefiles look like from here: a library, and files of the design.
VTOP = """\
CXX = g++
VK_GLOBAL_OBJS = one.o two.o
$(VK_GLOBAL_OBJS): Vtop.mk
%.o: %.cpp
\t$(CXX) $(CXXFLAGS) -c -o $@ $<
sim: $(VK_GLOBAL_OBJS) more.o
\t@echo linked $^
"""
MORE = "int more = 3;\n"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The source files that make compiled."""
    need("verilator")
    seen: list[str] = []

    def listening(command: list[str], *more: object) -> CommandResult:
        done = run_command(command, *more)  # type: ignore[arg-type]
        if Path(command[0]).name == "make" and "-n" not in command:
            seen.extend(Path(line.split()[-1]).name for line in done.output.splitlines() if " -c " in line)
        return done

    monkeypatch.setattr("dv_agent.runners.build.verilator.run_command", listening)
    monkeypatch.setattr("dv_agent.runners.build.verilator_runtime.run_command", listening)
    return seen


def test_a_second_design_compiles_only_what_is_its_own(compiled: list[str], own_cache: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        compiled.clear()
        (tmp_path / name).mkdir()
        VerilatorSimulator(own_cache).open(counter(tmp_path / name, f"// {name}")).close()
    assert compiled == ["Vtop__ALL.cpp"]


def objects(folder: Path) -> Path:
    """A folder as Verilator leaves it, in small."""
    folder.mkdir()
    (folder / "Vtop.mk").write_text(VTOP)
    (folder / "more.cpp").write_text(MORE)
    for name in ("one", "two"):
        (folder / f"{name}.cpp").write_text(f"int {name} = 1;\n")
    return folder


def shelf_in(folder: Path, environment: Mapping[str, str] | None = None) -> RuntimeShelf:
    need("verilator")
    return RuntimeShelf(folder / "shelf", ["make"], {**os.environ, **(environment or {})}, 60.0, (folder,))


def libraries(shelf: RuntimeShelf) -> set[str]:
    return {entry.name for entry in shelf.shelf.iterdir() if entry.is_dir()}


def lay_out(
    shelf: RuntimeShelf, folder: Path, more: str = MORE, part: str = "5.48", headers: str = ""
) -> tuple[str, ...]:
    return shelf.lay_out(folder, {"more.o": more}, [part], headers)


def test_the_same_library_serves_every_build_and_make_takes_it_as_it_is(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    folders = [objects(tmp_path / str(number)) for number in range(3)]
    names = ("one.o", "two.o", "more.o")
    with ThreadPoolExecutor() as pool:  # builds that start together make one library, whole
        assert set(pool.map(lambda folder: lay_out(shelf, folder), folders)) == {names}
    (library,) = libraries(shelf)
    for folder in folders:
        assert (folder / "one.o").resolve().parent.name == library
        (folder / "Vtop.mk").touch()
        words = ["make", "--no-print-directory", "-f", "Vtop.mk", *(f"--old-file={name}" for name in names), "sim"]
        assert run_command(words, folder, 60.0).output.strip() == "linked one.o two.o more.o"


def test_headers_are_compiled_with_the_options_of_the_library_and_taken_by_a_compiler(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path, {"CXXFLAGS": "-O1 -Winvalid-pch -Werror"})
    folder = objects(tmp_path / "first")
    assert COMPILED_HEADERS in lay_out(shelf, folder, headers="static const int known = 1;\n")
    (folder / HEADERS).write_text("#error it is not read\n")
    (folder / "more.cpp").write_text("int more = known;\n")
    words = ["make", f"CXXFLAGS=-O1 -Winvalid-pch -Werror -include {HEADERS}", "-f", "Vtop.mk", "more.o"]
    assert run_command(words, folder, 60.0, None, (folder,)).code == 0


@pytest.mark.parametrize("what", ["options", "compiler", "version", "text", "headers"])
def test_whatever_decides_about_the_objects_makes_another_library(tmp_path: Path, what: str) -> None:
    shelf = shelf_in(tmp_path)
    lay_out(shelf, objects(tmp_path / "first"))
    second = objects(tmp_path / "second")
    compiler = tmp_path / "g++"
    compiler.write_text('#!/bin/sh\n[ "$1" = --version ] && echo another && exit\nexec g++ "$@"\n')
    compiler.chmod(0o755)
    changed = {"options": {"CXXFLAGS": "-O1"}, "compiler": {"MAKEFLAGS": f"CXX={compiler}"}}.get(what)
    other = shelf_in(tmp_path, changed)
    more, part = MORE if what != "text" else "int more = 4;\n", "5.48" if what != "version" else "5.49"
    lay_out(other, second, more, part, "int known();\n" if what == "headers" else "")
    assert len(libraries(shelf)) == 2


def test_a_library_that_cannot_be_made_or_kept_is_left_to_the_build(tmp_path: Path) -> None:
    shelf = shelf_in(tmp_path)
    broken = objects(tmp_path / "broken")
    (broken / "one.cpp").write_text("not C++\n")
    assert lay_out(shelf, broken) == ()
    assert not libraries(shelf)
    assert not list(shelf.shelf.glob("building-*"))
    bare = objects(tmp_path / "bare")
    (bare / "Vtop.mk").unlink()
    assert lay_out(shelf, bare) == ()
    blocked = shelf_in(tmp_path / "first")
    (tmp_path / "first").write_text("a file where the folder should be")
    assert lay_out(blocked, objects(tmp_path / "other")) == ()
