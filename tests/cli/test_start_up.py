"""What a command loads: a start is quick if nothing heavy is imported that the command does not use."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import call, environment
from typer.core import TyperGroup
from typer.main import get_command

from dv_agent.agents.runs.launch import launch
from dv_agent.agents.runs.request import RunRequest
from dv_agent.cli.command_table import _COMMANDS, _GROUPS
from dv_agent.cli.main import commands
from dv_agent.cli.running.display import Display
from dv_agent.designs.loader import find_design
from dv_agent.runners.reference.session import ReferenceSimulator

HEAVY = {"numpy", "pydantic", "yaml", "jinja2", "cocotb", "pytest", "langchain_core", "asyncio", "rich.markdown"}
TOLD = """
import sys
from dv_agent.cli.main import main
try:
    main()
finally:
    print("\\nmodules", *sys.modules, file=sys.stderr)
"""


def modules_after(*words: str, cwd: Path, env: dict[str, str] | None = None) -> set[str]:
    """The modules that ``dv-agent <words>`` has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *words], cwd=cwd, env=environment(env), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("modules ")[2].split())


def heavy(modules: set[str]) -> set[str]:
    return {name for name in modules if name in HEAVY or name.split(".")[0] in HEAVY}


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    assert heavy(modules_after("--help", cwd=tmp_path)) <= {"rich.markdown"}


def test_a_command_imports_no_other_one(tmp_path: Path) -> None:
    loaded = modules_after("report", "--help", cwd=tmp_path)
    assert "dv_agent.cli.recorded.records" in loaded
    places = {place.partition(":")[0] for place in (*_COMMANDS.values(), *_GROUPS.values())}
    others = {f"dv_agent.cli.{place}" for place in places if place != "recorded.records"}
    assert len(others) > 18
    assert loaded & others == set()


