"""Every shipped strategy holds a dialogue of ten turns on two designs: real Icarus, real SDK, loopback server."""

import hashlib
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from loopback import LoopbackServer, holds, ok

from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.records.reader import RecordedRun, read_run
from dv_agent.agents.records.reply_recorder import RecordingModel
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.loader import find_design
from dv_agent.prompts.strategy import Strategy, find_strategy, strategy_names
from dv_agent.runners.registry import find_simulator

DESIGNS = ("mxint_softmax", "kv_pack")
TURNS, SHORTEST = 10, 12


@pytest.fixture(scope="module")
def benches() -> Iterator[dict[str, Testbench]]:
    """One simulator process a design."""
    with ExitStack() as stack:
        folders = [find_design(name) for name in DESIGNS]
        sessions = [stack.enter_context(find_simulator("icarus").open(one.design)) for one in folders]
        pairs = zip(folders, sessions, strict=True)
        yield {one.design.name: Testbench(one, plan_of(one), session) for one, session in pairs}


@cache
def replies(design: str) -> tuple[dict[str, Any], ...]:
    """The shortest witnesses, written out: such tests no strategy refuses."""
    folder = find_design(design)
    programs = (expand(folder.design, folder.schema, one) for one in load_witnesses(folder))
    plain = [literal_test(folder.design, folder.schema, program, "one").data() for program in programs]
    return tuple(sorted(plain, key=lambda one: len(json.dumps(one)))[:SHORTEST])


def script(design: str, strategy: Strategy) -> Any:
    """A model whose reply is a function of the prompt alone, as one at temperature 0 would be."""

    def drawn(body: dict[str, Any]) -> str:
        draw = random.Random(hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest())
        return json.dumps({"tests": [draw.choice(replies(design))]})

    if strategy.structured:
        return holds(drawn)
    return ok(lambda body: f"A plan.\n```json\n{drawn(body)}\n```")


def play(bench: Testbench, strategy: Strategy, room: Path) -> tuple[RecordedRun, list[list[dict[str, Any]]]]:
    budget = Budget(calls=TURNS)
    with LoopbackServer([script(bench.folder.design.name, strategy)]) as server:
        settings = ModelSettings(model="openai:test-model", base_url=server.url, context_tokens=64_000)
        header = RunHeader(
            id="x", started="now", design=bench.folder.design.name, task_version=1, agent="llm", model=settings,
            strategy=strategy.name, prompting=strategy, seed=0, budget=budget, target=100, simulator="icarus",
            hashes={}, versions={}, reproducible=False,
        )  # fmt: skip
        record = RunRecord(room, header)
        agent = LlmAgent(RecordingModel(LangChainModel(settings), record), strategy)
        run(agent, bench, RunState(empty_coverage(bench.plan)), budget, Limits(), record)
        return read_run(room), [request.body["messages"] for request in server.requests]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", strategy_names())
def test_every_strategy_holds_a_dialogue_of_ten_turns(
    name: str, design: str, benches: dict[str, Testbench], tmp_path: Path
) -> None:
    strategy = find_strategy(name)
    done, sent = play(benches[design], strategy, tmp_path)
    asked = [turn for turn in done.turns if turn.usage.calls]
    assert (len(asked), done.header.spent.calls, done.header.stop_reason) == (TURNS, TURNS, "budget:calls")
    assert all(len(turn.tests) == 1 and not turn.errors for turn in asked)
    assert done.header.bins_hit > 0
    assert done.header.structured == ({"given": TURNS} if strategy.structured else {})
    dialogue = strategy.history.is_dialogue
    # System, opening and its answer, three kept exchanges, and the new message.
    assert max(len(messages) for messages in sent) == (10 if dialogue else 2)
    assert [one["role"] for one in sent[-1]] == ["system", *["user", "assistant"] * (len(sent[-1]) // 2 - 1), "user"]
    assert "sampled" in {part.name for part in asked[1].parts} or not strategy.holes.sampler
    if dialogue:
        assert len(sent[1][-1]["content"]) < len(sent[0][-1]["content"]) / 2
