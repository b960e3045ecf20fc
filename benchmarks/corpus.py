"""How much of other people's RTL `dv-agent init` takes by itself: every module of some checkouts, one after another.

    python benchmarks/corpus.py FOLDER... [--out RESULTS.jsonl] [--only NAME...] [--retry] [--again]

Counted are the modules that Verilator or Icarus can elaborate as their own top with default parameters; the others are
skipped, and the table tells their number and why. A module is taken if `init` alone builds it, plays random tests,
something moves, and no check fires. Results are kept a line each, so that an interrupted run goes on; `--retry` tries
those again that were not taken, `--again` forgets all; `--fork` imports once for all modules, which is faster and
measures less. The table is printed and stands beside RESULTS.jsonl as RESULTS.md; without a folder nothing is tried,
and the table is made of what is there. Nothing of the checkouts is kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dv_agent.agents.first_look.report_words
import dv_agent.agents.first_look.simulator_choice
import dv_agent.cli.main
import dv_agent.coverage.goal
from dv_agent.designs.elaboration.elaborate import elaborate
from dv_agent.designs.elaboration.interface import Interface
from dv_agent.designs.elaboration.request import Request
from dv_agent.errors import DvAgentError, PrerequisiteError
from dv_agent.runners.build.verilator_tool import find_verilator

_OTHER = {"tb", "test", "tests", "bench", "syn", "synth", "formal", "sim", "doc", "docs", "example", "examples",
          "deprecated", "verif", "sw", "lint", "fpga", "boards"}  # fmt: skip
_MODULE = re.compile(r"^[^\S\n]*module\s+(?:automatic\s+)?([A-Za-z_]\w*)", re.M)
_OPEN = ("fired", "dead", "refused", "fault", "too slow")


def files_of(root: Path) -> list[Path]:
    """Return the RTL files of a checkout, without test benches and scripts."""
    found = [file for suffix in ("*.v", "*.sv") for file in root.rglob(suffix)]
    return sorted(file for file in found if not _OTHER & {part.lower() for part in file.relative_to(root).parts[:-1]})


def modules_of(files: list[Path]) -> Iterator[str]:
    """Yield the modules that the files define, by their text."""
    for file in files:
        yield from _MODULE.findall(re.sub(r"//[^\n]*|/\*.*?\*/", "", file.read_text(errors="replace"), flags=re.S))


def counts(top: str, files: list[Path], headers: list[Path]) -> bool:
    """Return whether Verilator or Icarus elaborates the module as its own top."""
    folders = [f"-I{one}" for one in (*headers, *dict.fromkeys(file.parent for file in files))]
    with tempfile.TemporaryDirectory() as room:
        for language in ("-g2005", "-g2012"):
            command = ["iverilog", language, "-s", top, "-o", f"{room}/out", *folders, *map(str, files)]
            if _passes(command):
                return True
        try:
            tool = find_verilator()
        except PrerequisiteError:
            return False
        lint = [tool.command, "--lint-only", "-Wno-fatal", "--timing", "--top-module", top, *folders]
        return _passes([*lint, *map(str, files)], dict(tool.environment))


def _passes(command: list[str], more: dict[str, str] | None = None) -> bool:
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=120, check=False, env={**os.environ, **(more or {})}
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


def _forked(words: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run the command in a copy of this process."""
    with tempfile.TemporaryDirectory() as room:
        out, err = Path(room) / "out", Path(room) / "err"
        child = multiprocessing.get_context("fork").Process(target=_command, args=(words, out, err))
        child.start()
        child.join(seconds)
        if child.is_alive():
            child.terminate()
            child.join(20)
            raise subprocess.TimeoutExpired(words, seconds)
        return subprocess.CompletedProcess(words, child.exitcode or 0, out.read_text(), err.read_text())


def _command(words: list[str], out: Path, err: Path) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["dv-agent", *words]
    try:
        dv_agent.cli.main.main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def tried(
    root: Path, top: str, files: list[Path], headers: list[Path], *, fork: bool, seconds: float
) -> dict[str, Any]:
    """Return what became of one module."""
    row: dict[str, Any] = {"repo": root.name, "module": top}
    try:
        found: Interface | None = elaborate(Request(sources=files, top=top, include_dirs=headers))
        needed = [Path(name) for name in found.files] if found else files
    except DvAgentError as error:
        needed, row["elaboration"] = [one for one in files if one.stem == top] or files, str(error)[:900]
    if not counts(top, needed, headers):
        return {**row, "verdict": "not counted"}
    with tempfile.TemporaryDirectory() as room:
        start = time.monotonic()
        command = [sys.executable, "-m", "dv_agent.cli.main", "init", *map(str, files), "--top", top, "--json"]
        command += [word for one in headers for word in ("-I", str(one))]
        command += ["--into", f"{room}/d"]
        try:
            done = _forked(command[3:], seconds) if fork else _run(command, seconds)
        except subprocess.TimeoutExpired:
            return {**row, "verdict": "too slow", "seconds": seconds}
    row["seconds"] = round(time.monotonic() - start, 2)
    row["code"] = done.returncode
    if done.returncode in (0, 1, 6) and done.stdout.startswith("{"):
        return {**row, **_judged(json.loads(done.stdout))}
    return {**row, "verdict": "refused" if done.returncode != 70 else "fault", "words": done.stderr.strip()[:600]}


