"""The command ``dv-agent init``: a design.yaml for RTL of your own, and a first look at what it does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import MOST_SEED
from dv_agent.cli.terminal import complain, say, say_json
from dv_agent.designs.text.wording import counted
from dv_agent.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from dv_agent.agents.first_look.guessed_design import Draft
    from dv_agent.agents.first_look.report_words import Look
    from dv_agent.agents.testbench import Testbench
    from dv_agent.runners.simulator import Session

Many = Annotated[list[str] | None, typer.Option()]


def init(
    sources: Annotated[list[Path] | None, typer.Argument(help="Verilog and SystemVerilog files.")] = None,
    top: Annotated[str, typer.Option(help="The module; not needed if only one is not instantiated.")] = "",
    include: Annotated[list[Path] | None, typer.Option("-I", help="A folder of headers.")] = None,
    define: Annotated[list[str] | None, typer.Option("-D", help="A macro: NAME or NAME=TEXT.")] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("-P", help='A parameter of the top: NAME=VALUE (number, "text", or type).')
    ] = None,
    lists: Annotated[list[Path] | None, typer.Option("-f", help="A file list, as simulators read them.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder of design.yaml; one named like the top if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print design.yaml; write and simulate nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a design.yaml that is there.")] = False,
    tests: Annotated[int, typer.Option(min=1, max=1000, help="Random tests of the first look.")] = 20,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of these tests.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Make a design of your own RTL: elaborate it, guess clocks, resets and protocols, and play random tests.

    Writes a small design.yaml in which every guess has its reason. docs/your-own-rtl.md walks through it.
    Exit code 1 if a check fired in the tests, 6 if nothing moved.

    Examples:

      dv-agent init rtl/*.v --top fifo

      dv-agent init -f files.f -I include -D SYNTHESIS -P DEPTH=16 --into verification/fifo

      dv-agent init rtl/fifo.sv --dry-run
    """
    from dv_agent.agents.first_look.guessed_design import Wish, make_draft

    wish = Wish(
        sources=tuple(sources or ()), top=top, include_dirs=_folders(include), defines=_defines(define),
        parameters=_pairs(parameter), lists=tuple(lists or ()), into=into,
    )  # fmt: skip
    draft = make_draft(wish)
    if dry_run:
        if as_json:
            say_json(_draft_data(draft))
        else:
            say(draft.text, end="", exact=True)
        return
    _refuse_to_overwrite(draft, force)
    look = _look(draft, tests, seed)
    _tell(look, as_json)
    if look.is_dead:
        raise typer.Exit(ExitCode.NOTHING_CHECKED)
    if look.seen.failures:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _look(draft: Draft, tests: int, seed: int) -> Look:
    from dv_agent.agents.first_look.doubtful_rules import settled, with_notes
    from dv_agent.agents.first_look.report_words import Look
    from dv_agent.agents.first_look.simulator_choice import choose
    from dv_agent.agents.first_look.watch import look

    choice = choose(draft)
    with choice.session as session:
        draft = choice.draft
        bench = _bench(draft, session)
        seen = look(bench, seed, tests)
        kept = settled(draft, bench, seen, seed, tests)
        if kept is not draft:  # fewer rules: the failing tests are judged again
            draft, bench = kept, _bench(kept, session)
            seen = seen.judged_again(look(bench, seed, tests, only=seen.failing))
        if seen.failures:
            draft = with_notes(draft, seen)
            bench = _bench(draft, session)
        return Look(draft, bench, seen, choice.simulator.name, choice.notes)


def _bench(draft: Draft, session: Session) -> Testbench:
    from dv_agent.agents.testbench import Testbench
    from dv_agent.coverage.goal import plan_of
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.designs.files.places import FILE
    from dv_agent.designs.loader import load_design

    replace_text(draft.folder / FILE, draft.text, make_folder=True)
    folder = load_design(draft.folder)
    return Testbench(folder, plan_of(folder), session)


def _tell(look: Look, as_json: bool) -> None:
    from dv_agent.agents.first_look.report_words import as_json as data
    from dv_agent.agents.first_look.report_words import dead_lines, guess_lines, look_lines, next_lines

    written = str(look.draft.folder / "design.yaml")
    if as_json:
        say_json(data(look, written))
        return
    top = look.draft.top
    say(f"{top.top} ({top.file}:{top.line}): {counted(len(top.ports), 'port')}; guessed:")
    say("\n".join(guess_lines(look.draft)))
    for note in (*look.notes, *top.notes[:3]):
        say(f"note: {note}")
    say(f"written: {written}")
    say("\n".join(look_lines(look)))
    if look.is_dead:
        complain("\n".join(dead_lines(look)))
    say("\n".join(next_lines(_name_of(look.draft.folder), look.is_dead)))


def _name_of(folder: Path) -> str:
    """Return how to name the folder in a command: a shipped design of the same name would be taken otherwise."""
    from dv_agent.designs.files.places import design_names

    return f"./{folder}" if str(folder) in design_names() else str(folder)


def _draft_data(draft: Draft) -> dict[str, object]:
    guesses = [
        {"key": one.key, "value": one.value, "certainty": one.certainty, "reason": one.reason}
        for one in (*draft.pool.wiring, *draft.pool.ports)
    ]
    return {"design": draft.name, "into": str(draft.folder), "guesses": guesses, "text": draft.text}


def _refuse_to_overwrite(draft: Draft, force: bool) -> None:
    path = draft.folder / "design.yaml"
    if path.exists() and not force:
        raise UsageError(f"{path} exists; --force overwrites it, --into names another folder, --dry-run only shows")


def _folders(folders: list[Path] | None) -> tuple[Path, ...]:
    for one in folders or ():
        if not one.is_dir():
            raise UsageError(f"-I {one}: no such folder")
    return tuple(folders or ())


def _defines(texts: list[str] | None) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for one in texts or ():
        name, equals, value = one.partition("=")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", name, re.ASCII):
            raise UsageError(f"-D {one}: NAME or NAME=TEXT is expected, with a name of letters, digits and _")
        found[name] = value if equals else None
    return found


def _pairs(texts: list[str] | None) -> dict[str, str]:
    found = {}
    for one in texts or ():
        name, equals, value = one.partition("=")
        if not equals or not value:
            raise UsageError(f"-P {one}: NAME=VALUE is expected")
        found[name] = value
    return found
