"""The files ``certificate.json`` and ``certificate-code.json``: writing, reading, and whether one holds today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from dv_agent.coverage.certificates.data_model import RULES, Certificate
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.structure import Bin, Covergroup, Excluded
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder

FILE, CODE_FILE = "certificate.json", "certificate-code.json"
"""Beside design.yaml: of the plan, and of the points of code coverage."""
WITNESS = "witness"
PROVING = ("rtl", "design", "bins")
"""The hashes that proofs depend on; the others decide what tests hit."""
_NO_BEHAVIOUR = {"title", "paper", "summary", "notes", "task_version", "checks", "effort"}
_BY_CONTENT = {"variant_of"}  # what a variant takes from another design is hashed as its own
_MOST = 64_000_000


def input_hashes(folder: DesignFolder, plan: Plan) -> dict[str, str]:
    """Return the hashes of all that a certificate depends on; "bins" is that of the plan, made automatically or not.

    Words for people alone have no part in it, in design.yaml and in the plan, nor have weights, tiers and goals.
    """
    now = fingerprint(folder)
    hashes = {kind: now[kind] for kind in ("model", "schema") if kind in now}
    return hashes | deciding_hashes(folder) | {"bins": _digest([_predicates(one) for one in plan.covergroups])}


def deciding_hashes(folder: DesignFolder) -> dict[str, str]:
    """Return the hashes that a proof about RTL depends on, whatever the plan is."""
    design = folder.design.model_dump(mode="json", exclude=_NO_BEHAVIOUR | _BY_CONTENT)
    return {"rtl": fingerprint(folder)["rtl"], "design": _digest(design)}


def _digest(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


def _predicates(group: Covergroup) -> list[object]:
    """Return all that decides what hits the bins and exclusions of a covergroup, whichever of both they are."""
    points = [
        [point.name, point.of.text, point.kind, _values((*point.bins, *point.ignored)), _values(point.illegal)]
        for point in group.coverpoints
    ]
    crosses = [
        [cross.name, cross.of, sorted([one.id for one in cross.bins] + [one.id for one in cross.ignored])]
        for cross in group.crosses
    ]
    ignored = [one.ignored for one in group.coverpoints] + [one.ignored for one in group.crosses]
    chosen = sorted(one.id for some in ignored for one in some if one.choice)
    when = group.when.text if group.when else None
    return [group.name, group.on, when, points, crosses, *([chosen] if chosen else [])]


def _values(what: Sequence[Bin | Excluded]) -> list[tuple[str, list[object]]]:
    return sorted((one.id, [value.ranges for value in one.values]) for one in what)


def lost_witnesses(certificate: Certificate, folder: DesignFolder) -> tuple[str, ...]:
    """Return the witnesses that a certificate names, and that the design has no more."""
    named = dict.fromkeys(one.witness for one in certificate.verdicts if one.witness.startswith(f"{WITNESS} "))
    if not named:
        return ()
    known = {witness_name(test) for test in load_witnesses(folder)}
    return tuple(name for name in named if name not in known)


def witness_name(test: Test) -> str:
    """Return what a certificate calls a witness of the design: by its content, since their order may change."""
    return f"{WITNESS} {test.digest}"


def read_certificate(path: Path) -> Certificate:
    """Read a certificate.

    Raises:
        InputFileError: there is none, or it is broken.
    """
    return read_json(path, Certificate, most=_MOST)


def write_certificate(path: Path, certificate: Certificate) -> None:
    """Write a certificate; one that was there is replaced in one step.

    Raises:
        OutputError: it cannot be written.
    """
    # Short, but the versions are there whatever the defaults of a later program are.
    versions = {"schema_version": certificate.schema_version, "rules": certificate.rules}
    data = versions | certificate.model_dump(mode="json", exclude_defaults=True)
    replace_text(path, json.dumps(data, indent=1) + "\n")


def stale_kinds(certificate: Certificate, folder: DesignFolder, plan: Plan) -> tuple[str, ...]:
    """Return what changed since the certificate was made, such as ``rtl``; empty if it holds."""
    now = input_hashes(folder, plan)
    changed = {kind for kind in {*now, *certificate.hashes} if now.get(kind) != certificate.hashes.get(kind)}
    changed |= {"rules"} if certificate.rules != RULES else set()
    return tuple(sorted(changed | ({"witnesses"} if lost_witnesses(certificate, folder) else set())))


def certificate_errors(folder: DesignFolder, plan: Plan) -> tuple[str, ...]:
    """Return why the certificate beside a design does not hold; empty if it does, or if there is none."""
    path = folder.path / FILE
    if not path.is_file():
        return ()
    name, certificate = folder.design.name, read_certificate(path)
    again = f"make it anew with `dv-agent designs certify {name}`"
    errors = [
        f"{name}: {kind} changed since {FILE} was made; {again}" for kind in stale_kinds(certificate, folder, plan)
    ]
    if not certificate.complete:
        errors.append(f"{name}: {FILE} is not complete; {again}")
    errors += [f"{name}: {one.id} is excluded, but {one.witness} hits it" for one in certificate.refuted]
    errors += [f"{name}: {one}" for one in certificate.checked.wrong]
    return tuple(errors)
