"""``dv-agent board``: the leaderboard of an evaluation, made anew from its records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.errors import UsageError


def board(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Folders that `dv-agent eval` wrote; several of the same identity make one board."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where the four files go. Default: the folder, if there is one only.")
    ] = None,
    cache: Annotated[bool, typer.Option(help="Use and write score.json beside each trial.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the board as one JSON object on stdout.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write leaderboard.html, .json, .csv and .md from the records of an evaluation. Needs no model and no simulator.

    Boards are merged only if their identity is the same: suite, designs with their checksums, simulator, budget and
    version of dv-agent. Rows and seeds are then put together.

    Examples:

      dv-agent board evals/baselines --open

      dv-agent board evals/monday evals/tuesday --out evals/both
    """  # fmt: skip
    from dv_agent.eval.board.assembly import make_board
    from dv_agent.eval.board.markdown import plain_table
    from dv_agent.eval.board.output import write_board

    if out is None and len(folders) > 1:
        raise UsageError("several folders make one board: say with --out where it goes")
    home = out or folders[0]
    made = make_board(folders, home, use_cache=cache)
    paths = write_board(made, home)
    if as_json:
        say_json(made.model_dump(mode="json"))
    else:
        say(plain_table(made))
        say("\n".join(str(path) for path in paths))
    if show:
        import webbrowser

        page = next(path for path in paths if path.suffix == ".html")
        if not webbrowser.open(page.resolve().as_uri()):
            complain("no browser found; open the page above")
