"""Runs in a process in which ``dv_agent`` knows two kinds of ports more: prints facts about them as JSON."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import dv_agent
from dv_agent.agents.baselines.basic import random_test
from dv_agent.agents.baselines.crv import crv_test
from dv_agent.agents.baselines.sweep import script
from dv_agent.agents.failures.excerpt_cut import make_excerpt
from dv_agent.agents.llm.agent import messages_of
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.search.move_sites import MoveSites
from dv_agent.agents.search.mutation import MOVES, mutate
from dv_agent.agents.testbench import Result, Testbench
from dv_agent.cli.designs.overview import describe
from dv_agent.cli.prompting.preview import prompt_of_design
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.cycle_tables import cycle_tables
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.json_schema import language_definitions
from dv_agent.designs.language.literal import literal_test
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import DesignFolder, load_design
from dv_agent.eval.report.pictures.wave_picture import wave_picture
from dv_agent.runners.build.wrappers.layout import layout_of
from dv_agent.runners.build.wrappers.wrapper import wrapper_text
from dv_agent.runners.reference.session import ReferenceSession
from dv_agent.runners.registry import find_simulator

BURST = [{"repeat": 8, "steps": [{"word": [{"x": 5}, {"x": -1}]}]}]
PRESSED = Test(tracks={"in": ({"idle": 2}, *BURST), "out": ({"stall": 30},)})


def main(home: Path) -> dict[str, Any]:
    """All facts."""
    folder = load_design(home)
    design, schema = folder.design, folder.schema
    source = random.Random(3)
    drawn = [crv_test(design, schema, source), random_test(design, schema, source), *list(script(design, schema))[::40]]
    search = [test for test in moved(folder, drawn[1], source) if test]
    results = played(folder, [PRESSED, *drawn, *search])
    pressed = results[0]
    facts = cycle_tables(design, pressed.trace)
    return {
        "from": str(Path(dv_agent.__file__).parent),
        "wrapper": wrapper_text(design, layout_of(design)),
        "prompt": prompt(home),
        "overview": "\n".join(describe(folder)),
        "schema": language_definitions(design, schema)["step_in"],
        "pins": language_definitions(design, schema)["step_bias"],
        "same_literal": all(same_program(folder, test) for test in drawn),
        "tests": len(results),
        "ends": sorted({result.trace.end.value for result in results}),
        "failures": [str(failure) for result in results for failure in result.failures],
        "hit": sorted({plan_bin for result in results for plan_bin in hits(folder, result)}),
        "beats": facts["cycle"].columns["in_beat_strobe"].tolist(),
        "credits": facts["cycle"].columns["in_return_strobe"].tolist(),
        "level": facts["cycle"].columns["dbg_level"].tolist(),
        "faults": {fault: found(home, fault) for fault in range(1, 6)},
        "reference": reference(folder),
    }


def prompt(home: Path) -> str:
    """All that a model is told before its first turn."""
    rendered = prompt_of_design(str(home), "default", ModelSettings(model="any:model"), 0)
    return "\n".join(message.content for message in messages_of(rendered.prompt))


def played(folder: DesignFolder, tests: list[Test]) -> list[Result]:
    """Tests on the real simulator, checked and sampled."""
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan_of(folder), session)
        return [bench.run(test) for test in tests]


def moved(folder: DesignFolder, test: Test, source: random.Random) -> list[Test | None]:
    """What each move of the search agent makes of `test`."""
    sites = MoveSites(folder.design, folder.schema)
    return [mutate(sites, sites.literal(test), move, source, {"in": 1}) for move in MOVES]


def same_program(folder: DesignFolder, test: Test) -> bool:
    """Whether the literal form of a test does the same."""
    program = expand(folder.design, folder.schema, test)
    again = expand(folder.design, folder.schema, literal_test(folder.design, folder.schema, program))
    return [[op._replace(step=0) for op in ops] for ops in program.tracks.values() if ops] == [
        [op._replace(step=0) for op in ops] for ops in again.tracks.values()
    ]


def hits(folder: DesignFolder, result: Result) -> list[str]:
    """The bins that a test hit."""
    plan = plan_of(folder)
    return [plan.bins[index].id for index in result.sample.hits.nonzero()[0].tolist()]


def found(home: Path, fault: int) -> dict[str, Any]:
    """What is said about the design with a fault, and how its waveform is drawn."""
    folder = load_design(home)
    design = folder.design.model_copy(update={"parameters": {"FAULT": fault}})
    (result,) = played(DesignFolder(design), [PRESSED])
    excerpt = make_excerpt(design, result.trace, result.failures[0])
    groups = wave_picture(excerpt).groups if excerpt else ()
    return {
        "checks": [[failure.check, failure.port, failure.field] for failure in result.failures],
        "waves": {group.name: [group.kind, [row.name for row in group.rows]] for group in groups},
    }


def reference(folder: DesignFolder) -> dict[str, int]:
    """Transfers of two beats, which need no credit back, on the fake."""
    test = Test(tracks={"in": ({"word": [{"x": 1}, {"x": 2}]},)})
    run = ReferenceSession(folder.design, folder.model).run(expand(folder.design, folder.schema, test))
    return {name: len(transfers) for name, transfers in run.trace.accepted.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
