"""Clients of `dv-agent mcp`: the official SDK's own, in memory, over standard input and output, and over HTTP."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from command import CODE, environment
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.memory import create_connected_server_and_client_session
from mcp.types import CallToolResult, Implementation, TextContent

from dv_agent.agents.runs.request import RunRequest
from dv_agent.designs.benchmark.witnesses import load_witnesses
from dv_agent.designs.loader import find_design
from dv_agent.eval.report.output import write_report
from dv_agent.mcp.options import ServerOptions
from dv_agent.mcp.protocol import make_server

DESIGN = "mxint_gelu"
WIDE = {"name": "wide", "seed": 1, "tracks": {"in": [{"random": {"count": 40}}]}}
LONG = "it follows from section 3: the table has no such place, whatever comes at the input"


def witnesses() -> list[Any]:
    """Tests that hit every bin."""
    return [test.data() for test in load_witnesses(find_design(DESIGN))]


def options(out: Path, **more: Any) -> ServerOptions:
    """One design, a fast simulator."""
    outer = {name: more.pop(name) for name in ("designs", "golden", "mutants") if name in more}
    return ServerOptions(RunRequest(out=out, **more), **{"designs": (DESIGN,), **outer})


@asynccontextmanager
async def in_memory(asked: ServerOptions) -> AsyncIterator[ClientSession]:
    """A session with a server of this process."""
    server = make_server(asked, write_report, [])
    name = Implementation(name="tester", version="1")
    async with create_connected_server_and_client_session(server, client_info=name) as session:
        yield session


@asynccontextmanager
async def over_stdio(*words: str, cwd: Path) -> AsyncIterator[ClientSession]:
    """A session with ``dv-agent mcp <words>``, started as clients start it."""
    started = StdioServerParameters(
        command=sys.executable, args=["-c", CODE, "mcp", *words], env=environment(), cwd=cwd
    )
    async with stdio_client(started) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


def text_of(result: CallToolResult) -> str:
    """What a tool answered."""
    (one,) = result.content
    assert isinstance(one, TextContent)
    return one.text


async def said(session: ClientSession, tool: str, /, **arguments: Any) -> str:
    """What a tool answered to a call that was accepted."""
    result = await session.call_tool(tool, arguments)
    assert not result.isError, text_of(result)
    return text_of(result)


async def refused(session: ClientSession, tool: str, /, **arguments: Any) -> str:
    """What a tool answered to a call that was refused."""
    result = await session.call_tool(tool, arguments)
    assert result.isError, text_of(result)
    return text_of(result)


def record_in(out: Path) -> Path:
    """The only record in a folder."""
    (record,) = out.iterdir()
    return record
