"""One session of a client: it begins the run, passes calls on to it, and answers what is not the run's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from dv_agent.agents.records.reader import read_run
from dv_agent.agents.runs.launch import ReportWriter
from dv_agent.agents.runs.request import RunRequest
from dv_agent.agents.runs.tool_runs import TOOLS
from dv_agent.agents.toolbox.arguments import FINISH
from dv_agent.agents.toolbox.dispatcher import RUN
from dv_agent.designs.loader import find_design
from dv_agent.errors import DvAgentError, UsageError
from dv_agent.mcp.client_model import ClientModel, client_settings
from dv_agent.mcp.client_run import ClientRun
from dv_agent.mcp.options import ServerOptions, named
from dv_agent.mcp.originals import compared_text, unnoticed_text
from dv_agent.mcp.session_tools import COMPARE, MUTANTS, START, check_keys, session_specs

Beat = Callable[[int, str], Awaitable[None]]
"""Tells the client that its call is still worked on: a number that grows, and words."""
BEAT_SECONDS, CLOSING_SECONDS = 5.0, 60.0
PREFACE = (
    "You steer this run over MCP: every call of a tool counts as one reply, so what is said below of several calls in "
    "one reply does not concern you, and a reply without a call costs nothing.\n\n"
)


class ClientSession:
    """A session; its methods belong to one event loop.

    Args:
        write_report: see `launch`.
    """

    def __init__(self, options: ServerOptions, write_report: ReportWriter) -> None:
        self.options = options
        self._write_report = write_report
        self._begun = asyncio.Lock()
        self._last_results, self._design = "", ""
        self.run: ClientRun | None = None

    async def call(self, client: str, name: str, arguments: Mapping[str, Any], beat: Beat) -> str:
        """Return the answer to a call; it begins with ``ERROR:`` if the call was refused. No call raises an error."""
        try:
            text = json.dumps(arguments)
            own = {spec.name: spec for spec in session_specs(self.options)}
            if name in own:
                check_keys(own[name], arguments)
                return await self._own(client, name, arguments, beat)
            run = self.run or await self._begin(client, "", beat)
            if run.ending:
                return _too_late(name, run)
            result = run.model.call(name, text)
            if name == RUN:
                result.add_done_callback(self._keep)
            return await _awaited(result, run, beat)
        except (ValueError, RecursionError):
            return "ERROR: the arguments are no JSON object that can be read"
        except DvAgentError as error:
            return f"ERROR: {error}"

    def _keep(self, result: Future[str]) -> None:
        """Keep the results for `run_status`, also those of a call that the client has cancelled meanwhile."""
        told = result.result().removesuffix(self.run.ending if self.run else "").rstrip()
        if told not in ("", "ERROR:"):  # else the run ended before any of these tests ran
            self._last_results = told

    async def _own(self, client: str, name: str, arguments: Mapping[str, Any], beat: Beat) -> str:
        match name:
            case "list_designs":
                return await asyncio.to_thread(self._designs)
            case "start_run":
                return await self._start(client, arguments, beat)
            case "run_status":
                return self._status()
        if self.run is None:
            raise UsageError(f"no run has begun: call {START} first")
        record = self.run.standing.folder
        if name == COMPARE and record is not None:
            return await asyncio.to_thread(compared_text, self.options, record, arguments.get("test"))
        if name == MUTANTS:
            return await asyncio.to_thread(unnoticed_text, self.options)
        raise UsageError(f"{name} cannot be answered now")

    def _designs(self) -> str:
        lines = []
        for name, place in named(self.options.designs).items():
            design = find_design(place).design
            lines.append(f"{name}: {design.title}" if design.title else name)
        return "\n".join(lines)

    async def _start(self, client: str, arguments: Mapping[str, Any], beat: Beat) -> str:
        design = arguments.get("design", "")
        if not isinstance(design, str):
            raise UsageError("design: a name is expected")
        if self.run and design not in ("", self._design):
            raise UsageError(f"design: one session is one run, and this one is of {self._design}")
        if self.run and self.run.ending:
            return f"One session is one run, and it is over.\n{self._status()}"
        run = self.run
        begun = await self._begin(client, design, beat)
        opened = PREFACE + await _awaited(begun.model.opening, begun, beat)
        if run:
            return f"The run has begun already. Its state now:\n{self._status()}\n\nHow it began:\n{opened}"
        return opened

    async def _begin(self, client: str, design: str, beat: Beat) -> ClientRun:
        """Begin the run, unless it has begun already.

        Raises:
            DvAgentError: it cannot begin.
        """
        async with self._begun:
            if self.run is None:
                request, model = await asyncio.to_thread(self._prepared, client, design)
                run = ClientRun(request, model, self._write_report, self.options.scored)
                run.start()
                self.run, self._design = run, design or self.options.only_name
                told = await _awaited(model.opening, run, beat)
                if run.failed and told == run.ending:  # it never came to a call: another design can be tried
                    self.run = None
                    raise UsageError(told)
            return self.run

    def _prepared(self, client: str, design: str) -> tuple[RunRequest, ClientModel]:
        """Return the options of the run and its model."""
        asked = self.options.request
        if asked.resume:
            past = read_run(asked.resume)
            if design not in ("", self.options.only_name):
                raise UsageError(f"design: the run that goes on is of {self.options.only_name}")
            if past.header.model is None or past.header.agent != TOOLS:
                raise UsageError(f"{asked.resume} is no run of an agent with tools; go on with `dv-agent run --resume`")
            settings, replies = past.header.model, sum(not one.failure for one in past.replies)
            model = ClientModel(settings, replies)
            return replace(asked, live=model), model
        settings = client_settings(client)
        model = ClientModel(settings)
        chosen = self.options.choose(design)
        told = settings.model_dump(exclude_none=True)
        return replace(asked, design=chosen, agent=TOOLS, model=told, live=model), model

    def _status(self) -> str:
        if self.run is None:
            return f"No run has begun: call {START}."
        parts = [self.run.words()]
        if self._last_results:
            parts.append(f"The last {RUN} answered:\n{self._last_results}")
        return "\n\n".join(parts)

    def close(self) -> None:
        """End the run, and wait until its record is whole; from any thread."""
        if self.run:
            self.run.close(CLOSING_SECONDS)


def _too_late(name: str, run: ClientRun) -> str:
    """Return the answer to a call that comes after the end; what it asked for is refused, unless that was the end."""
    if name == FINISH and not run.failed:
        return f"The run had ended before this call, which was not counted.\n{run.ending}"
    return f"ERROR: too late, nothing was done or counted: {run.ending}"


async def _awaited(result: Future[str], run: ClientRun, beat: Beat) -> str:
    """Return the text of `result`; meanwhile tell every few seconds what the run is doing."""
    waiting = asyncio.wrap_future(result)
    beats = 0
    while True:
        done, _ = await asyncio.wait({waiting}, timeout=BEAT_SECONDS)
        if done:
            return waiting.result()
        beats += 1
        await beat(beats, run.standing.said)
