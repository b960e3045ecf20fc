"""The floor of the track `hunt`: random tests until one fails, and then a report of ten lines drawn at random."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence

from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.models.chat_model import CallUsage, Message, ModelSettings, OutputSchema, Reply, ToolCall, ToolSpec
from dv_agent.agents.testbench import DesignRtl
from dv_agent.agents.toolbox.arguments import MAX_PLACE_LINES
from dv_agent.designs.loader import DesignFolder

FLOOR = "floor:random"
"""The name of this hunter, in place of that of a model."""
TESTS = 8
_FAILED = re.compile(r"^test (\d+) .*FAILED CHECKS", re.MULTILINE)
_WORDS = "a random test fails a check; the place is drawn at random"


class FloorHunter:
    """Stands where a model stands, and costs nothing; it knows the clean design, whose lines are those of the trial.

    Args:
        seed: of its tests and of the place that it draws.
        replies: how many it has given before, in the run that is resumed.
    """

    def __init__(self, folder: DesignFolder, seed: str, replies: int = 0) -> None:
        self._folder, self._source = folder, random.Random(f"hunt/floor/{seed}")
        self._calls = replies
        for _ in range(replies):
            self._tests()

    @property
    def settings(self) -> ModelSettings:
        """Return settings that name it."""
        return ModelSettings(model=FLOOR, context_tokens=128_000)

    def hear(self, text: str) -> None:
        """Take no notice of how the run ended."""

    def ask(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec] = (), output: OutputSchema | None = None
    ) -> Reply:
        """Run tests; once one has failed, report it and end."""
        del tools, output
        told = [found for one in messages if one.role == "tool" for found in _FAILED.findall(one.content)]
        if not told:
            return self._reply(("run_tests", {"tests": self._tests()}))
        return self._reply(("report_bug", self._report(int(told[0]))), ("finish", {"reason": "a test has failed"}))

    def _tests(self) -> list[dict[str, object]]:
        return [random_test(self._folder.design, self._folder.schema, self._source).data() for _ in range(TESTS)]

    def _report(self, test: int) -> dict[str, object]:
        modules = DesignRtl(self._folder.design).structure.modules
        sizes = [max(1, one.end_line - one.line) for one in modules]
        (module,) = self._source.choices(modules, sizes)
        first = self._source.randint(module.line, max(module.line, module.end_line - MAX_PLACE_LINES + 1))
        return {
            "test": test, "title": "a check fails", "explanation": _WORDS, "module": module.name,
            "first_line": first, "last_line": min(first + MAX_PLACE_LINES - 1, module.end_line),
        }  # fmt: skip

    def _reply(self, *calls: tuple[str, dict[str, object]]) -> Reply:
        self._calls += 1
        made = tuple(
            ToolCall(id=f"call_{self._calls}_{place}", name=name, arguments=json.dumps(data))
            for place, (name, data) in enumerate(calls)
        )
        return Reply(text="", model=FLOOR, tool_calls=made, attempts=(CallUsage(counted_by="nobody", usd=0.0),))
