"""The server: which requests of the protocol are answered, and by what; one session of it is one run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from mcp import McpError, types
from mcp.server.lowlevel import Server
from mcp.shared.version import SUPPORTED_PROTOCOL_VERSIONS

from dv_agent import __version__
from dv_agent.agents.runs.launch import ReportWriter
from dv_agent.cli.terminal import complain
from dv_agent.errors import DvAgentError
from dv_agent.mcp.options import ServerOptions
from dv_agent.mcp.record_resources import listed_resources, read_resource
from dv_agent.mcp.session.client_session import ClientSession
from dv_agent.mcp.session.own_tools import READING, all_specs
from dv_agent.mcp.strategy_prompts import listed_prompts, rendered_prompt

NAME = "dv-agent"
INSTRUCTIONS = (
    "Verify a hardware design: read its specification and RTL, run tests on a real simulator, close its coverage, "
    "report bugs. Call start_run first; the resource dv-agent://skill teaches the loop. One session is one run."
)
McpServer = Server[ClientSession, Any]


def make_server(options: ServerOptions, write_report: ReportWriter, sessions: list[ClientSession]) -> McpServer:
    """Return the server, not yet connected.

    Args:
        sessions: holds those that are open; whoever ends the program must close what is left in it.
    """

    @asynccontextmanager
    async def session_of(_: McpServer) -> AsyncIterator[ClientSession]:
        session = ClientSession(options, write_report)
        sessions.append(session)
        try:
            yield session
        finally:
            with anyio.CancelScope(shield=True):  # the record must be whole
                await anyio.to_thread.run_sync(session.close)
            sessions.remove(session)

    server: McpServer = Server(NAME, __version__, INSTRUCTIONS, lifespan=session_of)
    _Answers(server, options).register()
    return server


class _Answers:
    """The handlers of one server."""

    def __init__(self, server: McpServer, options: ServerOptions) -> None:
        self._server, self._options = server, options
        self._told = False

    def register(self) -> None:
        """Make the server call these."""
        self._server.request_handlers |= {
            types.ListToolsRequest: self._list_tools,
            types.CallToolRequest: self._call_tool,
            types.ListResourcesRequest: self._list_resources,
            types.ReadResourceRequest: self._read_resource,
            types.ListPromptsRequest: self._list_prompts,
            types.GetPromptRequest: self._get_prompt,
        }

    async def _list_tools(self, _: types.ListToolsRequest) -> types.ServerResult:
        self._tell_of_the_version()
        found = [
            types.Tool(
                name=one.name, description=one.description, inputSchema=one.parameters,
                annotations=types.ToolAnnotations(readOnlyHint=one.name in READING, openWorldHint=False),
            )
            for one in all_specs(self._options)
        ]  # fmt: skip
        return types.ServerResult(types.ListToolsResult(tools=found))

    async def _call_tool(self, asked: types.CallToolRequest) -> types.ServerResult:
        self._tell_of_the_version()
        context = self._server.request_context
        said = context.session.client_params
        token = context.meta.progressToken if context.meta else None

        async def beat(count: int, words: str) -> None:
            if token is not None:
                await context.session.send_progress_notification(
                    token, count, message=words, related_request_id=str(context.request_id)
                )

        session = context.lifespan_context
        client = said.clientInfo.name if said else ""
        text = await session.call(client, asked.params.name, asked.params.arguments or {}, beat)
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
        return types.ServerResult(types.CallToolResult(content=content, isError=text.startswith("ERROR:")))

    async def _list_resources(self, _: types.ListResourcesRequest) -> types.ServerResult:
        return types.ServerResult(types.ListResourcesResult(resources=listed_resources(self._record())))

    async def _read_resource(self, asked: types.ReadResourceRequest) -> types.ServerResult:
        try:
            found = await asyncio.to_thread(read_resource, self._record(), str(asked.params.uri))
        except (DvAgentError, OSError) as error:
            raise _refused(error) from None
        return types.ServerResult(types.ReadResourceResult(contents=[found]))

    async def _list_prompts(self, _: types.ListPromptsRequest) -> types.ServerResult:
        return types.ServerResult(types.ListPromptsResult(prompts=listed_prompts(self._options)))

    async def _get_prompt(self, asked: types.GetPromptRequest) -> types.ServerResult:
        try:
            found = await asyncio.to_thread(rendered_prompt, self._options, asked.params.name, asked.params.arguments)
        except DvAgentError as error:
            raise _refused(error) from None
        return types.ServerResult(found)

    def _record(self) -> Any:
        run = self._server.request_context.lifespan_context.run
        return run.record if run else None

    def _tell_of_the_version(self) -> None:
        """Tell the user once if a client asked for a version of the protocol that is not spoken here."""
        said = self._server.request_context.session.client_params
        if said and not self._told and said.protocolVersion not in SUPPORTED_PROTOCOL_VERSIONS:
            self._told = True
            spoken = ", ".join(SUPPORTED_PROTOCOL_VERSIONS)
            complain(
                f"dv-agent: the client asked for version {str(said.protocolVersion)[:40]} of the protocol and goes on "
                f"with {spoken.rsplit(' ', 1)[-1]}; spoken here are {spoken}"
            )


def _refused(error: Exception) -> McpError:
    return McpError(types.ErrorData(code=types.INVALID_PARAMS, message=str(error)))
