"""Finding and loading designs, from this package, from ``$DV_AGENT_DESIGNS``, or by path."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import cast

from dv_agent.designs.defaults.schema_from_ports import schema_from_ports
from dv_agent.designs.defaults.tables_from_trace import TraceObserver
from dv_agent.designs.design import PRIMITIVES, Design
from dv_agent.designs.files.documents import Document, read_document, read_text, require_all_inside
from dv_agent.designs.files.places import FILE, design_names, design_roots
from dv_agent.designs.language.schema import StimulusSchema, load_schema
from dv_agent.designs.observation import ReferenceModel
from dv_agent.errors import InputFileError, UnknownNameError, UsageError, all_faults

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

    @property
    def origin(self) -> Path | None:
        """The folder of the design that this one is a variant of; None if it is none."""
        return self.path.parent / self.design.variant_of if self.design.variant_of else None

    def file(self, name: str) -> Path:
        """Return the path of one of its files: its own, or that of `origin` if it has none of this name."""
        own = self.path / name
        return own if self.origin is None or _there(own) else self.origin / name

    @property
    def has_model(self) -> bool:
        """Whether there is a model.py, so that outputs are compared with what it expects."""
        return _there(self.path / "model.py")

    @cached_property
    def schema(self) -> StimulusSchema:
        """stimulus.yaml, validated; without the file, a schema made from the ports."""
        path = self.file("stimulus.yaml")
        return load_schema(read_document(path), self.design) if _there(path) else schema_from_ports(self.design)

    @cached_property
    def specification(self) -> str:
        """spec.md, as text; empty if there is no file, or nothing in it: then nothing says what the design shall do."""
        return self._text("spec.md")

    @cached_property
    def short_specification(self) -> str:
        """spec_short.md, as text, for prompts whose strategy wants it short; empty if there is no file."""
        return self._text("spec_short.md")

    def _text(self, name: str) -> str:
        text = read_text(self.path / name) if _there(self.path / name) else ""
        return text if text.strip() else ""

    @cached_property
    def model(self) -> ReferenceModel:
        """model.py: the reference model; without the file, an observer that expects nothing."""
        if not self.has_model:
            return TraceObserver(self.design)
        return load_model(self.path / "model.py", f"dv_agent.designs.{self.design.name}.model")


def find_design(name: str) -> DesignFolder:
    """Load the design called `name`, or the one in the folder `name`: a path, or a folder here with a design.yaml.

    Raises:
        UnknownNameError: no such design; suggests the nearest names.
        UsageError: several folders hold a design of this name.
        InputFileError: its design.yaml is broken.
    """
    if os.sep in name:
        return load_design(Path(name))
    if name not in design_names():
        if (Path(name) / FILE).is_file():
            return load_design(Path(name))
        raise _unknown(name)
    folders = list(dict.fromkeys((root / name).resolve() for root in design_roots() if (root / name / FILE).is_file()))
    if len(folders) > 1:
        places = " and ".join(str(folder) for folder in folders)
        raise UsageError(f"two designs are called {name}: {places}; say which by its path")
    return load_design(folders[0])


def _unknown(name: str) -> UsageError:
    if Path(name).is_dir():
        return UsageError(f"the folder {name} holds no {FILE}; `dv-agent init` writes one for RTL of yours")
    if Path(name).suffix in (".v", ".sv"):
        return UsageError(f"{name} is a file; `dv-agent init {name}` makes a design of it")
    return UnknownNameError("design", name, design_names())


def named_folder(name: str) -> str:
    """Return `name` as a path if it names a folder, not a design that is known by its name; else an empty text."""
    if not name or not name.isprintable():
        return ""
    return name if os.sep in name else "" if name in design_names() else f".{os.sep}{name}"


def is_design_name(words: str) -> bool:
    """Return whether `words` can be the name of a design; a path cannot."""
    return _NAME.fullmatch(words) is not None


def find_recorded_design(name: str, place: str = "") -> DesignFolder:
    """Load the design that a record names: a shipped one or one in ``$DV_AGENT_DESIGNS``, never a path.

    A design contains a model.py, which is executed, and a record may come from anybody.

    Args:
        place: where the record says that it stood; only told.

    Raises:
        UsageError: not a name, or no such design is known; the message tells how to name a folder.
        InputFileError: its design.yaml is broken.
    """
    elsewhere = "if it stands in a folder of yours, say --design FOLDER, or name its parent in DV_AGENT_DESIGNS"
    if place:
        elsewhere = f"the record says that it stood in {place}: if you trust it, say --design {shlex.quote(place)}"
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
    base = design.base
    require_all_inside(_parts(folder, design), folder)
    require_all_inside((*(base / one for one in design.sources), *design.header_files()), base)
    if design.variant_of and not (folder.resolve().parent / design.variant_of / FILE).is_file():
        raise document.error(("variant_of",), f"no design {design.variant_of!r} in the folder beside this one")
    if fault := all_faults(folder, _missing_sources(document, design)):
        raise fault
    if "probes" not in document.data and not _there(folder / "plan.yaml"):
        design = with_probes(design)  # for the automatic plan
    return DesignFolder(design)


def with_probes(design: Design) -> Design:
    """Return the design with a probe for each of its state machines."""
    from dv_agent.designs.probes.state_machines import probe_names, state_machines

    found = {name: one.probe for name, one in probe_names(state_machines(design)).items()}
    return design.model_copy(update={"probes": found}) if found else design


def _missing_sources(document: Document, design: Design) -> Iterator[InputFileError]:
    for index, name in enumerate(design.shared):
        if name not in (known := {file.name for file in PRIMITIVES.glob("*.v")}):
            yield document.error(("shared", index), str(UnknownNameError("shared RTL file", name, known)))
    for index, source in enumerate(design.sources):
        if not (design.base / source).is_file():
            yield document.error(("sources", index), f"no file {source!r} {_where(design)}")


def _where(design: Design) -> str:
    return "beside design.yaml" if design.root == "." else f"in {design.base}, which `root: {design.root}` names"


def _parts(folder: Path, design: Design) -> Iterator[Path]:
    """Return the paths of a design's files, whether they exist or not."""
    specifications = ("spec.md", "spec_short.md")
    names = (FILE, "stimulus.yaml", "plan.yaml", "model.py", "hit_rates.json", "proof.json", "README.md")
    yield from (folder / name for name in (*specifications, *names))
    for room in ("witnesses", "bugs"):
        yield folder / room
        yield from (folder / room).rglob("*")


def _there(path: Path) -> bool:
    """Return whether there is a file, or something else of its name, which reading it then complains of."""
    return path.exists() or path.is_symlink()


def load_model(path: Path, name: str) -> ReferenceModel:
    """Import a model.py under the module name `name` (once; a second call gives the same module).

    Raises:
        InputFileError: missing, not importable, or without `observe`.
    """
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path):
        return cast("ReferenceModel", sys.modules[name])
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
