"""Output of a board: four files written from the same object."""

from __future__ import annotations

from pathlib import Path

from dv_agent.designs.files.documents import replace_text
from dv_agent.eval.board.equal_seconds import read_equal_seconds
from dv_agent.eval.board.files.csv_file import to_csv
from dv_agent.eval.board.files.markdown import to_markdown
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.page.render import render_board

NAME = "leaderboard"


def write_board(board: Board, folder: Path) -> tuple[Path, ...]:
    """Write ``leaderboard.json``, ``.csv``, ``.md`` and ``.html`` into `folder`, which is created if it does not exist.

    The last two show the table of equal seconds if its record is in the folder.

    Raises:
        OutputError: the folder cannot be written.
        InputFileError: the record of equal seconds is not one.
    """
    beside = read_equal_seconds(folder)
    texts = {
        "json": board.model_dump_json(indent=1) + "\n",
        "csv": to_csv(board),
        "md": to_markdown(board, beside),
        "html": render_board(board, beside),
    }
    paths = {folder / f"{NAME}.{ending}": text for ending, text in texts.items()}
    for path, text in paths.items():
        replace_text(path, text, make_folder=True)
    return tuple(paths)
