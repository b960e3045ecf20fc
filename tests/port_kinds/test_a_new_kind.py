"""A new kind of port touches four files: here two are added to a copy of the tool, and everything knows them."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dv_agent.designs.ports.registry import KINDS
from dv_agent.runners.cocotb.play import DRIVERS

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
NEW = ("credit", "switches")


def changes(kind: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The two files in which a new kind is named: (old, new) of each."""
    port, driver = f"{kind.title()}Port", f"{kind.title()}Driver"
    return {
        "designs/ports/registry.py": (
            ("\nPort =", f"\nfrom dv_agent.designs.ports.{kind}_port import {port}\n\nPort ="),
            ("| ObservePort", f"| ObservePort | {port}"),
        ),
        "runners/cocotb/play.py": (
            ("\nDRIVERS", f"\nfrom dv_agent.runners.cocotb.kinds.{kind}_driver import {driver}\n\nDRIVERS"),
            ('    "source": SourceDriver,\n', f'    "source": SourceDriver,\n    "{kind}": {driver},\n'),
        ),
    }


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a tool that knows these kinds says of a design that has such ports."""
    room = tmp_path_factory.mktemp("tool")
    extended_tool(room)
    design = room / "credit_queue"
    shutil.copytree(HERE / "credit", design)
    done = subprocess.run(
        [sys.executable, HERE / "probe.py", str(design)], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": str(room)}, cwd=room,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["from"] == str(room / "dv_agent")
    return found


def extended_tool(room: Path) -> None:
    """A copy of the import package in which two folders are real and the rest is linked; four files a kind differ."""
    package = room / "dv_agent"
    for name in ("cli", "studio", "__init__.py", "errors.py", "agents", "coverage", "eval", "prompts"):
        link(package / name, ROOT / "dv_agent" / name)
    for folder, kept in (("designs", "ports"), ("runners", "cocotb")):
        for path in (ROOT / folder).iterdir():
            if path.name != kept:
                link(package / folder / path.name, path)
        shutil.copytree(ROOT / folder / kept, package / folder / kept, ignore=shutil.ignore_patterns("__pycache__"))
    for kind in NEW:
        shutil.copy(HERE / kind / f"{kind}_port.py", package / "designs" / "ports")
        shutil.copy(HERE / kind / f"{kind}_driver.py", package / "runners" / "cocotb" / "kinds")
        for name, pairs in changes(kind).items():
            text = (package / name).read_text(encoding="utf-8")
            for old, new in pairs:
                assert text.count(old) == 1, (name, old)
                text = text.replace(old, new)
            (package / name).write_text(text, encoding="utf-8")


def link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target.resolve())


def test_the_promise_of_the_documentation_names_the_files_that_are_touched_here() -> None:
    touched = {"designs/ports/<kind>_port.py", "runners/cocotb/kinds/<kind>_driver.py", *changes("any")}
    rows = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if line.startswith("| a new kind of port"))
    assert {name for name in row.split("`") if "/" in name} == touched
    assert len(touched) == 4


def test_its_pins_are_wired_without_a_ready(facts: dict[str, Any]) -> None:
    wires = [line.strip() for line in facts["wrapper"].splitlines()]
    assert any(line.endswith("// in beat enable") for line in wires)
    assert any(line.startswith("assign p_in_x = ") for line in wires)
    assert not any(line.startswith("assign p_in_credit") for line in wires)
    assert any(line.endswith("// bias held") for line in wires)
    assert any(line.startswith("assign p_in_bias = ") for line in wires)


def test_every_test_of_every_agent_drains_and_passes_on_the_real_simulator(facts: dict[str, Any]) -> None:
    assert facts["tests"] > 15
    assert facts["failures"] == []
    assert facts["ends"] == ["drained"]


def test_no_beat_is_sent_without_a_credit(facts: dict[str, Any]) -> None:
    beats, returned = facts["beats"], facts["credits"]
    assert sum(beats) == 16 == sum(returned)
    assert max(sum(beats[: cycle + 1]) - sum(returned[:cycle]) for cycle in range(len(beats))) == 2
    assert max(facts["level"]) == 2


def test_the_shared_tables_count_its_beats_and_credits(facts: dict[str, Any]) -> None:
    assert {f"port.both.{name}" for name in ("nothing", "beat", "credit", "both")} <= set(facts["hit"])
    assert {f"port.bias.{value}" for value in (0, 15)} <= set(facts["hit"])


def test_what_the_checks_say_of_a_design_that_breaks_the_handshake(facts: dict[str, Any]) -> None:
    checks = {int(fault): said["checks"] for fault, said in facts["faults"].items()}
    assert ["duplicate", "in.return", ""] in checks[1]
    assert checks[2] == [["deadlock", "", ""]]
    assert ["unknown", "in.return", "in_credit"] in checks[3]
    assert ["after_reset", "in.return", "in_credit"] in checks[4]
    assert checks[5][0] == ["value", "out", "y"]


def test_a_waveform_shows_its_streams(facts: dict[str, Any]) -> None:
    waves = facts["faults"]["5"]["waves"]
    assert waves["in.beat"] == ["sent on credit", ["enable", "x"]]
    assert waves["in.return"] == ["sent on credit", ["enable"]]
    assert waves["bias"] == ["held by the test", ["bias", "mode"]]


def test_a_prompt_tells_its_words_and_the_names_of_its_streams(facts: dict[str, Any]) -> None:
    prompt = facts["prompt"]
    assert '* credit: {"word": [BEAT, ...], "gap": 3} sends beats, each as soon' in prompt
    assert "sinks ready, switches unchanged, credit ports idle, reset inactive" in prompt.replace("\n", " ")
    assert '* switches: {"set": {fields}, "gap": 2} changes them' in prompt
    assert "A credit has only PORT.beat and PORT.return." in prompt
    assert "`in` (credit, packets are called `word`, 1..3 beats)" in prompt
    assert '{"after":{"port":"in.beat","accepted":1}}' in prompt.replace(" ", "")
    assert "  in       credit" in facts["overview"]


def test_the_json_schema_and_the_literal_form_know_its_items(facts: dict[str, Any]) -> None:
    words = [next(iter(step["properties"])) for step in facts["schema"]["anyOf"] if "properties" in step]
    assert words[:2] == ["word", "idle"]
    words = [next(iter(step["properties"])) for step in facts["pins"]["anyOf"] if "properties" in step]
    assert words[:2] == ["set", "idle"]
    assert facts["same_literal"]


def test_the_fake_plays_it(facts: dict[str, Any]) -> None:
    assert facts["reference"] == {"in.beat": 2, "in.return": 2, "out": 2}


def test_no_other_file_asks_for_a_kind() -> None:
    asking = []
    for folder in ("agents", "coverage", "designs", "eval", "prompts", "runners", "dv_agent/cli", "dv_agent/studio"):
        for file in (ROOT / folder).rglob("*.py"):
            place = file.relative_to(ROOT)
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                kinds = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)} & {*KINDS}
                if isinstance(node, ast.Compare) and kinds and any(map(is_kind, ast.walk(node))):
                    asking.append(f"{place}:{node.lineno} compares a kind with {', '.join(sorted(map(str, kinds)))}")
                module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
                if module.endswith("_port") and place.as_posix() != "designs/ports/registry.py":
                    asking.append(f"{place}:{node.lineno} imports {module}")
    assert asking == []


def is_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "kind"


def test_every_kind_that_names_a_driver_finds_it() -> None:
    assert {kind.driver for kind in KINDS.values() if kind.driver} == set(DRIVERS)
