"""Decoys look like holes and change nothing; claims and reports are judged by what is true."""

import json
import re
import shutil
from collections.abc import Iterator

import pytest
from tool_script import LONG, WIDE, says
from tool_session import Session, play

from dv_agent.agents.budget import Budget
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.state import RunState, advance, make_view
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.toolbox.arguments import ExplainHole, ListHoles
from dv_agent.agents.toolbox.list_holes import HoleList
from dv_agent.agents.tools.claims_and_reports import Claim
from dv_agent.agents.tools.decoys import argument_of, choose_decoys, decoy_bins, decoy_plan
from dv_agent.agents.tools.judgement import judge_claims, judge_run, reached_bins
from dv_agent.agents.tools.testbench import ToolsTestbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.storage import to_file
from dv_agent.designs.language.stimulus import parse_test
from dv_agent.designs.loader import DesignFolder, find_design, load_design
from dv_agent.eval.certificates.cross_check import Played
from dv_agent.eval.certificates.ignored_hits import ignored_hits
from dv_agent.runners.registry import find_simulator

PACKED = "pressure.packed.eight+queue_full+no_pause+no_gap+eight_beats"
SECRET = "zqsecretargument"
FALLING = {"tracks": {"in": [{"for": {"i": [0, 7]}, "steps": [{"row": [{"m": 9, "e": 0, "times": "8 - i"}]}]}]}}
MORE = f"""\
        auto: {{range: [0, 9]}}
        ignore:
          author_word_a: {{values: [0], why: "{SECRET} a row has a beat"}}
          author_word_b: {{values: [9], why: "{SECRET} a row has at most eight"}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DesignFolder:
    """The design with a plan that documents four more unreachable bins: two values, a sequence, and a false one."""
    home = tmp_path_factory.mktemp("design") / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    plan = home / "plan.yaml"
    text = plan.read_text(encoding="utf-8")
    assert text.count("        auto: {range: [1, 8]}\n") == 1
    text = text.replace("        auto: {range: [1, 8]}\n", MORE)
    ignored = (
        f'        ignore: {{author_word_c: {{sequence: [[8], [9]], why: "{SECRET}"}}, '
        f'author_word_d: {{sequence: [[3], [2]], why: "{SECRET} and wrong"}}}}\n'
    )
    marks = '        description: "consecutive rows of these lengths: {value}"\n'
    assert text.count(marks) == 1
    plan.write_text(text.replace(marks, marks + ignored), encoding="utf-8")
    return load_design(home)


@pytest.fixture(scope="module")
def plan(folder: DesignFolder) -> Plan:
    return plan_of(folder)


@pytest.fixture(scope="module")
def bench(folder: DesignFolder, plan: Plan) -> Iterator[ToolsTestbench]:
    with find_simulator("icarus").open(folder.design) as session:
        yield ToolsTestbench(folder, plan, session, choose_decoys(plan, 9, 0))


def test_ignored_entries_become_bins_of_their_family(plan: Plan) -> None:
    made = {one.id: one for _, one in decoy_bins(plan)}
    assert list(made) == ["row.length.0", "row.length.9", "row.lengths.8_then_9", "row.lengths.3_then_2", PACKED]
    assert made["row.length.9"].description == "a row of 9 beats"
    assert made["row.lengths.8_then_9"].description == "consecutive rows of these lengths: 8 then 9"
    assert made[PACKED].description == (
        "an eight-beat row streams in without a gap behind a row of eight_beats and ends with the row queue full"
    )
    assert "author_word" not in " ".join(f"{one.id} {one.description}" for one in made.values())
    assert not set(made) & {one.id for one in plan.bins}
    assert argument_of(plan, "row.length.9").startswith(SECRET)
    real = next(one for one in plan.bins if one.id == "row.length.8")
    assert (made["row.length.9"].kind, made["row.length.9"].weight) == (real.kind, real.weight)


def test_as_many_decoys_are_drawn_as_there_are_and_the_seed_decides(plan: Plan) -> None:
    assert len(choose_decoys(plan, 9, 0)) == 5
    assert choose_decoys(plan, 0, 0) == ()
    drawn = {choose_decoys(plan, 2, seed) for seed in range(20)}
    assert len(drawn) > 4
    assert choose_decoys(plan, 2, 3) == choose_decoys(plan, 2, 3)
    assert [one.id for one in decoy_plan(plan, ("row.length.9", PACKED)).bins] == ["row.length.9", PACKED]


def test_what_a_plan_leaves_out_by_choice_is_no_decoy() -> None:
    plan = plan_of(find_design("stride_detector"))
    assert all(one.choice for one in plan.ignored)
    assert choose_decoys(plan, 5, 0) == ()


def test_decoys_are_sampled_like_holes_and_leave_the_plan_alone(
    bench: ToolsTestbench, folder: DesignFolder, plan: Plan
) -> None:
    assert plan_of(folder).hash == plan.hash
    tests = tuple(parse_test(one, folder.design) for one in (WIDE, FALLING))
    state, _ = advance(RunState(empty_coverage(plan)), Proposal(tests=tests), bench, Budget())
    with find_simulator("icarus").open(folder.design) as session:
        without = Testbench(folder, plan, session)
        same, _ = advance(RunState(empty_coverage(plan)), Proposal(tests=tests), without, Budget())
        simulated = without.simulate(tests[1], None)
        (result,) = without.sampled([simulated])
    played = Played("falling", simulated.run.rows, simulated.tables, result.sample)
    # A certificate finds it too, although nothing can be proved of a table that the model makes.
    assert ignored_hits(plan, [played]) == {"ignored:row.lengths.author_word_d": "falling"}
    assert to_file(state.coverage) == to_file(same.coverage)
    assert bench.decoys is not None
    holes = {hole.bin: hole for hole in bench.decoys.holes()}
    assert holes["row.length.9"].distance == 1
    assert holes[PACKED].distance == 3
    assert [part.hits > 0 for part in holes[PACKED].parts] == [True] * 5
    assert bench.decoys.near(0)
    book = HoleList(make_view(bench, state, Budget()), bench.decoys)
    _check_the_book(book)
    assert bench.decoys.hit() == ("row.lengths.3_then_2",)  # the argument that is wrong


def _check_the_book(book: HoleList) -> None:
    """Nothing in the words about a hole tells a decoy from a bin."""
    assert book.total == 415 + 5
    assert "row.lengths.3_then_2" not in book.entries
    text = book.list(ListHoles(covergroup="row"), {}, 50_000)
    assert SECRET not in text
    lines = [line for line in text.splitlines() if line.startswith("  ")]
    assert all(re.fullmatch(r"  [\w.+-]+ \((easy|medium|hard)\): .+; .+", line) for line in lines)
    names = [line.split()[0] for line in lines if line.startswith("  row.length.")]
    assert names == sorted(names)
    assert {"row.length.0", "row.length.9"} <= set(names)
    assert "row.length: 2 of 10 bins open" in text
    explained = book.explain(ExplainHole(bin="row.length.9"), {}, {}, 5_000)
    assert "`length` in 9" in explained
    assert "hit 0 of 1 times; nearest value 8, wanted 9" in explained
    assert 'nearest: test ? "wide"' in explained
    assert SECRET not in explained


@pytest.fixture(scope="module")
def session(folder: DesignFolder, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Four claims: two right, one against a witness, one that a later test proves wrong."""
    script = [
        says(*(("claim_unreachable", {"bin": one, "argument": LONG}) for one in ("row.length.9", PACKED))),
        says(*(("claim_unreachable", {"bin": one, "argument": LONG}) for one in ("row.updates.7", "row.length.8"))),
        says(("run_tests", {"tests": [WIDE, FALLING]})),
        says(("claim_unreachable", {"bin": "row.length.9", "argument": LONG}), ("list_holes", {"covergroup": "row"})),
        says(("finish", {"reason": "done"})),
    ]
    with find_simulator("icarus").open(folder.design) as simulation:
        bench = ToolsTestbench(folder, plan, simulation, choose_decoys(plan, 9, 0))
        return play(bench, script, tmp_path_factory.mktemp("claims"))


