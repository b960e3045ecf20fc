"""The command ``dv-agent verify``: a submitted evaluation, hunt, plan or run is made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, InputFileError, UsageError

if TYPE_CHECKING:
    from dv_agent.eval.verification.verdict import Doubt


def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of an evaluation, a hunt, a written plan, or a run.")],
    trial: Annotated[
        list[str] | None, typer.Option(help="Only this trial, by its id; then no verdict is written. Repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Make a submitted evaluation, hunt, plan or run again, and say what is not as recorded (exit code 1).

    Tests are proposed again, by agents without a model or from the recorded replies of one, and simulated again;
    seeded bugs, claims, bug reports and plans are judged again; rows, seeds and budgets are compared with what an
    evaluation owes. No model is asked. What its replies cost and its id cannot be checked: they stay what the author
    says. The verdict on an evaluation goes to verification.json; nothing else in the folder is changed. `dv-agent board
    FOLDER --verify` does the same and ranks no row that does not hold.

    Examples:

      dv-agent verify runs/evals/accelerators

      dv-agent verify runs/hunt
    """
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.eval.verification.verify import VERIFICATION
    from dv_agent.eval.verification.verify import verify as verify_folder

    if (doubts := _single(folder, trial)) is not None:
        _tell_doubts(doubts, {"doubts": [one.model_dump() for one in doubts]}, "made again", as_json)
        return
    done = verify_folder(folder, complain, trial or ())
    if not trial:
        replace_text(folder / VERIFICATION, done.model_dump_json(indent=1) + "\n")
    words = f"{counted(done.trials, 'trial')} made again, {{}}; {done.open} without a result claim none"
    _tell_doubts(done.doubts, done.model_dump(mode="json"), words, as_json)


def _single(folder: Path, trial: list[str] | None) -> tuple[Doubt, ...] | None:
    """Return the doubts about a hunt, a written plan or a run; None if the folder is none of them."""
    from dv_agent.agents.records.reader import is_there
    from dv_agent.agents.records.schema import HEADER
    from dv_agent.eval.evaluation.trial_folder import EVALUATION
    from dv_agent.eval.hunting.play_hunt import HUNT
    from dv_agent.eval.plan_writing.plan_record import REQUEST

    found = next((name for name in (HUNT, REQUEST, HEADER) if is_there(folder / name)), None)
    if found is None and not is_there(folder / EVALUATION):
        raise InputFileError(folder, "no evaluation, hunt, written plan or run is in this folder")
    if found is None:
        return None
    if trial:
        raise UsageError("--trial is for evaluations; a hunt, a plan or a run is made again whole")
    if found == HUNT:
        from dv_agent.eval.verification.again.hunt_again import hunt_again

        return hunt_again(folder, complain)
    if found == REQUEST:
        from dv_agent.eval.verification.again.plan_again import plan_again

        return plan_again(folder)
    from dv_agent.eval.verification.again.run_again import run_again

    return run_again(folder)


def _tell_doubts(doubts: tuple[Doubt, ...], answer: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        say_json(answer)
    else:
        for doubt in doubts:
            say(doubt)
        count = counted(len(doubts), "doubt")
        say(words.format(count) if "{}" in words else f"{words}: {count}")
    if doubts:
        raise typer.Exit(ExitCode.CHECK_FAILED)
