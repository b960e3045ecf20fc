"""The whole story in a real browser, against a real process and the loopback model through the real SDK."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser_clicks import click
from loopback import LoopbackServer, ok
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright
from session_help import LENGTHS, WIDE, reply, rows
from studio_server import RUN, places_in, running

from dv_agent.agents.records.reader import read_run
from dv_agent.eval.report.output import write_report
from dv_agent.prompts.strategy import load_strategy

KEY = "sk-a-key-that-must-not-be-seen-0123456789"
WORDS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
PATIENCE = 60_000  # milliseconds; a loaded machine is slow, and nothing here waits longer than it must
expect.set_options(timeout=PATIENCE)
REPLIES = [ok(WIDE), ok(LENGTHS), ok(reply(rows(1, 2, 3))), ok(reply(rows(9, exponent=3, stall=20)))]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium, args=list(WORDS))
        yield found
        found.close()


@contextmanager
def visit(browser: Browser, **options: object) -> Iterator[tuple[BrowserContext, list[str], list[str]]]:
    """A fresh profile; what went wrong in it, and every text that came over the network."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    texts: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("response", lambda answer: texts.append(f"{answer.url} {answer.status}"))
        page.on("requestfinished", lambda request: texts.append(_body(request)))

    context.on("page", watch)
    yield context, complaints, texts
    context.close()


def _body(request: object) -> str:
    answer = request.response()  # type: ignore[attr-defined]
    kind = answer.headers.get("content-type", "") if answer else ""
    return answer.text() if answer and answer.ok and kind.startswith("text/html") else ""


@contextmanager
def process(folder: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``dv-agent studio`` in `folder`, and the address that it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_PROXY"))}
    words = [sys.executable, "-m", "dv_agent.cli.main", "studio", "--port", str(port)]
    started = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment | {"OPENAI_API_KEY": KEY}
    )
    assert started.stdout
    try:
        found = re.search(r"http://\S+", started.stdout.readline())
        assert found
        yield started, found[0]
    finally:
        started.kill()
        started.communicate()


