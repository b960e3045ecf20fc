"""A process with the program imported that forks itself for every command, so that no test pays for imports again.

The copy is a process of its own in everything but that: folder, environment, arguments, pipes, signals, exit code. Only
the seed of hashes is common to all copies; what must not depend on it is called as a fresh process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import socket
import sys

PRELOADED = (
    "dv_agent.agents.llm.agent", "dv_agent.agents.models.client", "dv_agent.agents.runs.launch", "dv_agent.cli.main",
    "dv_agent.cli.running.run", "dv_agent.eval.report.output", "dv_agent.eval.verification.verify", "jinja2",
    "langchain.chat_models", "langchain_openai", "numpy", "openai",
)  # fmt: skip
MOST_BYTES = 150_000


def serve(channel: socket.socket) -> list[str] | None:
    """Answer requests until the other side closes; in each copy return the words of its command."""
    while True:
        request, pipes, _, _ = socket.recv_fds(channel, MOST_BYTES, 2)
        if not request:
            return None
        if (copy := os.fork()) == 0:
            channel.close()
            return _prepared(json.loads(request), pipes)
        for pipe in pipes:
            os.close(pipe)
        channel.send(json.dumps(copy).encode())
        channel.send(json.dumps(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])).encode())


def _prepared(request: dict[str, object], pipes: list[int]) -> list[str]:
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(dict(request["env"]))  # type: ignore[call-overload]
    for number, pipe in enumerate(pipes, start=1):
        os.dup2(pipe, number)
        os.close(pipe)
    return list(request["words"])  # type: ignore[call-overload]


def main() -> None:
    """Serve on the socket that the first argument names."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    words = serve(channel)
    if words is None:
        return
    sys.argv[1:] = words
    with contextlib.suppress(ValueError):
        sys.path.remove(os.path.dirname(__file__))
    importlib.import_module("dv_agent.cli.main").main()
