"""The script with which yosys reads a design into gates, and the files that it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dv_agent.designs.design import Design
from dv_agent.designs.rtl_files import PRIMITIVES
from dv_agent.errors import BuildError
from dv_agent.runners.formal.environment import FORMAL_TOP
from dv_agent.runners.formal.yosys import ROOM

MARK = "dv_mark_"
_LARGEST_MEMORY = 512  # words; larger ones are left out, so that what is read from them may be anything
_RTL, _SHARED = "/rtl", "/primitives"
_REPORTS = re.compile(r"\$(error|fatal|warning|info|stop|finish)\b")
# What is undefined becomes free before anything is optimised: an optimisation may choose a value for it, and prove with
# it what a simulation refutes. Large memories are left out, which makes what is read from them free.
_LARGE = f"t:$mem_v2 r:SIZE>{_LARGEST_MEMORY} %i"
_SCRIPT = f"""\
read_slang {{read}}
hierarchy -top {FORMAL_TOP}
proc
flatten
delete t:$check n:*{MARK}* %d
delete t:$print
setattr -set keep 1 t:$check
setundef -undriven -anyseq
opt_clean
memory -nomap
dump -o {ROOM}/memories.il {_LARGE}
delete {_LARGE}
memory_map
setundef -undriven -anyseq
async2sync
chformal -lower
opt -full -nodffe -nosdff
dffunmap
opt -full -nodffe -nosdff
{{narrow}}
dump -o {ROOM}/clocks.il t:$dff
techmap
opt -full -nodffe -nosdff
setundef -undriven -anyseq
{{begin}}
aigmap
opt_clean
write_aiger -zinit -ywmap {ROOM}/marks.json -vmap {ROOM}/pins.map {ROOM}/circuit.aig
"""


def mounts(design: Design) -> dict[str, Path]:
    """Return the folders that yosys sees besides its own."""
    return {_RTL: design.base.absolute(), _SHARED: PRIMITIVES}


def written_sources(design: Design, folder: Path, marked: Mapping[str, tuple[str, ...]], *, silent: bool) -> list[str]:
    """Return the names of the RTL files as yosys sees them, in compile order; write those that are changed.

    Args:
        silent: whether tasks that report, or end a simulation, only print: a proof goes on behind them.
    """
    names = []
    for number, (name, file) in enumerate(zip(design.compiled_names(), design.source_files(), strict=True)):
        if name not in marked and not silent:
            names.append(f"{_SHARED}/{file.name}" if Path(name).is_absolute() else f"{_RTL}/{name}")
            continue
        text = marked[name][0] if name in marked else _source(file)
        copy = f"s{number}.sv" if name in marked else f"s{number}{file.suffix}"
        (folder / copy).write_text(_REPORTS.sub("$display", text) if silent else text, encoding="latin-1")
        names.append(f"{ROOM}/{copy}")
    return names


def _source(file: Path) -> str:
    try:
        return file.read_bytes().decode("latin-1")
    except OSError as error:
        raise BuildError(f"{file}: {error.strerror}") from None


def script_text(
    design: Design, names: Sequence[str], *, marks: bool, plain: bool, zero: bool, narrow: bool = False
) -> str:
    """Return the commands that write the circuit.

    Args:
        names: the files of the RTL as yosys sees them.
        marks: whether assertions are read, which marks are.
        zero: whether registers without a value at power-up begin with 0.
        narrow: whether words lose the bits that nothing needs: a version with a wider word is then read the same way;
            and a bit beyond a vector is X, as in a simulation, not refused.
        plain: whether files `.v` may use the keywords of SystemVerilog as names.
    """
    options = ["--threads 1", "--no-synthesis-define", "--no-default-translate-off-format", "--relax-enum-conversions"]
    options += ["--allow-use-before-declare", "--ignore-timing", f"--top {FORMAL_TOP}"]
    options += [] if marks else ["--ignore-assertions"]
    # The folder is part of the pattern: `*.v` alone matches no file that is named by its path.
    options += ["--map-keyword-version 1364-2005+.../*.v"] if plain else []
    options += ["-Wno-index-oob", "-Wno-range-oob"] if narrow else []
    folders = [*design.include_dirs, *(str(Path(name).parent) for name in design.sources)]
    options += [_word(f"-I{_RTL}/{name}") for name in dict.fromkeys(folders)]
    options += [_word(f"-D{name}" if text is None else f"-D{name}={text}") for name, text in design.defines.items()]
    own = f"{ROOM}/monitor.sv {ROOM}/top.sv"
    # The simulator that counts code coverage has two states: what was never written is 0 there.
    begin = "setundef -zero -init" if zero else ""
    return _SCRIPT.format(
        read=" ".join([*options, *map(_word, names), own]),
        begin=begin,
        narrow="wreduce -keepdc\nopt -full -nodffe -nosdff" if narrow else "",
    )


def _word(text: str) -> str:
    if any(letter in text for letter in '"\n\\'):
        raise BuildError(f"the name {text[:80]!r} cannot be given to yosys")
    return f'"{text}"' if any(letter in text for letter in " ;#\t") else text
