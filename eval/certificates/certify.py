"""Certification of a design: witnesses of its bins first, then proofs for what no test hits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dv_agent.coverage.certificates.data_model import Certificate, CheckedBySimulation, Outcome, Verdict
from dv_agent.coverage.certificates.storage import PROVING, input_hashes
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.predicates.plan_monitor import Claimed, PlanMonitor, plan_monitor
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.properties.answer import Answer
from dv_agent.errors import BuildError
from dv_agent.eval.certificates.cross_check import IGNORED, Played, cross_check
from dv_agent.eval.certificates.found_tests import TestSearch, beats_of
from dv_agent.eval.certificates.ignored_hits import ignored_hits
from dv_agent.eval.certificates.plain_lines import plain_line, plain_lines
from dv_agent.runners.formal.decision import Effort, decide
from dv_agent.runners.formal.environment import assumptions
from dv_agent.runners.formal.netlist import Netlist, build_netlist
from dv_agent.runners.formal.yosys import yosys_version
from dv_agent.runners.simulator import Simulator

_SEARCH_SHARE = 0.5  # of the time of the proofs
Keep = Callable[[Certificate], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is certified, and how.

    Attributes:
        previous: an earlier certificate of the same inputs, whose decided verdicts are taken over.
        keep: called with the certificate as far as it is made, each time that more is known.
        say: called with progress.
        simulator: simulates the tests that are made of what proofs reach; None: none are made.
    """

    folder: DesignFolder
    plan: Plan
    effort: Effort
    previous: Certificate | None
    keep: Keep
    say: Say
    simulator: Simulator | None = None

    def search(self, ignored: Callable[[Played], Iterable[str]] = lambda _: ()) -> TestSearch | None:
        """Return a search of tests; it may take half as long as the proofs. Args: ignored: see `TestSearch`."""
        if self.simulator is None:
            return None
        seconds = self.effort.seconds * _SEARCH_SHARE
        return TestSearch(self.folder, self.plan, self.simulator, seconds, self.say, ignored)


def certify(order: Order, tests: Sequence[Played]) -> Certificate:
    """Return the certificate of the plan of a design.

    Args:
        tests: simulated tests; what they hit needs no proof.

    Raises:
        PrerequisiteError: the extra `formal` is missing.
        OutputError: it cannot be kept.
    """
    start = time.monotonic()
    made = plan_monitor(order.plan, order.folder.design, plain=not order.folder.has_model)
    verdicts = {one.key: one for one in _without_proof(order.plan, made, _witnesses(order.plan, tests))}
    verdicts |= {key: _hit(verdicts[key], test) for key, test in ignored_hits(order.plan, tests).items()}
    certificate = Certificate(
        design=order.folder.design.name, goal="functional", hashes=input_hashes(order.folder, order.plan),
        tools=(yosys_version(),), assumptions=assumptions(order.folder.design), verdicts=tuple(verdicts.values()),
    )  # fmt: skip
    order.keep(certificate)
    order.say("reading the RTL")
    try:
        netlist = build_netlist(order.folder.design, made.monitor)
    except BuildError as error:
        return done_after(start, _unread(certificate, str(error)))
    order.say("playing tests on the circuit")
    checked = cross_check(netlist, order.folder.design, order.plan, made, tests)
    verdicts |= {key: _hit(verdicts[key], test) for key, test in checked.ignored.items()}
    certificate = certificate.model_copy(
        update={
            "left_out": netlist.left_out,
            "checked": CheckedBySimulation(
                tests=checked.tests, cycles=checked.cycles, hits=checked.hits, wrong=plain_lines(checked.wrong)
            ),
            "verdicts": tuple(verdicts.values()),
        }
    )
    if certificate.sound:
        certificate = _proved(order, certificate, netlist, verdicts)
        certificate = _searched(order, certificate, netlist, made)
    return done_after(start, certificate)


def done_after(start: float, certificate: Certificate) -> Certificate:
    """Return a certificate as complete. Args: start: `time.monotonic` when its making began."""
    return certificate.model_copy(update={"complete": True, "seconds": round(time.monotonic() - start, 1)})


def _witnesses(plan: Plan, tests: Sequence[Played]) -> dict[str, str]:
    """Return bin or illegal value that a test hits -> the first such test."""
    found: dict[str, str] = {}
    for test in tests:
        for index in test.sample.hits.nonzero()[0].tolist():
            found.setdefault(f"bin:{plan.bins[index].id}", test.name)
        for hit in test.sample.illegal:
            found.setdefault(f"illegal:{hit.bin}", test.name)
    return found


