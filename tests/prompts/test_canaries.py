"""No prompt and no outcome says anything of witnesses, seeded bugs or the reference model."""

import json
import shutil
from pathlib import Path

from scripted_run import play

from dv_agent.agents.testbench import Testbench
from dv_agent.coverage.goal import plan_of
from dv_agent.designs.loader import find_design, load_design
from dv_agent.runners.registry import find_simulator

HIDDEN = ("witness", "buglist", "patch", "modelcomment", "modeltext", "modelname", "modeltable", "readme")
SHOWN = ("specification", "plan", "schema")


def canary(kind: str) -> str:
    return f"zq{kind}canary"


def planted(tmp_path: Path) -> Path:
    home = tmp_path / "mxint_softmax"
    shutil.copytree(find_design("mxint_softmax").path, home)
    witnesses = home / "witnesses/witnesses.json"
    data = json.loads(witnesses.read_text())
    for test in data["tests"]:
        test["name"] = test["note"] = canary("witness")
    witnesses.write_text(json.dumps(data))
    append(home / "bugs/bugs.yaml", f"# {canary('buglist')}\n")
    for patch in (home / "bugs").glob("*.patch"):
        append(patch, f"# {canary('patch')}\n")
    append(home / "model.py", MODEL)
    append(home / "README.md", canary("readme"))
    append(home / "spec.md", f"\n{canary('specification')}\n")
    edit(home / "plan.yaml", "Whole rows", f"Whole rows {canary('plan')}")
    edit(home / "stimulus.yaml", "Reset pulses;", f"Reset pulses {canary('schema')};")
    return home


MODEL = f"""

# {canary("modelcomment")}
_{canary("modelname")} = observe


def observe(trace):
    \"\"\"{canary("modeltext")}\"\"\"
    seen = _{canary("modelname")}(trace)
    seen.tables["{canary("modeltable")}"] = seen.tables["row"]
    return seen
"""


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_hidden_files_reach_no_prompt_and_shown_ones_do(tmp_path: Path) -> None:
    folder = load_design(planted(tmp_path))
    with find_simulator("icarus").open(folder.design) as session:
        bench = Testbench(folder, plan_of(folder), session)
        asked, proposals, views = play(bench, 4)
    prompts = [one.content for messages in asked for one in messages]
    told = "\n".join([*prompts, *map(repr, (view.last for view in views)), *map(repr, proposals)])
    assert canary("modeltext") in str(folder.model.observe.__doc__)
    assert [kind for kind in HIDDEN if canary(kind) in told] == []
    for kind in SHOWN:
        assert all(canary(kind) in messages[1].content for messages in asked), kind
    assert str(tmp_path) not in "\n".join(prompts)