def test_a_command_alone_has_the_options_that_it_has_among_all() -> None:
    every = get_command(commands())
    assert isinstance(every, TyperGroup)
    assert len(every.commands) >= 18
    for name, one in every.commands.items():
        alone = get_command(commands([name, "--help"]))
        assert isinstance(alone, TyperGroup)
        assert [*alone.commands] == [name]
        assert [option.opts for option in alone.commands[name].params] == [option.opts for option in one.params]
    for words in ([], ["--version"], ["runn"]):
        assert len(get_command(commands(words)).commands) == len(every.commands)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def first_list(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """The cache behind a first list of designs, and the modules that it loaded."""
    home = tmp_path_factory.mktemp("first_list")
    cache = home / "cache"
    return cache, modules_after("designs", "list", cwd=home, env={"DV_AGENT_CACHE": str(cache)})


@pytest.fixture
def listed(tmp_path: Path, first_list: tuple[Path, set[str]]) -> Path:
    """A copy of that cache."""
    shutil.copytree(first_list[0], tmp_path / "listed")
    return tmp_path / "listed"


def test_a_second_list_of_designs_reads_no_design(
    tmp_path: Path, first_list: tuple[Path, set[str]], listed: Path
) -> None:
    env = {"DV_AGENT_CACHE": str(listed)}
    assert "dv_agent.coverage.plan" in first_list[1]
    second = modules_after("designs", "list", cwd=tmp_path, env=env)
    assert not {name for name in second if name.startswith(("dv_agent.coverage", "dv_agent.designs.loader"))}
    assert heavy(second) <= {"pydantic"} | {name for name in second if name.startswith("pydantic")}


def test_a_run_loads_only_its_own_agent_and_neither_cocotb_nor_pytest(tmp_path: Path) -> None:
    words = ("run", "--design", "mxint_gelu", "--agent", "random", "--max-cycles", "50", "-q")
    loaded = modules_after(*words, cwd=tmp_path)
    assert "dv_agent.agents.baselines.basic" in loaded
    unused = {
        "cocotb", "pytest", "_pytest", "asyncio", "pywellen", "unidiff", "langchain_core",
        "dv_agent.agents.search.agent", "dv_agent.agents.baselines.crv", "dv_agent.agents.failures.triage",
        "dv_agent.agents.tools.judgement", "dv_agent.agents.toolbox.arguments", "dv_agent.prompts.renderer",
    }  # fmt: skip
    assert loaded & unused == set()


def test_the_simulator_process_loads_cocotb_without_what_it_does_not_use_and_asyncio_when_a_driver_does() -> None:
    code = (
        "import sys; from dv_agent.runners.cocotb.forking import lean_imports\n"
        "lean_imports.without_unused_modules()\n"
        "import cocotb.regression\n"
        "print(*(name for name, one in sys.modules.items() if getattr(one, '__spec__', None)))\n"
        "lean_imports.with_asyncio()\n"
        "import asyncio, importlib.metadata\n"
        "print(asyncio.run(asyncio.sleep(0, 'slept')), importlib.metadata.version('cocotb') == cocotb.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    words, then = done.stdout.splitlines()
    loaded = set(words.split())  # without what only stands in for a module
    assert "cocotb.regression" in loaded
    unused = (
        "_pytest", "pluggy", "pdb", "pstats", "numpy", "pydantic", "asyncio.base_events", "email", "zipfile", "xml",
        "_hashlib",
    )  # fmt: skip
    assert not {name for name in loaded if name.startswith(unused)}
    assert then == "slept True"


@pytest.fixture
def own_designs(tmp_path: Path) -> Path:
    shutil.copytree(find_design("mxint_gelu").path, tmp_path / "designs" / "mine")
    text = (tmp_path / "designs" / "mine" / "design.yaml").read_text()
    (tmp_path / "designs" / "mine" / "design.yaml").write_text(text.replace("name: mxint_gelu", "name: mine", 1))
    return tmp_path / "designs"


def test_a_list_tells_of_every_change_of_a_design(tmp_path: Path, own_designs: Path, listed: Path) -> None:
    env = {"DV_AGENT_CACHE": str(listed), "DV_AGENT_DESIGNS": str(own_designs)}

    def mine() -> dict[str, object]:
        done = call("designs", "list", "--json", cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        return next(one for one in json.loads(done.stdout) if one["name"] == "mine")

    before = mine()
    assert mine() == before
    witnesses = own_designs / "mine" / "witnesses" / "witnesses.json"
    kept = json.loads(witnesses.read_text())["tests"]
    times = witnesses.stat()
    witnesses.write_text(json.dumps({"tests": kept[:-1]}))
    os.utime(witnesses, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert mine() == before | {"witnesses": len(kept) - 1}
    shutil.rmtree(own_designs / "mine" / "bugs")
    assert mine()["bugs"] == 0
    (own_designs / "mine" / "plan.yaml").write_text("covergroups: 5\n")
    broken = call("designs", "list", cwd=tmp_path, env=env)
    assert broken.returncode == 2
    assert "plan.yaml" in broken.stderr


def test_a_list_needs_no_cache_and_believes_no_broken_one(tmp_path: Path, listed: Path) -> None:
    cache = tmp_path / "cache"
    cache.write_text("no folder")
    env = {"DV_AGENT_CACHE": str(cache)}
    plain = call("designs", "list", cwd=tmp_path, env=env)
    assert plain.returncode == 0, plain.stderr
    cache.unlink()
    listed.rename(cache)
    entries = list((cache / "overviews").iterdir())
    assert len(entries) >= 9
    for number, entry in enumerate(entries[:9]):
        entry.write_text(('{"name": ', "[]", "{}")[number % 3])
    assert call("designs", "list", cwd=tmp_path, env=env).stdout == plain.stdout


class OpenedOnce:
    """Counts the sessions that are opened."""

    def __init__(self) -> None:
        self._inner = ReferenceSimulator(find_design("mxint_gelu").model)
        self.opened = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def open(self, design: object, **options: object) -> object:
        self.opened += 1
        return self._inner.open(design, **options)  # type: ignore[arg-type]


def test_a_run_without_failures_starts_one_simulator(tmp_path: Path) -> None:
    simulator = OpenedOnce()
    request = RunRequest(design="mxint_gelu", agent="random", max_cycles=300, out=tmp_path)
    finished = launch(request, Display(quiet=True), lambda folder, design: None, None, lambda name: simulator)  # type: ignore[arg-type, return-value]
    assert finished.failures == 0
    assert simulator.opened == 1