def test_claims_are_scored_against_decoys_witnesses_and_tests(
    session: Session, folder: DesignFolder, plan: Plan
) -> None:
    simulator = find_simulator("icarus")
    bench = session.bench
    assert bench.decoys is not None
    claims = [one for turn in session.run.turns for one in turn.claims]
    reached = reached_bins(session.run, folder, plan, simulator)
    score = judge_claims(claims, [one.id for one in bench.decoys.plan.bins], plan, reached, 9, bench.decoys.hit())
    assert [(one.bin, one.verdict) for one in score.verdicts] == [
        ("row.length.9", "right"), (PACKED, "right"), ("row.updates.7", "wrong"), ("row.length.8", "wrong"),
    ]  # fmt: skip
    assert score.verdicts[0].why == f"the plan argues: {SECRET} a row has at most eight"
    assert re.fullmatch(r"witness \d+ hits it", score.verdicts[2].why)
    assert score.verdicts[3].why == "test 0 hits it"
    assert (score.precision, score.recall) == (0.5, 0.5)
    assert (score.wanted, len(score.decoys), score.refuted) == (9, 4, ("row.lengths.3_then_2",))
    errors = [use.error for turn in session.run.turns for use in turn.tool_uses if use.error]
    assert errors == ["row.length.9 is claimed already"]
    assert SECRET not in json.dumps([request.body for request in session.server.requests])


def test_a_claim_that_nothing_decides_counts_neither_way(plan: Plan) -> None:
    claims = [Claim(bin="row.updates.7", argument="x"), Claim(bin="row.length.9", argument="x")]
    score = judge_claims(claims, ["row.length.9"], plan, {})
    assert [one.verdict for one in score.verdicts] == ["undecided", "right"]
    assert (score.precision, score.recall) == (1.0, 1.0)
    none = judge_claims([], [], plan, {})
    assert (none.precision, none.recall) == (None, None)


def test_a_run_without_claims_needs_no_witness(session: Session, folder: DesignFolder, plan: Plan) -> None:
    quiet = session.run.__class__(session.run.folder, session.run.header, (), (), 0)
    score, reports = judge_run(quiet, folder, folder, plan, find_simulator("icarus"))
    assert (score.verdicts, reports) == ((), ())
