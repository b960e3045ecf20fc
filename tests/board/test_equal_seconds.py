"""The table of equal processor seconds: shown where its record is, bounded, escaped, and marked as of one machine."""

from pathlib import Path

import pytest
from report_runs import parse

from dv_agent.errors import InputFileError
from dv_agent.eval.board.equal_seconds import NAME, EqualSeconds, SecondsLine, read_equal_seconds
from dv_agent.eval.board.files.output import write_board
from dv_agent.eval.board.leaderboard import Board

HOSTILE = "<script>alert(1)</script>|`"
RECORD = EqualSeconds(
    machine=HOSTILE, project="1.0", simulator="native", seeds=3,
    lines=(
        SecondsLine(design="one", task_version=1, bins=90, seconds=1.0, hits={"search": 41.0, "crv": 40.5}),
        SecondsLine(design="one", task_version=1, bins=90, seconds=3.0, hits={"search": 77.0}),
    ),
)  # fmt: skip


def written(board: Board, folder: Path) -> tuple[str, str]:
    """The page and the Markdown of a board."""
    paths = {path.suffix: path.read_text(encoding="utf-8") for path in write_board(board, folder)}
    return paths[".html"], paths[".md"]


def test_a_board_shows_the_record_in_its_folder_and_says_that_it_belongs_to_a_machine(
    board: Board, tmp_path: Path
) -> None:
    (tmp_path / NAME).write_text(RECORD.model_dump_json(), encoding="utf-8")
    page, text = written(board, tmp_path)
    assert "| one | 90 | 1 s | 41 | 40.5 |" in text
    assert "| one | 90 | 3 s | 77 | - |" in text
    shown = parse(page).text
    assert "40.5" in shown
    assert "At equal processor seconds" in shown
    for one in (page, text):
        assert "depends on the machine" in one
        assert "<script>alert" not in one


def test_a_board_without_the_record_has_no_such_table(board: Board, tmp_path: Path) -> None:
    page, text = written(board, tmp_path)
    assert 'id="seconds"' not in page
    assert "equal processor" not in page + text


@pytest.mark.parametrize("text", ["{", "{}", RECORD.model_dump_json().replace('"seeds":3', '"seeds":0')])
def test_a_record_that_is_none_is_one_clear_error(text: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(text, encoding="utf-8")
    with pytest.raises(InputFileError, match=NAME):
        read_equal_seconds(tmp_path)
