"""A real browser opens the report: nothing goes wrong, and nothing is asked of any network."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from dv_agent.eval.report.write import write_report

CHROMIUM = shutil.which("chromium")
WORDS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0", "--dump-dom",
)  # fmt: skip
NOBODY = "not an origin"  # how the browser's own background requests are signed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no `chromium` is installed: nothing opens the report")


@dataclass(frozen=True)
class Visit:
    """What a browser made of a page: its document, what it logged on the console, what the page asked for."""

    document: str
    complaints: tuple[str, ...]
    requests: tuple[str, ...]


def visit(path: Path, room: Path) -> Visit:
    log = room / "net.json"
    words = [*WORDS, f"--user-data-dir={room / 'profile'}", f"--log-net-log={log}", path.resolve().as_uri()]
    done = subprocess.run([str(CHROMIUM), *words], capture_output=True, text=True, timeout=60, check=False)
    asked = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    return Visit(
        done.stdout,
        tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line),
        tuple(one.get("url", "") for one in asked if one.get("initiator", NOBODY) != NOBODY),
    )


def test_a_browser_shows_the_report_without_a_complaint_or_a_request(failed: Path, tmp_path: Path) -> None:
    seen = visit(write_report(failed), tmp_path)
    assert "<h1>mxint_softmax" in seen.document
    assert 'role="img"' in seen.document
    assert seen.complaints == ()
    assert seen.requests == ()


def test_such_a_visit_does_notice_requests_and_forbidden_scripts(failed: Path, tmp_path: Path) -> None:
    html = write_report(failed).read_text(encoding="utf-8")
    attack = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "owned"</script></main>'
    (tmp_path / "bad.html").write_text(html.replace("</main>", attack))
    guarded = visit(tmp_path / "bad.html", tmp_path)
    assert len(guarded.complaints) == 2
    assert "owned" not in guarded.document.split("</title>")[0]
    (tmp_path / "bad.html").write_text(html.replace("Content-Security-Policy", "x").replace("</main>", attack))
    assert visit(tmp_path / "bad.html", tmp_path).requests == ("http://127.0.0.1:9/x.png",)
