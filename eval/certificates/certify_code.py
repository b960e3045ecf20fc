"""Certification of the points of code coverage: those that no test hits are marked in the RTL and proved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from dv_agent.coverage.certificates.data_model import Certificate, CheckedBySimulation, Verdict
from dv_agent.coverage.certificates.storage import input_hashes
from dv_agent.coverage.code.group import CODE
from dv_agent.coverage.code.points import CodePoint
from dv_agent.designs.properties.answer import Answer
from dv_agent.eval.certificates.certify import Order, done_after, known_before, more_checked, with_answer
from dv_agent.eval.certificates.cross_check import MOST_CYCLES, MOST_TESTS, Played
from dv_agent.eval.certificates.found_tests import beats_of
from dv_agent.eval.certificates.marked_points import MarkedPoints, mark_points
from dv_agent.eval.certificates.plain_lines import plain_lines
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.formal.circuit_simulation import NEVER, Recorded, replay
from dv_agent.runners.formal.decision import decide
from dv_agent.runners.formal.environment import assumptions
from dv_agent.runners.formal.yosys import yosys_version


def certify_code(order: Order, tests: Sequence[Played]) -> Certificate:
    """Return the certificate of the points of code coverage.

    Args:
        order: its plan has the covergroup of code coverage.
        tests: tests that were simulated with code coverage.

    Raises:
        PrerequisiteError: the extra `formal` is missing.
        OutputError: it cannot be kept.
    """
    start = time.monotonic()
    design, plan = order.folder.design, order.plan
    points = plan.code.points if plan.code else ()
    alive = [index for index, one in enumerate(points) if not one.excluded]
    hits = _hits(order, tests)
    order.say("reading the RTL")
    marked = mark_points(design, points, alive)
    verdicts = {one.key: one for one in _before_proof(points, alive, hits, marked)}
    certificate = Certificate(
        design=design.name, goal="code", hashes=input_hashes(order.folder, plan), tools=(yosys_version(),),
        assumptions=assumptions(design, wide=True), verdicts=tuple(verdicts.values()),
    )  # fmt: skip
    if marked.netlist is None:
        return done_after(start, certificate)
    order.say("playing tests on the circuit")
    checked, doubtful = _checked(order, points, marked, tests)
    checked = _confirmed(order, points, marked, checked, doubtful)
    certificate = certificate.model_copy(update={"left_out": marked.netlist.left_out, "checked": checked})
    if not checked.wrong:
        certificate = _proved(order, certificate, points, marked, verdicts)
        certificate = _searched(order, certificate, points, marked)
    return done_after(start, certificate)


def _id(one: CodePoint) -> str:
    return f"{CODE}.{one.kind}.{one.name}"


def _hits(order: Order, tests: Sequence[Played]) -> dict[str, str]:
    """Return id of a point -> the first test that hits it."""
    found: dict[str, str] = {}
    for test in tests:
        for index in test.sample.hits.nonzero()[0].tolist():
            found.setdefault(order.plan.bins[index].id, test.name)
    return found


def _before_proof(
    points: Sequence[CodePoint], alive: Sequence[int], hits: dict[str, str], marked: MarkedPoints
) -> Iterator[Verdict]:
    for index in alive:
        name = _id(points[index])
        witness, reason = hits.get(name, ""), marked.reasons.get(index, "it was not tried")
        yield Verdict(
            id=name, subject="bin", outcome="witness" if witness else "unknown", over_signals=index in marked.asked,
            witness=witness, reason="" if witness else reason,
        )  # fmt: skip


def _checked(
    order: Order, points: Sequence[CodePoint], marked: MarkedPoints, tests: Sequence[Played]
) -> tuple[CheckedBySimulation, dict[int, str]]:
    """Play tests on the circuit; return the result, and points that a test hits there too only between two cycles.

    The simulator also counts what logic does between a clock edge and the new inputs; the circuit shows whole cycles.
    """
    netlist, design = marked.netlist, order.folder.design
    chosen = [one for one in tests if one.rows][:MOST_TESTS]
    if netlist is None or not chosen:
        return CheckedBySimulation(), {}
    layout = layout_of(design)
    nothing = np.zeros((0, 0), dtype=np.bool_)
    done = replay(netlist, design, layout, [Recorded(one.rows, nothing) for one in chosen], MOST_CYCLES)
    place = {name: number for number, name in enumerate(netlist.circuit.properties)}
    slots = {one.id: number for number, one in enumerate(order.plan.bins)}
    wrong, agreed, doubtful = [], 0, dict[int, str]()
    for number, test in enumerate(chosen):
        if done.differs[number] != NEVER:
            wrong.append(f"{test.name}: the pins of the circuit differ in cycle {done.differs[number]}")
            continue
        if len(test.rows) // layout.sample_width > MOST_CYCLES:
            continue
        for index, names in marked.asked.items():
            hit = bool(test.sample.hits[slots[_id(points[index])]])
            found = all(done.first[number, place[name]] != NEVER for name in names)
            agreed += hit and found
            if hit and not found:
                doubtful.setdefault(index, test.name)
    checked = CheckedBySimulation(
        tests=len(chosen), cycles=int(done.cycles.sum()), hits=agreed, wrong=plain_lines(wrong[:10])
    )
    return checked, doubtful


def _confirmed(
    order: Order, points: Sequence[CodePoint], marked: MarkedPoints, checked: CheckedBySimulation,
    doubtful: Mapping[int, str],
) -> CheckedBySimulation:  # fmt: skip
    """Ask about the doubtful points as if no test had hit them: whatever is then called unreachable is a fault."""
    if checked.wrong or marked.netlist is None:
        return checked
    point_of = {name: index for index in doubtful for name in marked.asked[index]}
    answers = decide(marked.netlist.circuit, [*point_of], order.effort, order.say)
    dead = dict.fromkeys(point_of[name] for name, answer in answers if answer.verdict == "unreachable")
    wrong = [f"{doubtful[index]} hits {_id(points[index])}, which is proved unreachable" for index in dead]
    return checked.model_copy(update={"wrong": plain_lines(wrong[:10])})


def _proved(
    order: Order, certificate: Certificate, points: Sequence[CodePoint], marked: MarkedPoints,
    verdicts: dict[str, Verdict],
) -> Certificate:  # fmt: skip
    known = known_before(order.previous, certificate)
    open_points = {
        index: f"bin:{_id(points[index])}"
        for index in marked.asked
        if verdicts[f"bin:{_id(points[index])}"].outcome == "unknown"
    }
    verdicts |= {key: known[key] for key in open_points.values() if key in known}
    left = {index: key for index, key in open_points.items() if key not in known}
    point_of = {name: index for index in left for name in marked.asked[index]}
    answers: dict[int, list[Answer]] = {index: [] for index in left}
    assert marked.netlist is not None
    for name, answer in decide(marked.netlist.circuit, [*point_of], order.effort, order.say):
        index = point_of[name]
        answers[index].append(answer)
        verdicts[left[index]] = with_answer(verdicts[left[index]], _joined(answers[index], len(marked.asked[index])))
        certificate = certificate.model_copy(update={"verdicts": tuple(verdicts.values())})
        order.keep(certificate)
    return certificate.model_copy(update={"verdicts": tuple(verdicts.values())})


def _searched(order: Order, certificate: Certificate, points: Sequence[CodePoint], marked: MarkedPoints) -> Certificate:
    """Search tests that hit what is not decided, or reachable only."""
    wanted = {one.id for one in certificate.verdicts if one.outcome in ("reachable", "unknown") and one.over_signals}
    indices = [index for index in marked.asked if _id(points[index]) in wanted]
    search = order.search()
    if search is None or not indices:
        return certificate
    order.say("reading the RTL with what tests can do")
    playable = mark_points(order.folder.design, points, indices, beats_of(order.folder))
    if playable.netlist is None:
        return certificate
    keys = {name: f"bin:{_id(points[index])}" for index, names in playable.asked.items() for name in names}
    found = search.found(playable.netlist, keys)
    checked, _ = _checked(order, points, marked, found.played)
    certificate = search.witnessed(certificate, found, {key: one for one, key in keys.items()})
    return more_checked(certificate, checked.tests, checked.cycles, checked.hits, checked.wrong)


def _joined(answers: Sequence[Answer], wanted: int) -> Answer:
    """Return the answer on a point of several properties: one that cannot be hit is enough."""
    dead = next((one for one in answers if one.verdict == "unreachable"), None)
    if dead is not None:
        return dead
    if len(answers) < wanted:
        return Answer(verdict="unknown", reason="it was not tried")
    unknown = next((one for one in answers if one.verdict == "unknown"), None)
    return unknown or max(answers, key=lambda one: one.depth)
