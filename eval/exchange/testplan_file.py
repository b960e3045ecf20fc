"""HJSON testplans in lowRISC's form: from a coverage plan, and back to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dv_agent.coverage.goal import PLAN, has_plan, plan_of
from dv_agent.coverage.plan import Plan
from dv_agent.coverage.plan_file.loader import parse_plan
from dv_agent.coverage.structure import TIERS
from dv_agent.designs.files.documents import Document, read_document, read_text
from dv_agent.designs.files.yaml_writer import write_yaml
from dv_agent.designs.loader import DesignFolder
from dv_agent.designs.text.visible import visible
from dv_agent.errors import InputFileError, UsageError
from dv_agent.eval.exchange.optional_packages import package

STAGES = dict(zip(TIERS, ("V1", "V2", "V3"), strict=True))
MACHINE = "dv_agent"
"""The key of a covergroup that holds its YAML; other tools pass it by."""
MOST_CHARACTERS = 4_000_000
_HEAD = "# Coverage plan, from the testplan {name}. coverage/README.md tells the language.\n"


def testplan_text(folder: DesignFolder) -> str:
    """Return the testplan of a design: a covergroup for each of the plan, a testpoint for each coverpoint and cross.

    The stage is that of the hardest tier among its bins: easy V1, medium V2, hard V3.

    Raises:
        UsageError: the design has no plan of its own.
        PrerequisiteError: hjson is missing.
    """
    if not has_plan(folder):
        raise UsageError(f"{folder.design.name} has no {PLAN}: a testplan is made from one")
    plan = plan_of(folder)
    written = {one["name"]: one for one in read_document(folder.path / PLAN).data["covergroups"]}
    data = {
        "name": folder.design.name,
        "testpoints": [*_testpoints(plan)],
        "covergroups": [
            {"name": one.name, "desc": one.description or one.name, MACHINE: written[one.name]}
            for one in plan.covergroups
        ],
    }
    text: str = package("hjson").dumps(data)
    return text + "\n"


def _testpoints(plan: Plan) -> Iterator[dict[str, Any]]:
    for item in plan.items:
        bins = plan.bins[item.start : item.stop]
        hardest = max(bins, key=lambda one: TIERS.index(one.tier)).tier
        lines = "\n".join(f"- {one.title}: {one.description}" for one in bins[:40])
        more = f"\n- ... and {len(bins) - 40} more" if len(bins) > 40 else ""
        yield {
            "name": f"{item.covergroup}_{item.name}", "desc": f"{len(bins)} bins\n{lines}{more}",
            "stage": STAGES[hardest], "tests": [],
        }  # fmt: skip


def plan_from(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a plan.yaml made from a testplan, and the names of what a person still has to write.

    Covergroups that hold their YAML come back as they were, with the description that the testplan gives them now; of
    the others, and of a testplan without covergroups, each becomes a comment.

    Raises:
        InputFileError: no testplan, or a covergroup in it that is none of the plan language.
        PrerequisiteError: hjson is missing.
    """
    data = _read(path)
    name = str(data.get("name", path.stem))[:100]
    groups, missing, notes = [], [], []
    for one in _entries(path, data, "covergroups"):
        machine = one.get(MACHINE)
        if isinstance(machine, Mapping):
            groups.append({**machine, "name": one["name"], "description": one["desc"]})
        else:
            missing.append(one["name"])
            notes.append(one)
    if not groups and not notes:
        notes = list(_entries(path, data, "testpoints"))
        missing = [one["name"] for one in notes]
    body = write_yaml({"schema_version": 1, "covergroups": groups}) if groups else "schema_version: 1\ncovergroups:\n"
    text = _HEAD.format(name=visible(" ".join(name.split()))) + body + "".join(_comment(one) for one in notes)
    if groups:
        parse_plan(Document(path, text))
    return text, tuple(missing)


def _read(path: Path) -> Mapping[str, Any]:
    hjson = package("hjson")
    text = read_text(path)
    if len(text) > MOST_CHARACTERS:
        raise InputFileError(path, f"more than {MOST_CHARACTERS:,} characters")
    try:
        data = hjson.loads(text, object_pairs_hook=dict)
    except (hjson.HjsonDecodeError, RecursionError, ValueError) as error:
        raise InputFileError(path, f"is no HJSON: {str(error)[:200]}") from None
    if not isinstance(data, Mapping) or not ({"testpoints", "covergroups"} & data.keys()):
        raise InputFileError(path, "is no testplan: expected the keys `name`, `testpoints`, `covergroups`")
    return data


def _entries(path: Path, data: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    entries = data.get(key, [])
    if not isinstance(entries, list):
        raise InputFileError(path, f"{key}: expected a list")
    for place, one in enumerate(entries):
        if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
            raise InputFileError(path, f"{key}.{place}: expected a name")
        yield {**one, "desc": str(one.get("desc", one["name"])).strip()}


def _comment(one: Mapping[str, Any]) -> str:
    """Return the comment; no text of the testplan leaves it, whatever ends a line."""
    stage = f" ({one['stage']})" if isinstance(one.get("stage"), str) else ""
    words = f"{one['name']}{stage}: to be written as a covergroup\n{one['desc']}"
    return "".join(f"#   {visible(line)}".rstrip() + "\n" for line in words.splitlines())
