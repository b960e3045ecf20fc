"""Points of code coverage that a certificate beside the design proves unreachable: they are no bins."""

from __future__ import annotations

from dv_agent.coverage.certificates.data_model import RULES, Certificate, Verdict
from dv_agent.coverage.certificates.storage import CODE_FILE, deciding_hashes, read_certificate
from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoints
from dv_agent.designs.loader import DesignFolder

_WORDS = {
    "induction": "induction over {} cycles", "pdr": "an invariant of {} clauses", "satisfiability": "satisfiability",
}  # fmt: skip


def with_certificate(folder: DesignFolder, points: CodePoints) -> CodePoints:
    """Return `points` with those excluded that the certificate of the design proves unreachable, if it holds today.

    Raises:
        InputFileError: the certificate is broken.
    """
    path = folder.path / CODE_FILE
    if not path.is_file():
        return points
    certificate = read_certificate(path)
    if not _holds(certificate, folder):
        return points
    dead = {one.id: one for one in certificate.verdicts if one.outcome == "unreachable" and one.subject == "bin"}
    kept = tuple(
        one.model_copy(update={"excluded": _reason(dead[name])})
        if not one.excluded and (name := f"{CODE}.{one.kind}.{one.name}") in dead
        else one
        for one in points.points
    )
    return points.model_copy(update={"points": kept})


def _holds(certificate: Certificate, folder: DesignFolder) -> bool:
    now = deciding_hashes(folder)
    same = all(now[kind] == certificate.hashes.get(kind) for kind in now)
    return same and certificate.rules == RULES and certificate.goal == "code" and certificate.sound


def _reason(one: Verdict) -> str:
    how = _WORDS.get(one.method, one.method).format(one.depth)
    return f"proved unreachable by {how} ({CODE_FILE})"
