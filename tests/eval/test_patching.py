"""Patches apply exactly where they say, or not at all."""

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dv_agent.designs.benchmark.patch import apply_patch
from dv_agent.errors import InputFileError

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "  x", "-y", "+z", "@@"]), min_size=1, max_size=12)


@given(LINES, LINES)
def test_a_diff_turns_the_old_text_into_the_new(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]
) -> None:
    room = tmp_path_factory.mktemp("patch")
    before, after = "\n".join(old) + "\n", "\n".join(new) + "\n"
    diff = "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "a/f.v", "b/f.v", lineterm=""))
    (room / "f.v").write_text(before)
    (room / "p.patch").write_text(diff + "\n")
    if before == after:
        with pytest.raises(InputFileError, match="holds no change"):
            apply_patch(room / "p.patch", room)
        return
    apply_patch(room / "p.patch", room)
    assert (room / "f.v").read_text() == after


GOOD = "--- a/f.v\n+++ b/f.v\n@@ -1,2 +1,2 @@\n one\n-two\n+TWO\n"


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (GOOD.replace(" one", " eins"), "does not match"),
        (GOOD.replace("-two", "-zwei"), "does not match"),
        (GOOD.replace("f.v", "../f.v"), "no file"),
        (GOOD.replace("f.v", "g.v"), "no file"),
        (GOOD.replace("-two\n+TWO\n", ""), "not a unified diff"),
        (GOOD.replace(" one", "*one"), "not a unified diff"),
        ("--- a/f.v\nhello\n", "not a unified diff|holds no change"),
        ("nothing here\n", "holds no change"),
    ],
)
def test_what_does_not_apply_is_refused(tmp_path: Path, patch: str, message: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "f.v").write_text("one\ntwo\n")
    (home / "f.v").write_text("one\ntwo\n")
    (home / "p.patch").write_text(patch)
    with pytest.raises(InputFileError, match=message):
        apply_patch(home / "p.patch", home)
    assert (tmp_path / "f.v").read_text() == "one\ntwo\n"
