"""The counters of a build with code coverage: the C++ that reads them, and the list of what each of them counts.

Verilator keeps all counters in one array, and tells what they count only in the file that it writes at the end of a
simulation, where counters that nothing tells apart (copies of a generate loop) are added up. So the program, called
with `DESCRIBE` in its environment, sets the counters to numbers of its choice and writes that file: first the *number*
of each counter, then 1, and then, for the counters that were added up, powers of two for `CHUNK` of them at a time.
A test then needs no file: `dv_code_bits` returns which counters are not 0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dv_agent.designs.code.counter import MAX_COUNTERS, CodeCounter, CodeKind, Lines
from dv_agent.errors import BuildError

COUNTERS = "counters.json"
DESCRIBE, CHOSEN = "DV_AGENT_DESCRIBE_CODE", "DV_AGENT_DESCRIBE_CHOSEN"
CHUNK = 31
_MOST_CHUNKS = 1_000
MAIN_FILE = "dv_code_main.cpp"
# An object of its own library is not compiled anew for each design, so this file, which is, holds all of it.
_FORMAT = "6"  # raise when what is told of a counter changes
_MAIN = """\
// @FORMAT@
#include "Vtop__Syms.h"
#include "verilated_cov.h"
#include "verilated_syms.h"
#include <cstdlib>
#define main dv_simulate
#include "@COCOTB@"
#undef main

static Vtop__Syms* dv_model() {
    const VerilatedScopeNameMap* const scopes = Verilated::threadContextp()->scopeNameMap();
    return reinterpret_cast<Vtop__Syms*>(scopes->begin()->second->symsp());
}

extern "C" unsigned dv_code_bits(unsigned char* bits, unsigned bytes) {
    Vtop__Syms* const model = dv_model();
    const unsigned count = sizeof(model->__Vcoverage) / sizeof(model->__Vcoverage[0]);
    for (unsigned i = 0; i < count && i / 8 < bytes; ++i)
        if (model->__Vcoverage[i]) bits[i / 8] |= 1 << (i % 8);
    return count;
}

int main(int argc, char** argv) {
    const char* const file = getenv("@DESCRIBE@");
    if (!file) return dv_simulate(argc, argv);
    Vtop* const top = new Vtop("");
    Vtop__Syms* const model = dv_model();
    const unsigned count = sizeof(model->__Vcoverage) / sizeof(model->__Vcoverage[0]);
    VerilatedCovContext* const listing = Verilated::threadContextp()->coveragep();
    listing->forcePerInstance(true);
    const char* const chosen = getenv("@CHOSEN@");
    if (!chosen) {
        for (unsigned i = 0; i < count; ++i) model->__Vcoverage[i] = i + 1;
        listing->write(file);
        for (unsigned i = 0; i < count; ++i) model->__Vcoverage[i] = 1;
        listing->write(std::string(file) + ".members");
    } else if (FILE* const list = fopen(chosen, "r")) {
        unsigned index, seen = 1;
        for (unsigned chunk = 0; seen; ++chunk) {
            for (unsigned i = 0; i < count; ++i) model->__Vcoverage[i] = 0;
            for (seen = 0; seen < @CHUNK@ && fscanf(list, "%u", &index) == 1; ++seen)
                if (index < count) model->__Vcoverage[index] = 1u << seen;
            if (seen) listing->write(std::string(file) + "." + std::to_string(chunk));
        }
        fclose(list);
    }
    fflush(nullptr);
    _Exit(top ? 0 : 1);
}
"""
_KINDS: Mapping[str, CodeKind] = {"line": "line", "branch": "branch", "expr": "expression", "toggle": "toggle"}
_LIST = TypeAdapter(tuple[CodeCounter, ...])
_DECLARED = re.compile(r"\b(?:module|interface|program|package|class)\s+(?:automatic\s+|static\s+)?(\w+)")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def main_text(cocotb_main: str) -> str:
    """Return the C++ of the program: cocotb's, with the two functions that read the counters."""
    return (
        _MAIN.replace("@COCOTB@", cocotb_main)
        .replace("@FORMAT@", _FORMAT)
        .replace("@DESCRIBE@", DESCRIBE)
        .replace("@CHOSEN@", CHOSEN)
        .replace("@CHUNK@", str(CHUNK))
    )