def _hit(verdict: Verdict, test: str) -> Verdict:
    return verdict.model_copy(update={"outcome": "witness", "witness": test, "reason": ""})


def _without_proof(plan: Plan, made: PlanMonitor, witnesses: Mapping[str, str]) -> Iterable[Verdict]:
    chosen = {f"{IGNORED}{one.id}" for one in plan.ignored if one.choice}
    for one in made.claimed:
        outcome: Outcome = "witness" if one.key in witnesses else "unknown"
        reason = "" if outcome == "witness" else one.reason or "it was not tried"
        yield Verdict(
            id=one.id, subject=one.kind, outcome=outcome, over_signals=not one.reason, why=_words(one),
            witness=witnesses.get(one.key, ""), reason=plain_line(reason), choice=one.key in chosen,
        )  # fmt: skip


def _words(one: Claimed) -> str:
    return plain_line(" ".join(one.why.split()))


def _unread(certificate: Certificate, why: str) -> Certificate:
    """Give what could not be tried the reason that the RTL was not read."""
    reason = plain_line(" ".join(why.split()))
    verdicts = tuple(
        one.model_copy(update={"reason": reason}) if one.outcome == "unknown" and one.over_signals else one
        for one in certificate.verdicts
    )
    return certificate.model_copy(update={"verdicts": verdicts})


def _proved(order: Order, certificate: Certificate, netlist: Netlist, verdicts: dict[str, Verdict]) -> Certificate:
    """Decide what no test hits."""
    open_keys = [one.key for one in verdicts.values() if one.outcome == "unknown" and one.over_signals]
    known = known_before(order.previous, certificate)
    verdicts |= {key: known[key] for key in open_keys if key in known}
    open_keys = [key for key in open_keys if key not in known]
    for key, answer in decide(netlist.circuit, open_keys, order.effort, order.say):
        verdicts[key] = with_answer(verdicts[key], answer)
        certificate = certificate.model_copy(update={"verdicts": tuple(verdicts.values())})
        order.keep(certificate)
    return certificate.model_copy(update={"verdicts": tuple(verdicts.values())})


def _searched(order: Order, certificate: Certificate, netlist: Netlist, made: PlanMonitor) -> Certificate:
    """Search tests that hit what is not decided, or reachable only."""
    wanted = {
        one.key: one for one in certificate.verdicts if one.outcome in ("reachable", "unknown") and one.over_signals
    }
    design, plain = order.folder.design, not order.folder.has_model
    search = order.search(lambda test: cross_check(netlist, design, order.plan, made, [test]).ignored)
    if search is None or not wanted:
        return certificate
    order.say("reading the RTL with what tests can do")
    exact = plan_monitor(order.plan, design, plain=plain, only=frozenset(wanted), exact=True)
    try:
        playable = build_netlist(design, exact.monitor, beats=beats_of(order.folder))
    except BuildError:
        return certificate
    keys = {key: key for key in playable.circuit.properties}
    found = search.found(playable, keys)
    checked = cross_check(netlist, design, order.plan, made, found.played)
    certificate = search.witnessed(certificate, found, keys)
    return more_checked(certificate, checked.tests, checked.cycles, checked.hits, checked.wrong)


def more_checked(certificate: Certificate, tests: int, cycles: int, hits: int, wrong: Iterable[str]) -> Certificate:
    """Return a certificate with what a further check by simulation found."""
    before = certificate.checked
    checked = CheckedBySimulation(
        tests=before.tests + tests, cycles=before.cycles + cycles, hits=before.hits + hits,
        wrong=(*before.wrong, *plain_lines(wrong)),
    )  # fmt: skip
    return certificate.model_copy(update={"checked": checked})


def known_before(previous: Certificate | None, now: Certificate) -> dict[str, Verdict]:
    """Return key -> verdict of an earlier certificate, of those that a proof of the same question decided."""
    if previous is None or (previous.tools, previous.rules) != (now.tools, now.rules):
        return {}
    if any(previous.hashes.get(kind) != now.hashes.get(kind) for kind in PROVING):
        return {}
    return {one.key: one for one in previous.verdicts if one.outcome in ("unreachable", "reachable") and one.method}


def with_answer(verdict: Verdict, answer: Answer) -> Verdict:
    """Return a verdict with what a proof has found."""
    return verdict.model_copy(
        update={
            "outcome": answer.verdict, "method": answer.method, "depth": answer.depth, "reason": answer.reason,
        }
    )  # fmt: skip
