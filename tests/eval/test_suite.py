"""A suite pins its designs: a changed task is noticed, and enters only under a risen task version."""

import re
import shutil
from pathlib import Path

import pytest

from dv_agent.designs.design import PRIMITIVES
from dv_agent.designs.loader import find_design
from dv_agent.errors import InputFileError, UnknownNameError
from dv_agent.eval.suites.suite import load_suite, suite_errors, suite_names, task_checksum
from dv_agent.eval.suites.update import update_suite

NAME = "pinned"
NOW, OTHER = (find_design(name).design.task_version for name in ("mxint_softmax", "kv_pack"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A design of its own: a copy of mxint_softmax under another name."""
    copy = tmp_path / "designs" / NAME
    shutil.copytree(find_design("mxint_softmax").path, copy)
    edit(copy / "design.yaml", "name: mxint_softmax", f"name: {NAME}")
    monkeypatch.setenv("DV_AGENT_DESIGNS", str(tmp_path / "designs"))
    return copy


@pytest.fixture
def suite(tmp_path: Path, home: Path) -> Path:
    """A suite of two designs, both entered."""
    path = write(tmp_path / "mine.yaml", f"  - {{name: {NAME}}}", "  - {name: kv_pack}")
    update_suite(path)
    assert suite_errors(load_suite(path)) == ()
    return path


def write(path: Path, *entries: str) -> Path:
    head = ["# Mine.", "schema_version: 1", "name: mine", "version: 3", "title: Two designs", "designs:"]
    path.write_text("\n".join([*head, *entries, ""]), encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def raise_version(home: Path) -> None:
    edit(home / "design.yaml", f"task_version: {NOW}", f"task_version: {NOW + 1}")


@pytest.mark.parametrize("name", suite_names())
def test_the_committed_suites_hold(name: str) -> None:
    loaded = load_suite(name)
    assert loaded.name == name
    assert suite_errors(loaded) == ()


@pytest.mark.parametrize(
    "file",
    ["rtl/row_accumulator.v", "plan.yaml", "spec.md", "stimulus.yaml", "design.yaml", "model.py", "bugs/bugs.yaml"],
)
def test_a_changed_task_under_an_unchanged_version_is_named_with_the_command_that_enters_it(
    home: Path, suite: Path, file: str
) -> None:
    with (home / file).open("a", encoding="utf-8") as text:
        text.write("\n")
    (error,) = suite_errors(load_suite(suite))
    assert error.startswith(f"{NAME}: changed since task version {NOW}")
    assert "raise task_version" in error
    assert str(home / "design.yaml") in error
    assert error.endswith(f"`dv-agent designs suite {suite} --update`")


@pytest.mark.parametrize("file", ["witnesses/witnesses.json", "hit_rates.json", "proof.json", "README.md"])
def test_what_is_not_the_task_may_change(home: Path, suite: Path, file: str) -> None:
    with (home / file).open("a", encoding="utf-8") as text:
        text.write("\n")
    assert suite_errors(load_suite(suite)) == ()


def test_shared_rtl_is_part_of_the_task(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "primitives"
    shutil.copytree(PRIMITIVES, copy)
    monkeypatch.setattr("dv_agent.designs.rtl_files.PRIMITIVES", copy)
    before = task_checksum(find_design(NAME))
    edit(copy / "stream_fifo.v", "endmodule", "endmodule // changed")
    assert task_checksum(find_design(NAME)) != before


def test_a_risen_task_version_is_entered_and_raises_the_version_of_the_suite(home: Path, suite: Path) -> None:
    raise_version(home)
    (error,) = suite_errors(load_suite(suite))
    assert f"task_version is {NOW + 1}" in error
    assert error.endswith(f"run `dv-agent designs suite {suite} --update`")
    assert update_suite(suite) == (f"{NAME}: task version {NOW} -> {NOW + 1}", "version of the suite: 3 -> 4")
    loaded = load_suite(suite)
    assert suite_errors(loaded) == ()
    assert (loaded.version, [one.task_version for one in loaded.designs]) == (4, [NOW + 1, OTHER])
    assert suite.read_text(encoding="utf-8").startswith("# Mine.\n")
    assert update_suite(suite) == ()


def test_the_update_refuses_a_change_under_an_unchanged_version_and_writes_nothing(home: Path, suite: Path) -> None:
    before = suite.read_bytes()
    edit(home / "spec.md", "floor", "flour")
    with pytest.raises(InputFileError, match=rf"mine\.yaml:7: pinned changed.*raise task_version in .* to {NOW + 1}"):
        update_suite(suite)
    assert suite.read_bytes() == before


def test_the_update_refuses_a_task_version_that_fell(home: Path, suite: Path) -> None:
    raise_version(home)
    update_suite(suite)
    edit(home / "design.yaml", f"task_version: {NOW + 1}", f"task_version: {NOW}")
    with pytest.raises(InputFileError, match=f"below {NOW + 1}"):
        update_suite(suite)


def test_a_line_without_its_checksum_enters_the_design_anew(home: Path, suite: Path) -> None:
    edit(home / "spec.md", "floor", "flour")
    text = suite.read_text(encoding="utf-8")
    suite.write_text(re.sub(rf"name: {NAME}, .*}}", f"name: {NAME}}}", text), encoding="utf-8")
    with pytest.raises(
        InputFileError, match=rf"mine\.yaml:7: {NAME} has no .*; run `dv-agent designs suite .* --update`"
    ):
        load_suite(suite)
    assert update_suite(suite) == (f"{NAME}: task version {NOW} entered",)
    assert suite_errors(load_suite(suite)) == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("  - {name: mxint_softmaks}", r"mine\.yaml:7: unknown design 'mxint_softmaks'; did you mean mxint_softmax"),
        ("  - {name: kv_pack}\n  - {name: kv_pack}", r"mine\.yaml:6: designs: named more than once: kv_pack"),
        ("  - {name: kv_pack, task_version: 0}", r"mine\.yaml:7: designs\.0\.task_version"),
        ("  - {name: kv_pack, task_version: 1, checksum: abc}", r"mine\.yaml:7: designs\.0\.checksum"),
        ("  - {nam: kv_pack}", r"mine\.yaml:7: designs\.0"),
        ("  - {name: kv_pack", r"mine\.yaml:\d+: not valid YAML"),
    ],
)
def test_a_bad_suite_is_refused_with_file_and_line(tmp_path: Path, entry: str, message: str) -> None:
    path = write(tmp_path / "mine.yaml", entry)
    for read in (load_suite, update_suite):
        with pytest.raises(InputFileError, match=message):
            read(path)


def test_an_unknown_suite_or_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean accelerators"):
        load_suite("accelerator")
    with pytest.raises(InputFileError, match="no such file"):
        load_suite(tmp_path / "none.yaml")
