"""Attacks on the guard: every request is refused that does not come from the page itself."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from studio_server import RUN, Studio, places_in, running

from dv_agent.studio.connection.guard import MAX_BODY

PAGES = ("/", "/runs", f"/runs/{RUN}", f"/runs/{RUN}/turns/0", "/assets/studio.css", "/nowhere")


@pytest.mark.parametrize("target", PAGES)
def test_nothing_is_shown_without_the_token(studio: Studio, target: str) -> None:
    host = {"Host": studio.known["Host"]}
    for headers in (host, host | {"Cookie": f"{studio.policy.cookie}=wrong"}, host | {"Cookie": "\x01=;;"}):
        answer = studio.send("GET", target, headers)
        assert answer.status == 403
        assert "dv-agent studio" in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("token", ["", "wrong", "%00", "x" * 5000])
def test_a_wrong_token_in_the_address_opens_nothing(studio: Studio, token: str) -> None:
    host = {"Host": studio.known["Host"]}
    assert studio.send("GET", f"/?token={token}", host).status == 403
    right = studio.policy.token
    for target in (f"/?token={token}&token={right}", f"/?token={right}x", f"/?Token={right}"):
        assert studio.send("GET", target, host).status == 403


def test_the_printed_address_becomes_a_cookie_that_no_script_and_no_other_site_can_use(studio: Studio) -> None:
    target = studio.policy.address().removeprefix(studio.base)
    answer = studio.send("GET", target, {"Host": studio.known["Host"]})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "domain" not in cookie
    assert studio.get("/runs").status == 200
    inner = studio.send("GET", f"/runs?token={studio.policy.token}", {"Host": studio.known["Host"]})
    assert (inner.status, inner.headers["location"]) == (303, "/runs")
    for target in ("//evil.example", "/%2fevil.example/", "http://evil.example/x"):
        answer = studio.send("GET", f"{target}?token={studio.policy.token}", {"Host": studio.known["Host"]})
        assert not answer.headers.get("location", "/x").startswith(("//", "http"))


def test_every_start_has_a_token_of_its_own(studio: Studio, tmp_path: Path) -> None:
    with running(places_in(tmp_path)) as other:
        assert other.policy.token != studio.policy.token
        assert len(other.policy.token) >= 40
        stolen = {"Host": other.known["Host"], "Cookie": f"{other.policy.cookie}={studio.policy.token}"}
        assert other.send("GET", "/runs", stolen).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}",
             "[::1]:{port}", "0.0.0.0:{port}", "localhost", "127.0.0.1:{port}@evil.example", ""],
)  # fmt: skip
def test_a_foreign_host_name_is_refused_even_with_the_token(studio: Studio, host: str) -> None:
    headers = studio.known | {"Host": host.format(port=studio.policy.port)}
    assert studio.send("GET", "/runs", headers).status in (400, 421)


def test_no_host_at_all_is_refused(studio: Studio) -> None:
    assert studio.send("GET", "/runs", {"Cookie": studio.known["Cookie"]}).status in (400, 421)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1",
                                    "http://localhost:{port}", "", "http://127.0.0.1:{port}.evil.example"])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_foreign_origin_is_refused(studio: Studio, origin: str, method: str) -> None:
    headers = studio.known | {"Origin": origin.format(port=studio.policy.port)}
    assert studio.send(method, "/runs", headers).status == 403


def test_nothing_is_changed_for_who_does_not_say_where_it_comes_from(studio: Studio) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert studio.send(method, "/sessions", studio.known, b"design=mxint_softmax").status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_that_another_site_asks_is_refused(studio: Studio, site: str) -> None:
    assert studio.get("/runs", **{"Sec-Fetch-Site": site}).status == 403
    assert studio.get("/runs", **{"Sec-Fetch-Site": "same-origin"}).status == 200


def test_every_answer_carries_strict_headers(studio: Studio) -> None:
    answers = [studio.get(target) for target in PAGES] + [studio.send("GET", "/", {"Host": "evil"})]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe-eval" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


def test_a_body_without_end_is_cut_off(studio: Studio) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Origin": studio.base}
    announced = studio.send("POST", "/sessions", studio.known | kind | {"Content-Length": str(MAX_BODY + 1)})
    assert announced.status == 413
    with socket.create_connection(("127.0.0.1", studio.policy.port), timeout=20) as raw:
        lines = ["POST /sessions HTTP/1.1", *(f"{name}: {value}" for name, value in (studio.known | kind).items())]
        raw.sendall("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode())
        sent = 0
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            while sent < 20 * MAX_BODY:
                raw.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
        assert sent < 20 * MAX_BODY
    assert studio.get("/runs").status == 200


def test_only_loopback_is_listened_on(studio: Studio) -> None:
    listening = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if line.split()[3] == "0A"]
    mine = [place for place in listening if int(place.split(":")[1], 16) == studio.policy.port]
    assert mine == [f"0100007F:{studio.policy.port:04X}"]
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", studio.policy.port), timeout=5)


def test_a_port_that_is_taken_is_one_clear_error(studio: Studio, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dv_agent.cli.main", "studio", "--port", str(studio.policy.port)],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"port {studio.policy.port} of 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


def test_control_c_ends_it_and_it_says_where_it_listens(tmp_path: Path) -> None:
    # A shell that starts the tests in its background has its children ignore SIGINT.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code = heard + "from dv_agent.cli.main import main; main()"
    words = [sys.executable, "-c", code, "studio", "--port", "0", "--design", "mxint_softmax"]
    started = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert started.stdout
    assert re.search(r"http://127\.0\.0\.1:\d+/sessions/\S+\?token=\S{40,}", started.stdout.readline())
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=120)
    assert started.returncode == 130, errors
    assert "Traceback" not in errors
    assert [one.name for one in (tmp_path / "sessions").iterdir()]
