"""A prompt names the outputs that the reference model foretells in every cycle: those of a real run, none left out."""

from dataclasses import dataclass

import pytest

from dv_agent.agents.foretold_outputs import foretold_outputs
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.cli.prompting.preview import prompt_of_design
from dv_agent.designs.language.expansion import expand
from dv_agent.designs.language.stimulus import Test
from dv_agent.designs.loader import find_design
from dv_agent.designs.observation import Observation
from dv_agent.designs.trace import Trace
from dv_agent.runners.registry import find_simulator


@pytest.mark.parametrize("name", ["mxint_softmax", "stride_detector"])
def test_the_outputs_named_are_those_that_the_model_foretells_of_a_real_run(name: str) -> None:
    folder = find_design(name)
    with find_simulator("icarus").open(folder.design) as session:
        trace = session.run(expand(folder.design, folder.schema, Test(name="silence"))).trace
    levels = folder.model.observe(trace).levels
    assert levels
    assert foretold_outputs(folder) == tuple(levels)


def test_the_prompt_names_every_one_of_them() -> None:
    outputs = foretold_outputs(find_design("hgsa_loop"))
    assert len(outputs) > 8
    text = prompt_of_design("hgsa_loop", "default", ModelSettings(model="none"), 0).prompt.user
    line = next(line for line in text.splitlines() if line.startswith("Checked beside values"))
    assert f"in every cycle, against the reference model: {', '.join(outputs)};" in line
    assert " more" not in line


@dataclass(frozen=True)
class Refusing:
    """A model that reads no trace of one cycle."""

    def observe(self, trace: Trace) -> Observation:
        raise ValueError(f"{trace.cycles} cycles are too few")


def test_of_a_model_that_cannot_say_nothing_is_told() -> None:
    folder = find_design("mxint_softmax")
    folder.__dict__["model"] = Refusing()
    assert foretold_outputs(folder) == ()
