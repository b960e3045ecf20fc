"""The command ``dv-agent designs adopt``: the plan of a design on RTL of somebody else that has the same ports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dv_agent.cli.terminal import say, say_json
from dv_agent.designs.text.wording import counted


def adopt(
    name: Annotated[str, typer.Argument(help="Name of a design, or path of its folder.")],
    rtl_from: Annotated[Path, typer.Option("--rtl-from", help="Folder with the other RTL, such as a checkout of the "
        "project that a design follows. Nothing in it is changed.")],
    out: Annotated[Path, typer.Option(help="Folder of the new design; its last part is the new name.")],
    top: Annotated[str, typer.Option(help="Module to take as the top; that of the design if not given.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:  # fmt: skip
    """Point the plan of a design at other RTL: a new folder with its plan, model, witnesses and a copy of that RTL.

    The top must have the ports that the design uses, in the same directions and widths. Seeded bugs and proofs are of
    the original RTL and stay there. Inputs that the design does not know are held at 0.

    Example:

      dv-agent designs adopt stride_detector --rtl-from ../llm4dv/stride_detector --out mine/their_detector

      dv-agent run --design mine/their_detector --agent oracle
    """
    from dv_agent.designs.benchmark.other_rtl import with_other_rtl
    from dv_agent.designs.loader import find_design

    made = with_other_rtl(find_design(name), rtl_from, out, top)
    if as_json:
        say_json(
            {"folder": str(out), "name": made.folder.design.name, "files": list(made.files), "tied": list(made.tied)}
        )
        return
    say(f"{out}: {counted(len(made.files), 'RTL file')} ({', '.join(made.files)})")
    if made.tied:
        say(
            f"held at 0, because {name} does not know {'it' if len(made.tied) == 1 else 'them'}: {', '.join(made.tied)}"
        )
    say(f"next: dv-agent run --design {out} --agent oracle")
