"""A client of the official SDK verifies a design over MCP: the same record as that of a model with tools."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from in_process import CommandLine
from mcp import McpError, types
from mcp_clients import DESIGN, LONG, WIDE, in_memory, options, over_stdio, record_in, refused, said, witnesses

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.prompts.benchmark_track import TRACKS

OPEN = "element.place.last"
"""A bin that `WIDE` does not hit."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run that a client closed over standard input and output, and what it was told."""
    room = tmp_path_factory.mktemp("closed")
    return room, asyncio.run(close_the_design(room))


async def close_the_design(room: Path) -> list[str]:
    async with over_stdio("--design", DESIGN, "--out", "runs", cwd=room) as session:
        told = [
            await said(session, "start_run"),
            await said(session, "read_specification", section="3.1"),
            await refused(session, "show_waveform", test=0),
            await said(session, "run_tests", tests=[WIDE]),
            await said(session, "list_holes", tier="hard"),
            await said(session, "run_tests", tests=witnesses()),
        ]
        report = await session.read_resource("dv-agent://run/report.html")  # type: ignore[arg-type]
        return [*told, report.contents[0].text]  # type: ignore[union-attr]


def test_a_client_closes_a_design_over_standard_input_and_output(closed: tuple[Path, list[str]]) -> None:
    room, (begun, section, early, wide, holes, last, page) = closed
    header = read_run(record_in(room / "runs")).header
    assert "You are a verification engineer" in begun
    assert "BEGIN contents of the specification" in begun
    assert "3.1" in section
    assert "none has run so far" in early
    assert "test 0" in wide
    assert "new bins" in wide
    assert "BEGIN holes" in holes
    assert f"{header.bins} of {header.bins} bins are covered" in last
    assert "test 1" in last  # the results of the tests that ended the run, too
    assert header.stop_reason == "target"
    assert header.bins_hit == header.bins
    assert "<html" in page


def test_its_record_is_that_of_an_agent_with_tools_and_a_reply_is_one_call(closed: tuple[Path, list[str]]) -> None:
    run = read_run(record_in(closed[0] / "runs"))
    assert (run.header.agent, run.header.model_name) == ("tools", "mcp:mcp")
    assert run.header.spent.calls == len(run.replies) == 5  # start_run costs nothing
    assert [use.name for turn in run.turns for use in turn.tool_uses] == [
        "read_specification", "show_waveform", "run_tests", "list_holes", "run_tests"
    ]  # fmt: skip
    assert {one.reply.attempts[0].counted_by for one in run.replies} == {"estimate"}


