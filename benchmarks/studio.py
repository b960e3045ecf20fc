"""The web face: from a model's reply to the updated page, in parts, with the largest plan (mxint_softmax, 415 bins).

The model is a loopback server; the reply is one test of 64 rows. Milliseconds, median and worst of some sends. The
processor time is that of this process, which is studio and model at once, from the click on; it hardly depends on how
busy the machine is, but leaves out the simulator and the browser::

    python benchmarks/studio.py
    python benchmarks/studio.py --browser      # also until Chromium shows it, through Playwright
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path += [str(Path(__file__).parent.parent / "tests" / name) for name in ("models", "studio")]

from loopback import LoopbackServer, ok
from studio_server import Studio, places_in, running

DESIGN, ITEMS, LIMIT = "mxint_softmax", 64, 300
NODES = "svg.branches a"


class Model:
    """Answers with a test of `ITEMS` rows, another one each time, and remembers when."""

    def __init__(self) -> None:
        self.answered, self.count = 0.0, 0

    def __call__(self, body: dict[str, Any]) -> str:
        self.count += 1
        rows = [{"row": [{"m": (i * 7 + self.count) % 128, "e": i % 8}]} for i in range(ITEMS)]
        text = json.dumps({"tests": [{"name": f"rows {self.count}", "tracks": {"in": rows}}]})
        self.answered = time.monotonic()
        return f"```json\n{text}\n```"


def over_http(studio: Studio, model: Model, address: str) -> dict[str, float]:
    """One send: until the stream says that it is over, and until the new page has arrived."""
    node, began = _current(studio, address), time.process_time()
    studio.post(f"{address}/send", node=node)
    studio.get(f"{address}/events")
    over = time.monotonic()
    page = studio.get(address)
    end, used = time.monotonic(), time.process_time() - began
    assert "data-new-bins" in page.text or "New bins" in page.text
    return {
        "tests run and told": over - model.answered,
        "page made": end - over,
        "all": end - model.answered,
        "processor time": used,
    }


def _current(studio: Studio, address: str) -> str:
    text = studio.get(address).text
    return text.split('name="node" value="')[1].split('"')[0]


def in_browser(page: Any, model: Model) -> dict[str, float]:
    """One send: until the new node is drawn."""
    count = page.locator(NODES).count()
    page.click("#send")
    page.locator(NODES).nth(count).wait_for()
    return {"until Chromium shows it": time.monotonic() - model.answered}


def begun(studio: Studio, url: str) -> str:
    """A session that is open."""
    address = studio.post("/sessions", design=DESIGN, model="openai:loopback", base_url=url).headers["location"]
    studio.get(f"{address}/events")
    return address


def measure(name: str, once: Callable[[], dict[str, float]], sends: int) -> None:
    """Print median and worst of every part."""
    once()  # imports and first builds
    found = [once() for _ in range(sends)]
    for part in found[0]:
        times = [1000 * one[part] for one in found]
        median = statistics.median(times)
        print(
            f"{name}  {part:24} median {median:6.0f} ms  worst {max(times):6.0f} ms  {median / LIMIT:5.2f} of the limit"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=7)
    parser.add_argument("--browser", action="store_true")
    options = parser.parse_args()
    model = Model()
    with (
        tempfile.TemporaryDirectory() as room,
        LoopbackServer([ok(model)]) as server,
        running(places_in(Path(room))) as studio,
    ):
        address = begun(studio, server.url)
        measure("http   ", lambda: over_http(studio, model, address), options.sends)
        if options.browser:
            _with_browser(studio, model, address, options.sends)


def _with_browser(studio: Studio, model: Model, address: str, sends: int) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only with --browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(studio.policy.address(address))
        measure("browser", lambda: in_browser(page, model), sends)
        browser.close()


if __name__ == "__main__":
    main()
