"""The shape of the repository: folders, links, import rule."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agents", "coverage", "designs", "eval", "prompts", "runners")
ALLOWED = {
    "designs": {"designs"},
    "coverage": {"designs", "coverage"},
    "runners": {"designs", "runners"},
    "prompts": {"designs", "coverage", "prompts"},
    "agents": {"designs", "coverage", "runners", "prompts", "agents"},
    "eval": {"designs", "coverage", "runners", "prompts", "agents", "eval"},
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_root_folders_are_linked_and_hold_no_init(folder: str) -> None:
    link = ROOT / "dv_agent" / folder
    assert link.is_symlink()
    assert link.readlink() == Path("..") / folder
    assert not (ROOT / folder / "__init__.py").exists()
    assert (ROOT / folder / "README.md").is_file()


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_run_one_way(folder: str) -> None:
    wrong = []
    for file in (ROOT / folder).rglob("*.py"):
        for name in imported(file):
            parts = name.split(".")
            if parts[0] in FOLDERS or (
                parts[0] == "dv_agent" and parts[1] != "errors" and parts[1] not in ALLOWED[folder]
            ):
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert wrong == []


def imported(file: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return [name for name in names if name != "dv_agent"]


def test_no_module_loads_under_two_names_and_help_stays_light() -> None:
    code = (
        "import sys, dv_agent.cli.main\n"
        "heavy = {'numpy', 'cocotb', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import dv_agent.agents.runs.launch, dv_agent.cli.design_checks, dv_agent.eval.soundness.kill_table\n"
        "files = {}\n"
        "for name, module in list(sys.modules.items()):\n"
        "    file = getattr(module, '__file__', None)\n"
        "    if file and 'dv_agent' in name:\n"
        "        import os; files.setdefault(os.path.realpath(file), []).append(name)\n"
        "twice = {f: n for f, n in files.items() if len(n) > 1}\n"
        "assert not twice, twice\n"
        f"stray = {FOLDERS!r} and [n for n in {FOLDERS!r} if n in sys.modules]\n"
        "assert not stray, stray\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
