"""The files ``certificate.json`` and ``certificate-code.json``: writing, reading, and whether one holds today."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from dv_agent.coverage.certificates.data_model import RULES, Certificate
from dv_agent.coverage.plan import Plan
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.files.documents import replace_text
from dv_agent.designs.files.json_file import read_json
from dv_agent.designs.loader import DesignFolder

FILE, CODE_FILE = "certificate.json", "certificate-code.json"
"""Beside design.yaml: of the plan, and of the points of code coverage."""
_KINDS = ("rtl", "design", "model", "schema", "witnesses")
_MOST = 64_000_000


def input_hashes(folder: DesignFolder, plan: Plan) -> dict[str, str]:
    """Return the hashes of all that a certificate depends on; "bins" is that of the plan, made automatically or not.

    What a plan says for people alone, such as its arguments, is in "plan".
    """
    now = fingerprint(folder)
    words = "\n".join(f"{one.id}\t{one.why}" for one in (*plan.ignored, *plan.illegal))
    excluded = hashlib.sha256(words.encode()).hexdigest()
    return {kind: now[kind] for kind in _KINDS if kind in now} | {"bins": plan.hash, "exclusions": excluded}


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
    return tuple(sorted(changed | ({"rules"} if certificate.rules != RULES else set())))


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
