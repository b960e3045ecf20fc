"""Sessions through the page, without a browser: what may be done, and attacks on it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from loopback import LoopbackServer, ok, silence, status
from report_runs import parse
from session_help import FAULTY, LENGTHS, WIDE
from studio_server import RUN, Answer, Studio, places_in, running

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.session.progress import Progress
from dv_agent.studio.connection.events import follow
from dv_agent.studio.jobs import Job

KEY = "sk-a-key-that-must-not-be-seen-0123456789"
SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
HOSTILE = f"{SCRIPT} {KEY} {{{{ 7 * 7 }}}}\n" + WIDE.replace('"wide"', '"<script>wide</script>"')


@pytest.fixture(scope="module")
def model() -> Iterator[LoopbackServer]:
    with LoopbackServer([ok(HOSTILE), ok(LENGTHS)]) as server:
        yield server


@pytest.fixture(scope="module")
def studio(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio of its own, with the recorded run."""
    folder = tmp_path_factory.mktemp("sessions")
    (folder / "runs").mkdir()
    (folder / "sessions").mkdir()  # as it is after the first session
    (folder / "runs" / RUN).mkdir()
    for file in (home / "runs" / RUN).rglob("*"):
        target = folder / "runs" / RUN / file.relative_to(home / "runs" / RUN)
        target.mkdir(exist_ok=True) if file.is_dir() else target.write_bytes(file.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        with running(places_in(folder)) as found:
            yield found


@pytest.fixture(scope="module")
def address(studio: Studio, model: LoopbackServer) -> str:
    """A session with one sent turn."""
    begun = studio.post("/sessions", design="mxint_softmax", model="openai:test", base_url=model.url, seed="3")
    assert begun.status == 303, begun.text
    settled(studio, begun.headers["location"])
    assert studio.post(f"{begun.headers['location']}/send", node="0").status == 303
    settled(studio, begun.headers["location"])
    return begun.headers["location"]


def settled(studio: Studio, address: str) -> Answer:
    """The page of a session once nothing goes on any more."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        answer = studio.get(address)
        if 'id="job"' not in answer.text:
            return answer
        time.sleep(0.05)
    raise AssertionError(answer.text)


def test_a_turn_shows_its_reply_tests_bins_and_cost_and_the_reply_is_text(studio: Studio, address: str) -> None:
    answer = studio.get(f"{address}?node=1")
    page = parse(answer.text)
    assert "100 tokens in, 10 out" in page.text
    assert "new bins" in page.text
    assert SCRIPT in page.text
    assert "<script>wide</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert [one for name, one in page.tags if name == "script"] == [{"src": "/assets/studio.js"}]
    assert all(not key.startswith("on") for _, attributes in page.tags for key in attributes)
    assert "[hidden]" in page.text


def test_the_key_reaches_no_page_no_event_and_no_file(studio: Studio, address: str) -> None:
    for target in ("/", address, f"{address}?node=1", f"{address}/events", f"{address}/compare?a=0&b=1",
                   f"{address}/ab?node=0"):  # fmt: skip
        assert KEY not in studio.get(target).text
    log = (studio.places.sessions / address.removeprefix("/sessions/") / "session.json").read_text()
    assert KEY not in log


def test_options_are_set_one_by_one_or_together_and_undone(studio: Studio, address: str) -> None:
    made = studio.post(f"{address}/branch", node="1", label="options").headers["location"]
    node = made.split("node=")[1]
    both = {"restart.when": "stale", "history.keep": "recent", "holes.detailed": "12"}
    assert studio.post(f"{address}/options", node=node, **both).status == 303
    page = parse(studio.get(made).text)
    assert "default-edited" in page.text
    wrong = studio.post(f"{address}/options", node=node, **{"holes.detailed": "many"})
    assert wrong.status == 400
    assert "holes.detailed" in wrong.text
    for _ in range(3):
        assert studio.post(f"{address}/undo", node=node).status == 303
    assert "default-edited" not in parse(studio.get(made).text).text


@pytest.mark.parametrize(
    ("form", "fields", "told"),
    [
        ("options", {"no.such": "1"}, "no.such"),
        ("options", {"templates": "../.."}, "templates"),
        ("options", {"folder": "/etc"}, "folder"),
        ("sampling", {"temperature": "9"}, "temperature: this value is not allowed; expected a number from 0 to 2"),
        ("sampling", {"role_style": "boss"}, "expected one of auto, system, developer, user"),
        ("options", {"feedback": "loud"}, "expected one of steps, counts, none"),
        ("options", {"tests": "many"}, "tests: 'many' is not allowed; expected a whole number from 1 to 64"),
        ("sampling", {"base_url": f"http://user:{KEY}@127.0.0.1/v1"}, "DV_AGENT_API_KEY"),
        ("strategy", {"strategy": "/etc/passwd.yaml"}, "unknown prompt strategy"),
        ("strategy", {"strategy": "saved:../../evil"}, "unknown prompt strategy"),
        ("template", {"template": "../../etc/passwd", "text": "x"}, "unknown template"),
        ("template", {"template": "parts/ask", "text": "{% if %}"}, "line 1"),
        ("template", {"template": "parts/ask", "text": "{{ ''.__class__.__mro__[1].__subclasses__() }}"}, "parts/ask"),
        ("template", {"template": "parts/ask", "text": "{% include '/etc/passwd' %}"}, "parts/ask"),
        ("part", {"part": SCRIPT, "text": "x"}, "no part"),
        ("message", {"index": "7", "text": "x"}, "no message 7"),
        ("branch", {"label": SCRIPT}, "label"),
        ("branch", {"label": "../../x"}, "label"),
        ("save", {"strategy": "../../evil"}, "no name"),
        ("save", {"strategy": "/tmp/evil"}, "no name"),
        ("save", {"strategy": "a\x00b"}, "no name"),
        ("save-template", {"template": "../../evil"}, "unknown template"),
        ("paste", {"text": "  "}, "empty"),
    ],
)  # fmt: skip
def test_a_wrong_change_is_one_clear_error_and_changes_nothing(
    studio: Studio, address: str, form: str, fields: dict[str, str], told: str
) -> None:
    before = sorted(path for path in studio.places.sessions.parent.rglob("*") if "evil" in path.name)
    answer = studio.post(f"{address}/{form}", node="0", **fields)
    if answer.status == 303:  # what takes time tells of its failure on the page
        answer = settled(studio, answer.headers["location"])
    problem = " ".join(parse(answer.text).text.split())
    assert told in problem
    assert KEY not in answer.text
    assert "Traceback" not in answer.text
    assert "root:" not in answer.text
    assert SCRIPT not in answer.text
    assert sorted(path for path in studio.places.sessions.parent.rglob("*") if "evil" in path.name) == before


@pytest.mark.parametrize("node", ["99", "-1", "", "x", "9" * 30, "1; drop", "٣"])
def test_a_node_that_is_none_is_one_clear_error(studio: Studio, address: str, node: str) -> None:
    for form in ("send", "undo", "branch", "options", "sampling", "export", "save", "ab"):
        answer = studio.post(f"{address}/{form}", node=node, strategy="x", samples="1", label="l")
        if answer.status == 303:
            answer = settled(studio, address)
        assert answer.status in (200, 400)
        assert "Internal Server Error" not in answer.text
    for target in (f"{address}?node={quote(node)}", f"{address}/compare?a=0&b={quote(node)}"):
        assert studio.get(target).status in (200, 400)


@pytest.mark.parametrize(
    "fields",
    [
        {"design": "/etc"}, {"design": "../designs/mxint_softmax"}, {"design": ""}, {"design": "no_such"},
        {"design": "mxint_softmax", "strategy": "../x.yaml"}, {"design": "mxint_softmax", "bug": "../S1"},
        {"design": "mxint_softmax", "goal": "all"}, {"design": "mxint_softmax", "seed": "x"},
        {"design": "mxint_softmax", "base_url": "ftp://x", "model": "a:b"},
        {"design": "mxint_softmax", "model": "gpt-5"}, {"design": "mxint_softmax", "model": "nobody:x"},
        {"design": "mxint_softmax", "base_url": "http://127.0.0.1:1/v1"},
        {"run": "../outside"}, {"run": "/etc"}, {"run": RUN, "turn": "99"},
    ],
)  # fmt: skip
def test_a_session_begins_on_nothing_but_known_designs_and_runs(studio: Studio, fields: dict[str, str]) -> None:
    before = set(studio.places.sessions.iterdir())
    answer = studio.post("/sessions", **fields)
    assert answer.status in (400, 404), answer.headers
    assert 'id="problem"' in answer.text
    assert set(studio.places.sessions.iterdir()) == before


def test_a_linked_session_and_a_foreign_design_in_a_session_are_not_opened(studio: Studio, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "session.json").write_text('{"design": "mxint_softmax"}')
    (studio.places.sessions / "linked").symlink_to(outside)
    assert studio.get("/sessions/linked").status == 404
    own = studio.places.sessions / "own"
    own.mkdir()
    (own / "session.json").symlink_to(outside / "session.json")
    assert studio.get("/sessions/own").status == 400
    (own / "session.json").unlink()
    evil = tmp_path / "evil"
    evil.mkdir()
    (evil / "model.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w')")
    (own / "session.json").write_text(f'{{"design": "{evil}"}}')
    assert studio.get("/sessions/own").status == 400
    assert not (tmp_path / "owned").exists()


def test_saving_writes_into_the_folder_of_strategies_and_follows_no_link(
    studio: Studio, address: str, tmp_path: Path
) -> None:
    studio.post(f"{address}/template", node="0", template="parts/role", text="You verify hardware, briefly.\n")
    saved = studio.post(f"{address}/save", node="0", strategy="brief")
    assert saved.status == 303, saved.text
    assert "briefly" in (studio.places.strategies / "brief.yaml").read_text()
    assert studio.post(f"{address}/save", node="0", strategy="brief").status == 400
    assert studio.post(f"{address}/save", node="0", strategy="brief", replace="yes").status == 303
    assert "saved:brief" in studio.get("/").text
    victim = tmp_path / "victim.yaml"
    victim.write_text("untouched")
    (studio.places.strategies / "linked.yaml").symlink_to(victim)
    assert "saved:linked" not in studio.get("/").text
    studio.post(f"{address}/save", node="0", strategy="linked", replace="yes")
    assert victim.read_text() == "untouched"
    (studio.places.strategies / "templates").symlink_to(tmp_path)
    answer = studio.post(f"{address}/save-template", node="0", template="parts/role")
    assert answer.status == 400
    assert not (tmp_path / "parts").exists()
    studio.post(f"{address}/undo", node="0")


def test_a_pasted_reply_runs_and_what_cannot_be_used_of_it_is_told(studio: Studio, address: str) -> None:
    made = studio.post(f"{address}/paste", node="0", text=FAULTY.replace("\n", "\r\n"))
    assert made.status == 303, made.text
    page = parse(settled(studio, address).text)
    assert "of the reply could not be used" in page.text
    assert "What the pasted reply won" in page.text


def test_a_branch_is_compared_exported_and_read_as_a_run(studio: Studio, address: str) -> None:
    page = parse(studio.get(f"{address}/compare?a=1&b=0").text)
    assert "since node 0" in page.text
    assert "Only A" in page.text
    made = studio.post(f"{address}/export", node="1")
    assert made.status == 303, made.text
    run = read_run(studio.places.runs / made.headers["location"].removeprefix("/runs/"))
    assert len(run.turns) == 1
    assert studio.get(made.headers["location"]).status == 200


def test_an_exported_run_keeps_its_failing_test_shrunk_and_with_its_waveform(studio: Studio) -> None:
    begun = studio.post("/sessions", design="mxint_softmax", bug="S7")
    settled(studio, begun.headers["location"])
    wrong = '{"tests": [{"tracks": {"in": [{"row": [{"m": [0, 9], "e": 7}]}]}}]}'
    assert studio.post(f"{begun.headers['location']}/paste", node="0", text=wrong).status == 303
    settled(studio, begun.headers["location"])
    made = studio.post(f"{begun.headers['location']}/export", node="1")
    folder = studio.places.runs / made.headers["location"].removeprefix("/runs/")
    assert (folder / "failures" / "0" / "shrunk.json").is_file()
    assert "Shrunk test" in (folder / "report.html").read_text()


def test_an_ab_without_a_model_names_no_price(studio: Studio) -> None:
    begun = studio.post("/sessions", design="mxint_softmax")
    settled(studio, begun.headers["location"])
    page = studio.get(f"{begun.headers['location']}/ab?node=0&source_A=here&source_B=strategy:plain")
    assert "No model is set: name one for each variant" in page.text
    assert "tokens in (estimated)" not in page.text


def test_progress_is_told_however_many_steps_there_are() -> None:
    job = Job("long")
    for done in range(5_000):
        job.tell(Progress("test", f"test {done}", done, 5_000))
    job.over.set()

    class Connected:
        async def is_disconnected(self) -> bool:
            return False

    async def told() -> list[str]:
        return [event async for event in follow(job, Connected())]  # type: ignore[arg-type]

    assert "test 4999" in asyncio.run(told())[0]
    assert job.count == 5_000


def test_a_session_begins_before_a_turn_of_a_run_and_shows_its_waveforms(studio: Studio) -> None:
    begun = studio.post("/sessions", run=RUN, turn="1")
    assert begun.status == 303, begun.text
    page = settled(studio, begun.headers["location"])
    assert "No model is set." in page.text
    pasted = studio.post(f"{begun.headers['location']}/paste", node="0", text=LENGTHS)
    assert pasted.status == 303
    text = settled(studio, begun.headers["location"]).text
    link = next(one["href"] for one in parse(text).all("a") if "/tests/1/" in one.get("href", ""))
    assert "Waveform" in studio.get(link).text


def test_what_takes_long_is_followed_by_events_refuses_changes_and_can_be_given_up(studio: Studio) -> None:
    with LoopbackServer([silence(60)]) as slow:
        begun = studio.post("/sessions", design="mxint_softmax", model="openai:slow", base_url=slow.url)
        address = begun.headers["location"]
        settled(studio, address)
        assert studio.post(f"{address}/send", node="0").status == 303
        page = studio.get(address)
        assert f'data-events="{address}/events"' in page.text
        refused = studio.post(f"{address}/options", node="0", tests="4")
        assert refused.status == 400
        assert "wait for what goes on" in refused.text
        began = time.monotonic()
        assert studio.post(f"{address}/cancel").status == 303
        told = studio.get(f"{address}/events").text
        assert time.monotonic() - began < 20
        assert "asking openai:slow" in told
        assert told.endswith("event: over\ndata: {}\n\n")
        assert "Given up" in settled(studio, address).text
        assert studio.post(f"{address}/options", node="0", tests="4").status == 303


def test_a_failing_model_is_told_with_its_key_hidden(studio: Studio, model: LoopbackServer) -> None:
    with LoopbackServer([status(401, f"wrong key {KEY}")]) as refusing:
        begun = studio.post("/sessions", design="mxint_softmax", model="openai:x", base_url=refusing.url)
        address = begun.headers["location"]
        settled(studio, address)
        studio.post(f"{address}/send", node="0")
        page = settled(studio, address)
    assert "401" in page.text
    assert KEY not in page.text


def test_an_ab_sends_every_variant_and_shows_gains_with_their_spread(studio: Studio, address: str) -> None:
    query = {"node": "1", "samples": "2", "source_A": "here", "source_B": "strategy:plain"}
    before = studio.get(f"{address}/ab?" + "&".join(f"{key}={value}" for key, value in query.items()))
    assert "Send 4 calls" in before.text
    assert "unknown price" in before.text
    started = studio.post(f"{address}/ab", **query)
    assert started.status == 303, started.text
    settled(studio, address)
    page = studio.get(started.headers["location"])
    assert len(re.findall("2 of 2</td>", page.text)) == 2
    assert "All samples are there" in page.text
    same = studio.get(f"{address}/ab?node=1&source_A=here&source_B=here")
    assert "the very same" in same.text
    assert studio.get(f"{address}/ab?node=1&source_A=strategy:..%2Fx").text.count("unknown prompt strategy") == 1
    assert studio.get(f"{address}/ab?node=1&samples=9999").status == 400


def test_a_model_that_no_provider_has_is_told_on_the_page_where_it_can_be_mended(studio: Studio, address: str) -> None:
    made = studio.post(f"{address}/branch", node="0", label="mended").headers["location"]
    node = made.split("node=")[1]
    assert studio.post(f"{address}/sampling", node=node, model="gpt-5", base_url="").status == 303
    page = studio.get(made)
    assert page.status == 200
    assert "names no provider" in page.text
    assert studio.post(f"{address}/sampling", node=node, model="openai:gpt-5", base_url="").status == 303
    assert "It may cost" in studio.get(made).text
