"""Export of a run as a cocotb project that runs without dv-agent: RTL, drivers, checks, and the tests as data."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.turn import TestRecord
from dv_agent.designs.benchmark.fingerprint import changed_since
from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import OutputError, UsageError
from dv_agent.eval.cocotb_project.chosen_tests import Chosen, choose
from dv_agent.eval.cocotb_project.design_data import design_data, require_exportable
from dv_agent.eval.cocotb_project.kept_kills import Kept, unseen_kills
from dv_agent.eval.cocotb_project.readme_text import readme_text
from dv_agent.eval.cocotb_project.test_data import exact_levels, expectations, stimulus
from dv_agent.runners.simulator import Session, Simulator

FILES = Path(__file__).parent / "files"
PACKAGE = "dv_agent.eval.cocotb_project.files."
MODULES = ("port_drivers.py", "bus_drivers.py", "output_checks.py", "play_test.py", "test_design.py")
SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        unseen: kills that the checks of the project do not see.
    """

    folder: Path
    chosen: Chosen
    unseen: tuple[Kept, ...]
    run_tests: int


def export_project(
    run: RecordedRun, original: DesignFolder, simulator: Simulator, out: Path, hunt: bool = True,
    tell: Callable[[str], None] = lambda words: None,
) -> Exported:  # fmt: skip
    """Write the project.

    Args:
        original: the design of the run without its seeded bug.
        out: a new or an empty folder.
        hunt: whether tests that kill the design's seeded bugs are kept.

    Raises:
        UsageError: the design has changed since, cannot be exported, or no test was simulated.
        OutputError: the folder holds something, or cannot be written.
    """
    require_exportable(original.design)
    _require_same(run, original)
    tests = [one for turn in run.turns for one in turn.tests if one.end not in ("refused", "hung", "crashed")]
    if not tests:
        raise UsageError(f"{run.folder} has no test that was simulated to an end: there is nothing to export")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is there already and not empty; name another folder")
    chosen = choose(original, simulator, tests, hunt, lambda bug: tell(f"which tests kill {bug}"))
    places = _places(original.design)
    design = design_data(original.design, *_layout(original.design, [place for _, place in places]))
    tell("what is expected of each test")
    data = _expected_data(original, simulator, chosen, design)
    by_number = {one.index: one for one in chosen.tests}
    unseen = unseen_kills(original, simulator, chosen.kills, by_number, design, data)
    for kill in unseen:  # rules of timing: the project compares the cycles in which the outputs came
        data[kill.test]["levels"] |= data[kill.test]["exact"]
    left = unseen_kills(original, simulator, unseen, by_number, design, data)
    exported = Exported(out, chosen, left, len(tests))
    words = readme_text(chosen, left, len(tests), run.header.id, original.design.name, original.has_model)
    _copy_rtl(places, out / "rtl")
    _write(exported, design, data, words)
    return exported


def _require_same(run: RecordedRun, original: DesignFolder) -> None:
    broken = run.header.agent_options.bug or run.header.agent_options.change
    changed = [one for one in changed_since(run.header.hashes, original) if not (broken and one == "rtl")]
    if changed:
        raise UsageError(
            f"{run.folder} was made with another {' and '.join(changed)} of {run.header.design}: what its tests hit is "
            "not known any more. Make a new run (`dv-agent run`), or name the design as it was (--design FOLDER)"
        )


def _expected_data(
    folder: DesignFolder, simulator: Simulator, chosen: Chosen, design: Mapping[str, Any]
) -> dict[int, dict[str, Any]]:
    with simulator.open(folder.design) as session:
        return {one.index: _data_of(folder, session, one, chosen, design) for one in chosen.tests}


def _data_of(
    folder: DesignFolder, session: Session, record: TestRecord, chosen: Chosen, design: Mapping[str, Any]
) -> dict[str, Any]:
    program = expand(folder.design, folder.schema, record.test, record.max_cycles)
    trace = session.run(program).trace
    outputs = [one["valid"] for one in design["streams"].values() if not one["driven"]]
    outputs += [one["ready"] for one in design["streams"].values() if one["driven"] and one["ready"]]
    return {
        "name": record.test.name, "test_of_the_run": record.index,
        "kills": [one.bug for one in chosen.kills if one.test == record.index],
        **stimulus(folder.design, program), **expectations(folder, trace, folder.model.observe(trace)),
        "exact": exact_levels(trace, outputs),
    }  # fmt: skip


def _places(design: Design) -> list[tuple[Path, str]]:
    """Return each file and its place below the folder of the RTL: sources in compile order, then headers."""
    return [(file, _place(design, file)) for file in (*design.source_files(), *design.header_files())]


def _layout(design: Design, places: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the sources and the include folders below the folder of the RTL."""
    folders = [_without_rtl(name) for name in design.include_dirs]
    sources = [*places[: len(design.source_files())]]
    return sources, [*dict.fromkeys([*folders, *(str(Path(place).parent) for place in places)])]


def _copy_rtl(places: Sequence[tuple[Path, str]], room: Path) -> None:
    try:
        for file, place in places:
            (room / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, room / place)
    except OSError as error:
        raise OutputError(f"{room}: {error.strerror}") from None


def _place(design: Design, file: Path) -> str:
    if file.is_relative_to(PRIMITIVES):
        return f"{SHARED}/{file.name}"
    return _without_rtl(str(file.relative_to(design.base)))


def _without_rtl(name: str) -> str:
    parts = Path(name).parts
    return str(Path(*parts[1:])) if parts[0] == "rtl" else name


def _write(exported: Exported, design: Mapping[str, Any], data: dict[int, dict[str, Any]], readme: str) -> None:
    out = exported.folder
    for name in MODULES:
        text = (FILES / name).read_text(encoding="utf-8")
        replace_text(out / name, text.replace(PACKAGE, ""), make_folder=True)
    replace_text(out / "design.json", json.dumps(design, indent=1) + "\n")
    for number, one in data.items():
        one.pop("exact")
        replace_text(out / "data" / f"test_{number:04}.json", _json(one), make_folder=True)
    replace_text(out / "requirements.txt", f"cocotb=={version('cocotb')}\npytest>=8\n")
    replace_text(out / "README.md", readme)


def _json(data: Mapping[str, Any]) -> str:
    """Return JSON with a line for every step and every expected transfer."""
    lines = []
    for key, value in data.items():
        if key in ("tracks", "expected"):
            rooms = (f"  {json.dumps(name)}: {_rows(steps)}" for name, steps in value.items())
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(rooms) + "\n }")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rows(steps: Sequence[Any]) -> str:
    rows = [f"   {_rows(one)}" if isinstance(one, list) else f"   {json.dumps(one)}" for one in steps]
    return "[\n" + ",\n".join(rows) + "\n  ]" if rows else "[]"
