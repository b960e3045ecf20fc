"""Sessions over the real openai SDK and a loopback server: recorded before parsed, given up, failed, cached."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from loopback import Behaviour, LoopbackServer, ok, silence, status
from session_help import LENGTHS, WIDE, reply, rows

from dv_agent.agents.session.opening import SessionRequest, open_session
from dv_agent.agents.session.progress import Progress
from dv_agent.agents.session.prompt_session import PromptSession
from dv_agent.errors import Cancelled, ModelFailure, UsageError

KEY = "sk-very-secret-0123456789"


class Live:
    """Opens the session in a folder against a server."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.server: LoopbackServer

    def __call__(self, replies: Sequence[Behaviour], **more: Any) -> PromptSession:
        self.server = self._stack.enter_context(LoopbackServer(replies))
        model = {"model": "openai:test", "base_url": self.server.url, "timeout": 20.0, "retry_seconds": 0.3}
        wanted = SessionRequest(
            folder=self.folder, design="mxint_softmax", model={**model, **more.pop("model", {})}, **more
        )
        return self._stack.enter_context(open_session(wanted))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "session.jsonl").read_text().splitlines()]


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with ExitStack() as stack:
        yield Live(tmp_path / "s", stack)


def test_the_server_gets_what_was_rendered_and_no_secret_is_kept(live: Live) -> None:
    session = live(
        [ok(WIDE, model="test-2026"), status(429), ok(LENGTHS)], model={"temperature": 0.3, "retry_seconds": 9}
    )
    first = session.edit_part("ask", "BY HAND\n")
    seen: list[Progress] = []
    node = session.send(on_progress=seen.append)
    body = live.server.requests[0].body
    assert [one["content"] for one in body["messages"]] == [one.content for one in first.messages]
    assert body["temperature"] == 0.3
    assert [one.stage for one in seen] == ["asking", "reply", "test"]
    assert node.reply is not None
    assert node.reply.model == "test-2026"
    assert session.send(on_progress=seen.append).reply is not None
    assert "waiting" in {one.stage for one in seen}
    assert (session.spent.calls, session.spent.tokens) == (2, 220)
    everything = "".join(file.read_text() for file in live.folder.rglob("*") if file.is_file())
    assert KEY not in everything


def test_a_failed_call_makes_no_node_but_is_kept_and_counted(live: Live) -> None:
    session = live([status(503), status(503), status(503), ok(WIDE)])
    with pytest.raises(ModelFailure, match="503"):
        session.send()
    assert session.current.id == 0
    failed = live.lines()[-1]
    assert (failed["kind"], "503" in failed["failure"]) == ("call", True)
    assert session.spent.calls == len(failed["reply"]["attempts"]) >= 1


def test_a_reply_that_comes_too_late_is_taken_by_the_next_send(live: Live) -> None:
    waiting = threading.Event()

    def slow(body: dict[str, Any]) -> str:
        waiting.set()
        time.sleep(0.8)
        return WIDE

    session = live([ok(slow), ok(LENGTHS)])
    with pytest.raises(Cancelled):
        session.send(cancelled=waiting.is_set)
    assert (session.current.id, list(session.nodes)) == (0, [0])
    end = time.monotonic() + 20
    while live.lines()[-1]["kind"] != "call" and time.monotonic() < end:
        time.sleep(0.02)
    assert session.take_up() == ()
    node = session.send()
    assert len(node.new_bins) > 150
    assert len(live.server.requests) == 1
    session.goto(0)
    session.send()
    assert len(live.server.requests) == 2


def test_nobody_pays_for_a_retry_that_nobody_waits_for(live: Live) -> None:
    session = live([status(503), ok(WIDE)], model={"retry_seconds": 30})
    gave_up = threading.Event()

    def tell(progress: Progress) -> None:
        if progress.stage == "waiting":
            gave_up.set()

    with pytest.raises(Cancelled):
        session.send(on_progress=tell, cancelled=gave_up.is_set)
    time.sleep(2.5)  # the wait before the next attempt would be over
    assert len(live.server.requests) == 1


