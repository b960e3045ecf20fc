"""Making a certificate with progress, and showing it; see `certify`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.table import Table

from dv_agent.agents.runs.goal import open_goal, simulator_of_goal
from dv_agent.cli.terminal import complain, complain_of_choice, overwrite, safe_console, say, say_json
from dv_agent.coverage.certificates.data_model import OUTCOMES, Certificate, Verdict
from dv_agent.coverage.certificates.storage import CODE_FILE, FILE, WITNESS, read_certificate, write_certificate
from dv_agent.coverage.code.group import Goal
from dv_agent.coverage.plan import Plan
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.output_places import require_file_place
from dv_agent.designs.loader import DesignFolder, find_design
from dv_agent.designs.text.wording import counted
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.certificates.certify import Order, certify
from dv_agent.eval.certificates.certify_code import certify_code
from dv_agent.eval.certificates.cross_check import Played
from dv_agent.eval.certificates.found_tests import NAME
from dv_agent.eval.certificates.recorded_tests import play_found, play_given
from dv_agent.eval.mutants.clean_tests import WITNESSES, read_given
from dv_agent.runners.formal.decision import Effort
from dv_agent.runners.formal.yosys import require_formal
from dv_agent.runners.registry import usable_simulator
from dv_agent.runners.simulator import Simulator

SHOWN = 20
SHOWN_TOGETHER = 4
KEEP_SECONDS = 10.0


def certify_and_show(
    name: str, goal: Goal, simulator: str | None, tests: str | None, effort: Effort, seed: int, search_cycles: int,
    out: Path | None, tests_out: Path | None, *, fresh: bool, as_json: bool,
) -> bool:  # fmt: skip
    """Certify one design and show the result; return whether nothing contradicts the certificate."""
    for option, file in (("--out", out), ("--tests-out", tests_out)):
        require_file_place(file, option)
    require_formal()
    folder = find_design(name)
    able = usable_simulator(simulator_of_goal(simulator, goal), folder.design, complain_of_choice)
    plan, chosen = open_goal(folder, goal, able, certified=False)
    path = out or folder.path / (FILE if goal == "functional" else CODE_FILE)
    told: Callable[[str], None] = overwrite if sys.stderr.isatty() else lambda _: None
    before = _previous(path, named=out is not None)  # also of a fresh one: it says whether the file may be written
    played = _tests(folder, plan, chosen, tests, search_cycles, seed, told)
    keeper = _Keeper(path)
    order = Order(folder, plan, effort, None if fresh else before, keeper.keep, told, chosen)
    certificate = certify(order, played) if goal == "functional" else certify_code(order, played)
    write_certificate(path, certificate)
    if tests_out is not None:
        replace_text(tests_out, json.dumps({"tests": certificate.tests}, indent=1) + "\n")
    told("")
    if as_json:
        say_json({**certificate.model_dump(mode="json"), "file": str(path)})
    else:
        show(certificate, path)
        if tests_out is not None:
            say(f"tests: {tests_out} ({counted(len(certificate.tests), 'test')})")
    return certificate.sound


def _tests(
    folder: DesignFolder, plan: Plan, chosen: Simulator, source: str | None, cycles: int, seed: int,
    told: Callable[[str], None],
) -> list[Played]:  # fmt: skip
    if source is None and not (folder.path / "witnesses").is_dir():
        return play_found(folder, plan, chosen, cycles, seed, told) if cycles else []
    words, given = read_given(source or WITNESSES, folder)
    return play_given(folder, plan, chosen, WITNESS if source in (None, WITNESSES) else f"{words}, test", given, told)


def _previous(path: Path, named: bool) -> Certificate | None:
    """Return an earlier certificate; None if there is none, or it cannot be read, which is told.

    Args:
        named: whether the user chose the file: then it may be anything, and is not overwritten.

    Raises:
        UsageError: that file is no certificate.
    """
    if not path.is_file():
        return None
    try:
        return read_certificate(path)
    except InputFileError as error:
        if named:
            raise UsageError(f"--out: {error}; it is no certificate, so it is not overwritten") from None
        complain(f"dv-agent: {error}; it is made anew")
        return None


class _Keeper:
    """Writes an unfinished certificate from time to time, so that the command can go on after it was ended."""

    def __init__(self, path: Path) -> None:
        self._path, self._last = path, 0.0

    def keep(self, certificate: Certificate) -> None:
        """Write it, unless that was done a moment ago."""
        if any(one.method for one in certificate.verdicts) and time.monotonic() - self._last > KEEP_SECONDS:
            write_certificate(self._path, certificate)
            self._last = time.monotonic()


def show(certificate: Certificate, path: Path) -> None:
    """Print a certificate for people."""
    table = Table(box=None, pad_edge=False)
    for title in ("", *OUTCOMES):
        table.add_column(title, justify="right" if title else "left")
    for subject, words in (("bin", "bins"), ("ignored", "ignored"), ("illegal", "illegal")):
        counts = certificate.counts(subject)  # type: ignore[arg-type]
        if sum(counts.values()):
            table.add_row(words, *(str(counts[one]) if counts[one] else "·" for one in OUTCOMES))
    say(certificate.design)
    safe_console().print(table)
    checked = certificate.checked
    played, agreed = counted(checked.tests, "test"), counted(checked.hits, "hit")
    say(f"checked by simulation: {played} played on the circuit, {agreed} there too")
    for line in certificate.checked.wrong:
        say(f"WRONG  {line}")
    for one in certificate.refuted:
        say(f"WRONG  {one.id} is excluded ({one.why}), but {one.witness} hits it")
    _listed("proved unreachable", [one for one in certificate.verdicts if one.outcome == "unreachable"], _proof)
    found = [one for one in certificate.verdicts if one.witness.startswith(NAME)]
    _listed("hit by a test made for it", found, lambda one: one.witness)
    _listed("reachable, no test known", [one for one in certificate.verdicts if one.outcome == "reachable"], _depth)
    _show_unknown([one for one in certificate.verdicts if one.outcome == "unknown"])
    say("assumed:")
    for words in certificate.assumptions:
        say(f"  {words}")
    for memory in certificate.left_out:
        say(f"  any word may be read from {memory}")
    say(f"certificate: {path}")


def _listed(title: str, verdicts: list[Verdict], words: Callable[[Verdict], Any]) -> None:
    if verdicts:
        say(f"{title}:")
    for one in verdicts[:SHOWN]:
        mark = "" if one.subject == "bin" else f" ({one.subject}{', by choice' if one.choice else ''})"
        say(f"  {one.id}{mark}: {words(one)}")
    if len(verdicts) > SHOWN:
        say(f"  ... and {len(verdicts) - SHOWN} more")


def _show_unknown(verdicts: list[Verdict]) -> None:
    """Print what is unknown, together where the reason is the same."""
    if verdicts:
        say("unknown:")
    by_reason: dict[str, list[str]] = {}
    for one in verdicts:
        by_reason.setdefault(one.reason, []).append(one.id)
    for reason, names in by_reason.items():
        more = f" and {len(names) - SHOWN_TOGETHER} more" if len(names) > SHOWN_TOGETHER else ""
        say(f"  {', '.join(names[:SHOWN_TOGETHER])}{more}: {reason}")


def _proof(one: Verdict) -> str:
    known = {
        "induction": f"induction over {counted(one.depth, 'cycle')}", "pdr": f"pdr, {counted(one.depth, 'clause')}",
        "satisfiability": "no values of the inputs satisfy it",
    }  # fmt: skip
    return known.get(one.method, one.method)


def _depth(one: Verdict) -> str:
    how = f"in cycle {one.depth} from power-up" if one.method != "satisfiability" else "some values satisfy it"
    return f"{how}; {one.reason}" if one.reason else how
