"""What is installed is whole: a wheel takes every file of the packages that is in the repository."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch

from documented_lines import ROOT

PACKAGES = (
    "agents",
    "coverage",
    "designs",
    "eval",
    "prompts",
    "runners",
    "dv_agent/cli",
    "dv_agent/mcp",
    "dv_agent/studio",
)
MADE = {"__pycache__", "runs"}


def test_every_file_of_the_packages_has_a_form_that_a_wheel_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    taken = ["*.py", *project["tool"]["setuptools"]["package-data"]["*"]]
    files = [
        file for one in PACKAGES for file in (ROOT / one).rglob("*") if file.is_file() and not MADE & {*file.parts}
    ]
    assert len(files) > 1000
    assert [file for file in files if not any(fnmatch(file.name, form) for form in taken)] == []


def test_the_requirements_of_the_tests_hold_those_of_every_extra_that_they_use() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    dev = {line.split(";")[0].strip() for line in extras["dev"]}
    for name in ("docs", "formats", "mcp", "studio", "ucis", "formal", "cost"):
        assert {*extras[name]} <= dev, name
