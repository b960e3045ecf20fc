"""The command ``dv-agent mcp``: a client of the Model Context Protocol becomes the verification agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dv_agent.cli.shared_options import BUDGET, MOST_SEED, GoalName, TrackOption, given
from dv_agent.cli.shared_options import option as _option
from dv_agent.cli.terminal import complain, say, warn_of_foreign
from dv_agent.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from dv_agent.mcp.options import ServerOptions
    from dv_agent.mcp.session.client_session import ClientSession

LEAST_TOKEN = 16


def mcp(
    context: typer.Context,
    design: Annotated[list[str] | None, typer.Option(help="A design that the client may choose: its name, or the path "
        "of its folder; may be repeated. Default: all that are known by name.")] = None,
    skill: Annotated[bool, typer.Option("--skill", help="Print SKILL.md, which teaches an agent the loop, and end.")]
        = False,
    http: Annotated[bool, typer.Option("--http", help="Listen on 127.0.0.1 instead of standard input; each request "
        "must show the token.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0 takes any free one. "
        "Default: 8766, or any free one.")] = None,
    token: Annotated[str | None, typer.Option(envvar="DV_AGENT_MCP_TOKEN", help="The token of --http, best set in the "
        "environment. Default: a new one, which is printed.")] = None,
    max_sessions: Annotated[int, typer.Option(min=1, max=16, help="With --http: clients at a time, each with a run.")]
        = 4,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    golden: Annotated[str, typer.Option(help="Offer comparison with this design: its name or folder.")] = "",
    mutants: Annotated[Path | None, typer.Option(help="Offer the unnoticed changes of this folder of `dv-agent "
        "mutate`.")] = None,
    seed: Annotated[int, _option("SEED", "Seed of the run; draws the decoys.", min=0, max=MOST_SEED)] = 0,
    simulator: Annotated[str | None, _option("SIMULATOR", "Which simulator runs the RTL; icarus if not given.")] = None,
    goal: Annotated[GoalName | None, _option("GOAL", "functional, code or both, as in `dv-agent run`.")] = None,
    track: Annotated[TrackOption, _option("TRACK", "closure or hunt; see docs/tracks.md.")] = TrackOption.closure,
    bug: Annotated[str | None, _option("BUG", "Run on a copy of the RTL with this seeded bug in it.")] = None,
    decoys: Annotated[int, _option("DECOYS", "Mix so many unreachable bins among the holes, to score claims.", min=0,
        max=1_000)] = 0,
    out: Annotated[Path, _option("OUT", "Folder for run records.")] = Path("runs"),
    max_cycles: Annotated[int | None, _option("MAX_CYCLES", "Simulated clock cycles; 200,000 if not given.", BUDGET,
        min=1)] = None,
    max_calls: Annotated[int | None, _option("MAX_CALLS", "Calls of tools; 50 if not given.", BUDGET, min=1)] = None,
    max_seconds: Annotated[float | None, _option("MAX_SECONDS", "Wall time; makes a run irreproducible.", BUDGET,
        min=0.1)] = None,
    target: Annotated[float | None, _option("TARGET", "Stop at this percentage of bins.", BUDGET, min=0, max=100)]
        = None,
    stop_on_failure: Annotated[bool, typer.Option("--stop-on-failure", envvar="DV_AGENT_STOP_ON_FAILURE",
        help="End at the first failed check.", rich_help_panel=BUDGET)] = False,
) -> None:  # fmt: skip
    """Serve the tools of `--agent tools` to a client of the Model Context Protocol; one session of it is one run.

    A client starts this command itself and speaks over standard input and output; docs/mcp.md shows how three common
    ones are configured. The record, the budget and the scores are those of `dv-agent run --agent tools`.

    Examples:

      dv-agent mcp --design mxint_softmax

      dv-agent mcp --http --design fifo --golden fifo_before --max-calls 200

      dv-agent mcp --skill > .claude/skills/dv-agent/SKILL.md
    """
    if skill:
        from dv_agent.mcp.skill_text import skill_text

        say(skill_text(), end="", exact=True)
        return
    _require_package()
    if not http and (port is not None or token):
        raise UsageError("--port and --token go with --http")
    from dv_agent.agents.runs.request import RunRequest
    from dv_agent.mcp.options import ServerOptions, check_options

    request = RunRequest(
        seed=seed, simulator=simulator, goal=goal.value if goal else None, track=track.value, bug=bug, decoys=decoys,
        out=out, resume=resume, max_cycles=max_cycles, max_calls=max_calls, max_seconds=max_seconds, target=target,
        stop_on_failure=stop_on_failure, design=design[0] if design and resume else None, given=given(context),
    )  # fmt: skip
    options = ServerOptions(request, tuple(design or ()), golden, mutants)
    check_options(options)
    for one in (*(design or ()), golden):
        warn_of_foreign(one)
    _serve(options, http, port, token, max_sessions)


def _require_package() -> None:
    from importlib.util import find_spec

    if missing := [name for name in ("mcp", "uvicorn") if find_spec(name) is None]:
        raise PrerequisiteError(f"the server needs {', '.join(missing)}", "pip install 'dv-agent[mcp]'")


def _serve(options: ServerOptions, http: bool, port: int | None, token: str | None, max_sessions: int) -> None:
    import asyncio
    import logging

    from dv_agent.eval.report.output import write_report
    from dv_agent.mcp.protocol import make_server

    logging.disable()  # the SDK would quote the client, on a terminal
    sessions: list[ClientSession] = []
    server = make_server(options, write_report, sessions)
    try:
        if http:
            _listen(server, port, token, max_sessions)
        else:
            from dv_agent.mcp.over_stdio import serve_stdio

            asyncio.run(serve_stdio(server))
    finally:
        for session in [*sessions]:
            session.close()


def _listen(server: object, port: int | None, token: str | None, max_sessions: int) -> None:
    import secrets
    import signal
    from typing import cast

    from dv_agent.mcp.over_http import PATH, PORT, make_http_server
    from dv_agent.mcp.protocol import McpServer
    from dv_agent.studio.connection.loopback import LOOPBACK, listen

    if token is not None and (len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable()):
        raise UsageError(f"--token: at least {LEAST_TOKEN} printable ASCII characters; leave it out for a new one")
    listening = listen(port, PORT)
    secret = token or secrets.token_urlsafe(32)
    complain(
        f"dv-agent mcp: http://{LOOPBACK}:{listening.getsockname()[1]}{PATH}, only on this machine; Ctrl-C ends it"
    )
    if token is None:
        complain(f"  Authorization: Bearer {secret}")
    serving = make_http_server(cast("McpServer", server), listening, secret, max_sessions)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, serving.handle_exit)
    serving.run(sockets=[listening])
