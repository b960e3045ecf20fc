"""Lanes: a design compiled several times into one program, so that one process plays several tests from power-up.

Each lane is a wrapper with a design of its own, whose clock stands until its test begins and for ever after it ended.
Only for Icarus, and only for designs whose instances share nothing; that is read from the compiled program, in which
no macro, include or generate block hides anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.errors import BuildError, InputFileError
from dv_agent.runners.build.cache import LAYOUT, PROGRAM, WRAPPER
from dv_agent.runners.build.wrappers.layout import Layout
from dv_agent.runners.build.wrappers.wrapper import TOP, wrapper_text

LANES = 8
MAX_SOURCE_BYTES = 400_000
"""Larger designs are compiled once: a process with eight of them would be slow to start and to copy."""
LANE = "dv_lane"
NAMES = tuple(f"lane{number}" for number in range(LANES))
_CLOCK = re.compile(r"^  initial (forever begin\n(?:    .*\n)*  end)\n", re.MULTILINE)
_SCOPE = re.compile(r'^(S_\w+) \.scope (\S+), "([^"]*)" "([^"]*)" [^;]*?(?:, (S_\w+))?;$')
_THREAD = re.compile(r"^    \.scope (S_\w+);$")
_CALL = re.compile(r'^    %vpi_(?:call|func)\S* \d+ \d+ "([^"]+)"')
# Their result depends on their arguments, the command line and files alone, and they print nothing.
_HARMLESS = {
    "$clog2", "$signed", "$unsigned", "$bits", "$value$plusargs", "$test$plusargs", "$readmemh", "$readmemb",
    "$dumpfile", "$dumpvars", "$size", "$left", "$right", "$low", "$high", "$countones", "$onehot", "$onehot0",
    "$isunknown",
}  # fmt: skip


def lanes_text(design: Design, layout: Layout) -> str:
    """Return the text of the wrappers, as `wrapper_text`; that itself if its clock cannot be made to stand."""
    plain = wrapper_text(design, layout)
    if len(_CLOCK.findall(plain)) != 1 or _size(design) > MAX_SOURCE_BYTES:
        return plain
    lane = _CLOCK.sub(_standing, plain.replace(f"module {TOP};", f"module {LANE};", 1))
    return "\n".join([lane, f"module {TOP};", *(f"  {LANE} {name} ();" for name in NAMES), "endmodule", ""])


def compile_lanes(compiler: Callable[[Path], None], plain: str, folder: Path) -> None:
    """Compile the lanes in `folder`; or `plain`, if they cannot be compiled or would share something.

    Args:
        compiler: makes ``sim`` of ``dv_wrapper.v`` in a folder.
        plain: the text of the wrapper of a single instance.

    Raises:
        BuildError, InputFileError, PrerequisiteError: as `compiler` does.
    """
    if (folder / WRAPPER).read_text(encoding="utf-8") != plain:
        try:
            compiler(folder)
        except (BuildError, InputFileError):
            shared: str | None = "does not compile"
        else:
            shared = what_is_shared((folder / PROGRAM).read_text(encoding="utf-8", errors="replace"))
        if shared is None:
            layout = json.loads((folder / LAYOUT).read_text(encoding="utf-8"))
            (folder / LAYOUT).write_text(json.dumps({**layout, "lanes": NAMES}), encoding="utf-8")
            return
        (folder / WRAPPER).write_text(plain, encoding="utf-8")
    compiler(folder)


def what_is_shared(program: str) -> str | None:
    """Return what a test on one lane could notice of a test on another, by a compiled program; None: nothing.

    Refused are system tasks and functions that are not `_HARMLESS` (random numbers, time, output, the end of the
    simulation), delays (so a free-running clock of the RTL), forced values, classes, and variables of packages.
    """
    return next(_shared(program), None)


def _shared(program: str) -> Iterator[str]:
    wrappers: set[str] = set()
    packages: set[str] = set()
    scope = ""
    for line in program.splitlines():
        if found := _SCOPE.match(line):
            scope, kind, name, module, parent = found.groups()
            if module == LANE or (kind == "begin" and name == "run" and parent in wrappers):
                wrappers.add(scope)
            if kind == "package" or (parent in packages and not kind.startswith("auto")):
                packages.add(scope)
        elif found := _THREAD.match(line):
            scope = found.group(1)
        elif line.startswith("v0x") and scope in packages:
            yield "a variable of a package"
        elif scope not in wrappers:
            yield from _acts(line)


def _acts(line: str) -> Iterator[str]:
    call = _CALL.match(line)
    if call and call.group(1) not in _HARMLESS:
        yield call.group(1)
    elif line.startswith(("    %vpi", "    %delay", "    %force", "    %new")) and not call:
        yield line.split(maxsplit=1)[0]
    elif " .delay " in line or " .class " in line:
        yield "a delay" if " .delay " in line else "a class"


def _standing(found: re.Match[str]) -> str:
    return (
        "  reg go;\n"
        "  initial begin : run\n"
        "    wait (go);\n"
        f"    {found.group(1)}\n"
        "  end\n"
        "  always @(negedge go) disable run;\n"
    )


def _size(design: Design) -> int:
    return sum(file.stat().st_size for file in design.source_files() if file.is_file())