def _judged(look: dict[str, Any]) -> dict[str, Any]:
    kinds = Counter(one["value"]["kind"] for one in look["guesses"] if isinstance(one["value"], dict)
                    and "kind" in one["value"])  # fmt: skip
    told = {"simulator": look["simulator"], "kinds": dict(kinds), "outputs": len(look["outputs"]),
            "moved": len(look["moved"]), "transfers": sum(look["transfers"].values()), "bins": look["bins"],
            "bins_hit": look["bins_hit"], "ends": look["ends"]}  # fmt: skip
    if look["failures"]:
        fired = sorted({f"{one['check']} on {one['port']}" for one in look["failures"]})
        return {**told, "verdict": "fired", "words": "; ".join(fired), "first": look["failures"][0]["message"][:300]}
    return {**told, "verdict": "dead" if look["dead"] else "taken"}


def main() -> None:
    """Try every module, print a line each and the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, help="checkouts; none: nothing is tried")
    parser.add_argument("--out", type=Path, default=Path("corpus.jsonl"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--retry", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--fork", action="store_true")
    parser.add_argument("--seconds", type=float, default=300.0, help="most of one init; more on a busy machine")
    asked = parser.parse_args()
    if asked.again:
        asked.out.unlink(missing_ok=True)
    rows = {(row["repo"], row["module"]): row for row in _kept(asked.out)}
    for root in asked.folders:
        files = files_of(root)
        headers = [one for one in (root / "include", root / "rtl" / "include") if one.is_dir()]
        for top in dict.fromkeys(modules_of(files)):
            old = rows.get((root.name, top), {}).get("verdict", "")
            if old in ("", *(_OPEN if asked.retry else ())) if not asked.only else top in asked.only:
                row = tried(
                    root.resolve(),
                    top,
                    [file.resolve() for file in files],
                    headers,
                    fork=asked.fork,
                    seconds=asked.seconds,
                )
                rows[root.name, top] = row
                print(
                    f"{row['repo']:14} {top:34} {row['verdict']:11} {row.get('seconds', '')} {_brief(row)}", flush=True
                )
                asked.out.write_text("".join(json.dumps(one) + "\n" for one in rows.values()))
    lines = list(table(list(rows.values())))
    asked.out.with_suffix(".md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def _kept(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _brief(row: dict[str, Any]) -> str:
    return " ".join(str(row.get("words", "")).split())[:110]


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the table, as Markdown."""
    counted = [row for row in rows if row["verdict"] != "not counted"]
    yield "| repository | modules | counted | taken | share | median of init |"
    yield "|---|---:|---:|---:|---:|---:|"
    for repo in (*dict.fromkeys(row["repo"] for row in counted), "all"):
        yield _row(repo, [row for row in rows if repo in (row["repo"], "all")])
    yield from ("", "Not taken:", "", "| module | why |", "|---|---|")
    for row in counted:
        if row["verdict"] != "taken":
            yield f"| {row['repo']} {row['module']} | {reason(row)} |"
    yield from ("", "Not counted, because no simulator elaborates them as their own top:", "")
    for why, count in Counter(_why_not(row) for row in rows if row["verdict"] == "not counted").most_common():
        yield f"- {count}: {why}"


def _row(repo: str, rows: list[dict[str, Any]]) -> str:
    counted = [row for row in rows if row["verdict"] != "not counted"]
    taken = sum(row["verdict"] == "taken" for row in counted)
    seconds = [row["seconds"] for row in counted if "seconds" in row]
    share = f"{100 * taken / len(counted):.1f} %" if counted else "-"
    median = f"{statistics.median(seconds):.1f} s" if seconds else "-"
    return f"| {repo} | {len(rows)} | {len(counted)} | {taken} | {share} | {median} |"


def reason(row: dict[str, Any]) -> str:
    """Return why a module was not taken, on one line."""
    words = " ".join(str(row.get("words", "")).split()).replace("|", "/")
    if row["verdict"] == "fired":
        return f"fired: {words[:120]} ({row.get('first', '')[:120]})".replace("|", "/")
    if row["verdict"] == "dead":
        return "no outputs" if not row.get("outputs") else "nothing moved"
    return f"{row['verdict']}: {words.removeprefix('dv-agent: ')[:160]}"


def _why_not(row: dict[str, Any]) -> str:
    words = str(row.get("elaboration", ""))
    for name in ("unknown module", "unknown class or package", "unknown interface"):
        if name in words:
            return f"an {name}, such as the cell of a vendor"
    return "a header that is not there" if "No such file" in words else "refused with its default parameters"


if __name__ == "__main__":
    main()
