"""The shape of the repository: folders, rooms, names, links, import rule."""

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
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
A_DOZEN = 12
FACES = ("dv_agent/cli", "dv_agent/mcp", "dv_agent/studio")
# Longest first: what may follow a word's stem without making it another word.
ENDINGS = ("ations", "ation", "ings", "ing", "ers", "ors", "ion", "er", "or", "ed", "es", "s", "e", "y")


def sources(*folders: str) -> list[Path]:
    """The Python files below `folders`, relative to the root; folders of designs hold models and are left out."""
    found = [file.relative_to(ROOT) for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return [file for file in found if file.stem not in ("__init__", "model")]


def module_of(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts if parts[0] == "dv_agent" else ("dv_agent", *parts))


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


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {module_of(file): file for file in sources(*FOLDERS, *FACES)}
    graph = {name: {one for one in imported(ROOT / file) if one in modules} for name, file in modules.items()}
    assert list(circles(graph)) == []


def test_a_run_and_a_session_are_assembled_without_the_evaluation() -> None:
    code = (
        "import sys\n"
        "import dv_agent.agents.runs.launch, dv_agent.agents.session.opening, dv_agent.agents.tools.agent\n"
        "print([name for name in sys.modules if name.startswith('dv_agent.eval')])\n"
    )
    assert run_python(code) == "[]\n"


def test_rooms_hold_at_most_a_dozen_files() -> None:
    sizes = Counter(file.parent.as_posix() for file in sources("agents", "designs", "runners", "dv_agent/cli"))
    assert {room: size for room, size in sizes.items() if size > A_DOZEN} == {}


def test_no_file_is_named_after_its_room() -> None:
    assert [file for file in sources(*FOLDERS, *FACES) if file.stem.startswith(file.parent.name)] == []


def test_no_two_files_differ_in_an_ending_only() -> None:
    """The command line is left out: a file of it is named after its command."""
    alike = defaultdict(set)
    for file in sources(*FOLDERS, "dv_agent/mcp", "dv_agent/studio"):
        alike[stem(file.stem)].add(file.stem)
    assert [names for names in alike.values() if len(names) > 1] == []


def test_every_room_has_a_readme_that_names_its_files() -> None:
    missing = []
    for file in sources(*FOLDERS, *FACES):
        readme = ROOT / file.parent / "README.md"
        if not readme.is_file() or f"`{file.name}`" not in readme.read_text(encoding="utf-8"):
            missing.append(str(file))
    assert missing == []


def test_every_readme_of_a_room_has_a_title_and_words_for_all_that_it_names() -> None:
    wrong = []
    for readme in {ROOT / file.parent / "README.md" for file in sources(*FOLDERS, *FACES)}:
        lines = readme.read_text(encoding="utf-8").splitlines() if readme.is_file() else ["# "]
        silent = [line for line in lines if line.startswith("| `") and not line.split("|")[2].strip()]
        wrong += [f"{readme.relative_to(ROOT)}: {line}" for line in silent]
        wrong += [] if lines[0].startswith("# ") else [f"{readme.relative_to(ROOT)}: no title"]
    assert wrong == []


def test_no_readme_of_a_room_names_a_file_that_is_gone() -> None:
    gone = []
    for readme in {ROOT / file.parent / "README.md" for file in sources(*FOLDERS, *FACES)}:
        if readme.is_file():
            rows = [line for line in readme.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
            names = [name for line in rows for name in re.findall(r"`([\w/]+\.py)`", line.split("|")[1])]
            gone += [f"{readme.relative_to(ROOT)}: {name}" for name in names if not (readme.parent / name).is_file()]
    assert gone == []


def test_each_common_change_touches_at_most_four_files() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line for line in text.split("## Common changes")[1].splitlines() if line.startswith("| a")]
    assert len(rows) >= 10
    for row in rows:
        named = re.findall(r"`([\w/.<>-]+)`", row.split("|")[2])
        assert 1 <= len(named) <= 4, row
        for name in named:
            assert "<" in name or (ROOT / name).exists(), f"{name} is not there"


def test_no_module_loads_under_two_names_and_help_stays_light() -> None:
    code = (
        "import sys, dv_agent.cli.main\n"
        "heavy = {'numpy', 'cocotb', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import dv_agent.agents.runs.launch, dv_agent.cli.designs.checks, dv_agent.eval.soundness.kill_table\n"
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
    assert run_python(code) == ""


def imported(file: Path) -> list[str]:
    """Names that a file imports anywhere; of ``from package import name`` both the package and the name below it."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name not in ("dv_agent", "dv_agent.__version__")]


def circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Groups of modules that reach each other."""

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = list(graph[start])
        while todo:
            if (name := todo.pop()) not in seen:
                seen.add(name)
                todo += graph[name]
        return seen

    reached = {name: reach(name) for name in graph}
    done: set[str] = set()
    for name in graph:
        group = sorted(one for one in reached[name] if name in reached[one])
        if group and name not in done:
            done |= set(group)
            yield group


def stem(name: str) -> str:
    """A file name with the ending of its last word taken off."""
    *first, last = name.split("_")
    ending = next((one for one in ENDINGS if last.endswith(one) and len(last) - len(one) >= 3), "")
    last = last.removesuffix(ending)
    return "_".join([*first, last[:-1] if len(last) > 3 and last[-1] == last[-2] else last])


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
