"""What is said of RTL that cannot be taken as it is: what was understood so far, and what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dv_agent.designs.elaboration.interface import Interface, PortShape
from dv_agent.designs.elaboration.request import Request
from dv_agent.designs.recognition.guess import Pool
from dv_agent.designs.wiring.signal_slice import MOST_BITS

_INCLUDE = re.compile(r"'([^']+)': No such file|could not open include file '([^']+)'", re.I)
_MODULE = re.compile(r"unknown module '(\w+)'")
_PACKAGE = re.compile(r"unknown (?:class or )?package '(\w+)'")
_SUFFIXES = (".v", ".sv", ".svh", ".vh")
_MOST = 3_000
_SHOWN = 12


def with_advice(refusal: str, request: Request) -> str:
    """Return the refusal of the elaborator, with what to add to the command."""
    advice = ""
    if "max include depth" in refusal:
        return f"{refusal}\na header includes itself, or two include each other: guard it (`ifndef NAME ... `endif)"
    if found := _INCLUDE.search(refusal):
        advice = _include_advice(Path(found[1] or found[2]), request)
    elif found := _MODULE.search(refusal) or _PACKAGE.search(refusal):
        advice = _module_advice(found[1], request)
    return f"{refusal}\n{advice}" if advice else refusal


def _include_advice(header: Path, request: Request) -> str:
    for file in _near(request):
        if file.parts[-len(header.parts) :] == header.parts:
            folder = Path(*file.parts[: -len(header.parts)])
            return f"say where headers are: -I {folder}"
    return f"say where headers are: -I FOLDER, so that FOLDER/{header} exists"


def _module_advice(name: str, request: Request) -> str:
    wanted = re.compile(rf"^\s*(module|package|interface)\s+(automatic\s+)?{re.escape(name)}\b", re.M)
    for file in _near(request):
        if file.suffix in (".v", ".sv") and file not in request.sources and wanted.search(_text(file)):
            return f"name its file too: {file}"
    return f"name the file that defines {name} too; if there is none, write a stand-in module {name} with its ports"


def _near(request: Request) -> Iterator[Path]:
    """Yield files below the folders of the sources and beside those, a bounded number."""
    tops = dict.fromkeys(file.parent.parent if len(file.parent.parts) > 2 else file.parent for file in request.sources)
    seen = 0
    for top in tops:
        for file in top.rglob("*"):
            seen += 1
            if seen > _MOST:
                return
            if file.suffix in _SUFFIXES and file.is_file():
                yield file


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")[:200_000]
    except OSError:
        return ""


def not_connectable(top: Interface) -> str:
    """Return why ports of the top cannot be connected; empty if all can."""
    if words := _too_wide(top):
        return words
    wrong = [one for one in top.ports if one.direction == "interface" or not one.width or "$" in one.name]
    if not wrong:
        return ""
    lines = [
        f"{one.file}:{one.line}: port {one.name} is {_kind(one)}: it cannot be driven from outside" for one in wrong
    ]
    good = [one.name for one in top.ports if one not in wrong]
    more = ", ..." if len(good) > _SHOWN else ""
    lines.append(f"understood so far: {top.top}, ports {', '.join(good[:_SHOWN]) or 'none'}{more}")
    lines += [
        f"write a module around {top.top} that has plain vectors instead, and take that as the top, such as:",
        f"  module {top.top}_plain (...);  // inputs and outputs, one vector a signal",
        *(f"    {one.type} {one.name}_bus (...);" for one in wrong if one.direction == "interface"),
        f"    {top.top} dut ({', '.join(f'.{one.name}({one.name}_bus)' for one in wrong)}, .*);",
        "  endmodule",
    ]
    return "\n".join(lines)


def not_drivable(top: Interface, pool: Pool) -> str:
    """Return that no test could do anything; empty if one can: a design with a reset can at least be reset."""
    if pool.wired("reset") or any(one.value["kind"] != "observe" for one in pool.ports):
        return ""
    there = ", ".join([one.name for one in top.ports][:_SHOWN]) or "no ports"
    more = ", ..." if len(top.ports) > _SHOWN else ""
    return (
        f"{top.file}:{top.line}: {top.top} has no input that a test could drive: {there}{more}; take a module inside "
        "it as the top (--top), or write a module around it that has inputs"
    )


def _too_wide(top: Interface) -> str:
    wide = [one for one in top.ports if one.width > MOST_BITS]
    lines = [f"{one.file}:{one.line}: port {one.name} has {one.width} bits; at most {MOST_BITS} can be" for one in wide]
    advice = "give it a smaller parameter with -P NAME=VALUE, or write a module around it"
    return "\n".join([*lines[:_SHOWN], advice]) if wide else ""


def _kind(port: PortShape) -> str:
    if port.direction == "interface":
        return f"an interface ({port.type})"
    return f"of type {port.type}" if not port.width else "named with a $"
