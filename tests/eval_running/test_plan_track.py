"""The track `plan`: a model writes a plan; it is bounded and validated, and judged by its bins and by kills."""

import json
from pathlib import Path

import pytest
from in_process import CommandLine
from loopback import LoopbackServer, ok, status

from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design
from dv_agent.errors import UsageError
from dv_agent.eval.plan_writing.ask_for_plan import ask_for_plan, request_text, usable
from dv_agent.eval.plan_writing.judge_plan import columns_of, judge_plan
from dv_agent.eval.plan_writing.plan_record import PlanRequest, begin_record, keep_calls
from dv_agent.eval.plan_writing.written_plan import MOST_BINS, PlanFault, plan_text_of

GOOD = """\
schema_version: 1
covergroups:
  - name: inputs
    on: beat_in
    coverpoints:
      - name: value
        of: e
        auto: {range: [-8, 7], size: 2}
      - name: never
        of: e
        bins: {beyond: 999}
  - name: outputs
    on: transfer_out
    coverpoints:
      - name: stall
        of: stall
        bins: {none: 0, one: 1, long: [2, 100]}
"""


ASKED = PlanRequest(design="mxint_gelu", cycles=2_000, beats=500, simulator="icarus", expert=False)


@pytest.fixture(scope="module")
def columns() -> dict[str, tuple[str, ...]]:
    return columns_of(find_design("mxint_gelu"))


def test_the_prompt_holds_nothing_of_the_plan_or_of_the_models_tables(columns: dict[str, tuple[str, ...]]) -> None:
    folder = find_design("mxint_gelu")
    text = request_text(folder, columns, 4_000).replace(folder.specification.strip(), "")
    assert "beat_in" in text
    plan = plan_of(folder)
    offered = {name for names in columns.values() for name in names} | set(columns)
    tables = {group.on for group in plan.covergroups}
    read = {name for group in plan.covergroups for point in group.coverpoints for name in point.of.names()}
    hidden = (tables | read | {one.id for one in plan.bins}) - offered
    assert hidden
    lines = {line.strip().split(":")[0] for line in text.splitlines()}
    assert {word for word in hidden if len(word) > 1} & lines == set()
    assert [word for word in hidden if "." in word and word in text] == []


def block(on: str, of: str, bins: str = "bins: {x: 1}") -> str:
    point = f"{{name: p, of: {of}, {bins}}}"
    return f"```yaml\nschema_version: 1\ncovergroups: [{{name: g, on: {on}, coverpoints: [{point}]}}]\n```"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no plan here", "no plan in the reply"),
        ("```yaml\ncovergroups: [\n```", "plan.yaml"),
        ("```yaml\nschema_version: 1\ncovergroups: [&a {name: g}, *a]\n```", "plan.yaml"),
        (block("row", "a"), "no table row"),
        (block("cycle", "acc"), "table cycle has no column acc"),
        (block("cycle", "\"__import__('os')\""), "plan.yaml"),
        (block("cycle", "cycle", f"auto: {{range: [0, {MOST_BINS}]}}"), "more than"),
        (f"covergroups {'x' * 200_000}", "characters"),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_with_its_reason(
    text: str, why: str, columns: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(PlanFault, match=why):
        usable(plan_text_of(text), columns)


def test_dead_bins_and_kills_are_counted(columns: dict[str, tuple[str, ...]]) -> None:
    found = judge_plan(find_design("mxint_gelu"), GOOD, "", ASKED)
    assert found.written is not None
    score = found.written
    assert (score.bins, score.reachable) == (12, 11)
    assert 0 < score.tests <= 11
    assert score.bugs > 0
    assert score.kills_per_bin == score.kills / 12


def test_a_faulty_plan_is_told_why_and_the_next_one_is_judged(tmp_path: Path, dv_agent_command: CommandLine) -> None:
    faulty, good = ok("```yaml\nschema_version: 2\ncovergroups: []\n```"), ok(f"so:\n```yaml\n{GOOD}```")
    with LoopbackServer([status(429, headers={"Retry-After": "0"}), faulty, good]) as server:
        words = ("plan", "--design", "mxint_gelu", "--model", "openai:x", "--base-url", server.url, "--no-expert")
        done = dv_agent_command(*words, "--max-cycles", "1000", "--beats", "200", "--out", "p", "--json")
        assert done.returncode == 0, done.stderr
        second = server.requests[2].body["messages"][-1]["content"]
    assert "; waiting " in done.stderr
    assert "schema_version: expected 1" in second
    found = json.loads(done.stdout)
    assert (found["calls"], found["written"]["bins"]) == (2, 12)
    calls = json.loads((tmp_path / "p/calls.json").read_text())
    assert [bool(one["fault"]) for one in calls["calls"]] == [True, False]
    assert (tmp_path / "p/plan.yaml").read_text().strip() == GOOD.strip()
    score, plan, kept = (tmp_path / "p" / name for name in ("score.json", "plan.yaml", "calls.json"))
    reached = f'"reachable": {found["written"]["reachable"]}'
    for path, old, new, why in (
        (plan, "name: stall", "name: stalled", "plan.yaml is not the plan of the last reply"),
        (kept, "What counts", "What matters", "this is not what is asked"),
        (score, reached, '"reachable": 12', "the score of the plan is recorded"),
    ):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        again = dv_agent_command("verify", "p")
        assert (again.returncode, why in again.stdout) == (1, True), again.stdout + again.stderr
        assert again.stdout.endswith("made again: 1 doubt\n")
        path.write_text(text)


def test_a_plan_that_was_ended_goes_on_without_asking_twice(
    tmp_path: Path, columns: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    folder, home = find_design("mxint_gelu"), tmp_path / "p"
    faulty, good = ok("```yaml\nschema_version: 2\ncovergroups: []\n```"), ok(f"```yaml\n{GOOD}```")
    with LoopbackServer([faulty, good]) as server:
        settings = ModelSettings(model="openai:x", base_url=server.url)
        first = ask_for_plan(LangChainModel(settings), folder, columns, 4, home)
    keep_calls(home, (first.calls[0].model_copy(update={"fault": "not read yet"}),))
    with LoopbackServer([good]) as server:
        settings = ModelSettings(model="openai:x", base_url=server.url)
        again = ask_for_plan(LangChainModel(settings), folder, columns, 4, home)
        assert len(server.requests) == 1
    assert again == first
    keep_calls(home, (first.calls[0].model_copy(update={"prompt": "another"}),))
    with pytest.raises(UsageError, match="other prompts"):
        ask_for_plan(LangChainModel(settings), folder, columns, 4, home)
    begin_record(home / "other", ASKED)
    begin_record(home / "other", ASKED)
    with pytest.raises(UsageError, match="asked for in another way"):
        begin_record(home / "other", ASKED.model_copy(update={"beats": 1}))
