"""Writing a board: four files of the same object."""

from __future__ import annotations

import os
from pathlib import Path

from dv_agent.errors import OutputError
from dv_agent.eval.board.board import Board
from dv_agent.eval.board.csv_file import to_csv
from dv_agent.eval.board.markdown import to_markdown
from dv_agent.eval.board.page.render import render_board

NAME = "leaderboard"


def write_board(board: Board, folder: Path) -> tuple[Path, ...]:
    """``leaderboard.json``, ``.csv``, ``.md`` and ``.html`` in `folder`, which is made if it is not there.

    Raises:
        OutputError: the folder cannot be written.
    """
    texts = {
        "json": board.model_dump_json(indent=1) + "\n",
        "csv": to_csv(board),
        "md": to_markdown(board),
        "html": render_board(board),
    }
    return tuple(_write(folder / f"{NAME}.{ending}", text) for ending, text in texts.items())


def _write(path: Path, text: str) -> Path:
    """A reader sees the old file or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
    return path
