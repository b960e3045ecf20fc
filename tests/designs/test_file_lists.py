"""File lists: what they name, in order, with nested lists, and what is said of broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from dv_agent.designs.elaboration.file_list import FileList, read_file_list
from dv_agent.errors import InputFileError


def laid_out(folder: Path, **files: str) -> Path:
    for name in ("rtl/a.v", "rtl/b.sv", "lib/c.v", "lib/d.v", "inc/x.vh"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("//\n", encoding="utf-8")
    for name, text in files.items():
        (folder / "rtl" / f"{name}.f").write_text(text, encoding="utf-8")
    return folder


def names(result: FileList, folder: Path) -> list[str]:
    return [str(one.resolve().relative_to(folder)) for one in result.sources]


def test_all_that_a_list_may_say_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = laid_out(
        tmp_path,
        top="// a comment\n# another\n/* and\n one */ a.v  // after\n+incdir+../inc+.\n-I ../inc -I../lib\n"
        '+define+A=1+B -D C=x -DD\n-v ../lib/c.v\n-y ../lib +libext+.v\n-f more.f\n-sv -timescale 1ns/1ps\n"b.sv" \\\n'
        "-top unit\n",
        more="-F again.f\n",
        again="${WHERE}/a.v\n",
    )
    monkeypatch.chdir(folder)
    monkeypatch.setenv("WHERE", str(folder / "rtl"))
    result = read_file_list(folder / "rtl" / "top.f")
    assert names(result, folder) == ["rtl/a.v", "rtl/a.v", "rtl/b.sv"]
    assert [one.name for one in result.library] == ["c.v", "c.v", "d.v"]
    assert {one.resolve() for one in result.include_dirs} == {folder / "inc", folder / "lib", folder}
    assert result.defines == {"A": "1", "B": None, "C": "x", "D": None}
    assert result.top == "unit"


def test_paths_of_f_start_from_here_and_of_capital_f_from_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = laid_out(tmp_path, inner="a.v\n")
    (folder / "a.v").write_text("//\n", encoding="utf-8")
    (folder / "outer.f").write_text("-f rtl/inner.f\n-F rtl/inner.f\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    assert names(read_file_list(Path("outer.f")), folder) == ["a.v", "rtl/a.v"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gone.v\n", r"top.f:1: no file 'gone.v'"),
        ("\n-f gone.f\n", r"top.f:2: no file 'gone.f'"),
        ("+incdir+gone\n", r"top.f:1: no include folder 'gone'"),
        ("-y gone\n", r"top.f:1: no folder 'gone'"),
        ("-gnu\n", r"top.f:1: option '-gnu' is not known"),
        ("a.v\n-f", r"top.f:2: nothing follows -f"),
        ("-f top.f\n", r"file lists name each other: top.f -> top.f"),
        ("-f loop.f\n", r"file lists name each other: top.f -> loop.f -> top.f"),
    ],
)
def test_a_broken_list_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    folder = laid_out(tmp_path, top=text, loop="-f top.f\n")
    with pytest.raises(InputFileError, match=words):
        read_file_list(folder / "rtl" / "top.f")


def test_a_missing_list_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        read_file_list(tmp_path / "gone.f")
    with pytest.raises(InputFileError, match="a folder, not a file list"):
        read_file_list(tmp_path)
