"""What a certificate beside the design proves unreachable is no bin: points of code, and bins of an automatic plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dv_agent.coverage.certificates.data_model import RULES, Certificate, Verdict
from dv_agent.coverage.certificates.storage import (
    CODE_FILE,
    FILE,
    PROVING,
    deciding_hashes,
    input_hashes,
    read_certificate,
)
from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoints
from dv_agent.coverage.plan import Plan, build_plan
from dv_agent.coverage.structure import Bin, Covergroup, Excluded
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
        one.model_copy(update={"excluded": _reason(dead[name], CODE_FILE)})
        if not one.excluded and (name := f"{CODE}.{one.kind}.{one.name}") in dead
        else one
        for one in points.points
    )
    return points.model_copy(update={"points": kept})


def without_unreachable(folder: DesignFolder, plan: Plan) -> Plan:
    """Return a plan in which the bins are ignored that the certificate of the design proves unreachable, if it holds.

    Raises:
        InputFileError: the certificate is broken.
    """
    path = folder.path / FILE
    if not path.is_file():
        return plan
    certificate = read_certificate(path)
    now = input_hashes(folder, plan)
    same = all(now[kind] == certificate.hashes.get(kind) for kind in PROVING)
    dead = {one.id: one for one in certificate.verdicts if one.outcome == "unreachable" and one.subject == "bin"}
    if not dead or not same or certificate.rules != RULES or not certificate.sound:
        return plan
    why = {name: _reason(one, FILE) for name, one in dead.items()}
    return build_plan(plan.path, tuple(_thinned(group, why) for group in plan.covergroups), plan.columns)


def _thinned(group: Covergroup, why: Mapping[str, str]) -> Covergroup:
    crosses = tuple(
        replace(one, bins=tuple(b for b in one.bins if b.id not in why), ignored=(*one.ignored, *_moved(one.bins, why)))
        for one in group.crosses
    )
    # A bin that crosses still join stays where it is.
    joined = {
        f"{group.name}.{point}.{name}"
        for cross in crosses
        for one in cross.bins
        for point, name in zip(cross.of, one.members, strict=True)
    }
    rest = {name: words for name, words in why.items() if name not in joined}
    points = tuple(
        replace(
            one, bins=tuple(b for b in one.bins if b.id not in rest), ignored=(*one.ignored, *_moved(one.bins, rest))
        )
        for one in group.coverpoints
    )
    return replace(group, coverpoints=points, crosses=crosses)


def _moved(bins: Sequence[Bin], why: Mapping[str, str]) -> tuple[Excluded, ...]:
    return tuple(Excluded(one.id, why[one.id], one.values) for one in bins if one.id in why)


def _holds(certificate: Certificate, folder: DesignFolder) -> bool:
    now = deciding_hashes(folder)
    same = all(now[kind] == certificate.hashes.get(kind) for kind in now)
    return same and certificate.rules == RULES and certificate.goal == "code" and certificate.sound


def _reason(one: Verdict, file: str) -> str:
    how = _WORDS.get(one.method, one.method).format(one.depth)
    return f"proved unreachable by {how} ({file})"
