"""What ``dv-agent eval`` tells at its end: the board, and what became of the trials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.designs.text.wording import counted

if TYPE_CHECKING:
    from dv_agent.eval.evaluation.data_model import Evaluation
    from dv_agent.eval.evaluation.scheduler import EvaluationOutcome


def tell_outcome(evaluation: Evaluation, folder: Path, done: EvaluationOutcome, as_json: bool) -> None:
    """Write the board of an evaluation, and print what became of its trials."""
    from dv_agent.eval.board.assembly import make_board
    from dv_agent.eval.board.files.markdown import plain_table
    from dv_agent.eval.board.files.output import write_board

    failed = [record for record in done.records.values() if record.status == "failed"]
    made = make_board([folder], folder) if len(done.records) > len(failed) else None
    if made:
        write_board(made, folder)
    if as_json:
        answer = {
            "folder": str(folder), "trials": len(evaluation.trials), "reused": done.reused,
            "finished": len(done.records) - len(failed), "open": list(done.open), "interrupted": done.interrupted,
            "nothing_checked": {one.trial.id: one.nothing_checked for one in done.records.values()
                                if one.nothing_checked},
            "capped": done.capped, "failed": {one.trial.id: one.failure.model_dump() for one in failed if one.failure},
        }  # fmt: skip
        say_json(answer)
        return
    if made:
        say(plain_table(made))
    silent = [record for record in done.records.values() if record.nothing_checked]
    if silent:
        say(f"{counted(len(silent), 'trial')} CHECKED NOTHING, such as {silent[0].trial.id}: "
              f"{silent[0].nothing_checked.splitlines()[0]}")  # fmt: skip
    say(f"{len(done.records) - len(failed)} of {counted(len(evaluation.trials), 'trial')} finished, "
          f"{len(failed)} failed, {len(done.open)} open; {done.reused} were there already")  # fmt: skip
    if done.capped:
        say(f"stopped starting trials with a model: {done.capped}")
    say(f"record: {folder}{' (leaderboard.html shows it)' if made else ''}")
    if done.open:
        complain("the same command goes on")