def test_it_is_replayed_without_a_client_and_scored_again(
    closed: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_in(closed[0] / "runs")
    dv_agent = CommandLine(tmp_path, monkeypatch, capsys)
    replayed = dv_agent("run", "--model", f"replay:{record}", "--quiet", "--json")
    assert replayed.returncode == 0, replayed.stderr
    again, before = json.loads(replayed.stdout)["run"], read_run(record).header
    assert (again["bins_hit"], again["tests"], again["stop_reason"]) == (before.bins_hit, before.tests, "target")
    resumed = dv_agent("run", "--resume", str(record))
    assert resumed.returncode == 2
    assert "dv-agent mcp" in resumed.stderr


def test_the_tools_are_those_of_the_agent_with_tools_and_three_of_the_session(tmp_path: Path) -> None:
    async def listed(**more: str) -> dict[str, tuple[str | None, object]]:
        async with in_memory(options(tmp_path, **more)) as session:
            return {one.name: (one.description, one.inputSchema) for one in (await session.list_tools()).tools}

    own = {"list_designs", "start_run", "run_status"}
    for track in ("closure", "hunt"):
        tools = asyncio.run(listed(track=track))
        same = {one.name: (one.description, one.parameters) for one in tool_specs(TRACKS[track])}
        assert {name: one for name, one in tools.items() if name not in own} == same
        assert own <= tools.keys()


def test_a_client_that_leaves_goes_on_later_where_it_was(tmp_path: Path) -> None:
    async def leave() -> None:
        async with in_memory(options(tmp_path)) as session:
            await said(session, "run_tests", tests=[WIDE])
            await said(session, "list_holes")

    async def go_on(record: Path) -> tuple[str, str, str]:
        async with in_memory(options(tmp_path, resume=record, designs=())) as session:
            opened = await said(session, "start_run")
            again = await said(session, "start_run")
            assert again.startswith("The run has begun already. Its state now:\n")
            assert "1 test so far" in again
            assert again.endswith(opened)
            shown = await said(session, "show_waveform", test=0, cycles=2)
            return opened, shown, await said(session, "finish", reason="enough")

    asyncio.run(leave())
    record = record_in(tmp_path)
    first = read_run(record)
    assert (first.header.status, first.header.tests) == ("interrupted", 1)
    opened, shown, ended = asyncio.run(go_on(record))
    assert "The run was resumed" in opened
    assert "BEGIN holes" in opened
    assert "BEGIN test 0" in shown
    assert "agent_done" in ended
    second = read_run(record)
    assert (second.header.status, second.header.spent.calls) == ("finished", 4)
    assert second.replies[: len(first.replies)] == first.replies


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_call_that_the_client_gave_up_is_told_by_the_status_and_mixes_up_no_answer(
    tmp_path: Path, cancelled: bool
) -> None:
    async def talk() -> tuple[str, str]:
        async with in_memory(options(tmp_path)) as session:
            await said(session, "start_run")
            number = session._request_id  # of the next request
            with pytest.raises(McpError):
                await session.call_tool("run_tests", {"tests": [WIDE]}, read_timeout_seconds=timedelta(milliseconds=1))
            if cancelled:
                given_up = types.CancelledNotification(params=types.CancelledNotificationParams(requestId=number))
                await session.send_notification(types.ClientNotification(given_up))
            holes = await said(session, "list_holes", first=0)
            return holes, await said(session, "run_status")

    holes, status = asyncio.run(talk())
    assert "BEGIN holes" in holes
    assert '"wide"' in status


def test_calls_at_the_same_time_get_each_its_own_answer(tmp_path: Path) -> None:
    async def talk() -> list[str]:
        async with in_memory(options(tmp_path, max_calls=12)) as session:
            wanted = [("search_rtl", {"text": "module"}), ("read_specification", {}), ("list_holes", {})] * 3
            answers = await asyncio.gather(*(said(session, name, **given) for name, given in wanted))
            return [*answers]

    answers = asyncio.run(talk())
    for place, mark in enumerate([" lines ", "contents", "holes"] * 3):
        assert mark in answers[place].splitlines()[0]
    assert len(read_run(record_in(tmp_path)).replies) == 9


def test_the_budget_of_calls_ends_the_run_with_its_record_whole(tmp_path: Path) -> None:
    async def talk() -> list[str]:
        async with in_memory(options(tmp_path, max_calls=2)) as session:
            await said(session, "run_tests", tests=[WIDE])
            last = await said(session, "claim_unreachable", bin=OPEN, argument=LONG)
            return [last, await refused(session, "list_holes"), await said(session, "run_status")]

    last, after, status = asyncio.run(talk())
    header = read_run(record_in(tmp_path)).header
    assert header.stop_reason == "budget:calls"
    assert "budget:calls" in last
    assert "budget:calls" in after
    assert header.claims is not None
    assert header.claims.verdicts[0].bin == OPEN
    assert f"noted: {OPEN}" in last
    assert "has ended: budget:calls. 1 test," in status


def test_results_that_the_last_call_was_waiting_for_come_once_and_under_their_own_number(tmp_path: Path) -> None:
    async def talk() -> str:
        async with in_memory(options(tmp_path, max_calls=1)) as session:
            return await said(session, "run_tests", tests=[WIDE])

    last = asyncio.run(talk())
    assert "budget:calls" in last
    assert last.count('"wide"') == last.count("test 0 ") == 1
