"""A design of which there is only RTL, in a real browser: its code is the goal, and another simulator is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bare_designs import bare
from browser_clicks import click
from playwright.sync_api import Browser, expect
from prerequisites import need
from test_studio_in_a_browser import PATIENCE, browser, process, visit

__all__ = ["browser"]
STEPS = {"s": [{"random": {"count": 20}}], "m": [{"stall": 30}, {"ready": 5}, {"stall": 9}]}


def test_the_code_of_a_bare_design_is_the_goal_of_a_session(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("verilator")
    bare(tmp_path / "designs", "fifo", simulators=["verilator"])
    monkeypatch.setenv("DV_AGENT_DESIGNS", str(tmp_path / "designs"))
    with visit(browser) as (context, complaints, _), process(tmp_path) as (_, address):
        page = context.new_page()
        page.goto(address)
        page.select_option("#design", "fifo")
        click(page, "details:has(#goal) > summary")
        page.select_option("#goal", "code")
        click(page, "text=Begin")
        page.wait_for_selector(".three", timeout=2 * PATIENCE)
        expect(page.locator("[role=note]")).to_contain_text("simulated with verilator: it counts the code coverage")
        click(page, "#part-code > summary")
        expect(page.locator("#part-code pre")).to_contain_text("13 |       if (s_valid & s_ready) begin")
        page.fill("#paste-text", json.dumps({"tests": [{"name": "<b>wide</b>", "tracks": STEPS}]}))
        click(page, "text=Run its tests")
        expect(page.locator("#came-title")).to_contain_text("new bins")
        expect(page.locator("#came-title")).not_to_contain_text(" 0 new bins")
        expect(page.locator(".right")).to_contain_text("code")
        click(page, "text=Export")
        page.wait_for_selector("h1:has-text('fifo')")
        expect(page.locator("main")).to_contain_text("dv-agent rescore runs/")
        assert complaints == []
