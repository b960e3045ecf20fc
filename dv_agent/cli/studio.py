"""The command ``dv-agent studio``: starts the local web page."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from dv_agent.cli.terminal import say, tell_of_dotenv
from dv_agent.errors import PrerequisiteError

NEEDED = ("fastapi", "uvicorn", "python_multipart")


def studio(
    design: Annotated[str | None, typer.Option(help="Begin with a new session on this design.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0 takes any free one. "
        "Default: 8765, or any free one.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder of run records and boards.")] = Path("runs"),
    sessions: Annotated[Path, typer.Option(help="Folder where sessions are kept.")] = Path("sessions"),
    strategies: Annotated[Path, typer.Option(help="Folder where strategies are saved.")] = Path("strategies"),
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:  # fmt: skip
    """Work on prompts, and look into runs, on a local page. Ctrl-C ends it; sessions stay.

    Examples:

      dv-agent studio

      dv-agent studio --design mxint_softmax --open
    """
    from importlib.util import find_spec

    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise PrerequisiteError(f"the studio needs {', '.join(missing)}", "pip install 'dv-agent[studio]'")
    from dv_agent.agents.session.opening import SessionRequest
    from dv_agent.studio.allowed_folders import AllowedFolders
    from dv_agent.studio.connection.loopback import listen
    from dv_agent.studio.connection.server import make_server, new_policy
    from dv_agent.studio.session_registry import SessionRegistry

    tell_of_dotenv()
    listening = listen(port)
    policy = new_policy(listening)
    places = AllowedFolders(runs, sessions, strategies).resolved()
    registry = SessionRegistry(places, (design,) if design else ())
    address = policy.address(f"/sessions/{registry.new(SessionRequest(design=design))}" if design else "/")
    say(f"dv-agent studio: {address}\n  only on this machine; Ctrl-C ends it, sessions stay")
    if show:
        import webbrowser

        webbrowser.open(address)
    server = make_server(places, policy, registry)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, server.handle_exit)  # the other signals are handled already
    try:
        server.run(sockets=[listening])
    finally:
        registry.close()