def test_giving_up_between_tests_keeps_the_reply(live: Live) -> None:
    session = live([ok(reply(*(rows(number) for number in range(5))))])
    stop = threading.Event()

    def tell(progress: Progress) -> None:
        if progress.stage == "test" and progress.done == 2:
            stop.set()

    with pytest.raises(Cancelled, match="the reply is kept"):
        session.send(on_progress=tell, cancelled=stop.is_set)
    node = session.send()
    assert node.turn is not None
    assert len(node.turn.tests) == 5
    assert len(live.server.requests) == 1


def test_a_cache_pays_once_and_keeps_trials_apart(live: Live, tmp_path: Path) -> None:
    session = live([ok(WIDE)], cache=tmp_path / "cache.sqlite")
    session.ab({"same": session.draft()}, 2)
    session.goto(0)
    node = session.send()
    assert node.turn is not None
    assert node.turn.usage.cached
    assert len(live.server.requests) == 2
    assert (session.spent.calls, session.spent.cached_calls) == (2, 1)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (SessionRequest(), "say which design"),
        (SessionRequest(design="mxint_softmaxx"), "did you mean mxint_softmax"),
        (SessionRequest(design="mxint_softmax", strategy="plian"), "did you mean plain"),
        (SessionRequest(design="mxint_softmax", bug="S99"), "unknown seeded bug"),
        (SessionRequest(design="mxint_softmax", turn=3), "it needs --from RUN"),
        (SessionRequest(origin=Path("nowhere")), "no such run folder"),
        (SessionRequest(design="mxint_softmax", model={"model": "m", "base_url": "ftp://x"}), "--base-url"),
        (SessionRequest(design="mxint_softmax", budget={"cycles": 0}), "--max-cycles"),
        (SessionRequest(design="mxint_softmax", simulator="vcs"), "unknown simulator"),
    ],
)
def test_a_session_that_cannot_begin_is_one_error_and_leaves_no_folder(
    tmp_path: Path, wanted: SessionRequest, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught, open_session(wanted):
        pass
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"design": "kv_pack"}, "is a run on kv_pack, not on mxint_softmax"),
        ({"hashes": {}}, "was made with another rtl and model and schema and plan of mxint_softmax"),
    ],
)
def test_a_run_of_something_else_is_no_beginning_and_leaves_no_folder(
    tmp_path: Path, live: Live, change: dict[str, object], message: str
) -> None:
    session = live([ok(WIDE)])
    session.send()
    run = session.export(tmp_path / "runs")
    header = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(header | change))
    wanted = SessionRequest(folder=tmp_path / "mine", design="mxint_softmax", origin=run)
    with pytest.raises(UsageError, match=message), open_session(wanted):
        pass
    assert not (tmp_path / "mine").exists()


def test_a_session_goes_on_only_as_what_it_is(live: Live, tmp_path: Path) -> None:
    live([ok(WIDE)]).close()
    for more, message in (
        ({"seed": 3}, "--seed can only be said of a new one"),
        ({"design": "kv_pack"}, "is of mxint_softmax, not of kv_pack"),
        ({"turn": 0}, "--turn"),
    ):
        with pytest.raises(UsageError, match=message), open_session(SessionRequest(folder=live.folder, **more)):  # type: ignore[arg-type]
            pass
    with open_session(SessionRequest(folder=live.folder, strategy="plain", budget={"calls": 77})) as session:
        assert (session.draft().strategy.name, session.header.budget.calls) == ("plain", 77)
    header = json.loads((live.folder / "session.json").read_text())
    header["hashes"]["plan"] = "0" * 64
    (live.folder / "session.json").write_text(json.dumps(header))
    with (
        pytest.raises(UsageError, match="another plan of mxint_softmax"),
        open_session(SessionRequest(folder=live.folder)),
    ):
        pass
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("x")
    with (
        pytest.raises(UsageError, match="neither a session nor an empty folder"),
        open_session(SessionRequest(folder=tmp_path / "full", design="mxint_softmax")),
    ):
        pass


def test_a_server_that_never_answers_ends_in_time(live: Live) -> None:
    session = live([silence(30)], model={"timeout": 0.5, "retry_seconds": 0})
    with pytest.raises(ModelFailure):
        session.send()
    assert session.current.id == 0
