"""Three designs and two scripted models behind a loopback server; what one replies depends on its prompt.

The model that proposes tests knows two tricks and uses one only if the prompt names it, so a better prompt exists. The
model that proposes texts names a trick only if the feedback shows that bins of its kind stay open, so without feedback
it finds nothing.
"""

import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from in_process import Ended
from loopback import Behaviour, LoopbackServer, ok

from dv_agent.cli.main import main

TALLY = Path(__file__).parent.parent / "eval_running" / "tally"
DESIGNS = ("tally_train", "tally_check", "tally_last")
PATIENCE = 900  # seconds: many processes, and the machine may have others
BEGIN, END = "=== BEGIN NEW TEXT ===", "=== END NEW TEXT ==="
EVERY, EXTREMES = "Send every number once.", "Send extremes one after another."
PROPOSING = "You improve the prompt of a language model"


def make_designs(folder: Path) -> Path:
    """Copies of a small design, whose RTL and title are written differently."""
    for name in DESIGNS:
        home = folder / "designs" / name
        shutil.copytree(TALLY, home, ignore=shutil.ignore_patterns("bugs", "witnesses"))
        text = (home / "design.yaml").read_text().replace("name: tally", f"name: {name}")
        text = text.replace("title: Each", f"title: {name}, each")
        (home / "design.yaml").write_text(text)
        (home / "tally.v").write_text(f"// {name}\n" + (home / "tally.v").read_text())
    return folder / "designs"


def stimuli_for(prompt: str) -> str:
    """The reply of the model that proposes tests."""
    numbers = [1, 2]
    if EVERY in prompt:
        numbers += [*range(16), 0]
    if EXTREMES in prompt:
        numbers += [14, 14, 15, 15, 14]
    steps = [{"number": {"v": number}} for number in numbers]
    return "```json\n" + json.dumps({"tests": [{"name": "numbers", "tracks": {"in": steps}}]}) + "\n```"


def text_for(prompt: str) -> str:
    """The reply of the model that proposes texts."""
    (present,) = re.findall(r"BEGIN present text of parts/ask =+\n(.*?)=+ END present text", prompt, re.DOTALL)
    feedback = prompt.split("What happened in", 1)[1]
    open_bins = set(re.findall(r"^  (sum\.\w+)", feedback, re.MULTILINE))
    if {"sum.v", "sum.before"} & open_bins and EVERY not in present:
        present += EVERY + "\n"
    elif "sum.both" in open_bins and EXTREMES not in present:
        present += EXTREMES + "\n"
    else:
        present += "Be careful.\n"
    return f"Some thoughts.\n{BEGIN}\n{present}{END}\n"


def clumsy_text_for(prompt: str) -> str:
    """The same, after two proposals that cannot be used."""
    if EVERY in prompt or "no value 'secret'" in prompt:
        return text_for(prompt)
    text = "{{ secret }}" if "division" in prompt else "{{ 1 // 0 }}"
    return f"{BEGIN}\n{text}\n{END}\n"


@dataclass
class World:
    """The folder with the designs, the server, and the command line."""

    folder: Path
    server: LoopbackServer
    env: dict[str, str]

    def words(self, *more: str, calls: int = 60, out: str = "out") -> tuple[str, ...]:
        """A command line: one call a trial, and only parts/ask may change."""
        return (
            "optimise", "--train", "tally_train", "--validation", "tally_check", "--held-out", "tally_last",
            "--model", "openai:test-model", "--base-url", self.server.url, "--part", "parts/ask", "--max-calls", "1",
            "--max-cycles", "2000", "--retry-seconds", "0", "--cap-calls", str(calls), "--out", out, *more,
        )  # fmt: skip

    def optimise(self, *more: str, calls: int = 60, out: str = "out") -> Ended:
        """Run it; what it ended with."""
        return self.call(*self.words(*more, calls=calls, out=out))

    def call(self, *words: str) -> Ended:
        """Run ``dv-agent <words>`` in this process, which has imported what talks to models."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setattr(sys, "argv", ["dv-agent", *words])
            for name, value in self.env.items():
                patch.setenv(name, value)
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())

    def read(self, name: str, out: str = "out") -> Any:
        """A JSON file of the result."""
        return json.loads((self.folder / out / name).read_text())

    @property
    def prompts(self) -> list[str]:
        """All prompts, in the order in which they came."""
        return [words_of(request.body) for request in self.server.requests]


def words_of(body: dict[str, Any]) -> str:
    return "\n".join(one["content"] for one in body["messages"])


def scripted(tests: Callable[[str], str] = stimuli_for, text: Callable[[str], str] = text_for) -> Sequence[Behaviour]:
    """One behaviour for both models, which differ by their prompts."""
    return [ok(lambda body: (text if words_of(body).startswith(PROPOSING) else tests)(words_of(body)))]


@contextmanager
def make_world(folder: Path, cache: Path, replies: Sequence[Behaviour] | None = None) -> Iterator[World]:
    """A world in a folder; the models are those above if no other replies are given."""
    with LoopbackServer(replies or scripted()) as server:
        env = {"DV_AGENT_DESIGNS": str(make_designs(folder)), "DV_AGENT_CACHE": str(cache), "OPENAI_API_KEY": "sk-loop"}
        yield World(folder, server, env)
