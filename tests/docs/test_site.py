"""The documentation as a site: built strictly from the pages and the code, whole without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from documented_lines import ROOT
from in_process import CommandLine

from dv_agent.cli.command_reference import all_help, command_pages
from dv_agent.cli.main import commands
from dv_agent.errors import ExitCode

LOADS = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "object": "data",
}


class Loads(HTMLParser):
    """What a browser loads by itself when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in LOADS and said.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(said.get(LOADS[tag]) or "")


def loaded(page: Path) -> list[str]:
    reader = Loads()
    reader.feed(page.read_text(encoding="utf-8"))
    return [one for one in reader.found if one]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from copies of the pages: a build writes beside them nothing that is not ignored."""
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(built)], cwd=ROOT, capture_output=True,
        text=True, timeout=300, check=False, env={"PATH": "/usr/bin:/bin", "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return built


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = [*site.rglob("*.html")]
    assert len(pages) > 60
    for page in pages:
        for address in loaded(page):
            assert not re.match(r"(https?:)?//", address), f"{page.name} loads {address}"
            target = (page.parent / address.split("?")[0].split("#")[0]).resolve()
            assert address.startswith(("data:", "/")) or target.exists(), f"{page.name} has no {address}"
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:@import\s*|url\()[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")) == [], sheet
    # The scripts of the theme would load two things: for a browser without ResizeObserver, and for mermaid's drawings.
    scripts = "".join(one.read_text(encoding="utf-8") for one in site.glob("assets/javascripts/bundle*.js"))
    assert {*re.findall(r"unpkg\.com/([a-z-]+)", scripts)} <= {"resize-observer-polyfill", "mermaid"}
    assert not any('class="mermaid"' in page.read_text(encoding="utf-8") for page in pages)


def test_a_browser_opens_it_from_the_folder_and_searches(site: Path, chromium: str) -> None:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playing:
        browser = playing.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.fill(".md-search__input", "shrink")
        page.wait_for_selector(".md-search-result__item", timeout=30_000)
        browser.close()
    assert {address.split(":")[0] for address in asked} <= {"file", "data", "blob"}


def test_every_command_has_a_page_with_all_of_its_options(site: Path) -> None:
    for page in list(command_pages(commands()))[1:]:
        text = (site / "reference/commands" / f"{'-'.join(page.name.split()[1:])}.html").read_text(encoding="utf-8")
        for rows in page.options.values():
            for spelling, _ in rows:
                assert spelling.split(" ")[0].rstrip(",") in text, (page.name, spelling)
    for name in ("design", "strategy", "run", "turn"):
        assert json.loads((site / f"reference/schemas/{name}.json").read_text())["properties"]


def test_a_page_that_is_wrong_stops_the_build(tmp_path: Path) -> None:
    for name in ("docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("leaderboard.*", "__pycache__"))
    for name in ("coverage", "dv_agent"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("mkdocs.yml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    with (tmp_path / "docs" / "speed.md").open("a") as page:
        page.write("\n[nowhere](scores.md#there-is-no-such-part)\n")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")], cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "there-is-no-such-part" in done.stderr


def test_the_table_of_exit_codes_is_that_of_the_program() -> None:
    told = re.findall(r"^\| (\d+) \|", (ROOT / "docs/exit-codes.md").read_text(), re.M)
    assert [int(one) for one in told] == sorted(ExitCode)


def test_help_all_has_every_command_once_and_every_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = CommandLine(tmp_path, monkeypatch, capsys)("--help-all")
    text = done.stdout
    assert (done.returncode, text.strip()) == (0, all_help(commands()).strip())
    heads = [line for line in text.splitlines() if line.startswith("DV-AGENT")]
    pages = list(command_pages(commands()))
    assert heads == [page.name.upper() for page in pages]
    assert len(set(heads)) == len(heads) > 30
    for page in pages:
        for part in page.details:
            assert part.split("\n")[0].strip()[:60] in text
