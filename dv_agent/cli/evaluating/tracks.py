"""The commands ``dv-agent tracks``: records of all tracks in one folder, judged by subtle mutants, on one page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import MOST_SEED
from dv_agent.cli.terminal import say, say_json
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.eval.mutants.campaign import Watcher

tracks_app = typer.Typer(
    no_args_is_help=True,
    help="Put records of all tracks side by side: who is better, in what, how sure, at what cost.",
)
Folder = Annotated[Path, typer.Argument(help="Folder of the board: a folder a track, in it a folder a row.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Mutants tried at the same time.")]
SimulatorName = Annotated[
    str, typer.Option(envvar="DV_AGENT_SIMULATOR", help="Which simulator plays the mutants; native is the fastest.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


class TrackOption(StrEnum):
    """A track whose records are runs."""

    CLOSURE = "closure"
    BLIND = "blind"
    RTL = "rtl"


class FloorAgent(StrEnum):
    """An agent that asks no model."""

    NULL = "null"
    RANDOM = "random"
    CRV = "crv"
    SWEEP = "sweep"
    SEARCH = "search"
    ORACLE = "oracle"


@tracks_app.command("add")
def add(
    folder: Folder,
    records: Annotated[list[Path], typer.Argument(help="Runs, folders of hunts, and folders of written plans.")],
    row: Annotated[str, typer.Option(help="Label of the row that they are records of.")],
    note: Annotated[str, typer.Option(help="What a reader must know of the row.")] = "",
    track: Annotated[
        TrackOption | None, typer.Option(help="Of runs of agents without a model, which have no track of their own.")
    ] = None,
) -> None:
    """Copy records into a row of the board.

    Examples:

      dv-agent tracks add boards/tracks runs/20261130T* --row "a model" --note "one seed"

      dv-agent tracks add boards/tracks runs/random_* --row random --track blind
    """
    from dv_agent.eval.tracks.record_folder import add_record, row_words

    words = row_words(row, note)
    for record in records:
        say(str(add_record(folder, record, words, track.value if track else None)))


@tracks_app.command("floors")
def floors(
    folder: Folder,
    design: Annotated[list[str], typer.Option(help="A design. Repeatable.")],
    agent: Annotated[
        list[FloorAgent] | None, typer.Option(help="Repeatable; default: random, crv, search, oracle.")
    ] = None,
    track: Annotated[TrackOption, typer.Option(help="Whose usual budget they have.")] = TrackOption.BLIND,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Of their tests.")] = 0,
    max_cycles: Annotated[
        int | None, typer.Option(min=1, help="Bound of new runs; default: that of the track.")
    ] = None,
    simulator: SimulatorName = "icarus",
) -> None:
    """Play agents without a model, whose tests are the floors and the ceiling of the tracks `closure`, `blind`, `rtl`.

    Example:

      dv-agent tracks floors boards/tracks --design kv_pack --design lqer_dot
    """
    from dv_agent.eval.tracks.floors import AGENTS, play_floor

    for name in design:
        for one in map(str, agent or AGENTS):
            say(str(play_floor(folder, track.value, name, one, seed, simulator, max_cycles)))


@tracks_app.command("mutants")
def mutants(
    folder: Folder,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Which mutants; choose your own, keep it secret.")],
    count: Annotated[int, typer.Option(min=1, help="How many to try on each design; few of them are subtle.")] = 200,
    design: Annotated[
        list[str] | None, typer.Option(help="Only this design. Repeatable; default: those of the records.")
    ] = None,
    beats: Annotated[int, typer.Option(min=1, help="Random beats that kill no subtle mutant.")] = 100_000,
    jobs: Jobs = 2,
    simulator: SimulatorName = "icarus",
    quiet: Quiet = False,
) -> None:
    """Make the subtle mutants of the designs: those that random tests do not kill. The same command goes on.

    Example:

      dv-agent tracks mutants boards/tracks --seed 90317 --count 200 --simulator native
    """
    from dv_agent.eval.tracks.record_folder import track_rows
    from dv_agent.eval.tracks.subtle_mutants import designs_of, make_mutants

    names = design or list(designs_of(list(track_rows(folder))))
    if not names:
        raise UsageError(f"{folder} has no record of the tracks blind and rtl yet; add some, or name a --design")
    for name in names:
        with _watched(quiet, f"dv-agent tracks mutants {folder} with the same options") as watcher:
            left = make_mutants(folder, name, count, seed, simulator, jobs, watcher, beats)
        say(f"{name}: {left} of {count} mutants survive {beats:,} random beats")


@tracks_app.command("score")
def score(
    folder: Folder,
    jobs: Jobs = 2,
    simulator: SimulatorName = "icarus",
    play: Annotated[
        bool, typer.Option(help="Play the records on the subtle mutants first, as far as not done.")
    ] = True,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the board as one JSON object on stdout.")] = False,
) -> None:
    """Judge all records, and write tracks.html, tracks.md and tracks.json. The same command goes on.

    Examples:

      dv-agent tracks score boards/tracks --simulator native

      dv-agent tracks score boards/tracks --no-play
    """
    from dv_agent.eval.tracks.board import make_track_board
    from dv_agent.eval.tracks.output import to_markdown, write_track_board
    from dv_agent.eval.tracks.record_folder import track_rows
    from dv_agent.eval.tracks.subtle_mutants import JUDGED, play_on_mutants

    rows = list(track_rows(folder))
    if not rows:
        raise UsageError(f"{folder} has no row yet: dv-agent tracks add {folder} RECORD --row LABEL")
    for row in rows if play else ():
        for record in row.records if row.track in JUDGED else ():
            with _watched(quiet or as_json, f"dv-agent tracks score {folder}") as watcher:
                play_on_mutants(folder, record, simulator, jobs, watcher)
    board = make_track_board(folder)
    paths = write_track_board(board, folder)
    if as_json:
        say_json(board.model_dump(mode="json"))
    else:
        say(to_markdown(board))
        say("\n".join(map(str, paths)))


@contextmanager
def _watched(quiet: bool, goes_on: str) -> Iterator[Watcher]:
    """Show how mutants are tried; an interrupt says which command goes on."""
    from dv_agent.cli.evaluating.mutate_display import MutateDisplay
    from dv_agent.cli.interrupt import Ended, tell

    display = MutateDisplay(quiet)
    try:
        yield display
    except (KeyboardInterrupt, Ended):
        display.close()
        tell(f"dv-agent: interrupted; {goes_on} goes on")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    finally:
        display.close()
