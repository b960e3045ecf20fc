"""The plan of a design on RTL from elsewhere: where the ports fit it runs, else one message says what is missing."""

import json
from pathlib import Path

import pytest
from command import call

from dv_agent.designs.benchmark.other_rtl import with_other_rtl
from dv_agent.designs.loader import find_design
from dv_agent.errors import OutputError, UsageError

STRIDE = find_design("stride_detector")


def checkout(folder: Path, *changes: tuple[str, str]) -> Path:
    """A project with the RTL in a folder of its own, beside one of files that no elaborator can read."""
    for source in STRIDE.design.source_files():
        text = source.read_text(encoding="utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        place = folder / "detector/src" / source.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (folder / "other").mkdir(exist_ok=True)
    (folder / "other/broken.sv").write_text("module other(input x); import nothing_pkg::*; foo bar(; endmodule\n")
    return folder


def test_the_plan_runs_on_a_top_with_the_same_ports_and_other_inputs_are_held(tmp_path: Path) -> None:
    rtl = checkout(tmp_path / "theirs", ("valid_i,", "valid_i, input wire test_mode_i,"))
    made = call(
        "designs", "adopt", "stride_detector", "--rtl-from", str(rtl), "--out", "mine/their_detector", "--json",
        cwd=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    assert answer["tied"] == ["test_mode_i"]
    assert sorted(Path(name).name for name in answer["files"]) == ["stride_detector.v", "stride_tracker.v"]
    run = call(
        "run", "--design", "mine/their_detector", "--agent", "crv", "--max-cycles", "1500", "--json", cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    header = json.loads(run.stdout)["run"]
    assert (header["design"], header["bins"]) == ("their_detector", 1034)
    again = call("designs", "adopt", "stride_detector", "--rtl-from", str(rtl), "--out", "mine/their_detector",
                 cwd=tmp_path)  # fmt: skip
    assert (again.returncode, "exists; choose another" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("stride_2_valid_o", "second_valid_o"), "it has no port stride_2_valid_o (output, 1 bit)"),
        (("[31:0] value_i", "[15:0] value_i"), "its port value_i is input, 16 bits, and input, 32 bits is expected"),
        (("module stride_detector", "module detector"), "the top stride_detector cannot be elaborated"),
    ],
)
def test_what_does_not_fit_is_told_with_the_port_and_nothing_is_written(
    change: tuple[str, str], told: str, tmp_path: Path
) -> None:
    rtl = checkout(tmp_path / "theirs", change)
    with pytest.raises(UsageError) as caught:
        with_other_rtl(STRIDE, rtl, tmp_path / "made")
    assert told in str(caught.value)
    assert not (tmp_path / "made").exists()


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    rtl = checkout(tmp_path / "theirs")
    (tmp_path / "empty").mkdir()
    for place, told in ((tmp_path / "nothing", "a folder with RTL"), (tmp_path / "empty", "no .v or .sv file")):
        with pytest.raises(UsageError, match=told):
            with_other_rtl(STRIDE, place, tmp_path / "made")
    with pytest.raises(UsageError, match="names the design"):
        with_other_rtl(STRIDE, rtl, tmp_path / "a b")
    (rtl / "copy").mkdir()
    (rtl / "copy/twice.v").write_text("module stride_detector; endmodule\n")
    with pytest.raises(UsageError, match="name one of these"):
        with_other_rtl(STRIDE, rtl, tmp_path / "made")
    with pytest.raises(OutputError, match="exists"):
        with_other_rtl(STRIDE, rtl / "detector", rtl)
