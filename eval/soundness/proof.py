"""``proof.json``: the record that a design passed the whole check, with the hashes of the checked files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from dv_agent.designs.benchmark.fingerprint import FOR_READERS, NUMBERS, fingerprint
from dv_agent.designs.files.documents import read_text, replace_text
from dv_agent.designs.files.plain_words import plain_words
from dv_agent.designs.frozen import Frozen
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import InputFileError
from dv_agent.eval.soundness.check import Options, PartResult

FILE = "proof.json"


class Proof(Frozen):
    """What was checked, how, and the hashes of the files for which it holds."""

    schema_version: Literal[1] = 1
    command: str
    simulator: str
    options: Options
    hashes: dict[str, str]
    parts: tuple[PartResult, ...]


def write_proof(
    folder: DesignFolder, command: str, simulator: str, options: Options, parts: Sequence[PartResult]
) -> Path:
    """Write the proof of a check that passed.

    Raises:
        ValueError: a part did not pass.
        OutputError: it cannot be written.
    """
    if not all(part.ok for part in parts):
        raise ValueError("a check that failed proves nothing")
    # Run times differ between machines; without them the same check writes the same proof.
    plain = tuple(part.model_copy(update={"seconds": 0.0}) for part in parts)
    proof = Proof(command=command, simulator=simulator, options=options, hashes=_hashes(folder), parts=plain)
    path = folder.path / FILE
    replace_text(path, proof.model_dump_json(indent=1) + "\n")
    return path


def proof_errors(folder: DesignFolder) -> tuple[str, ...]:
    """Return why the committed proof does not hold for the current files; empty if it holds."""
    path = folder.path / FILE
    if not path.is_file():
        return (f"{folder.design.name}: no {FILE}; make it with `make test-full`",)
    try:
        proof = Proof.model_validate_json(read_text(path))
    except ValidationError as error:
        raise InputFileError(path, plain_words(error.errors()[0])) from None
    now = _hashes(folder)
    return tuple(
        f"{folder.design.name}: {kind} changed since {FILE} was made; make it anew with `make test-full`"
        for kind in sorted({*now, *proof.hashes})
        if now.get(kind) != proof.hashes.get(kind)
    )


def _hashes(folder: DesignFolder) -> dict[str, str]:
    return {kind: digest for kind, digest in fingerprint(folder).items() if kind not in (FOR_READERS, NUMBERS)}
