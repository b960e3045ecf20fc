"""One honest evaluation of a small design, made once in this process, and what forgers need to change a copy of it.

No run reaches its bound of cycles; rows end by patience, by calls or by themselves.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loopback import Body, Handler, LoopbackServer, completion
from tool_script import body_of
from turn_lines import turn_lines

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.turn import TestRecord, TurnRecord
from dv_agent.eval.evaluation.data_model import Entry, Evaluation, Trial, TrialRecord
from dv_agent.eval.evaluation.scheduler import trial_folder
from dv_agent.eval.evaluation.spec import EvaluationSpec
from dv_agent.eval.evaluation.trial_list import plan_trials, write_evaluation
from dv_agent.eval.execution.trial_run import Hunters, TrialTask, execute_trial
from dv_agent.eval.suites.update import update_suite
from dv_agent.eval.verification.verdict import Verification
from dv_agent.eval.verification.verify import verify

TALLY = Path(__file__).parent.parent / "eval_running" / "tally"
PLAN = """\
      - {name: run, of: v, transitions: {ones: [[15], [15], [15], [15], [15]]}, description: "five times fifteen"}
      - {name: low, of: v, bins: {small: [0, 7]}, ignore: {wide: {values: [99], why: "a number has four bits"}},
         description: "{bin}: {value}"}
"""
SUITE = "schema_version: 1\nname: small\nversion: 1\ntitle: One small design\ndesigns:\n  - {name: tally}\n"
BUDGET = Budget(cycles=40_000, calls=3)
CLAIM = "four bits hold no such number, whatever is sent"


class Silent:
    """Watches a trial and never stops it."""

    def __enter__(self) -> object:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was opened."""

    def asked(self) -> bool:
        """Never."""
        return False

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Any other call is news that nobody hears."""
        return lambda *words: None


def sending(*numbers: int) -> dict[str, Any]:
    """A test that sends these numbers."""
    return {"tracks": {"in": [{"number": {"v": number}} for number in numbers]}}


def replies(handler: Handler, body: Body) -> None:
    """What the model says: a function of the dialogue alone."""
    said = sum(one["role"] == "assistant" for one in body["messages"])
    if "tools" not in body:
        drawn = sum(map(len, (str(one["content"]) for one in body["messages"]))) % 13
        text = f"```json\n{json.dumps({'tests': [sending(drawn, drawn + 1, 3)]})}\n```"
        handler.send_json(200, completion(text, "test-model"))
        return
    calls = [
        [("run_tests", {"tests": [sending(1, 2, 3), sending(4, 5)]})],
        [("claim_unreachable", {"bin": "sum.low.99", "argument": CLAIM}),
         ("report_bug", {"test": 0, "title": "Sums are wrong", "explanation": CLAIM}),
         ("finish", {"reason": "done"})],
    ]  # fmt: skip
    handler.send_json(200, body_of(calls[min(said, 1)]))


def make_designs(room: Path) -> Path:
    """The folder that holds the design, whose plan has a bin that is seldom hit and one that cannot be."""
    shutil.copytree(TALLY, room / "designs" / "tally")
    plan = room / "designs" / "tally" / "plan.yaml"
    head, crosses = plan.read_text().split("    crosses:\n")
    plan.write_text(f"{head}{PLAN}    crosses:\n{crosses}")
    (room / "small.yaml").write_text(SUITE)
    return room / "designs"


def make_evaluation(room: Path) -> Path:
    """All trials, executed in this process."""
    update_suite(room / "small.yaml")
    with LoopbackServer([replies]) as server:
        model = ModelSettings(model="openai:test-model", base_url=server.url)
        entries = (
            Entry(agent="random", options={"patience": 2}),
            Entry(agent="search", options={"patience": 2}),
            Entry(agent="null"),
            Entry(agent="oracle"),
            Entry(agent="llm", model=model, strategy="default"),
            Entry(agent="tools", model=model, options={"decoys": 1}),
        )
        wish = EvaluationSpec(
            suite=str(room / "small.yaml"), entries=entries, floors=False, seeds=2, kill_seeds=1, budget=BUDGET
        )  # fmt: skip
        evaluation = write_evaluation(plan_trials(wish, "a test"), room / "one")
        execute_all(evaluation, room / "one")
    return room / "one"


def execute_all(evaluation: Evaluation, folder: Path, **more: bool) -> list[TrialRecord]:
    """Execute what is left to do."""
    (design,) = evaluation.identity.designs
    found = []
    with Hunters() as hunters:
        for trial in evaluation.trials:
            task = TrialTask(
                trial=trial, folder=trial_folder(folder, trial), checksum=design.checksum,
                hunt=evaluation.hunts(trial), **more,
            )  # type: ignore[arg-type]  # fmt: skip
            found.append(execute_trial(task, Silent(), Silent(), hunters))  # type: ignore[arg-type]
    assert [one.status for one in found] == ["finished"] * len(found), [one.failure for one in found]
    return found


class Copy:
    """A copy of the evaluation, to be changed."""

    def __init__(self, honest: Path, folder: Path) -> None:
        self.folder = Path(shutil.copytree(honest, folder))

    @property
    def evaluation(self) -> Evaluation:
        """As evaluation.json has it now."""
        return Evaluation.model_validate_json((self.folder / "evaluation.json").read_text())

    def trial(self, agent: str, seed: int = 0) -> Trial:
        """The trial of an agent."""
        return next(one for one in self.evaluation.trials if (one.entry.agent, one.seed) == (agent, seed))

    def room(self, agent: str, seed: int = 0) -> Path:
        """Its folder."""
        return self.folder / "trials" / self.trial(agent, seed).id

    def file(self, path: Path, change: Callable[[Any], None]) -> None:
        """Change a JSON file."""
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    def whole(self, change: Callable[[Any], None]) -> None:
        """Change evaluation.json."""
        self.file(self.folder / "evaluation.json", change)

    def header(self, agent: str, seed: int, /, **changes: Any) -> None:
        """Change run.json."""
        self.file(self.room(agent, seed) / "run" / "run.json", lambda data: data.update(changes))

    def lines(self, agent: str, seed: int, change: Callable[[list[Any]], None]) -> None:
        """Change the lines of turns.jsonl."""
        path = self.room(agent, seed) / "run" / "turns.jsonl"
        data = [json.loads(line) for line in turn_lines(path)]
        change(data)
        path.write_text("".join(json.dumps(line) + "\n" for line in data))

    def doubts(self, agent: str, seed: int = 0) -> str:
        """What verification says of one trial."""
        return words(verify(self.folder, only=[self.trial(agent, seed).id]))


def words(done: Verification) -> str:
    """All doubts, one a line, each with its kind."""
    return "\n".join(f"{one.kind}: {one}" for one in done.doubts)


def turn_line(turn: TurnRecord) -> dict[str, Any]:
    """As it stands in turns.jsonl."""
    return {"kind": "turn", **turn.model_dump(mode="json", exclude_defaults=True)}


def tests_of(lines: list[Any]) -> list[TestRecord]:
    """All tests of a record."""
    return [TestRecord.model_validate(test) for line in lines for test in line.get("tests", ())]
