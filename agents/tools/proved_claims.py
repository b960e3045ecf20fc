"""Claims about real bins that a proof decides: by the certificate of the design, or by a proof made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dv_agent.coverage.certificates.data_model import Certificate
from dv_agent.coverage.certificates.storage import CODE_FILE, FILE, read_certificate, stale_kinds
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.predicates.plan_monitor import plan_monitor
from dv_agent.designs.loader import DesignFolder
from dv_agent.errors import BuildError, InputFileError
from dv_agent.runners.formal.decision import Effort, decide
from dv_agent.runners.formal.netlist import build_netlist
from dv_agent.runners.formal.yosys import is_ready

PROVED = "proved unreachable"
EFFORT = Effort(seconds=120.0, each=30.0)
_PREFIX = "bin:"


def proved_claims(folder: DesignFolder, plan: Plan, claimed: Sequence[str]) -> Mapping[str, str]:
    """Return bins among `claimed` that no test can hit -> how that was proved.

    Args:
        folder: the design without any seeded bug.
        claimed: bins of the plan that nothing is known to hit.
    """
    found = {name: how for name, how in _certified(folder, plan).items() if name in claimed}
    left = [name for name in claimed if name not in found]
    if left and is_ready():
        found |= _proved_now(folder, plan, left)
    return found


def _certified(folder: DesignFolder, plan: Plan) -> dict[str, str]:
    """Return bin -> proof of the certificates beside the design that hold today."""
    found: dict[str, str] = {}
    for name in (FILE, CODE_FILE):
        try:
            certificate = read_certificate(folder.path / name)
        except InputFileError:
            continue
        if certificate.sound and not _stale(certificate, folder, plan):
            dead = (one for one in certificate.verdicts if one.subject == "bin" and one.outcome == "unreachable")
            found |= {one.id: f"{PROVED} ({name})" for one in dead}
    return found


def _stale(certificate: Certificate, folder: DesignFolder, plan: Plan) -> bool:
    # A plan with points of code has another hash than the plan alone; proofs about code depend on the RTL only.
    spared = {"bins"} if certificate.goal == "code" or plan.code else set()
    return bool({*stale_kinds(certificate, folder, plan)} - spared)


def _proved_now(folder: DesignFolder, plan: Plan, claimed: Sequence[str]) -> dict[str, str]:
    wanted = frozenset(_PREFIX + name for name in claimed)
    made = plan_monitor(plan, folder.design, plain=not folder.has_model, only=wanted)
    names = list(made.monitor.properties)
    if not names:
        return {}
    try:
        circuit = build_netlist(folder.design, made.monitor).circuit
    except BuildError:
        return {}
    answers = decide(circuit, names, EFFORT, lambda _: None)
    return {
        name.removeprefix(_PREFIX): f"{PROVED} ({answer.method})"
        for name, answer in answers
        if answer.verdict == "unreachable"
    }
