"""Reference pages that are made from the code: commands, settings, and the schemas of the files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from dv_agent.agents.records.schema import RunHeader
from dv_agent.agents.turn import TurnRecord
from dv_agent.cli.command_reference import CommandPage, command_pages
from dv_agent.cli.main import commands
from dv_agent.designs.benchmark.seeded_bugs import BugList
from dv_agent.designs.design import Design
from dv_agent.designs.language.schema import StimulusSchema
from dv_agent.designs.language.stimulus import Test
from dv_agent.eval.evaluation.spec import EvaluationSpec
from dv_agent.eval.suites.suite import SuiteFile
from dv_agent.prompts.strategy import Strategy

SCHEMAS = {
    "design": ("design.yaml", Design, "the design: sources, clocks, ports, rules"),
    "stimulus": ("stimulus.yaml", StimulusSchema, "what tests may say, port by port"),
    "bugs": ("bugs/bugs.yaml", BugList, "seeded bugs"),
    "test": ("a test", Test, "as a model writes it, and `dv-agent simulate` reads it"),
    "strategy": ("a prompt strategy", Strategy, "what a prompt says"),
    "evaluation": ("an evaluation", EvaluationSpec, "the file that `dv-agent eval` reads"),
    "suite": ("a suite", SuiteFile, "designs that a score is over"),
    "run": ("run.json", RunHeader, "the head of a run's record"),
    "turn": ("turns.jsonl", TurnRecord, "a line of a run's record"),
}
_VARIABLE = re.compile(r"\[(?:env var: (DV_AGENT_\w+))[;\]]")
_ATTRIBUTE = re.compile(r" {4}(\w+(?:, \w+)*): (.*)")
LONGEST_DEFAULT = 60
_OPTIONS = """# Options as variables and in files

An option of this table may stand in the environment, in `.env` (where [security](../security.md#env) allows it), or in
a YAML file given as `--config`. The command line wins over the environment, the environment over `--config`.
[Settings](../settings.md) has the variables that are no options.
"""
_SCHEMAS = """# Schemas of the files

JSON schemas of what dv-agent reads and writes, as its data models check it. YAML files are checked by the same models.
"""
_MADE = "<!-- made from the code: scripts/site/reference_pages.py -->\n"


def reference_pages() -> dict[str, str]:
    """Return the pages and files, by place in the site."""
    pages = list(command_pages(commands()))
    places = {"reference/commands.md": _overview(pages), "reference/options.md": _settings(pages)}
    places |= {f"reference/commands/{_slug(page)}.md": "\n".join(_command(page)) for page in pages[1:]}
    places["reference/schemas.md"] = "\n".join(_schemas())
    for name, (_, model, _) in SCHEMAS.items():
        places[f"reference/schemas/{name}.json"] = json.dumps(model.model_json_schema(), indent=1) + "\n"
    return places


def _slug(page: CommandPage) -> str:
    return "-".join(page.name.split()[1:])


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _overview(pages: list[CommandPage]) -> str:
    rows = [f"| [`{page.name}`](commands/{_slug(page)}.md) | {_cell(page.purpose)} |" for page in pages[1:]]
    head = [_MADE, "# Commands", "", *_options(pages[0]), "| command | what it does |", "|---|---|", *rows]
    words = ["", *pages[0].details, "", "`dv-agent --help-all` prints all of this as one text."]
    return "\n".join(head + words) + "\n"


def _command(page: CommandPage) -> Iterator[str]:
    yield from (_MADE, f"# {page.name}", "", page.purpose, "", "```text", f"{page.name} {page.usage}", "```")
    for literal, parts in groupby(page.details, lambda part: part.startswith(" ")):
        found = [part.strip() if literal else _cell(part) for part in parts]
        yield from ("", "```text", *found, "```") if literal else ("", "\n\n".join(found))
    yield ""
    if page.commands:
        yield from (f"- [`{page.name} {one}`]({_slug(page)}-{one}.md)" for one in page.commands)
    if page.arguments:
        yield from ("## Arguments", "", "| argument | |", "|---|---|")
        yield from (f"| `{name}` | {_cell(words)} |" for name, words in page.arguments)
        yield ""
    yield from _options(page)


def _options(page: CommandPage) -> Iterator[str]:
    for title, rows in page.options.items():
        yield from (f"## {title}", "", "| option | |", "|---|---|")
        yield from (f"| <code>{_cell(spelling)}</code> | {_cell(words)} |" for spelling, words in rows)
        yield ""


def _settings(pages: list[CommandPage]) -> str:
    """Return the table of variables that stand for options."""
    found: dict[str, tuple[str, str, list[str]]] = {}
    for page in pages:
        for rows in page.options.values():
            for spelling, words in rows:
                if known := _VARIABLE.search(words):
                    told = re.sub(r"\s*\[.*\]$", "", words)
                    found.setdefault(known[1], (spelling.split(" ")[0], told, []))[2].append(page.name)
    head = [_MADE, _OPTIONS, "| variable | option | what it does | commands |", "|---|---|---|---|"]
    rows = []
    for name, (option, told, users) in sorted(found.items()):
        those = ", ".join(f"`{one}`" for one in dict.fromkeys(users))
        rows.append(f"| `{name}` | `{option.rstrip(',')}` | {_cell(told)} | {those} |")
    return "\n".join(head + rows) + "\n"


def _schemas() -> Iterator[str]:
    yield from (_MADE, _SCHEMAS)
    for name, (title, model, words) in SCHEMAS.items():
        schema = model.model_json_schema()
        yield from ("", f"## {title}", "", f"{words[0].upper()}{words[1:]}: [{name}.json](schemas/{name}.json).", "")
        yield from ("| field | type | default | meaning |", "|---|---|---|---|")
        meanings = _meanings(schema.get("description", ""))
        for field, said in schema["properties"].items():
            default = "required" if field in schema.get("required", ()) else _default(said)
            yield f"| `{field}` | {_cell(_type(said))} | {default} | {_cell(meanings.get(field, ''))} |"


def _meanings(docstring: str) -> dict[str, str]:
    """Return what the section "Attributes" of a docstring says of each name."""
    _, _, section = docstring.partition("Attributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.split("\n\n")[0].splitlines():
        if start := _ATTRIBUTE.match(line):
            names = start[1].split(", ")
            found |= dict.fromkeys(names, start[2])
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _default(said: dict[str, Any]) -> str:
    if "default" not in said:
        return "made"
    words = json.dumps(said["default"])
    return f"`{_cell(words)}`" if len(words) <= LONGEST_DEFAULT else "see the schema"


def _type(said: dict[str, Any]) -> str:
    """Return the type of a field in a few words."""
    kind = str(said.get("type", "any"))
    if "$ref" in said:
        kind = str(said["$ref"]).rpartition("/")[2]
    elif "anyOf" in said:
        kind = " or ".join(dict.fromkeys(_type(one) for one in said["anyOf"]))
    elif "enum" in said or "const" in said:
        kind = ", ".join(json.dumps(one) for one in said.get("enum", [said.get("const")]))
    elif kind == "array" and "items" in said:
        kind = f"list of {_type(said['items'])}"
    elif kind == "object" and isinstance(said.get("additionalProperties"), dict):
        kind = f"name -> {_type(said['additionalProperties'])}"
    return kind
