"""What is asked of an optimisation: strategy, parts, designs, models and budgets; kept as ``optimise.json``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.designs.bounds import Seed
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder, find_design, is_design_name
from dv_agent.errors import UsageError
from dv_agent.eval.suites.suite import task_checksum
from dv_agent.prompts.strategy import Strategy

WISH = "optimise.json"
Role = Literal["train", "validation", "held_out"]
ROLES: Mapping[Role, str] = {"train": "--train", "validation": "--validation", "held_out": "--held-out"}


class Item(Frozen):
    """One trial of a candidate: a design and a seed."""

    design: str
    seed: int


class Wish(Frozen):
    """Everything that the course of an optimisation depends on, its caps aside: those may be raised when it goes on.

    Attributes:
        strategy: where it begins; holds all its templates.
        parts: what may change: names of templates, and ``options``.
        train, validation, held_out: names of designs, no design in two of them.
        seeds: trials of a candidate on a design (seeds 0, 1, ...).
        batch: trials on training designs that a proposal is made from and must improve.
        model, reflection: who proposes tests, and who proposes prompts.
        trial: budget of one trial.
        feedback: whether the proposing model is told what happened in the trials.
        checksums: design -> the state of its task.
    """

    schema_version: Literal[1] = 1
    strategy: Strategy
    parts: tuple[str, ...] = Field(min_length=1)
    train: tuple[str, ...]
    validation: tuple[str, ...]
    held_out: tuple[str, ...]
    seeds: int = Field(default=1, ge=1, le=100)
    batch: int = Field(default=2, ge=1, le=100)
    model: ModelSettings
    reflection: ModelSettings
    trial: Budget
    simulator: str
    seed: Seed = 0
    feedback: bool = True
    checksums: dict[str, str]

    def items(self, role: Role) -> list[Item]:
        """Return the trials on the designs of a role, in a fixed order."""
        return [Item(design=name, seed=seed) for name in getattr(self, role) for seed in range(self.seeds)]


def checksums_of(split: Mapping[Role, Sequence[str]]) -> dict[str, str]:
    """Return the state of every design, if the three roles have nothing in common.

    Raises:
        UsageError: a role has no design, a design is in two roles, or two of different roles are made of the same RTL.
        UnknownNameError, InputFileError: no such design, or a broken one.
    """
    for kind, option in ROLES.items():
        if not split[kind]:
            raise UsageError(
                f"no designs for {option}: prompts are improved on some designs, chosen by others, and measured on a "
                "third kind that nothing else saw"
            )
    owners: dict[str, tuple[Role, str]] = {}
    found = {}
    for role, name in [(kind, name) for kind in ROLES for name in split[kind]]:
        if not is_design_name(name):
            raise UsageError(
                f"{ROLES[role]} {name}: name the design; DV_AGENT_DESIGNS says where designs of your own are"
            )
        folder = find_design(name)
        for digest in (f"name {folder.design.name}", *_rtl(folder)):
            before, other = owners.setdefault(digest, (role, name))
            if before != role:
                _refuse(folder, (before, other), (role, name))
        found[name] = task_checksum(folder)
    return found


def _refuse(folder: DesignFolder, one: tuple[Role, str], other: tuple[Role, str]) -> None:
    same = "is in both" if find_design(one[1]).design.name == folder.design.name else f"shares RTL with {one[1]}"
    raise UsageError(
        f"{other[1]} {same}: {ROLES[one[0]]} and {ROLES[other[0]]} must have nothing in common, or the figures on "
        "designs that nobody saw would be false"
    )


def _rtl(folder: DesignFolder) -> Iterator[str]:
    for source in folder.design.sources:
        yield hashlib.sha256((folder.design.base / source).read_bytes()).hexdigest()


def keep(wish: Wish, folder: Path) -> None:
    """Write ``optimise.json``, or check that the folder holds this very optimisation.

    Raises:
        UsageError: the folder holds another one.
        InputFileError, OutputError: it cannot be read or written.
    """
    path = folder / WISH
    if not path.exists() and not path.is_symlink():
        replace_text(path, wish.model_dump_json(indent=1) + "\n", make_folder=True)
        return
    before = read_json(path, Wish)
    fields = [name for name in Wish.model_fields if getattr(before, name) != getattr(wish, name)]
    if fields:
        raise UsageError(
            f"{folder} holds an optimisation with another {' and '.join(fields)}: give its own options to go on, or "
            "another folder with --out"
        )
