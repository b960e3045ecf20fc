"""Real run folders on Icarus for the tests of the report, and what else they share."""

import json
import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import turn_lines as packed

from dv_agent.agents.agent import Agent
from dv_agent.agents.budget import Budget
from dv_agent.agents.failures.attempts import Tried
from dv_agent.agents.failures.excerpt_cut import make_excerpt
from dv_agent.agents.failures.shrinking import shrink
from dv_agent.agents.loop import Limits, run
from dv_agent.agents.proposal import Proposal
from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.records.writer import RunRecord, utc_now
from dv_agent.agents.state import RunState
from dv_agent.agents.testbench import Testbench
from dv_agent.agents.turn import FailureRecord
from dv_agent.coverage.database import empty_coverage
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.benchmark.fingerprint import fingerprint
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder
from dv_agent.prompts.view import View
from dv_agent.runners.registry import find_simulator
from dv_agent.runners.simulator import Session


class Fixed:
    """An agent that proposes the given tests in its only turn."""

    name = "fixed"

    def __init__(self, *tests: Test) -> None:
        self._tests = tests

    def propose(self, view: View) -> Proposal:
        """All tests at once."""
        return Proposal(tests=self._tests if view.turn == 0 else (), done=view.turn > 0)


VOID = {"meta", "link", "br", "hr", "img", "input"}


def make_run(folder: Path, design: DesignFolder, agent: Agent, cycles: int, session: Session, bug: str = "") -> Path:
    """A finished run in `folder`; of its failing tests, the first is shrunk and kept."""
    folder.mkdir(parents=True)
    budget = Budget(cycles=cycles)
    header = RunHeader(
        id=folder.name, started=utc_now(), design=design.design.name, task_version=design.design.task_version,
        agent=agent.name, agent_options={"bug": bug} if bug else {}, seed=0, budget=budget, target=100.0,
        simulator=f"icarus {find_simulator('icarus').version()}", hashes=fingerprint(design),
        versions={"dv-agent": "0"}, reproducible=True,
    )  # fmt: skip
    plan = plan_of(design)
    bench = Testbench(design, plan, session)
    state = run(agent, bench, RunState(empty_coverage(plan)), budget, Limits(), RunRecord(folder, header))
    for failure in state.failures.kept[:1]:
        keep_failure(bench, failure, folder / "failures" / str(failure.index))
    return folder


def _tried(bench: Testbench, test: Test) -> Tried:
    result = bench.run(test)
    return Tried(result.failures, result.trace.cycles, result.step_starts)


def keep_failure(bench: Testbench, record: FailureRecord, room: Path) -> None:
    """What triage leaves, from the session at hand: a fresh process for each step would take most of the time."""
    design, schema = bench.folder.design, bench.folder.schema
    small = shrink(design, schema, record.test, record.failures[0], lambda test: _tried(bench, test)).test
    result = bench.run(small)
    excerpt = make_excerpt(design, result.trace, result.failures[0])
    assert excerpt is not None
    room.mkdir(parents=True)
    (room / "test.json").write_text(json.dumps(record.test.data()))
    (room / "shrunk.json").write_text(json.dumps(small.data()))
    (room / "failure.json").write_text(result.failures[0].model_dump_json())
    (room / "excerpt.json").write_text(excerpt.model_dump_json())
    (room / "waves.fst").write_bytes(b"only its presence matters here")


def copy_run(source: Path, target: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(source, target))


def turn_lines(folder: Path) -> list[dict[str, Any]]:
    """The lines of turns.jsonl."""
    return [json.loads(line) for line in packed.turn_lines(folder / "turns.jsonl")]


def write_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Replace turns.jsonl."""
    (folder / "turns.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def numbered(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Copies of these turns, their tests and themselves counted up from 0."""
    found, tests = [], 0
    for number, turn in enumerate(turns):
        counted = [{**test, "index": tests + place} for place, test in enumerate(turn["tests"])]
        found.append({**turn, "turn": number, "tests": counted})
        tests += len(counted)
    return found


def edit_header(folder: Path, **changes: Any) -> None:
    """Change fields of run.json; None removes one."""
    data = json.loads((folder / "run.json").read_text()) | changes
    (folder / "run.json").write_text(json.dumps({name: one for name, one in data.items() if one is not None}))


def reply_line(turn: int, text: str, prompt: str, attempts: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A call of a model, as the record holds it."""
    return {
        "kind": "reply", "turn": turn, "failure": "",
        "messages": [{"role": "system", "content": "You verify hardware."}, {"role": "user", "content": prompt}],
        "reply": {
            "text": text, "model": "returned-model-1", "finish_reason": "stop",
            "attempts": attempts or [{"input_tokens": 300, "output_tokens": 20, "usd": 0.25, "seconds": 1.5}],
        },
    }  # fmt: skip


@dataclass
class Page(HTMLParser):
    """A parsed report: every element must be closed, and everything is kept.

    Attributes:
        tags: (name, attributes) of every start tag.
        text: all text outside of ``style``.
    """

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.text += " "
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.text += " "
        if self.get_starttag_text() and self.stack and self.stack[-1] == tag:
            self.stack.pop()
        elif tag not in VOID and tag in self.stack:
            raise AssertionError(f"</{tag}> closes {self.stack[-1]}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if "style" not in self.stack:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every element called `tag`."""
        return [attributes for name, attributes in self.tags if name == tag]


def parse(html: str) -> Page:
    """`html`, with every element closed."""
    page = Page()
    page.feed(html)
    page.close()
    assert page.stack == []
    return page
