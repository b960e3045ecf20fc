"""The overviews of all designs, kept from one call to the next, so that a list of them reads no plan again.

Nothing heavy is imported here; what reads designs is imported only for those that changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dv_agent.designs.files.places import FILE, cache_folder, design_names, design_roots
from dv_agent.errors import OutputError

SHELF = "overviews"
RTL = "rtl"


def known_designs() -> list[dict[str, Any]]:
    """Return the overview of every design, by name; see `overview` for its keys, and `find_design` for the errors."""
    package = Path(__file__).resolve().parents[2]
    readers = [(package / room).resolve() for room in ("cli", "designs", "coverage")]
    programs = (file for room in readers for depth in ("*.py", "*/*.py") for file in room.glob(depth))
    common = _stamp([*programs, *(package / "designs" / "primitives").glob("*")])
    # A design may be made of others' RTL, so what is kept of it depends on the RTL of all designs beside it.
    beside = {root: _stamp(root.resolve().glob(f"*/{RTL}/**/*"), common) for root in design_roots()}
    return [_overview(name, beside) for name in design_names()]


def _overview(name: str, beside: Mapping[Path, str]) -> dict[str, Any]:
    roots = [root for root in beside if (root / name / FILE).is_file()]
    kept = None
    if len(roots) == 1:
        stamp = _stamp(_below((roots[0] / name).resolve()), beside[roots[0]])
        kept = cache_folder() / SHELF / f"{stamp}.json"
        with suppress(OSError, ValueError):
            facts = json.loads(kept.read_text(encoding="utf-8"))
            if isinstance(facts, dict) and facts.get("name") == name:
                return facts
    return _made(name, kept, roots)


def _made(name: str, kept: Path | None, roots: Iterable[Path]) -> dict[str, Any]:
    from dv_agent.cli.designs.overview import overview
    from dv_agent.designs.design import PRIMITIVES
    from dv_agent.designs.files.documents import replace_text
    from dv_agent.designs.loader import find_design

    folder = find_design(name)
    facts = overview(folder)
    beside = (home for root in roots for home in root.resolve().glob(f"*/{RTL}"))
    homes = (folder.path.resolve(), PRIMITIVES.resolve(), *beside)
    inside = all(any(file.resolve().is_relative_to(home) for home in homes) for file in folder.design.source_files())
    if kept and inside:  # changes of files elsewhere would not be seen
        with suppress(OutputError):  # a list needs no room on the disk
            replace_text(kept, json.dumps(facts), make_folder=True)
    return facts


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files and folders of a design, without what Python compiles."""
    for place in folder.iterdir():
        if place.name != "__pycache__":
            yield place
            if place.is_dir():
                yield from place.rglob("*")


def _stamp(places: Iterable[Path], before: str = "") -> str:
    """Return a hash of names, sizes and times of change: other contents have another one."""
    seen = sorted((str(place), status.st_size, status.st_ctime_ns) for place in places if (status := _status(place)))
    return hashlib.sha256(f"{before} {seen}".encode()).hexdigest()[:32]


def _status(place: Path) -> os.stat_result | None:
    try:
        return place.stat()
    except OSError:  # a broken link, or removed meanwhile
        return None
