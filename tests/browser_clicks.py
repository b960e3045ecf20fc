"""A click that does not depend on the browser's painting."""

from __future__ import annotations

from playwright.sync_api import Error, Page, expect

PAINTING = 10_000  # milliseconds; a page that stands still is stable after two frames


def click(page: Page, selector: str) -> None:
    """Clicks what `selector` names, which must be visible and enabled.

    Before a click Playwright waits for two frames in which the element does not move. On a loaded machine without a
    screen Chromium now and then paints nothing for minutes, though the page answers. The click then goes to the
    element itself, without a place on the screen. A click that was begun is not made again.
    """
    wanted = page.locator(selector).first
    try:
        wanted.click(timeout=PAINTING)
    except Error as error:
        if "performing click action" in str(error):
            raise
        expect(wanted).to_be_visible()
        expect(wanted).to_be_enabled()
        wanted.dispatch_event("click")
