"""Hashes of all files that a result on a design depends on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dv_agent.designs.design import PRIMITIVES
from dv_agent.designs.loader import DesignFolder

SHARED_BY_MODELS = (
    "bits",
    "composition.neighbours",
    "composition.part_models",
    "composition.port_history",
    "composition.stream_tables",
    "packet_columns",
    "rules.clocked_registers",
)  # modules of dv_agent.designs; a model's hash covers those that it imports
_PART = re.compile(r'\bpart_model\("([A-Za-z_][A-Za-z0-9_]*)"\)')
_SIBLING = r"^from dv_agent\.designs\.{}\.([a-z_0-9.]+) import"
FILES = {
    "design": ("design.yaml",),
    "specification": ("spec.md", "spec_short.md"),
    "model": ("model.py",),
    "schema": ("stimulus.yaml",),
    "plan": ("plan.yaml",),
    "witnesses": ("witnesses/*.json",),
    "bugs": ("bugs/*.yaml", "bugs/*.patch"),
}
FOR_READERS = "columns"
"""The kind of the words on columns in plan.yaml: prompts show them, and nothing is sampled or judged by them."""
NUMBERS = "numbers"
"""The kind of the form of plain numbers in stimulus.yaml: only replies are read by it; tests are kept as they run."""
APART = {
    "plan.yaml": re.compile(rb"^columns:.*\n(?:[ \t]+.*\n)*", re.MULTILINE),
    "stimulus.yaml": re.compile(rb"^numbers:.*\n(?:[ \t]+.*\n)*", re.MULTILINE),
}
"""File -> its block that is hashed apart from the rest."""


def fingerprint(folder: DesignFolder) -> dict[str, str]:
    """Return SHA-256 (hexadecimal) of the RTL and of each kind of file in `FILES`; a kind without files is left out.

    The RTL is hashed as it is simulated, so a copy with a seeded bug has another hash. The model is hashed with
    all that it is made of: modules of `SHARED_BY_MODELS`, modules of its own folder, models of other designs. The words
    on columns of a plan are the kind `FOR_READERS`, and no part of the kind "plan"; the form of plain numbers is the
    kind `NUMBERS`, and no part of the kind "schema".
    """
    hashes = {"rtl": _hash([*folder.design.source_files(), *folder.design.header_files()])}
    for kind, patterns in FILES.items():
        files = sorted(file for pattern in patterns for file in folder.path.glob(pattern)) + _taken(folder, kind)
        if kind == "model":
            files += [module for file in files for module in _imported(file)]
        if files:
            hashes[kind] = _hash(files)
    for kind, name in ((FOR_READERS, "plan.yaml"), (NUMBERS, "stimulus.yaml")):
        if words := b"".join(_apart(name, file.read_bytes()) for file in folder.path.glob(name)):
            hashes[kind] = hashlib.sha256(words).hexdigest()
    return hashes


def _taken(folder: DesignFolder, kind: str) -> list[Path]:
    """Return the files of this kind that a variant takes from the design that it is a variant of."""
    if folder.origin is None or kind not in ("schema", "bugs"):
        return []
    found = sorted(file for pattern in FILES[kind] for file in folder.origin.glob(pattern) if file.suffix != ".yaml")
    schema = folder.file(*FILES["schema"])
    return found if kind == "bugs" else [schema] if schema.parent == folder.origin else []


DECISIVE = "rtl", "model", "schema", "plan"
"""The kinds that decide the behaviour and coverage of a test."""


def changed_since(hashes: Mapping[str, str], folder: DesignFolder, kinds: Sequence[str] = DECISIVE) -> tuple[str, ...]:
    """Return those of `kinds` that differ from `hashes`."""
    now = fingerprint(folder)
    return tuple(kind for kind in kinds if now.get(kind) != hashes.get(kind))


def _imported(model: Path) -> list[Path]:
    """Return the files that a model is made of: modules of `SHARED_BY_MODELS`, of its own folder, and other models."""
    found: dict[Path, None] = {}
    waiting = [(model, model.parent)]
    while waiting:
        here, home = waiting.pop()
        text = here.read_text(encoding="utf-8")
        siblings = re.findall(_SIBLING.format(re.escape(home.name)), text, re.M)
        own = [home / f"{name.replace('.', '/')}.py" for name in siblings]
        parts = [PRIMITIVES.parent / name / "model.py" for name in _PART.findall(text)]
        modules = [
            PRIMITIVES.parent / f"{name.replace('.', '/')}.py"
            for name in SHARED_BY_MODELS
            if f"from dv_agent.designs.{name} import" in text
        ]
        new = [file for file in (*modules, *own, *parts) if file not in found and file != model and file.is_file()]
        found |= dict.fromkeys(new)
        waiting += [(file, file.parent if file in parts else home) for file in new if file not in modules]
    return list(found)


def _hash(files: Iterable[Path]) -> str:
    """Return the hash of names and contents, in the given order; line ends are not changed."""
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        content = content.replace(_apart(file.name, content), b"")
        total.update(f"{file.name} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def _apart(name: str, content: bytes) -> bytes:
    """Return the block of a file that is hashed apart, because nothing else refers to it; empty without one."""
    found = APART[name].search(content) if name in APART else None
    return found[0] if found else b""
