"""The picture of ``dv-agent optimise`` on the scripted models of its tests: with feedback, and as a control without.

`python benchmarks/optimise_curve.py docs/pictures/optimise-curve.svg` plays both and draws them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CALLS = 24


def main(out: Path) -> None:
    """Play both searches on the small designs and write the picture."""
    sys.path[:0] = [str(ROOT / "tests" / room) for room in ("optimise", "cli", "models")]
    from prompt_world import make_world, scripted, stimuli_for, text_for  # noqa: PLC0415

    from dv_agent.eval.optimisation.gain_picture import Line, curve_svg  # noqa: PLC0415
    from dv_agent.eval.optimisation.history import History, Point  # noqa: PLC0415

    lines: list[Line] = []
    with (
        tempfile.TemporaryDirectory() as room,
        make_world(Path(room), Path(room) / "cache", scripted(stimuli_for, text_for)) as world,
    ):
        for label, option in (("with feedback", "--feedback"), ("control, without", "--no-feedback")):
            done = world.optimise(option, "--json", calls=CALLS, out=option.strip("-"))
            assert done.returncode == 0, done.stderr
            history = History.model_validate(world.read("history.json", option.strip("-")))
            last = history.steps[-1]
            points = [
                *history.curve,
                Point(step=last.number, calls=last.calls, usd=0, validation=history.curve[-1].validation),
            ]
            first, best = (100 * points[place].validation for place in (0, -1))
            words = f"{first:.0f} to {best:.0f} %, {len(history.steps)} proposals"
            print(f"{label}: {words}", *(one.words for one in history.steps), sep="\n  ")
            lines.append((label, points, words))
    out.write_text(
        curve_svg("bins covered in validation, best strategy so far (scripted models)", lines), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
