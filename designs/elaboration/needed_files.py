"""The files that a top needs: those that hold macros only, then packages by their use, then those of its modules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from pyslang.ast import SymbolKind as S

from dv_agent.designs.elaboration.compilation import Sources

_PACKAGE = re.compile(r"\b([A-Za-z_]\w*)\s*::")
_MOST_INSTANCES = 20_000


def needed_files(sources: Sources, top: Any, files: list[Path], repeated: Collection[str]) -> tuple[Path, ...]:
    """Return the files of `files` that the instance `top` needs, in an order in which simulators can read them.

    Args:
        repeated: files with modules that stand in another file too; they are needed only for other modules.
    """
    defined = _files_of(sources, sources.compilation.getDefinitions())
    packages = _files_of(sources, sources.compilation.getPackages())
    needed = {defined[name] for name in module_names(top) if name in defined}
    neither = {str(file) for file in files} - {*defined.values(), *packages.values(), *repeated}
    first = dict.fromkeys(str(file) for file in files if str(file) in neither)
    for file in (*(str(file) for file in files if str(file) in needed), *first):
        _packages_of(file, packages, first, ())
    order = {file: None for file in first if file in neither} | dict.fromkeys(first)
    order |= {str(file): None for file in files if str(file) in needed}
    return tuple(map(Path, order))


def _packages_of(file: str, packages: dict[str, str], found: dict[str, None], above: tuple[str, ...]) -> None:
    """Add the packages that a file uses, each behind those that it uses itself."""
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    for name in sorted(set(_PACKAGE.findall(text))):
        used = packages.get(name)
        if used is not None and used not in found and used not in (*above, file):
            _packages_of(used, packages, found, (*above, file))
            found[used] = None


def _files_of(sources: Sources, symbols: Any) -> dict[str, str]:
    return {one.name: sources.where(one.location).rpartition(":")[0] for one in symbols}


def module_names(top: Any) -> Iterator[str]:
    """Yield the names of the modules and interfaces of the hierarchy below `top`."""
    seen: set[str] = set()
    waiting, count = [top], 0
    while waiting and count < _MOST_INSTANCES:
        instance = waiting.pop()
        count += 1
        if instance.definition.name not in seen:
            seen.add(instance.definition.name)
            yield instance.definition.name
        waiting += _instances(instance.body)


def _instances(scope: Any) -> list[Any]:
    found = []
    for member in scope:
        if member.kind == S.Instance:
            found.append(member)
        elif member.kind in (S.GenerateBlockArray, S.InstanceArray) or (
            member.kind == S.GenerateBlock and not member.isUninstantiated
        ):
            found += _instances(member)
    return found