def test_a_click_reaches_what_never_stands_still(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("browser_clicks.PAINTING", 300)
    with visit(browser) as (context, _, _):
        page = context.new_page()
        drift = "@keyframes drift {to {margin-left: 300px}} button {animation: drift 9s infinite}"
        page.set_content(f"""<style>{drift}</style><button onclick="this.textContent += '!'">Go</button>""")
        click(page, "button")
        expect(page.locator("button")).to_have_text("Go!")


def send(page: Page) -> None:
    nodes = page.locator("svg.branches a")
    count = nodes.count()
    click(page, "#send")
    expect(nodes).to_have_count(count + 1, timeout=PATIENCE)


def test_edit_send_branch_compare_save_and_go_on_after_a_kill(browser: Browser, tmp_path: Path) -> None:
    with LoopbackServer(REPLIES) as model, visit(browser) as (context, complaints, texts):
        page = context.new_page()
        with process(tmp_path) as (studio, address):
            port = int(address.split(":")[2].split("/")[0])
            page.goto(address)
            assert "token" not in page.url
            page.select_option("#design", "mxint_softmax")
            page.fill("#model", "openai:test")
            page.fill("#base_url", model.url)
            click(page, "text=Begin")
            page.wait_for_selector(".three")

            # A template is edited, and at once the prompt is what the model would read.
            page.fill("#template-text", page.input_value("#template-text") + "\nBe brief.\n")
            page.press("#template-text", "Control+Enter")
            expect(page.locator("#strategy-title")).to_contain_text("default-edited")
            click(page, "#part-ask > summary")
            expect(page.locator("#part-ask pre")).to_contain_text("Be brief.")
            expect(page.locator(".send .cost")).to_contain_text("tokens in (estimated)")
            send(page)
            assert model.requests[0].body["messages"][-1]["content"].endswith("Be brief.\n")
            won = int(page.locator("[data-new-bins]").get_attribute("data-new-bins") or 0)
            assert won > 100
            expect(page.locator(".came .cost")).to_contain_text("100 tokens in, 10 out")
            send(page)

            # Back to the first node, another way from there, and both side by side.
            click(page, "svg.branches a[data-node='1']")
            page.wait_for_url("**node=1")
            page.fill("#label", "plain")
            click(page, "text=Branch here")
            page.wait_for_selector("svg.branches text:has-text('plain')")
            page.select_option("#strategy", "plain")
            expect(page.locator("#ask")).to_contain_text("template ask edited")
            expect(page.locator("#strategy-title")).to_contain_text("default-edited")
            click(page, "#ask button")
            expect(page.locator("#strategy-title")).to_have_text("Strategy plain")
            expect(page.locator(".said-so")).to_contain_text("template ask edited")
            page.select_option("#o-reasoning", "false")
            expect(page.locator("#strategy-title")).to_contain_text("plain-edited")
            send(page)
            click(page, ".tree-actions >> text=Compare")
            page.wait_for_selector(".thirds")
            assert (page.input_value("#a"), page.input_value("#b")) == ("2", "4")  # both were sent from node 1
            page.select_option("#a", "4")
            page.wait_for_selector("#problem:has-text('the same node')")
            page.select_option("#a", "2")
            page.wait_for_url("**a=2&b=4")
            expect(page.locator("main")).to_contain_text("since node 1")
            expect(page.locator("main")).to_contain_text("reasoning")
            page.go_back()
            page.goto(page.url.split("/compare")[0])

            page.fill("#save-name", "mine")
            click(page, ".save button")
            page.wait_for_selector(".said-so")
            expect(page.locator(".said-so")).to_contain_text("the strategy of node 4: plain with reasoning=false")
            mine = load_strategy(tmp_path / "strategies" / "mine.yaml")
            assert (mine.reasoning, mine.description) == (False, "plain with reasoning=false")
            session = page.url.split("?")[0]
            nodes = page.locator("svg.branches a").count()
            studio.send_signal(signal.SIGKILL)
            studio.wait()
            click(page, "#send")
            expect(page.locator("#problem")).to_contain_text("does not answer")
        complaints.clear()  # the browser complained that nobody answered

        with process(tmp_path, port) as (_, address):
            page.goto(address)
            page.goto(session)
            page.wait_for_selector(".three")
            expect(page.locator("svg.branches a")).to_have_count(nodes)
            expect(page.locator("#strategy-title")).to_contain_text("plain-edited")
            send(page)
            click(page, "text=Export")
            page.wait_for_selector("h1:has-text('mxint_softmax')")
            run = next((tmp_path / "runs").iterdir())
            assert len(read_run(run).turns) == 3
        assert complaints == []
        assert not [text for text in texts if KEY in text]
        assert len(texts) > 20


COLUMNS = """() => {
  const text = document.querySelector("#template-text"), style = getComputedStyle(text);
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = style.font;
  const room = text.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return room / pen.measureText("m").width;
}"""


def test_a_template_is_edited_in_eighty_columns_and_only_that_edit_is_the_difference(
    browser: Browser, tmp_path: Path
) -> None:
    look = {"viewport": {"width": 1500, "height": 1000}}
    with running(places_in(tmp_path)) as studio, visit(browser, **look) as (context, complaints, _):
        page = context.new_page()
        page.goto(studio.policy.address())
        page.select_option("#design", "mxint_softmax")
        click(page, "text=Begin")
        page.wait_for_selector(".three")
        assert page.evaluate(COLUMNS) >= 80
        assert page.locator(".tree-actions a:has-text('Compare')").count() == 0  # there is one node only
        edit = "\nBe brief.\n"
        page.fill("#template-text", page.input_value("#template-text") + edit)
        page.press("#template-text", "Control+Enter")
        expect(page.locator("#diff .in").last).to_have_text("+Be brief.\n")
        assert page.locator("#diff-sent").count() == 0  # nothing was sent
        click(page, "#diff summary")  # what a person closes stays closed
        page.fill("#paste-text", WIDE)
        click(page, "text=Run its tests")
        page.wait_for_selector(".came", timeout=PATIENCE)
        expect(page.locator("#diff-sent")).to_have_count(1)
        assert page.locator("#diff").count() == 0  # nothing was changed here
        page.fill("#o-tests", "3")
        page.press("#o-tests", "Tab")
        expect(page.locator("#diff .out")).to_have_count(1)
        expect(page.locator("#diff .in")).to_contain_text(["About 3 tests"])
        assert complaints == []


def test_nothing_can_be_chosen_before_the_script_listens(browser: Browser, tmp_path: Path) -> None:
    with running(places_in(tmp_path)) as studio, visit(browser) as (context, complaints, _):
        page = context.new_page()
        page.goto(studio.policy.address())
        page.select_option("#design", "mxint_softmax")
        click(page, "text=Begin")
        page.wait_for_selector(".three")
        held: list[Route] = []
        page.route("**/studio.js", lambda route: held.append(route))  # noqa: PLW0108  (playwright wants a function)
        address = page.locator(".tree-actions >> text=A/B").get_attribute("href")
        page.evaluate(f"location.assign({json.dumps(address)})")
        page.wait_for_url("**/ab?*", wait_until="commit")
        page.wait_for_timeout(500)
        assert held
        assert page.locator("#source_B").count() == 0
        held[0].continue_()
        page.select_option("#source_B", "strategy:plain")
        page.wait_for_url("**source_B=strategy*")
        assert complaints == []


def test_an_ab_streams_its_progress_and_shows_both_sides(browser: Browser, tmp_path: Path) -> None:
    with (
        LoopbackServer(REPLIES) as model,
        running(places_in(tmp_path)) as studio,
        visit(browser) as (context, complaints, _),
    ):
        page = context.new_page()
        page.goto(studio.policy.address())
        page.select_option("#design", "mxint_softmax")
        page.fill("#model", "openai:test")
        page.fill("#base_url", model.url)
        click(page, "text=Begin")
        page.wait_for_selector(".three")
        click(page, ".tree-actions >> text=A/B")
        page.select_option("#source_B", "strategy:plain")
        page.wait_for_url("**source_B=strategy*")
        page.fill("#samples", "2")
        page.press("#samples", "Tab")
        expect(page.locator("#start-ab")).to_have_text("Send 4 calls")
        click(page, "#start-ab")
        expect(page.locator("svg.ab circle")).to_have_count(4, timeout=PATIENCE)
        assert len(model.requests) == 4
        assert complaints == []


def test_without_scripts_forms_and_links_do_the_same(browser: Browser, tmp_path: Path) -> None:
    with (
        running(places_in(tmp_path)) as studio,
        visit(browser, java_script_enabled=False) as (context, complaints, _),
    ):
        page = context.new_page()
        page.goto(studio.policy.address())
        page.select_option("#design", "mxint_softmax")
        click(page, "text=Begin")
        page.wait_for_selector(".three")
        click(page, "#group-holes summary")
        page.fill("[id='o-holes.detailed']", "12")
        click(page, "text=Set options")
        expect(page.locator("#strategy-title")).to_contain_text("default-edited")
        page.fill("#paste-text", WIDE)
        click(page, "text=Run its tests")
        while page.locator("#job").count():
            click(page, "text=Reload")
        expect(page.locator("[data-new-bins]")).to_have_count(1)
        assert complaints == []


@pytest.mark.parametrize("width", [390, 1440])
def test_pages_fit_narrow_and_wide_windows_in_light_and_dark(
    browser: Browser, home: Path, tmp_path: Path, width: int
) -> None:
    papers, report = set(), write_report(shutil.copytree(home / "runs" / RUN, tmp_path / "run"))
    with running(places_in(home)) as studio:
        for scheme in ("light", "dark"):
            look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
            with visit(browser, **look) as (context, complaints, _):
                page = context.new_page()
                page.goto(studio.policy.address())
                for target in ("/", "/runs", f"/runs/{RUN}", f"/runs/{RUN}/turns/0", f"/runs/{RUN}/tests/1"):
                    page.goto(studio.base + target)
                    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                    assert overflow <= 0, (target, overflow)
                page.goto(report.as_uri())
                page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
                page.evaluate("document.querySelector('.subtitle').textContent = 'W'.repeat(300)")
                assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
                papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
                assert complaints == []
    assert len(papers) == 2


def test_the_keyboard_alone_goes_through_a_run(browser: Browser, home: Path) -> None:
    with running(places_in(home)) as studio, visit(browser) as (context, complaints, _):
        page = context.new_page()
        page.goto(studio.policy.address())
        page.goto(f"{studio.base}/runs/{RUN}/turns/0")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**/turns/1")
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**/turns/0")
        unnamed = "[...document.querySelectorAll('button, a, input:not([type=hidden]), select, textarea')]"
        names = page.evaluate(
            f"{unnamed}.filter(e => !(e.labels?.length || e.textContent.trim() || e.ariaLabel)).length"
        )
        assert names == 0
        assert complaints == []


def test_another_page_in_the_same_browser_can_neither_read_nor_act(browser: Browser, home: Path) -> None:
    """A page from elsewhere tries with the user's cookie at hand; another port of 127.0.0.1 is even the same site."""
    attack = "fetch(TARGET, {method: METHOD, mode: 'no-cors', credentials: 'include', body: BODY})"
    with running(places_in(home)) as studio, visit(browser) as (context, _, _):
        before = sorted(studio.places.sessions.glob("*"))
        page = context.new_page()
        page.goto(studio.policy.address())
        with LoopbackServer([ok("x")]) as elsewhere:
            page.goto(elsewhere.url.removesuffix("/v1"))
            for method, body in (("POST", "'design=mxint_softmax'"), ("GET", "undefined")):
                script = attack.replace("TARGET", json.dumps(f"{studio.base}/sessions")).replace("BODY", body)
                page.evaluate(script.replace("METHOD", json.dumps(method)) + ".then(() => 1, () => 0)")
            read = page.evaluate(
                f"fetch('{studio.base}/runs', {{credentials: 'include'}}).then(a => a.text()).catch(() => 'refused')"
            )
        assert read == "refused"
        assert sorted(studio.places.sessions.glob("*")) == before
