"""A real browser opens a board: it sorts, it reads without scripts, it asks no network, and nothing in it runs."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from board_trials import GOOD, NULL
from browser import visit
from browser_clicks import click
from contrast import too_pale
from playwright.sync_api import expect, sync_playwright
from report_runs import parse

from dv_agent.eval.board.files.output import write_board
from dv_agent.eval.board.leaderboard import Board
from dv_agent.eval.board.page.render import render_board

pytestmark = pytest.mark.usefixtures("chromium")


def with_more_script(html: str, more: str) -> str:
    """The page as if its own script ended with `more`: the policy of the page lets nothing else run."""
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.S)
    (known,) = re.findall(r"script-src '(sha256-[^']+)'", html)
    hashed = base64.b64encode(hashlib.sha256((script + more).encode()).digest()).decode()
    return html.replace(script, script + more).replace(known, f"sha256-{hashed}")


def first_rows(document: str) -> list[str]:
    """The entries of the leaderboard, from top to bottom."""
    section = re.findall(r"<section id=\"leaderboard\">.*?</section>", document, flags=re.S)[0]
    return [" ".join(parse(row).text.split()) for row in re.findall(r"<th scope=\"row\">.*?</th>", section, flags=re.S)]


def test_a_browser_shows_a_board_without_a_complaint_or_a_request(board: Board, tmp_path: Path) -> None:
    page = next(path for path in write_board(board, tmp_path) if path.suffix == ".html")
    seen = visit(page, tmp_path)
    assert '<button type="button">entry</button>' in seen.document  # the script ran
    assert seen.document.count('placeholder="pick bins') == len(board.designs)
    assert seen.complaints == ()
    assert seen.requests == ()


def test_a_click_sorts_a_table_and_a_second_one_turns_it_round(board: Board, tmp_path: Path) -> None:
    click = '\ndocument.querySelector("#leaderboard thead th:nth-child(3) button").click();'
    orders = []
    for times in (1, 2):
        page = tmp_path / f"clicked{times}.html"
        page.write_text(with_more_script(render_board(board), click * times))
        seen = visit(page, tmp_path)
        assert seen.complaints == ()
        orders.append(first_rows(seen.document))
    means = {row.label: row.figures["coverage"].mean for row in board.rows}
    found = [[next(label for label in means if shown.startswith(label)) for shown in order] for order in orders]
    assert [means[label] for label in found[0]] == sorted(means.values(), reverse=True)
    assert [means[label] for label in found[1]] == sorted(means.values())
    assert board.row(NULL.digest).label == found[1][0] != board.row(GOOD.digest).label


def test_a_link_to_the_first_test_of_a_bin_opens_what_it_sent_and_no_text_is_pale(
    board: Board, tmp_path: Path, chromium: str
) -> None:
    page = next(path for path in write_board(board, tmp_path) if path.suffix == ".html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        seen = browser.new_page()
        seen.goto(page.as_uri())
        click(seen, "#design-1 >> text=Bins: who hits them")
        link = seen.locator("#design-1 td.first a").first
        sent = seen.locator(link.get_attribute("href") or "")
        expect(sent).to_be_hidden()
        click(seen, "#design-1 td.first a")
        expect(sent.locator("pre")).to_be_visible()
        expect(sent.locator("pre")).to_contain_text('"word"')
        seen.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert seen.locator(".heat small").count()
        assert seen.locator(".bin-table .zero").count()
        for scheme in ("light", "dark"):
            seen.emulate_media(color_scheme=scheme)
            assert too_pale(seen) == {}
        browser.close()


def test_without_scripts_all_tables_are_there_and_no_control_is_dead(board: Board, tmp_path: Path) -> None:
    html = render_board(board)
    page = tmp_path / "still.html"
    page.write_text(re.sub(r"<script>.*?</script>", "", html, flags=re.S))
    seen = visit(page, tmp_path)
    assert len(first_rows(seen.document)) == len(board.rows)
    assert seen.document.count("<tr") == html.count("<tr")
    assert "<button" not in seen.document
    assert "<input" not in seen.document


def test_what_a_record_says_never_runs(board: Board, tmp_path: Path) -> None:
    attack = '<script>document.title="owned"</script><img src="x" onerror="document.title=1">'
    rows = tuple(row.model_copy(update={"label": attack}) for row in board.rows)
    page = tmp_path / "escaped.html"
    page.write_text(render_board(board.model_copy(update={"rows": rows})))
    seen = visit(page, tmp_path)
    assert seen.complaints == ()  # it was text, so there was nothing to stop
    assert "<title>Leaderboard" in seen.document
    page.write_text(render_board(board).replace("</main>", f"{attack}</main>"))
    stopped = visit(page, tmp_path)  # and were it markup, the policy would stop it
    assert len(stopped.complaints) >= 2
    assert "<title>Leaderboard" in stopped.document
