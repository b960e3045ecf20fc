"""A real browser that visits a page and tells what happened."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHROMIUM = shutil.which("chromium")
WORDS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0", "--dump-dom",
)  # fmt: skip
NOBODY = "not an origin"  # how the browser's own background requests are signed


@dataclass(frozen=True)
class Visit:
    """What a browser made of a page: its document, what it logged on the console, what the page asked for."""

    document: str
    complaints: tuple[str, ...]
    requests: tuple[str, ...]


def visit(path: Path, room: Path, *more: str) -> Visit:
    """Open the page at `path`; `room` is for the profile, `more` are further words of the command line."""
    log = room / "net.json"
    words = [*WORDS, *more, f"--user-data-dir={room / 'profile'}", f"--log-net-log={log}", path.resolve().as_uri()]
    done = subprocess.run([str(CHROMIUM), *words], capture_output=True, text=True, timeout=60, check=False)
    asked = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    return Visit(
        done.stdout,
        tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line),
        tuple(one.get("url", "") for one in asked if one.get("initiator", NOBODY) != NOBODY),
    )
