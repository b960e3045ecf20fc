"""The commands ``dv-agent designs from-testplan`` and ``from-ucis``: plans and coverage out of forms of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.designs.text.wording import counted
from dv_agent.errors import UsageError


def from_testplan(
    file: Annotated[Path, typer.Argument(help="An HJSON testplan.")],
) -> None:
    """Print the plan.yaml of a testplan; what holds no covergroup in the plan language becomes a comment.

    Example:

      dv-agent designs from-testplan testplan.hjson > plan.yaml
    """
    from dv_agent.designs.files.documents import printable
    from dv_agent.eval.exchange.testplan_file import plan_from

    text, missing = plan_from(file)
    say(text, end="", exact=True)
    if missing:
        shown = ", ".join(printable(one, 60) for one in missing[:6]) + (", ..." if len(missing) > 6 else "")
        complain(f"dv-agent: to be written by hand: {counted(len(missing), 'covergroup')} ({shown})")


def from_ucis(
    design: Annotated[str, typer.Argument(help="Name of a design, or path of its folder.")],
    file: Annotated[Path, typer.Argument(help="A UCIS XML file, as `dv-agent export --as ucis` writes it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print hits of every bin as JSON.")] = False,
) -> None:
    """Say what of a design's plan a UCIS file covers.

    Example:

      dv-agent designs from-ucis mxint_softmax coverage.xml
    """
    from dv_agent.coverage.goal import plan_of
    from dv_agent.designs.loader import find_design
    from dv_agent.eval.exchange.ucis_file import read_ucis

    if not file.is_file():
        raise UsageError(f"{file}: no such file")
    plan = plan_of(find_design(design))
    hits = read_ucis(file, plan)
    if as_json:
        say_json(hits)
        return
    goals = {one.id: one.at_least for one in plan.bins}
    open_bins = [name for name, count in hits.items() if count < goals[name]]
    say(f"{len(hits) - len(open_bins)} of {counted(len(hits), 'bin')} are covered")
    for name in open_bins[:20]:
        say(f"  open: {name}")
