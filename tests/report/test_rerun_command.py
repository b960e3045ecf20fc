"""The command that a report prints to repeat a run is one that the command line knows."""

from __future__ import annotations

import shlex

import click
import pytest
import typer

from dv_agent.agents.budget import Budget
from dv_agent.agents.models.chat_model import ModelSettings
from dv_agent.agents.records.schema import AgentOptions, RunHeader
from dv_agent.cli.main import app
from dv_agent.designs.loader import find_recorded_design, named_folder
from dv_agent.errors import UsageError
from dv_agent.eval.report.rerun_command import rerun_command

OPTIONS = [
    AgentOptions(),
    AgentOptions(session="20260101-a", node=3, from_run="20260101-b", from_turn=2),
    AgentOptions(guided=False),
    AgentOptions(bug="B1", decoys=4, patience=7, stop_on_failure=True, cache="replies.sqlite"),
    AgentOptions(replay="20260101-c", reparse=True),
    AgentOptions(replay="mxint_softmax", reparse=True),
]


@pytest.mark.parametrize(
    ("said", "place"), [("mxint_softmax", ""), ("a/b", "a/b"), ("own", "./own"), ("/x", "/x"), ("", ""), ("a/\n", "")]
)
def test_a_name_that_is_no_known_design_is_kept_as_a_folder(said: str, place: str) -> None:
    assert named_folder(said) == place


def test_a_record_tells_the_folder_of_its_design_but_nobody_opens_it() -> None:
    with pytest.raises(UsageError, match=r"it stood in \./my own: if you trust it, say --design '\./my own'"):
        find_recorded_design("own", "./my own")


def test_a_design_in_a_folder_is_named_by_that_folder_in_every_command() -> None:
    for options in OPTIONS:
        header = RunHeader(id="20260101-x", design="own", design_folder="./my own", agent="llm", agent_options=options)
        assert "--design './my own'" in rerun_command(header)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda one: "-".join(one.said) or "none")
def test_every_option_of_a_record_is_one_of_the_command(options: AgentOptions) -> None:
    header = RunHeader(
        id="20260101-x", design="mxint_softmax", agent="llm", agent_options=options, seed=4, target=90.0,
        model=ModelSettings(model="gpt-any", max_tokens=99),
        budget=Budget(cycles=5, calls=2, tokens=3, usd=0.5, seconds=9),
        simulator="verilator 5.048", strategy="plain", track="blind",
    )  # fmt: skip
    program, name, *words = shlex.split(rerun_command(header))
    assert program == "dv-agent"
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    with click.Context(command):
        _, rest, _ = command.make_parser(click.Context(command)).parse_args(list(words))
    assert rest == []
