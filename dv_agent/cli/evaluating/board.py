"""The command ``dv-agent board``: makes the leaderboard of an evaluation from its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.eval.verification.verdict import Verification


def board(
    folders: Annotated[
        list[Path],
        typer.Argument(help="Folders that `dv-agent eval` wrote; several of the same identity make one board."),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where the four files go. Default: the folder, if there is one only.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Make every trial again first, and rank no row that does not hold.")
    ] = False,
    cache: Annotated[bool, typer.Option(help="Use and keep scores that this machine has computed before.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the board as one JSON object on stdout.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write leaderboard.html, .json, .csv and .md from the records of an evaluation. Needs no model and no simulator.

    A record says what its author says. With --verify, which needs the simulator and takes about as long as the
    evaluation did, everything is made again as by `dv-agent verify`: what is not as recorded has no score, its row
    has no rank, and the exit code is 1. No verdict that stands in a folder is believed.

    Boards are merged only if their identity is the same: suite, designs with their checksums, simulator, budget and
    version of dv-agent. Rows and seeds are then put together.

    Examples:

      dv-agent board evals/baselines --open

      dv-agent board evals/monday evals/tuesday --out evals/both

      dv-agent board submitted --verify --out boards/submitted
    """  # fmt: skip
    from dv_agent.eval.board.assembly import make_board
    from dv_agent.eval.board.files.markdown import plain_table
    from dv_agent.eval.board.files.output import write_board

    if out is None and len(folders) > 1:
        raise UsageError("several folders make one board: say with --out where it goes")
    home = out or folders[0]
    verified = _verified(folders) if verify else None
    made = make_board(folders, home, use_cache=cache, verified=verified)
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
    if verified and any(one.doubts for one in verified.values()):
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _verified(folders: list[Path]) -> dict[Path, Verification]:
    from dv_agent.eval.verification.verify import verify

    found = {folder: verify(folder, complain) for folder in folders}
    for doubt in (doubt for one in found.values() for doubt in one.doubts):
        complain(doubt)
    return found
