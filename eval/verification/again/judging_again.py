"""Second judgement of what was judged after a run: seeded bugs, claims, bug reports, and the score as a board reads
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dv_agent.agents.records.reader import RecordedRun
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.tools.claims_and_reports import ClaimScore
from dv_agent.agents.tools.judgement import judge_run
from dv_agent.agents.tools.proved_claims import PROVED
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.storage import load_coverage, to_file
from dv_agent.designs.loader import DesignFolder
from dv_agent.eval.evaluation.data_model import BugOutcome, KillSheet, Trial
from dv_agent.eval.execution.seeded_bugs.bug_hunt import Hunter
from dv_agent.eval.scoring.score_trial import score_records
from dv_agent.eval.verification.verdict import Finding, refused, unverifiable
from dv_agent.runners.formal.yosys import is_ready
from dv_agent.runners.recording.simulator import RecordingStore
from dv_agent.runners.simulator import Simulator


def kills_again(
    run: RecordedRun, trial: Trial, sheet: KillSheet | None, hunter: Hunter, shelf: RecordingStore
) -> Iterator[Finding]:
    """Check that the tests of a run kill the seeded bugs listed in `sheet`, in the same test and cycle."""
    if sheet is None:
        yield refused("kills.json is not of this version")
        return
    records = [record for turn in run.turns for record in turn.tests]
    found = hunter.hunt(records, shelf, trial.budget.cycles)
    if sheet.tests != found.tests:
        yield refused("kills.json was made from other tests")
    said = {outcome.bug: outcome for outcome in sheet.outcomes}
    if len(said) != len(sheet.outcomes) or set(said) != {outcome.bug for outcome in found.outcomes}:
        yield refused("kills.json is not about the seeded bugs of this design")
        return
    for outcome in found.outcomes:
        old = said[outcome.bug]
        if trial.budget.cycles is not None and old.cycles > trial.budget.cycles:
            continue  # older records have tests beyond the limit of cycles; no score counts such a kill
        if old != outcome:
            yield refused(f"seeded bug {outcome.bug}: {_words(old)} is recorded, found {_words(outcome)}")


def claims_again(run: RecordedRun, bench: Testbench, design: DesignFolder, simulator: Simulator) -> Iterator[Finding]:
    """Check the verdicts on claims and reports in run.json: the decoys are drawn again and everything is judged
    again.
    """
    header = run.header
    if not isinstance(bench, ToolsTestbench):
        if header.decoys or header.claims or header.bug_reports or any(_said(run)):
            yield refused("claims, bug reports or decoys of an agent that has none")
        return
    decoys = bench.decoy_ids
    if header.decoys != decoys:
        yield refused(f"{len(header.decoys)} decoys are recorded, which are not the {len(decoys)} of this seed")
        return
    refuted = bench.decoys.hit() if bench.decoys else ()
    claims, reports = judge_run(run, design, design, bench.plan, simulator, refuted)
    if header.claims != claims:
        yield other_claims(header.claims, claims)
    said = tuple((one.test, one.title, one.confirmed) for one in header.bug_reports or ())
    if said != tuple((one.test, one.title, one.confirmed) for one in reports):
        yield refused("the bug reports are not worth what run.json says")


def other_claims(said: ClaimScore | None, found: ClaimScore) -> Finding:
    """Return what it means that claims are judged otherwise: without the extra `formal` nothing is proved here."""
    wrong = refused("the claims are not worth what run.json says")
    if said is None or (said.decoys, said.refuted, said.recall) != (found.decoys, found.refuted, found.recall):
        return wrong
    pairs = [*zip(said.verdicts, found.verdicts, strict=False)]
    other = [(old, new) for old, new in pairs if old != new]
    proved = all(old.bin == new.bin and {old.verdict, new.verdict} == {"right", "undecided"} for old, new in other)
    here = any(new.why.startswith(PROVED) for _, new in other)
    if len(said.verdicts) != len(found.verdicts) or not proved or (is_ready() and not here):
        return wrong
    return unverifiable("claims are judged by proofs, which need the same extra `formal` here as there")


def score_again(home: Path, state: RunState, bench: Testbench, found: KillSheet | None) -> Iterator[Finding]:
    """Check that the score that a board reads from these files equals what was found here; a board uses another parser.

    Raises:
        InputFileError: the files contradict each other.
    """
    run = home / "run"
    if to_file(load_coverage(bench.plan, run / "coverage.json")) != to_file(state.coverage):
        yield refused("coverage.json is not the coverage of these tests")
    score = score_records(home, bench.plan)
    hit = (state.coverage.hits >= bench.plan.at_least).tolist()
    if [place >= 0 for place in score.coverage.covered_by] != hit:
        yield refused("a score of its record has other bins than were found")
    spent, cost = state.spent, score.cost
    if (cost.cycles, cost.calls, cost.tokens) != (spent.cycles, spent.calls, spent.tokens):
        yield refused("a score of its record has other costs than were found")
    if (score.tests, score.turns) != (state.tests, state.turn):
        yield refused("a score of its record has other tests than were found")
    outcomes = score.bugs.outcomes if score.bugs else ()
    if outcomes != (found.outcomes if found else ()):
        yield refused("a score of its record has other kills than kills.json")


def _said(run: RecordedRun) -> Iterator[bool]:
    for turn in run.turns:
        yield bool(turn.claims or turn.bug_reports or turn.tool_uses)


def _words(outcome: BugOutcome) -> str:
    return f"killed by test {outcome.test} ({outcome.check[:40]})" if outcome.killed else "survived"
