"""A design whose RTL stands elsewhere: the same plan, schema, specification and model on a top with the same ports."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dv_agent.designs.design import Design
from dv_agent.designs.elaboration.elaborate import elaborate
from dv_agent.designs.elaboration.interface import Interface, PortShape
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.files.documents import make_folders, read_document, replace_text
from dv_agent.designs.files.places import FILE
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.loader import DesignFolder, is_design_name, load_design
from dv_agent.designs.wiring.copies import signals_in
from dv_agent.errors import BuildError, OutputError, UsageError

MOST_FILES = 2_000
SUFFIXES = (".v", ".sv")
HEADERS = (".vh", ".svh")
KEPT = ("stimulus.yaml", "spec.md", "plan.yaml", "hit_rates.json")
RTL = "rtl"


@dataclass(frozen=True, slots=True)
class OtherRtl:
    """What was made.

    Attributes:
        folder: the new design.
        files: its RTL files, relative to the folder that was named.
        tied: inputs of the top that the design does not know; they are held at 0.
    """

    folder: DesignFolder
    files: tuple[str, ...]
    tied: tuple[str, ...]


def with_other_rtl(folder: DesignFolder, rtl: Path, into: Path, top: str = "", name: str = "") -> OtherRtl:
    """Write a design to `into` that is `folder` with the RTL below `rtl`; the files that the top needs are copied.

    Args:
        top: the module that takes the place of the design's top; if empty, the one of the same name.
        name: the name of the new design; that of the folder `into` if empty.

    Raises:
        UsageError: no RTL there, no such top, or a port that the design needs is missing or has another shape.
        OutputError: `into` exists, or cannot be written.
    """
    name = name or into.resolve().name
    if not is_design_name(name):
        raise UsageError(f"--out {into}: its last part names the design: letters, digits and _, and no digit first")
    files, headers = _found(rtl)
    found = _elaborated(files, headers, top or folder.design.top, rtl)
    own = _own_ports(folder.design)
    if faults := list(_faults(own, found)):
        raise UsageError("\n  ".join((f"the top {found.top} in {rtl} does not fit {folder.design.name}:", *faults)))
    needed = tuple(Path(file).resolve().relative_to(rtl.resolve()).as_posix() for file in found.files)
    tied = tuple(port.name for port in found.ports if port.direction == "input" and port.name not in own)
    if into.exists():
        raise OutputError(f"{into} exists; choose another folder with --out")
    _copy(folder, rtl, into, (*needed, *(one.relative_to(rtl).as_posix() for one in headers)))
    data = _data(folder, found, needed, tied, name)
    data["include_dirs"] = sorted({f"{RTL}/{one.relative_to(rtl).parent.as_posix()}" for one in headers})
    replace_text(into / FILE, write_yaml(data))
    return OtherRtl(load_design(into), needed, tied)


def _found(rtl: Path) -> tuple[list[Path], list[Path]]:
    """Return the sources and the headers below a folder; hidden folders are passed over."""
    if not rtl.is_dir():
        raise UsageError(f"--rtl-from {rtl}: a folder with RTL is expected")
    inner = [one for one in sorted(rtl.rglob("*")) if not any(p.startswith(".") for p in one.relative_to(rtl).parts)]
    files = [one for one in inner if one.suffix in SUFFIXES and one.is_file() and not one.is_symlink()]
    if not files:
        raise UsageError(f"--rtl-from {rtl}: no {' or '.join(SUFFIXES)} file below it")
    if len(files) > MOST_FILES:
        raise UsageError(f"--rtl-from {rtl}: {len(files)} files; name the folder of one design")
    return files, [one for one in inner if one.suffix in HEADERS and one.is_file() and not one.is_symlink()]


def _elaborated(files: list[Path], headers: list[Path], top: str, rtl: Path) -> Interface:
    """Elaborate the files beside that of the top, else those one folder higher, and so on up to `rtl`.

    A checkout of several designs has files that do not go together; those of one design stand together.
    """
    folders = tuple(sorted({one.parent for one in headers}))
    defining = re.compile(rf"^\s*module\s+{re.escape(top)}\b", re.M)
    places = [one.parent for one in files if defining.search(one.read_text(encoding="utf-8", errors="replace"))]
    if len(set(places)) > 1:
        raise UsageError(f"--rtl-from {rtl}: the module {top} is in {places[0]} and in {places[1]}; name one of these")
    near = [one for one in (places[0], *places[0].parents) if one.is_relative_to(rtl)] if places else [rtl]
    refused = ""
    for place in near:
        inner = tuple(one for one in files if one.is_relative_to(place))
        try:
            return elaborate(Request(sources=inner, include_dirs=folders, top=top))
        except BuildError as error:
            refused = refused or str(error)
    raise UsageError(f"--rtl-from {rtl}: the top {top} cannot be elaborated (--top names another): {refused}")


def _own_ports(design: Design) -> dict[str, PortShape]:
    """Return the ports of the design's own top that it uses."""
    sources, folders = design.source_files(), tuple(design.base / one for one in design.include_dirs)
    own = elaborate(Request(sources=sources, include_dirs=folders, top=design.top, defines=dict(design.defines)))
    used = {signal.base for port in design.ports.values() for signal in signals_in(port)}
    used |= {one.signal for one in design.all_clocks.values()} | {one.signal for one in design.resets}
    used |= {signal.base for signal in design.ties}
    return {port.name: port for port in own.ports if port.name in used}


