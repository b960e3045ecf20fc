"""Finding and loading designs, from this package, from ``$DV_AGENT_DESIGNS``, or by path."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import cast

from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.files.documents import read_document, read_text, require_inside
from dv_agent.designs.files.places import FILE, design_names, design_roots
from dv_agent.designs.language.schema import StimulusSchema, load_schema
from dv_agent.designs.observation import ReferenceModel
from dv_agent.errors import InputFileError, UnknownNameError, UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True)
class DesignFolder:
    """A loaded design and, on demand, the files beside its design.yaml.

    Attributes:
        design: the design; its `folder` holds the RTL.
        home: the folder of all other files, if that is another one (for a copy with a seeded bug in its RTL).
    """

    design: Design
    home: Path | None = None

    @property
    def path(self) -> Path:
        """The folder of specification, schema, model, plan, witnesses and bugs."""
        return self.home or self.design.folder

    @cached_property
    def schema(self) -> StimulusSchema:
        """stimulus.yaml, validated."""
        return load_schema(read_document(self.path / "stimulus.yaml"), self.design)

    @cached_property
    def specification(self) -> str:
        """spec.md, as text."""
        return read_text(self.path / "spec.md")

    @cached_property
    def model(self) -> ReferenceModel:
        """model.py: the reference model."""
        return load_model(self.path / "model.py", f"dv_agent.designs.{self.design.name}.model")


def find_design(name: str) -> DesignFolder:
    """Load the design called `name`, or the one in the folder `name` if that holds a path separator.

    Raises:
        UnknownNameError: no such design; suggests the nearest names.
        UsageError: several folders hold a design of this name.
        InputFileError: its design.yaml is broken.
    """
    if os.sep in name:
        return load_design(Path(name))
    if name not in design_names():
        raise UnknownNameError("design", name, design_names())
    folders = list(dict.fromkeys((root / name).resolve() for root in design_roots() if (root / name / FILE).is_file()))
    if len(folders) > 1:
        places = " and ".join(str(folder) for folder in folders)
        raise UsageError(f"two designs are called {name}: {places}; say which by its path")
    return load_design(folders[0])


def is_design_name(words: str) -> bool:
    """Return whether `words` can be the name of a design; a path cannot."""
    return _NAME.fullmatch(words) is not None


def find_recorded_design(name: str) -> DesignFolder:
    """Load the design that a record names: a shipped one or one in ``$DV_AGENT_DESIGNS``, never a path.

    A design contains a model.py, which is executed, and a record may come from anybody.

    Raises:
        UsageError: not a name, or no such design is known; the message tells how to name a folder.
        InputFileError: its design.yaml is broken.
    """
    elsewhere = "if it stands in a folder of yours, say --design FOLDER, or name its parent in DV_AGENT_DESIGNS"
    if not is_design_name(name):
        raise UsageError(f"the record names the design {name[:80]!r}, which is no name; {elsewhere}")
    if name not in (known := design_names()):
        raise UsageError(f"{UnknownNameError('design', name, known)}; {elsewhere}")
    return find_design(name)


def load_design(folder: Path) -> DesignFolder:
    """Load and validate ``folder/design.yaml``; the RTL files must exist.

    Raises:
        InputFileError: with file, line and what was expected.
    """
    document = read_document(folder / FILE)
    if not isinstance(document.data, dict):
        raise document.error((), "expected keys such as `name`, `top`, `ports`")
    document.data["folder"] = folder.resolve()
    design = document.validate(Design)
    for path in _parts(folder, design):
        require_inside(path, folder)
    for index, name in enumerate(design.shared):
        if name not in (known := {file.name for file in PRIMITIVES.glob("*.v")}):
            raise document.error(("shared", index), str(UnknownNameError("shared RTL file", name, known)))
    for index, source in enumerate(design.sources):
        if not (folder / source).is_file():
            raise document.error(("sources", index), f"no file {source!r} beside design.yaml")
    return DesignFolder(design)


def _parts(folder: Path, design: Design) -> Iterator[Path]:
    """Return the paths of a design's files, whether they exist or not."""
    names = (FILE, "stimulus.yaml", "spec.md", "plan.yaml", "model.py", "hit_rates.json", "proof.json", "README.md")
    yield from (folder / name for name in (*names, *design.sources))
    for room in ("witnesses", "bugs"):
        yield folder / room
        yield from (folder / room).rglob("*")


def load_model(path: Path, name: str) -> ReferenceModel:
    """Import a model.py under the module name `name` (once; a second call gives the same module).

    Raises:
        InputFileError: missing, not importable, or without `observe`.
    """
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path):
        return cast("ReferenceModel", sys.modules[name])
    if not path.is_file():
        raise InputFileError(path, "no such file; every design needs a reference model")
    return cast("ReferenceModel", _import(path, name))


def _import(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputFileError(path, "not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputFileError(path, f"cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(getattr(module, "observe", None)):
        raise InputFileError(path, "defines no function `observe(trace)`")
    return module
