"""Bins of a plan that the certificate beside the design proves unreachable; they stay bins, and are told as dead."""

from __future__ import annotations

from dv_agent.coverage.certificates.storage import FILE, certificate_errors, read_certificate
from dv_agent.coverage.plan import Plan
from dv_agent.designs.loader import DesignFolder


def dead_bins(folder: DesignFolder, plan: Plan) -> frozenset[str]:
    """Return their ids; none without a certificate, or if it does not hold for the files as they are.

    Raises:
        InputFileError: the certificate is broken.
    """
    path = folder.path / FILE
    if not path.is_file() or certificate_errors(folder, plan):
        return frozenset()
    verdicts = read_certificate(path).verdicts
    return frozenset(one.id for one in verdicts if one.subject == "bin" and one.outcome == "unreachable")
