"""Evaluation folders for the tests of boards: every run is recorded by the real loop, on the session that plays the
reference model; no simulator is started."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from toy_design import BINS, toy_design

from dv_agent.agents.agent import Agent
from dv_agent.agents.baselines.basic import NullAgent, ScriptedAgent
from dv_agent.agents.budget import Budget
from dv_agent.agents.llm.agent import LlmAgent
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.models.chat_model import CallUsage, Message, ModelSettings, OutputSchema, Reply, ToolSpec
from dv_agent.agents.records.reply_recorder import RecordingModel
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.database import empty_coverage
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.errors import ModelFailure
from dv_agent.eval.board.trials.tasks import FindTask, Task, task_of
from dv_agent.eval.evaluation.data_model import (
    BugOutcome,
    DesignIdentity,
    Entry,
    Evaluation,
    Identity,
    KillSheet,
    Trial,
    TrialFailure,
    TrialRecord,
)
from dv_agent.runners.reference.session import ReferenceSession

BUDGET = Budget(cycles=2_000, calls=3)
CHECKSUM = "c" * 64
GOOD, POOR = Entry(agent="scripted", options={"chance": 0.8}), Entry(agent="scripted", options={"chance": 0.4})
MODEL = Entry(agent="llm", model=ModelSettings(model="told:model"), strategy="default")
NULL, RANDOM, ORACLE = Entry(agent="null"), Entry(agent="random"), Entry(agent="oracle")
FINDS = {GOOD.digest: ("B1",), ORACLE.digest: ("B1", "B2")}


def values(*numbers: int, name: str = "") -> Test:
    """A test that sends these words."""
    return Test(name=name, tracks={"in": tuple({"word": {"v": number}} for number in numbers)})


@dataclass
class Told:
    """A model that says what it was told to, at a known price; the first call fails once before it is answered."""

    replies: Sequence[str]
    settings: ModelSettings = field(default_factory=lambda: ModelSettings(model="told:model"))
    usd: float | None = 0.01
    asked: int = 0

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """The next reply, then the last one again."""
        del messages, tools
        text = self.replies[min(self.asked, len(self.replies) - 1)]
        self.asked += 1
        answered = CallUsage(input_tokens=900, output_tokens=100, cached_tokens=300, usd=self.usd, seconds=0.5)
        failed = CallUsage(error="timeout", counted_by="nobody", usd=0.0)
        attempts = (failed, answered) if self.asked == 1 else (answered,)
        return Reply(text=text, model="told-1", finish_reason="stop", attempts=attempts)


MakeAgent = Callable[[RunRecord, Trial], Agent]


def scripted(numbers: Callable[[Trial], Sequence[int]], per_test: int = 5) -> MakeAgent:
    """An agent that sends `numbers`, so many in a test, a test a turn."""

    def make(record: RunRecord, trial: Trial) -> Agent:
        del record
        sent = list(numbers(trial))
        parts = [sent[at : at + per_test] for at in range(0, len(sent), per_test)]
        return ScriptedAgent([[values(*part, name=f"part {at}")] for at, part in enumerate(parts)])

    return make


def told(*replies: str, usd: float | None = 0.01) -> MakeAgent:
    """The agent ``llm`` with a model that says `replies`."""
    return lambda record, trial: LlmAgent(RecordingModel(Told(replies, usd=usd), record), "default", seed=trial.seed)


def words(*numbers: int) -> str:
    """A reply with one test that sends `numbers`."""
    return json.dumps({"tests": [values(*numbers).data()]})


def covering(chance: float) -> Callable[[Trial], list[int]]:
    """Each bin is sent with this chance, drawn anew for every design, seed and entry."""

    def numbers(trial: Trial) -> list[int]:
        source = random.Random(trial.id)
        return [number for number in range(BINS) if source.random() < chance]

    return numbers


def null(record: RunRecord, trial: Trial) -> Agent:
    """The floor."""
    del record, trial
    return NullAgent()


@dataclass(frozen=True)
class Suite:
    """Toy designs, and the folder that will hold evaluations of them."""

    room: Path
    designs: Mapping[str, DesignFolder]

    @property
    def find(self) -> FindTask:
        """Their tasks, by name."""
        return lambda name: _task(self.designs[name].path)

    def identity(self, **changes: object) -> Identity:
        """What boards of this suite stand on."""
        designs = tuple(DesignIdentity(design=name, task_version=1, checksum=CHECKSUM) for name in self.designs)
        one = Identity(
            suite="toys", suite_version=1, designs=designs, simulator="reference 1", budget=BUDGET, project="0.0"
        )
        return one.model_copy(update=changes)


def make_suite(room: Path, *names: str) -> Suite:
    """A suite of toy designs called `names`."""
    return Suite(room, {name: toy_design(room / "designs", name) for name in names})


def write_evaluation(
    suite: Suite,
    name: str,
    entries: Sequence[tuple[Entry, MakeAgent]],
    seeds: Sequence[int] = (0, 1),
    floors: Sequence[Entry] = (),
    ceiling: Entry | None = None,
    identity: Identity | None = None,
    kills: Callable[[Trial], KillSheet | None] = lambda trial: None,
    skip: Callable[[Trial], bool] = lambda trial: False,
) -> Path:
    """``evaluation.json`` and the folder of every trial but those that `skip` picks."""
    folder = suite.room / name
    trials = [
        (Trial(design=design, task_version=1, entry=entry, seed=seed, budget=BUDGET, simulator="reference"), make)
        for design in suite.designs
        for seed in seeds
        for entry, make in entries
    ]
    folder.mkdir(parents=True, exist_ok=True)
    evaluation = Evaluation(
        identity=identity or suite.identity(), command=f"dv-agent eval toys --seeds {len(seeds)}",
        entries=tuple(entry for entry, _ in entries), floors=tuple(one.label for one in floors),
        ceiling=ceiling.label if ceiling else "", trials=tuple(trial for trial, _ in trials),
    )  # fmt: skip
    (folder / "evaluation.json").write_text(evaluation.model_dump_json())
    for trial, make in trials:
        if not skip(trial):
            write_trial(folder / "trials" / trial.id, suite.designs[trial.design], trial, make, kills(trial))
    return folder


def write_trial(
    room: Path, design: DesignFolder, trial: Trial, make: MakeAgent, kills: KillSheet | None = None
) -> TrialRecord:
    """One trial, run to its end."""
    run_folder = room / "run"
    run_folder.mkdir(parents=True)
    header = RunHeader(
        id=trial.id, started="2026-11-20T12:00:00+00:00", design=trial.design, task_version=1, agent=trial.entry.agent,
        model=trial.entry.model, seed=trial.seed, budget=trial.budget, target=100.0, simulator="reference 1",
        hashes={}, versions={}, reproducible=True,
    )  # fmt: skip
    record = RunRecord(run_folder, header)
    plan = _task(design.path).plan
    bench = Testbench(design, plan, ReferenceSession(design.design, design.model))
    failure = None
    try:
        run(make(record, trial), bench, RunState(empty_coverage(plan)), trial.budget, Limits(), record)
    except ModelFailure as error:
        failure = TrialFailure(kind="model", error=type(error).__name__, message=error.message)
    written = TrialRecord(
        trial=trial, status="failed" if failure else "finished", failure=failure, seconds=1.0, identity=CHECKSUM
    )
    (room / "trial.json").write_text(written.model_dump_json())
    if kills:
        (room / "kills.json").write_text(kills.model_dump_json())
    return written


def sheet(*killed: str, cycles: int = 100) -> KillSheet:
    """The bugs of a toy design, those in `killed` by wrong values in test 0."""
    outcomes = [
        BugOutcome(bug=bug, difficulty=difficulty, killed=bug in killed, check="value" if bug in killed else "",
                   test=0 if bug in killed else None, cycles=cycles)
        for bug, difficulty in (("B1", "easy"), ("B2", "hard"))
    ]  # type: ignore[arg-type]  # fmt: skip
    return KillSheet(tests="t", outcomes=tuple(outcomes))


@lru_cache(maxsize=64)
def _task(path: Path) -> Task:
    """Read once."""
    return task_of(load_design(path))