def counters_of(
    room: Path, wrapper: str, sources: Iterable[Path], run: Callable[[dict[str, str]], None]
) -> tuple[CodeCounter, ...]:
    """Return the counters of a program, without those of `wrapper` itself.

    Args:
        room: an empty folder, for the files that the program writes.
        sources: the files of the design, for the names of its modules.
        run: runs the program once, with these variables in its environment.

    Raises:
        BuildError: the files are not in the known format, or there are too many counters.
    """
    modules = frozenset(name for file in sources for name in _DECLARED.findall(_text(file)))
    found = []
    for keys, members in _members(room, run).items():
        one = _counter(keys, modules)
        below = _below(one.instance, wrapper) if one else ""
        if one and below:
            found += [one.model_copy(update={"index": index, "instance": below}) for index in members or (None,)]
    if len(found) > MAX_COUNTERS:
        raise BuildError(f"the RTL has {len(found):,} coverage points; {MAX_COUNTERS:,} can be handled")
    return tuple(found)


def _members(room: Path, run: Callable[[dict[str, str]], None]) -> dict[str, list[int]]:
    """Return the numbers of the counters behind each line; none if it shares the counter of another instance."""
    data = room / "points.dat"
    run({DESCRIBE: str(data)})
    sizes = {keys: int(size) for keys, size in _rows(data.with_name(f"{data.name}.members"))}
    found = {keys: [int(number) - 1] if sizes.get(keys) == 1 else [] for keys, number in _rows(data)}
    known = {index for members in found.values() for index in members}
    rest = sorted(set(range(sum(sizes.values()))) - known)[: CHUNK * _MOST_CHUNKS]
    if rest:
        chosen = room / "chosen"
        chosen.write_text("\n".join(map(str, rest)), encoding="utf-8")
        run({DESCRIBE: str(data), CHOSEN: str(chosen)})
    for chunk, first in enumerate(range(0, len(rest), CHUNK)):
        for keys, bits in _rows(data.with_name(f"{data.name}.{chunk}")):
            found[keys] += [index for place, index in enumerate(rest[first : first + CHUNK]) if int(bits) >> place & 1]
    return found


def _rows(data: Path) -> Iterator[tuple[str, str]]:
    """Yield (keys, count) of each point."""
    for line in _text(data).splitlines():
        keys, _, count = line[3:].rpartition("' ")
        if line.startswith("C '") and count.isdigit():
            yield keys, count


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BuildError(f"{file.name}: {error.strerror}") from None


def _counter(keys: str, modules: frozenset[str]) -> CodeCounter | None:
    facts = dict(part.partition("\2")[::2] for part in keys.split("\1") if part)
    kind = _KINDS.get(facts.get("t", ""))
    if kind is None:
        return None
    try:
        return CodeCounter(
            index=None, kind=kind, file=_file(facts["f"]), line=int(facts["l"]),
            column=int(facts["n"]), module=_module(facts["page"], modules), instance=_plain(facts["h"]),
            comment=_plain(facts.get("o", "")), lines=_lines(facts.get("S", "")),
        )  # fmt: skip
    except (KeyError, ValueError) as error:
        raise BuildError(f"verilator's list of coverage points: {keys[:200]!r}: {error}") from None


def _below(instance: str, wrapper: str) -> str:
    """Return the part of a hierarchical name below the wrapper; empty for the wrapper itself and what is beside it."""
    return instance.partition(f"{wrapper}.")[2]


def _file(name: str) -> str:
    """Return the name of a file without the folders of this machine, which are nothing that a record should hold."""
    return _plain(name if not name.startswith("/") else "/".join(Path(name).parts[-2:])).removeprefix("./")


def _module(page: str, modules: frozenset[str]) -> str:
    """Return the module that a page such as ``v_line/fifo__W8`` is of; the rest of the name tells its parameters."""
    name = _plain(page.partition("/")[2])
    parts = name.split("__")
    shorter = ("__".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((one for one in shorter if one in modules), name)


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text)[:1000]


def _lines(text: str) -> Lines:
    """Return ``4-6,9`` as ((4, 6), (9, 9))."""
    pairs = [part.partition("-")[::2] for part in text.split(",") if part]
    return tuple((int(first), int(last or first)) for first, last in pairs)


def write_counters(path: Path, counters: tuple[CodeCounter, ...]) -> None:
    """Write the list into the folder of a build; what is None or empty is left out."""
    rows = [one.model_dump(mode="json", exclude_defaults=True) for one in counters]
    path.write_text(json.dumps(rows), encoding="utf-8")


def read_counters(path: Path) -> tuple[CodeCounter, ...]:
    """Return the list in the folder of a build.

    Raises:
        BuildError: it is missing or broken.
    """
    try:
        return _LIST.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise BuildError(f"{path}: not a list of coverage points; remove the folder to build it again") from None