def _faults(own: dict[str, PortShape], found: Interface) -> Iterator[str]:
    theirs = {port.name: port for port in found.ports}
    for name, port in own.items():
        other = theirs.get(name)
        if other is None:
            yield f"it has no port {name} ({port.direction}, {_bits(port)})"
        elif (other.direction, other.width, other.unpacked) != (port.direction, port.width, port.unpacked):
            said, wanted = f"{other.direction}, {_bits(other)}", f"{port.direction}, {_bits(port)}"
            yield f"its port {name} is {said}, and {wanted} is expected"
    if not own.keys() <= theirs.keys():
        known = ", ".join(list(theirs)[:40]) or "none"
        yield f"its ports are: {known}"


def _bits(port: PortShape) -> str:
    arrays = "".join(f" [{left}:{right}]" for left, right in port.unpacked)
    return f"{port.width} bit{'s' if port.width != 1 else ''}{arrays}"


def _copy(folder: DesignFolder, rtl: Path, into: Path, files: tuple[str, ...]) -> None:
    make_folders(into)
    try:
        for name in files:
            (into / RTL / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(rtl / name, into / RTL / name)
        beside = [folder.path / name for name in KEPT] + sorted(folder.path.glob("*.py"))
        for file in beside:
            if file.is_file():
                shutil.copyfile(file, into / file.name)
        if (folder.path / "witnesses").is_dir():
            shutil.copytree(folder.path / "witnesses", into / "witnesses")
    except OSError as error:
        raise OutputError(f"cannot write {into}: {error.strerror or error}") from None


def _data(
    folder: DesignFolder, found: Interface, files: tuple[str, ...], tied: tuple[str, ...], name: str
) -> dict[str, Any]:
    """Return the design.yaml: that of `folder` with other sources."""
    data: dict[str, Any] = dict(read_document(folder.path / FILE).data)
    for key in ("root", "shared", "language", "defines", "simulators"):
        data.pop(key, None)
    data |= {"name": name, "top": found.top, "sources": [f"{RTL}/{one}" for one in files]}
    data["title"] = f"{folder.design.title} (RTL from elsewhere)"
    known = {one.name for one in found.parameters}
    if kept := {key: value for key, value in data.pop("parameters", {}).items() if key in known}:
        data["parameters"] = kept
    if ties := {**data.pop("ties", {}), **dict.fromkeys(tied, 0)}:
        data["ties"] = ties
    return data
