"""Every template has golden text: what it says on a design with one port of every kind, whole or part by part."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jinja2 import Environment
from prompt_views import UNNOTICED, SmallRtl, busy_view, coded, small_view

from dv_agent.agents.llm.agent import messages_of
from dv_agent.agents.toolbox.text import ResultLimits
from dv_agent.agents.tools.prompt import first_text, system_text
from dv_agent.coverage.contribution import UNSEEN
from dv_agent.coverage.holes import holes
from dv_agent.coverage.sampling.cycles_apart import Apart
from dv_agent.designs.defaults.schema_from_ports import schema_from_ports
from dv_agent.designs.design import Design
from dv_agent.designs.loader import find_design
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.prompts.closer_look import Closer
from dv_agent.prompts.parts import Section
from dv_agent.prompts.renderer import render
from dv_agent.prompts.restricted_view import restricted
from dv_agent.prompts.sections import sections
from dv_agent.prompts.strategy import TEMPLATES, Strategy, find_strategy
from dv_agent.prompts.template_set import TemplatePage
from dv_agent.prompts.view import Attempt, NoCloserLook, View

GOLDEN = Path(__file__).parent / "golden"

# Message template -> the golden file that is a whole prompt of it; words.jinja holds words that parts import.
WHOLE = {
    "system": "first", "first": "first", "next": "middle", "follow": "follow", "tools_system": "tools_system",
    "tools_first": "tools_first", "words": "parts/targets",
}  # fmt: skip
ROOMY, REPLY = 100_000, 4_000
# Part -> the strategy that has it; a name behind @ is a second wording of the same template.
PARTS = {
    "role": "default", "role@dialogue": "llm4dv-best", "contract": "default", "contract@structured": "structured",
    "contract@literal": "llm4dv-base", "specification": "default", "rtl": "rtl", "digest": "digest",
    "tracks": "default", "language": "default", "examples": "default", "shots": "harvest",
    "shots@fixed": "llm4dv-few-shot", "progress": "default", "history": "stuck", "errors": "default",
    "failures": "default", "results": "default", "holes": "default", "columns": "default",
    "windows": "default", "targets": "default", "stuck": "stuck",
    "sampled": "llm4dv-base", "cone": "cone", "ask": "default", "ask@plain": "plain", "role@plain": "plain",
    "progress@plain": "plain", "contract@plain": "plain", "ask@literal": "llm4dv-base",
    "ask@structured": "structured", "role@numbers": "llm4dv-base.numbers", "contract@numbers": "llm4dv-base.numbers",
    "tracks@numbers": "llm4dv-base.numbers", "ask@numbers": "llm4dv-base.numbers",
    "shots@numbers": "llm4dv-few-shot.numbers",
}  # fmt: skip


class Looked(NoCloserLook):
    """Tells the same of every attempt."""

    def closer(self, attempts: Mapping[int, Attempt]) -> Mapping[int, Closer]:
        return {index: Closer(Apart(("moving",), 9, 12), {"in": 4}, {"in": {"k": -3}}) for index in attempts}


def goldens(folder: Path) -> Iterator[tuple[str, str]]:
    """(name, text) of everything that is kept."""
    view = busy_view(folder)
    alone = {name: find_strategy(name) for name in set(PARTS.values())}
    for name, strategy in PARTS.items():
        # A dialogue that begins anew leaves nothing to earlier messages.
        now = replace(view, exchanges=()) if alone[strategy].history.is_dialogue else view
        parts = {one.name: one.text for one in render(now, ROOMY, REPLY, alone[strategy]).parts}
        yield f"parts/{name}", parts[name.split("@")[0]]
    first = {one.name: one.text for one in render(small_view(folder), ROOMY, REPLY).parts}
    yield "parts/ask@first", first["ask"]
    yield "parts/progress@first", first["progress"]
    hurried = small_view(folder, budget_left={"calls": 1})
    yield "parts/ask@first_of_few", text_of(hurried, alone["default"], "ask")
    for strategy in ("default", "plain"):
        yield f"parts/ask@many_{strategy}", text_of(view, alone[strategy].model_copy(update={"tests": 1}), "ask")
    counted = alone["plain"].model_copy(update={"feedback": "counts"})
    yield "parts/role@counts", text_of(view, counted, "role")
    yield "parts/contract@few", text_of(view, alone["default"].model_copy(update={"tests": 64}), "contract")
    planned = alone["structured"].model_copy(update={"reasoning": True})
    yield "parts/contract@planned", text_of(view, planned, "contract")
    yield "parts/progress@untested", text_of(replace(view, last=()), alone["default"], "progress")
    yield "parts/unnoticed", text_of(view, alone["default"].model_copy(update={"unnoticed": UNNOTICED}), "unnoticed")
    nothing = tuple(replace(one, new_bins=()) for one in view.last)
    said = tuple(f"level.now.{number}" for number in range(42))
    yield "parts/progress@stale", text_of(replace(view, last=nothing, claimed=said), alone["default"], "progress")
    blind = unobserved(view)
    closer = replace(view, look=Looked())
    yield "parts/targets@closer", text_of(closer, alone["default"], "targets")
    yield "parts/stuck@closer", text_of(closer, alone["stuck"], "stuck")
    yield "parts/targets@unobserved", text_of(blind, alone["default"], "targets")
    yield "parts/targets@far", text_of(far(view), alone["default"], "targets")
    yield "parts/stuck@unobserved", text_of(blind, alone["stuck"], "stuck")
    yield from unspecified(folder, view)
    yield from shortened(view)
    yield from without_a_plan(folder, view)
    yield from with_points(coded(view))
    system = find_design("vit_attention")  # it has transactions
    yield (
        "parts/tracks@transactions",
        text_of(replace(view, design=system.design, schema=system.schema), alone["default"], "tracks"),
    )
    yield from streams_of_numbers(folder, view)
    yield "parts/left_out", TemplatePage(alone["default"]).draw(Section("rtl"), None)
    follow = render(view, ROOMY, REPLY, "llm4dv-best")
    yield "follow", "\n".join(f"##### {one.role} #####\n{one.content}" for one in messages_of(follow))
    yield "tools_system", system_text(REPLY, 16, 60, 16, ResultLimits(12_000, 24_000))
    yield "tools_first", first_text(small_view(folder, budget_left={"cycles": 900, "calls": 4}), "0 of 9 bins", REPLY)


def streams_of_numbers(folder: Path, view: View) -> Iterator[tuple[str, str]]:
    """What is said of a design whose input is one number after another."""
    stream = find_design("stride_detector")
    numbers = find_strategy("llm4dv-base.numbers")
    now = replace(view, design=stream.design, schema=stream.schema, exchanges=())
    yield "parts/language@walks", text_of(now, find_strategy("default"), "language")
    for part in ("contract", "tracks"):
        yield f"parts/{part}@number", text_of(now, numbers, part)
    yield "parts/contract@plan_and_numbers", text_of(now, find_strategy("default.numbers"), "contract")
    nothing = tuple(replace(one, new_bins=()) for one in now.last)
    yield "parts/ask@stale_numbers", text_of(replace(now, last=nothing), numbers, "ask")
    yield "parts/ask@first_numbers", text_of(small_view(folder), numbers, "ask")
    words = find_design("rv32_decoder")
    yield "parts/contract@words", text_of(replace(now, design=words.design, schema=words.schema), numbers, "contract")


def unspecified(folder: Path, view: View) -> Iterator[tuple[str, str]]:
    """What is said where there is no specification and no reference model."""
    bare = replace(view, specification="", compared=False)
    for part, strategy in {"role": "default", "specification": "default", "rtl": "rtl", "digest": "digest",
                           "ask": "default", "ask@literal": "llm4dv-base"}.items():  # fmt: skip
        now = replace(bare, exchanges=()) if strategy == "llm4dv-base" else bare
        yield f"parts/{part}@bare", text_of(now, find_strategy(strategy), part.split("@")[0])
    begin = replace(small_view(folder, budget_left={"cycles": 900, "calls": 4}), specification="", compared=False)
    yield "parts/ask@first_bare", text_of(begin, find_strategy("default"), "ask")
    yield "tools_first@bare", first_text(begin, "0 of 9 bins", REPLY)
    told = replace(
        begin, design=pinned(begin.design), schema=schema_from_ports(pinned(begin.design)),
        rules=("nothing comes out right after reset on out",),
        rules_off=("port out: the check `stable` is off: a flush",),
    )  # fmt: skip
    for part in ("role", "specification", "tracks"):
        yield f"parts/{part}@noted", text_of(told, find_strategy("default"), part)
    yield "tools_first@noted", first_text(told, "0 of 9 bins", REPLY)
    yield "parts/holes@bare", text_of(bare, find_strategy("default"), "holes")


def pinned(design: Design) -> Design:
    """The design with a note and with pins."""
    pins = {"kind": "pins", "fields": {"mode": {"signal": "mode", "width": 2, "reset": 1}}}
    data = design.model_dump(exclude_defaults=True) | {
        "folder": design.folder,
        "notes": ("1 of 20 random tests failed",),
    }
    return Design.model_validate({**data, "ports": {**data["ports"], "pins": pins}})


def without_a_plan(folder: Path, view: View) -> Iterator[tuple[str, str]]:
    """What the tracks that hide the plan say instead."""
    default = find_strategy("default")
    blind = restricted(replace(view, track=TRACKS["blind"]))
    for part in ("role", "contract", "progress", "failures", "ask"):
        yield f"parts/{part}@blind", text_of(blind, default, part)
    yield "parts/ask@blind_numbers", text_of(blind, find_strategy("plain.numbers"), "ask")
    calm = replace(blind, last=tuple(replace(one, failures=()) for one in blind.last))
    yield "parts/progress@calm", text_of(calm, default, "progress")
    last = replace(blind, budget_left={"cycles": 900, "calls": 1})
    yield "parts/progress@last", text_of(last, default, "progress")
    first = small_view(folder, budget_left={"cycles": 900, "calls": 4}, rtl=SmallRtl(), track=TRACKS["rtl"])
    hunt = restricted(small_view(folder, budget_left={"cycles": 900, "calls": 4}, track=TRACKS["hunt"]))
    yield "tools_first@hunt", first_text(hunt, "0 of 9 bins", REPLY)
    yield "tools_system@hunt", system_text(REPLY, 16, 60, 16, ResultLimits(12_000, 24_000), TRACKS["hunt"])
    yield "rtl_first", "\n".join(one.content for one in messages_of(render(restricted(first), ROOMY, REPLY)))


def with_points(view: View) -> Iterator[tuple[str, str]]:
    """Holes of code coverage, with what a list says when it is cut."""
    default = find_strategy("default")
    yield "parts/holes@code", text_of(view, default, "holes")
    yield "parts/code", text_of(view, default, "code")
    for section in sections(view, default, REPLY, "next", random.Random(0)):
        if section.name == "code":
            yield "parts/code@cut", TemplatePage(default).draw(section, len(section.items) - 1)


def text_of(view: View, strategy: Strategy, part: str) -> str:
    return next(one.text for one in render(view, ROOMY, REPLY, strategy).parts if one.name == part)


def shortened(view: View) -> Iterator[tuple[str, str]]:
    """Every list that may be cut, with its last item left out."""
    for name in ("digest", "default", "stuck", "rtl", "harvest", "cone"):
        strategy = find_strategy(name)
        for section in sections(view, strategy, REPLY, "next", random.Random(0)):
            if section.items and section.kind.priority and PARTS[section.name] == name:
                yield f"parts/{section.name}@cut", TemplatePage(strategy).draw(section, len(section.items) - 1)


def unobserved(view: View) -> View:
    """No test had any table."""
    return measured(view, observable=np.zeros(len(view.plan.bins), dtype=np.bool_))


def far(view: View) -> View:
    """No missing member of a cross had a value near its own."""
    return measured(view, residual=np.full(len(view.plan.bins), UNSEEN, dtype=np.int64))


def measured(view: View, **columns: Any) -> View:
    """The view after other measurements."""
    coverage = replace(view.coverage, **columns)
    return replace(view, coverage=coverage, holes=holes(view.plan, coverage), nearest={}, last=())


def missing(templates: Path, golden: Path, whole: Mapping[str, str]) -> list[str]:
    """Templates that stand in no golden text."""
    found = []
    for path in sorted(templates.rglob("*.jinja")):
        name = path.relative_to(templates).with_suffix("").as_posix()
        if not (golden / f"{whole.get(name, name)}.txt").is_file():
            found.append(name)
    return found


def test_the_parts_are_the_golden_ones(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    changed = []
    for name, text in goldens(tmp_path):
        path = GOLDEN / f"{name}.txt"
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            changed.append(name)
    assert changed == [], "run `pytest tests/prompts --update-golden` and read the difference"


def test_every_template_is_in_a_golden_text(tmp_path: Path) -> None:
    assert missing(TEMPLATES, GOLDEN, WHOLE) == []
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/new.jinja").write_text("A part that nobody has looked at.")
    assert missing(tmp_path, GOLDEN, WHOLE) == ["parts/new"]


def test_every_phrase_of_every_template_is_in_a_golden_text() -> None:
    kept = "\n".join(path.read_text(encoding="utf-8") for path in sorted(GOLDEN.rglob("*.txt")))
    kept = re.sub(r"\s+", " ", kept)
    unseen = []
    for path in sorted(TEMPLATES.rglob("*.jinja")):
        for _, kind, text in Environment(autoescape=True).lex(path.read_text(encoding="utf-8")):
            phrase = re.sub(r"\s+", " ", text).strip()
            if kind == "data" and len(phrase) > 12 and phrase not in kept:
                unseen.append(f"{path.relative_to(TEMPLATES)}: {phrase[:90]}")
    assert unseen == []


def test_no_golden_text_is_left_over(tmp_path: Path) -> None:
    made = {name for name, _ in goldens(tmp_path)} | {"first", "middle", "after_errors"}
    assert {path.relative_to(GOLDEN).with_suffix("").as_posix() for path in GOLDEN.rglob("*.txt")} == made
