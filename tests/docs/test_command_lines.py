"""Every command line of README, docs and help texts is one that the real commands take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from documented_lines import ROOT, Line, documented_lines, examples, lines_of, spans
from typer.main import get_command

from dv_agent.cli.main import commands

TABLE: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "command_lines.yaml").read_text())
EXCEPTIONS: dict[str, str] = TABLE["not_played"]


@pytest.fixture(scope="module")
def root() -> Any:
    return get_command(commands())


def parsed(root: Any, words: list[str]) -> None:
    """Read the words as the command line does, without running anything; raises what it would complain with."""
    context = root.make_context("dv-agent", [*words], resilient_parsing=False)
    command, rest = root, [*getattr(context, "_protected_args", ()), *context.args]
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
        rest = [*getattr(context, "_protected_args", ()), *context.args]


def fault(root: Any, line: Line) -> str:
    """What the commands have against a line; empty if nothing."""
    for words in (part[1:] for part in line.parts if part and part[0] == "dv-agent"):
        try:
            if words and not {"--help-all", "--install-completion"} & set(words):
                parsed(root, words)
        except Exception as error:  # of a library that typer carries with it, or of click
            return f"{line.page}: {line.text}: {getattr(error, 'message', '') or error}"
    return ""


def test_every_command_line_is_taken_by_the_real_commands(root: Any) -> None:
    lines = [one for one in (*documented_lines(), *examples()) if " | show" not in one.text]
    assert len(lines) > 150
    assert [told for one in lines if (told := fault(root, one))] == []


def test_a_wrong_command_line_would_be_noticed(root: Any) -> None:
    for text in (
        "dv-agent runn --design x", "dv-agent run --desing x", "dv-agent run --seed many", "dv-agent designs show",
        "dv-agent run --goal everything", "make x && dv-agent export runs/x --as", "dv-agent prompts",
    ):  # fmt: skip
        assert fault(root, Line("here", text)), text


def test_commands_and_options_named_in_prose_are_there(root: Any) -> None:
    missing = []
    for line in spans():
        known = root
        for word in re.findall(r"[^\s|]+", line.text.partition("dv-agent ")[2]):
            below = getattr(known, "commands", {})
            if word.startswith("--"):
                names = {name for one in (*root.params, *known.params) for name in (*one.opts, *one.secondary_opts)}
                if word.partition("=")[0] not in names | {"--help"}:
                    missing.append(f"{line.page}: {line.text}: {word}")
            elif (word in below and getattr(below[word], "commands", None) is not None) or known is root:
                known = below.get(word, known)
                if known is root and word != "...":
                    missing.append(f"{line.page}: {line.text}: {word}")
            elif below and word.islower() and word not in below:
                missing.append(f"{line.page}: {line.text}: {word}")
            elif word in below and "|" not in line.text:
                known = below[word]
    assert len(spans()) > 50
    assert missing == []


def test_alternatives_of_a_group_are_commands_of_it(root: Any) -> None:
    found = [one for one in documented_lines() if " | show" in one.text]
    assert found
    for line in found:
        (_, group, first), *others = line.parts
        assert {first, *(name for (name,) in others)} <= {*root.commands[group].commands}


def test_every_line_that_is_not_played_has_a_reason_and_is_still_there() -> None:
    texts = {one.text for one in documented_lines()}
    assert {*EXCEPTIONS, *TABLE["as"], *TABLE["exit"]} - texts == set()
    assert all(len(reason.split()) > 2 for reason in EXCEPTIONS.values())
    programs = {one.text for one in documented_lines() if one.parts[0][0] not in ("dv-agent", "mkdir")}
    assert programs - {*EXCEPTIONS, *TABLE["as"]} == set()  # only dv-agent is played as it stands


def test_blocks_are_read_as_a_reader_reads_them() -> None:
    page = "```\n$ dv-agent run \\\n  --seed 3   # why\nsays this\n```\n"
    page += "```json\ndv-agent no\n```\n```yaml\n- run: pip x\n```\n"
    assert [" ".join(one.split()) for one in lines_of(page)] == ["dv-agent run --seed 3", "pip x"]
    assert Line("", "A=1 dv-agent x < y > z && make t").parts == [["dv-agent", "x"], ["make", "t"]]


def test_every_variable_that_the_code_reads_is_documented() -> None:
    told = (ROOT / "docs/settings.md").read_text() + str(EXCEPTIONS)
    packages = [ROOT / name for name in ("agents", "coverage", "designs", "eval", "prompts", "runners")]
    files = [file for one in (*packages, ROOT / "dv_agent/cli", ROOT / "dv_agent/mcp") for file in one.rglob("*.py")]
    read = {name for file in files for name in re.findall(r'"(DV_AGENT_[A-Z_]+)"', file.read_text())}
    assert "DV_AGENT_CACHE" in read
    options = {
        one.envvar
        for command in walk(get_command(commands()))
        for one in command.params
        if one.param_type_name == "option"
    }
    assert {name for name in read if name not in told and name not in options} == set()


def walk(command: Any) -> list[Any]:
    return [command, *(one for below in getattr(command, "commands", {}).values() for one in walk(below))]
