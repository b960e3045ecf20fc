"""A real browser opens the report: nothing goes wrong, and nothing is asked of any network."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from dv_agent.eval.report.write import write_report

CHROMIUM = shutil.which("chromium")
WORDS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
    "--v=0",
)  # fmt: skip


@pytest.mark.skipif(CHROMIUM is None, reason="no `chromium` is installed, so no browser can open the report")
def test_a_browser_shows_the_report_without_a_complaint_or_a_request(failed: Path, tmp_path: Path) -> None:
    path, log = write_report(failed), tmp_path / "net.json"
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, *WORDS, f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--dump-dom",
         path.resolve().as_uri()],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "<h1>mxint_softmax" in done.stdout
    assert 'role="img"' in done.stdout
    assert "CONSOLE" not in done.stderr
    asked = json.loads(log.read_text())["events"]
    addresses = {str(event.get("params", {}).get("url", "")) for event in asked}
    ours = {one for one in addresses if one.startswith(("http", "ws", "ftp")) and "google" not in one}
    assert ours == set()
    assert "report.html" not in "".join(address for address in addresses if not address.startswith("file:"))
