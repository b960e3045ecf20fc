"""What a client may not do or see: each refusal is one clear answer, and the session goes on."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from in_process import CommandLine
from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamable_http_client
from mcp_clients import DESIGN, LONG, WIDE, in_memory, options, record_in, refused, said

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.errors import UsageError
from dv_agent.eval.report.output import write_report
from dv_agent.mcp.options import check_options
from dv_agent.mcp.over_http import PATH, make_http_server
from dv_agent.mcp.protocol import make_server
from dv_agent.prompts.benchmark_track import TRACKS
from dv_agent.studio.connection.loopback import listen

TOKEN = "a-token-of-this-test"


def test_calls_out_of_bounds_are_refused_by_name_and_the_session_goes_on(tmp_path: Path) -> None:
    cases: list[tuple[str, Any, str]] = [
        ("list_hole", {}, "did you mean list_holes"),
        ("", {}, "a call without the name of a tool"),
        ("list_holes", {"first": -1}, "first: "),
        ("list_holes", {"tier": "hardest"}, "tier: "),
        ("list_holes", {"page": 2}, "it takes covergroup, tier, first"),
        ("read_rtl", {"name": "x" * 300}, "name: "),
        ("read_rtl", {"name": "../model.py"}, "unknown"),
        ("show_waveform", {"test": 10**30}, "test: "),
        ("show_waveform", {"test": 0, "cycles": 65}, "cycles: "),
        ("run_tests", {"tests": []}, "tests: "),
        ("run_tests", {"tests": [{"tracks": {"nowhere": [{"idle": 1}]}}]}, "nowhere"),
        ("run_tests", {"tests": "a" * 500_000}, "longer than"),
        ("find_cycles", {"test": 0, "condition": "__import__('os')"}, "none has run so far"),
        ("claim_unreachable", {"bin": "element.place.below", "argument": "no"}, "argument: "),
        ("report_bug", {"test": 0, "title": "a fault", "explanation": LONG}, "none has run so far"),
        ("start_run", {"seed": 3}, "takes only `design`"),
        ("start_run", {"design": 3}, "a name is expected"),
    ]

    async def talk() -> None:
        async with in_memory(options(tmp_path)) as session:
            await said(session, "start_run")
            for name, given, told in cases[:15]:
                answer = await refused(session, name, **given)
                assert answer.startswith("ERROR:")
                assert told in answer, name
                assert len(answer) < 700
            for name, given, told in cases[15:]:
                assert told in await refused(session, name, **given)
            assert "BEGIN results" in await said(session, "run_tests", tests=[WIDE])

    asyncio.run(talk())
    uses = [use for turn in read_run(record_in(tmp_path)).turns for use in turn.tool_uses]
    assert len(uses) == 16
    assert [bool(use.error) for use in uses] == [True] * 15 + [False]


def test_a_client_chooses_among_the_designs_of_the_user_and_names_no_folder(tmp_path: Path) -> None:
    async def talk() -> None:
        async with in_memory(options(tmp_path, designs=(DESIGN, "kv_pack"))) as session:
            assert "say which one" in await refused(session, "list_holes")
            assert "say which one" in await refused(session, "start_run")
            for name in ("mxint_softmax", "/etc", "./designs/mxint_gelu", "../mxint_gelu"):
                assert "unknown design" in await refused(session, "start_run", design=name)
            listed = await said(session, "list_designs")
            assert [line.split(":")[0] for line in listed.splitlines()] == [DESIGN, "kv_pack"]
            assert "GELU" in await said(session, "start_run", design=DESIGN)
            assert "No run" not in await said(session, "run_status")

    asyncio.run(talk())


def test_an_examination_shows_neither_its_record_nor_what_was_hidden(tmp_path: Path) -> None:
    async def talk(**more: Any) -> list[str]:
        async with in_memory(options(tmp_path, **more)) as session:
            told = [await said(session, "start_run"), await said(session, "run_tests", tests=[WIDE])]
            told.append(await said(session, "finish", reason="enough"))
            resources = await session.list_resources()
            prompts = await session.list_prompts()
            told += [str(one.uri) for one in resources.resources] + [one.name for one in prompts.prompts]
            with pytest.raises(McpError, match="no resource"):
                await session.read_resource("dv-agent://run/run.json")  # type: ignore[arg-type]
            return [*told, await said(session, "run_status")]

    for more in ({"track": "hunt"}, {"decoys": 2}):
        told = asyncio.run(talk(**more))
        assert [one for one in told if one.startswith("dv-agent://")] == ["dv-agent://skill"]
        assert "verify" in told
        assert "digest" not in told
        assert not any("report.html" in one or str(tmp_path) in one for one in told)
        assert ("bins" in " ".join(told)) is (more != {"track": "hunt"})


def test_an_examination_stays_one_when_it_is_resumed(tmp_path: Path) -> None:
    async def begin() -> None:
        async with in_memory(options(tmp_path, track="hunt", bug="G1")) as session:
            await said(session, "run_tests", tests=[WIDE])

    async def go_on(record: Path) -> tuple[set[str], list[str], str]:
        async with in_memory(options(tmp_path, resume=record, designs=())) as session:
            tools = {one.name for one in (await session.list_tools()).tools}
            ended = await said(session, "finish", reason="enough")
            resources = [str(one.uri) for one in (await session.list_resources()).resources]
            prompts = [one.name for one in (await session.list_prompts()).prompts]
            return tools, [*resources, *prompts], ended

    asyncio.run(begin())
    record = record_in(tmp_path)
    with pytest.raises(UsageError, match="tells of the original"):
        check_options(options(tmp_path, resume=record, designs=(), golden=DESIGN))
    tools, shown, ended = asyncio.run(go_on(record))
    assert tools >= {one.name for one in tool_specs(TRACKS["hunt"])}
    assert "list_holes" not in tools
    assert shown == ["dv-agent://skill", "verify"]
    assert "failed a check" not in ended
    assert str(record) not in ended


def test_a_resource_is_never_a_path(tmp_path: Path) -> None:
    async def talk() -> None:
        async with in_memory(options(tmp_path, max_calls=1)) as session:
            await said(session, "finish", reason="enough")
            for name in ("elsewhere/run.json", "run/turns.jsonl", "run//etc/passwd", "run/.lock", "nothing"):
                with pytest.raises(McpError, match="no resource"):
                    await session.read_resource(f"dv-agent://{name}")  # type: ignore[arg-type]
            skill = await session.read_resource("dv-agent://skill")  # type: ignore[arg-type]
            assert "# Verifying a design" in skill.contents[0].text  # type: ignore[union-attr]
            with pytest.raises(McpError, match="unknown prompt"):
                await session.get_prompt("../default", {})
            prompt = await session.get_prompt("default", {})
            assert "functional coverage" in prompt.messages[0].content.text  # type: ignore[union-attr]

    asyncio.run(talk())


def test_a_golden_design_is_compared_with_on_request(tmp_path: Path) -> None:
    async def talk() -> tuple[str, str, str]:
        async with in_memory(options(tmp_path, golden=DESIGN)) as session:
            early = await refused(session, "compare_with_golden", test=0)
            await said(session, "run_tests", tests=[WIDE])
            same = await said(session, "compare_with_golden", test=0)
            return early, same, await refused(session, "compare_with_golden", test=7)

    early, same, beyond = asyncio.run(talk())
    assert "call start_run first" in early
    assert "no difference" in same
    assert "tests 0 to 0" in beyond


def test_a_client_of_another_version_of_the_protocol_is_told_which_are_spoken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(types, "LATEST_PROTOCOL_VERSION", "1999-01-01")
    monkeypatch.setattr("mcp.client.session.SUPPORTED_PROTOCOL_VERSIONS", ["1999-01-01"])

    async def talk() -> None:
        async with in_memory(options(tmp_path)) as session:
            await session.list_tools()
            await session.list_tools()

    asyncio.run(talk())
    assert capsys.readouterr().err.count("version 1999-01-01 of the protocol") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--track", "blind"), "played by `dv-agent run --agent llm`"),
        (("--bug", "S2", "--golden", DESIGN), "--golden tells of the original"),
        (("--mutants", "somewhere"), "give that with --design"),
        (("--design", "a", "--design", "b", "--resume", "run"), "has one design"),
        (("--design", "old/fifo", "--design", "new/fifo"), "have the same name"),
        (("--golden", DESIGN, "--resume", "nowhere"), "no such run folder"),
        (("--design", DESIGN, "--design", "mxint_sofmax"), "did you mean mxint_softmax"),
        (("--design", DESIGN, "--golden", "./nowhere"), "no such file"),
        (("--design", DESIGN, "--bug", "Z99"), f"unknown seeded bug of {DESIGN} 'Z99'"),
        (("--design", DESIGN, "--out", "/proc/x"), "--out /proc/x: nothing can be written in /proc"),
        (("--port", "0"), "go with --http"),
        (("--http", "--token", "short"), "at least 16"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_served(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ended = CommandLine(tmp_path, monkeypatch, capsys)("mcp", *words)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert ended.stdout == ""


def test_the_skill_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = CommandLine(tmp_path, monkeypatch, capsys)("mcp", "--skill")
    assert ended.stdout.startswith("---\nname: dv-agent\n")
    assert "run_tests" in ended.stdout


@contextmanager
def over_http(out: Path) -> Iterator[str]:
    """The address of a server on a port of this machine; two clients at a time."""
    server = make_server(options(out), write_report, [])
    listening = listen(0)
    serving = make_http_server(server, listening, TOKEN, 2)
    thread = Thread(target=serving.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}{PATH}"
    finally:
        serving.should_exit = True
        thread.join()


def test_over_http_each_session_is_a_run_of_its_own_and_needs_the_token(tmp_path: Path) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    async def talk(address: str) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(headers=headers, timeout=60) as web:
            for _ in range(2):
                async with (
                    streamable_http_client(address, http_client=web) as (read, write, _),
                    ClientSession(read, write) as session,
                ):
                    await session.initialize()
                    assert "BEGIN results" in await said(session, "run_tests", tests=[WIDE])

    with over_http(tmp_path) as address:
        good = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json, text/event-stream"}
        refusals = [
            ({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({**good, "Host": "evil.example"}, 421),
            ({**good, "Origin": "http://evil.example"}, 403), ({**good, "Content-Type": "text/plain"}, 400),
            ({**good, "Mcp-Session-Id": "0" * 32}, 404),
        ]  # fmt: skip
        for headers, status in refusals:
            found = httpx.post(
                address, content=json.dumps(hello), headers={"Content-Type": "application/json", **headers}
            )
            assert found.status_code == status, headers
        assert httpx.get(address.removesuffix(PATH), headers=good).status_code == 404
        assert httpx.post(address, content=b" " * 4_100_000, headers=good).status_code == 413
        asyncio.run(talk(address))
    assert [read_run(one).header.tests for one in tmp_path.iterdir()] == [1, 1]
